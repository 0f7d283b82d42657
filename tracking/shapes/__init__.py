"""Shapes as values and as packed tables. Pure: numpy, no torch, no Django; both sides use it."""
