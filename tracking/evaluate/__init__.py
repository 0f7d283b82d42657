"""``framewise evaluate``: how well trackers follow labelled clips, and how often a person would have to step in."""
