"""One folder per model; a folder never imports a sibling."""
