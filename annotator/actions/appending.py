"""A file that comes in parts: each continues what is there, whatever became of the requests before."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from annotator.actions.errors import FULL, ActionError
from annotator.media import storage

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


def append(coming: Coming, path: Path, *, target: Path | None = None, offset: int, data: bytes) -> None:
    """Put bytes at the end of the file at ``path`` and count them; the caller saves the row.

    Args:
        target: what it becomes; None: it stays there, and with the last bytes it is whole.

    Raises:
        OffsetConflict: they don't begin there.
        ActionError: there are too many, what had come is gone, or the disk is full.
        MediaAway: the store doesn't answer.
    """
    if offset != coming.received:
        raise OffsetConflict(coming.received)
    if coming.received + len(data) > coming.size:
        raise ActionError(f"The file was said to have {coming.size} bytes; more came. Begin the upload again.")
    _write(storage.Coming(path, target or path, coming.size), offset, data, is_whole=target is None)
    coming.received += len(data)


def _write(file: storage.Coming, at: int, data: bytes, *, is_whole: bool) -> None:
    try:
        storage.append(file, at, data)
        if is_whole and at + len(data) == file.size:
            storage.finish(file)
    except FileNotFoundError as error:
        raise ActionError("What had come of this file is gone from the server. Begin the upload again.") from error
    except OSError as error:
        if error.errno in FULL:
            raise ActionError("The server's disk is full. Ask your admin to make room, then resume.") from error
        raise
