"""Trackers, their sessions and the agent that runs them. Nothing below this package imports Django."""
