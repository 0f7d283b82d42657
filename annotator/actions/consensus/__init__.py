"""Consensus: several people annotate the same frames, each a copy, and what they agree on is merged by vote."""
