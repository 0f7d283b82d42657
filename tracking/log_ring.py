"""The last lines of a program's log, for who looks after its machine from afar. Secrets are taken out as lines come."""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Sequence

from tracking.protocol import MOST_LOG_LINES, LogLevel, LogLine

LONGEST_LINE = 4000
HIDDEN = "(hidden)"
SHORTEST_SECRET = 6
"""What is shorter, and a secret, would take half of the words out."""

_QUERIED = r"signature|sig|token|key|credential|password|secret|code"
_NAMED = r"token|password|secret|api[_-]?key"
_SECRETS: Sequence[tuple[re.Pattern[str], str]] = (
    # Signed addresses let their bearer in: the server's own, and those of stores.
    (re.compile(r"(/api/agent-(?:media|weights)/)[^/\s\"'?#]+"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)([?&][\w.-]*(?:{_QUERIED})[\w.-]*=)[^&\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {HIDDEN}"),
    (re.compile(rf"(?i)(\b\w*(?:{_NAMED})\w*[\"']?\s*[=:]\s*[\"']?)(?!\(hidden\))[^\s\"',;)]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(://)[^/\s:@]+:[^/\s@]+@"), rf"\1{HIDDEN}@"),
)


class LogRing(logging.Handler):
    """Keeps the last ``MOST_LOG_LINES`` records, each with a number that counts up from 1.

    Args:
        secrets: what must never be in it, such as a token, wherever it occurs.
    """

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__(logging.INFO)
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        self._lines: deque[LogLine] = deque(maxlen=MOST_LOG_LINES)
        self._count = 0
        self._guard = threading.Lock()
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.without_secrets(self.format(record))
        except Exception:
            self.handleError(record)
            return
        if len(text) > LONGEST_LINE:
            text = f"{text[:LONGEST_LINE]} … ({len(text) - LONGEST_LINE} more characters)"
        with self._guard:
            self._count += 1
            self._lines.append(LogLine(number=self._count, at=record.created, level=_level(record.levelno), text=text))

    def after(self, number: int) -> tuple[list[LogLine], int]:
        """The lines behind the one of this number, oldest first, and how many of them are kept no more."""
        with self._guard:
            # A number from before the program was started again says nothing.
            since = number if number <= self._count else 0
            lines = [line for line in self._lines if line.number > since]
            return lines, self._count - since - len(lines)

    def without_secrets(self, text: str) -> str:
        """The text with what lets somebody in replaced."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for pattern, instead in _SECRETS:
            text = pattern.sub(instead, text)
        return text.replace("\0", "�")


def _level(number: int) -> LogLevel:
    return "error" if number >= logging.ERROR else "warning" if number >= logging.WARNING else "info"
