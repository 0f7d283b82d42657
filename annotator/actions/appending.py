"""A file that comes in parts: each continues what is there, whatever became of the requests before."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from annotator.actions.errors import FULL, ActionError

GONE = "This upload was cancelled or finished meanwhile. Begin it again if you still want it."


class Coming(Protocol):
    """A row that says how far a file has come, of how many bytes. Whoever appends holds its lock."""

    size: int
    received: int


class OffsetConflict(ActionError):
    """The bytes that came don't continue the ones that are there; ``received`` says where to go on."""

    def __init__(self, received: int) -> None:
        super().__init__(f"The upload goes on at byte {received}; ask for its state and send from there.")
        self.received = received


def append(coming: Coming, path: Path, *, offset: int, data: bytes) -> None:
    """Put bytes at the end of the file at ``path`` and count them; the caller saves the row.

    Raises:
        OffsetConflict: they don't begin there.
        ActionError: there are too many, what had come is gone, or the disk is full.
    """
    if offset != coming.received:
        raise OffsetConflict(coming.received)
    if coming.received + len(data) > coming.size:
        raise ActionError(f"The file was said to have {coming.size} bytes; more came. Begin the upload again.")
    _write(path, offset, data)
    coming.received += len(data)


def _write(path: Path, at: int, data: bytes) -> None:
    try:
        with path.open("r+b") as file:
            # What a request that was broken off had written beyond goes.
            file.truncate(at)
            file.seek(at)
            file.write(data)
    except FileNotFoundError as error:
        raise ActionError("What had come of this file is gone from the server. Begin the upload again.") from error
    except OSError as error:
        if error.errno in FULL:
            raise ActionError("The server's disk is full. Ask your admin to make room, then resume.") from error
        raise
