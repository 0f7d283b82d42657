"""The ``framewise`` command: serve the product, track a video without a server, connect an agent, measure."""

__version__ = "0.1.0"
