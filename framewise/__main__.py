"""``python -m framewise``: the same as the ``framewise`` command."""

from framewise.cli import app

app()
