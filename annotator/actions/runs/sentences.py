"""What people read of a run: a sentence a line, each once, and not too many."""

from __future__ import annotations

from collections.abc import Iterable

MOST_SENTENCES, MOST_LETTERS = 20, 500
"""Of what an agent says of one run, and of one sentence of it."""
AND_MORE = "And more of that: the agent's log holds all."


def one_each(message: str, more: Iterable[str]) -> str:
    """``message`` with more sentences: each once, at most ``MOST_SENTENCES``."""
    lines = dict.fromkeys(filter(None, (line[:MOST_LETTERS].strip() for line in (*message.split("\n"), *more))))
    lines.pop(AND_MORE, None)
    told = list(lines)[:MOST_SENTENCES]
    return "\n".join([*told, AND_MORE] if len(lines) > len(told) or AND_MORE in message else told)
