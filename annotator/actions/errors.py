"""What an action says when it can't be done."""

from __future__ import annotations


class ActionError(ValueError):
    """The message says the rule, what came and what to do; it is for the person who asked."""
