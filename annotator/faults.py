"""What fails for now and will work again: a locked, full or unreachable store, told from what is wrong for good."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from time import monotonic
from typing import Literal

from django.db import InterfaceError, OperationalError

from annotator.media.away import MediaAway

Fault = Literal["busy", "full", "away"]
"""busy: the database is locked by somebody else. full: there is no room on a disk. away: it can't be reached."""

PAUSES_S = (0.5, 5.0)
"""Before the first further try, and the longest."""
AGAIN_EVERY_S = 60.0
"""How often the log says that something still fails."""
FULL = {errno.ENOSPC, errno.EDQUOT}
# Of the classes of SQLSTATE those that pass by themselves, https://www.postgresql.org/docs/current/errcodes-appendix.html
STATES: dict[str, Fault] = {"08": "away", "40": "busy", "55": "busy", "57": "away", "53": "full"}
# SQLite tells its reasons in words alone, https://www.sqlite.org/rescode.html
WORDS: dict[str, Fault] = {
    "locked": "busy",
    "is full": "full",
    "unable to open": "away",
    "disk i/o": "away",
    "readonly": "away",
}


def fault_of(error: BaseException) -> Fault | None:
    """Why something can't be stored or read for now; None: trying again won't help."""
    if isinstance(error, MediaAway):
        return "away"
    if isinstance(error, OSError):
        return "full" if error.errno in FULL else None
    if isinstance(error, InterfaceError):
        return "away"
    if not isinstance(error, OperationalError):
        return None
    cause = error.__cause__
    if hasattr(cause, "sqlite_errorcode") or type(cause).__module__.startswith("sqlite3"):
        told = str(error).lower()
        return next((fault for words, fault in WORDS.items() if words in told), None)
    state = getattr(cause, "sqlstate", None)
    if state is None:
        return "away"  # No server answered that could have told one.
    if state == "53300":
        return "busy"  # Too many connections.
    return STATES.get(state[:2])


def in_words(fault: Fault, error: BaseException) -> str:
    """For whoever asked for something that could not be done for now."""
    if isinstance(error, MediaAway):
        return "The server's media store can't be reached: this wasn't done. Try again in a moment, or tell your admin."
    return {
        "busy": "The server's database is busy: this wasn't done. Try again in a moment.",
        "full": "The server's disk is full: this wasn't done. Tell your admin; it works again once there is room.",
        "away": "The server's database can't be reached: this wasn't done. Try again in a moment.",
    }[fault]


def pauses() -> Iterator[float]:
    """Seconds to wait before each further try, for ever."""
    pause, longest = PAUSES_S
    while True:
        yield pause
        pause = min(2 * pause, longest)


class Complaint:
    """What the log says of something that fails again and again: why, once; then how often, once a minute; and when
    it is over. A service that is away would fill a disk otherwise.

    Args:
        what: a sentence that says what fails.
    """

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log = log
        self._what = what
        self._since = 0.0
        self._told_at = 0.0
        self._times = 0

    def note(self, error: BaseException) -> None:
        """It failed."""
        now = monotonic()
        if not self._times:
            self._since = self._told_at = now
            self._log.error("%s", self._what, exc_info=error)
        elif now - self._told_at >= AGAIN_EVERY_S:
            self._told_at = now
            words = "%s Still so, after %.0f s and %d times: %s"
            self._log.warning(words, self._what, now - self._since, self._times + 1, error)
        self._times += 1

    def over(self) -> None:
        """It worked."""
        if self._times:
            self._log.warning("%s Over, after %.0f s and %d times.", self._what, monotonic() - self._since, self._times)
            self._times = 0
