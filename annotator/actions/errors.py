"""What an action says when it can't be done."""

from __future__ import annotations

import errno

from django.db import InterfaceError, OperationalError

from annotator.media.away import MediaAway

FULL = (errno.ENOSPC, errno.EDQUOT)


class ActionError(ValueError):
    """The message says the rule, what came and what to do; it is for the person who asked."""


def in_our_words(error: Exception) -> str:
    """What kept something from being done, as a part of a sentence. The words of databases and systems help only who
    reads the log."""
    if isinstance(error, OSError) and error.errno in FULL:
        return "the server's disk is full"
    if isinstance(error, MediaAway):
        return error.words
    if isinstance(error, OperationalError | InterfaceError):
        return (
            "the server's disk is full" if "is full" in str(error) else "the database was busy or couldn't be reached"
        )
    return "something went wrong in the server, whose log says more"
