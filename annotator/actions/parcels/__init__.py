"""A project as one file with its history: made here, and read on another server."""
