"""What a browser has asked for and hasn't been done yet, and edits that come in parts."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from annotator.announce.messages import EDIT_BYTES, Edit, EditPart, RunCorrect, RunExtend, RunStart, RunStop

MOST_WAITING = 1000
MOST_BYTES = 2 * EDIT_BYTES

EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)


@dataclass(frozen=True, slots=True)
class WholeEdit:
    """The JSON of an edit that came in parts; it is read where it may take its time."""

    id: UUID
    texts: tuple[str, ...]

    def read(self) -> Edit:
        """Raises pydantic's ValidationError when it is none, and ValueError when it is another edit."""
        edit = EDIT.validate_json("".join(self.texts))
        if edit.id != self.id:
            raise ValueError(f"The parts of an edit carry its id, {edit.id}; {self.id} came.")
        return edit


Command = Edit | RunStart | RunCorrect | RunExtend | RunStop
Waiting = Command | WholeEdit


class Asked:
    """What waits to be done, in order. Whoever asks faster than it can be done is heard again once there is room."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Waiting, int]] = deque()
        self._bytes = 0
        self._changed = asyncio.Condition()

    async def put(self, command: Waiting, size: int) -> None:
        """Wait for room, then for its turn. ``size``: of its JSON, in bytes."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._has_room_for(size))
            self._waiting.append((command, size))
            self._bytes += size
            self._changed.notify_all()

    async def get(self) -> Waiting:
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._waiting))
            command, size = self._waiting.popleft()
            self._bytes -= size
            self._changed.notify_all()
            return command

    def _has_room_for(self, size: int) -> bool:
        return not self._waiting or (len(self._waiting) < MOST_WAITING and self._bytes + size <= MOST_BYTES)


class Parts:
    """Puts together what comes in parts: one edit at a time, its parts in order."""

    def __init__(self) -> None:
        self._edit: UUID | None = None
        self._texts: list[str] = []
        self._characters = 0

    def add(self, part: EditPart) -> WholeEdit | None:
        """One more part; with the last one the edit is whole.

        Raises:
            ValueError: it isn't the part that follows, or the edit is too large. What there is of it is forgotten, and
                the parts that are still to come are refused as well.
        """
        if part.index == 0:
            self._forget()
            self._edit = part.edit
        elif part.edit != self._edit or part.index != len(self._texts):
            self._forget()
            raise ValueError("The parts of an edit come one after the other, from 0; this one doesn't.")
        self._characters += len(part.text)
        if self._characters > EDIT_BYTES:
            self._forget()
            raise ValueError(f"An edit has at most {EDIT_BYTES // 2**20} MiB; this one has more. Make it in pieces.")
        self._texts.append(part.text)
        if not part.last:
            return None
        whole = WholeEdit(part.edit, tuple(self._texts))
        self._forget()
        return whole

    def _forget(self) -> None:
        self._edit, self._texts, self._characters = None, [], 0
