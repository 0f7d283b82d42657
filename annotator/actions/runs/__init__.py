"""Tracking runs: asked for, given to agents, stored, joined with what was there, checked."""
