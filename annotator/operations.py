"""What an edit is made of: three operations, declared once for the live channel, the store and the history.

Every larger action (split, merge, propagate, undo) is a list of these. Frames are 0-based and both ends of a range
are part of it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from typing_extensions import TypeAliasType

Frame = Annotated[int, Field(ge=0)]
EventKindName = TypeAliasType("EventKindName", Literal["edit", "predictions", "run", "import", "restore"])
Verdict = TypeAliasType("Verdict", Literal["", "accepted", "rejected"])


class Message(BaseModel):
    """Base of everything that travels: unknown fields are refused, and what is sent has every field."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


def _absent(value: object) -> bool:
    return value is None


class TrackFields(Message):
    """What can be said of a track. In an update, a field that is absent (or null) stays as it is."""

    label: int | None = Field(None, exclude_if=_absent)
    number: int | None = Field(
        None, exclude_if=_absent, ge=1, le=1_000_000_000, description="Absent on creation: the next free one."
    )
    colour: str | None = Field(
        None, exclude_if=_absent, pattern=r"^(#[0-9a-f]{6})?$", description="Empty: the label's colour."
    )
    locked: bool | None = Field(None, exclude_if=_absent)
    attributes: dict[str, Any] | None = Field(None, exclude_if=_absent, description="By attribute id.")
    frame_attributes: dict[str, list[tuple[int, Any]]] | None = Field(
        None,
        exclude_if=_absent,
        description="By attribute id: (frame, value), each value from its frame to the next one.",
    )
    verdict: Verdict | None = Field(None, exclude_if=_absent)
    deleted: bool | None = Field(None, exclude_if=_absent)


class TrackCreate(Message):
    """A new track with a client-chosen id, which needs a label; its inverse is an update with ``deleted: true``."""

    op: Literal["track.create"] = "track.create"
    track: UUID
    fields: TrackFields


class TrackUpdate(Message):
    op: Literal["track.update"] = "track.update"
    track: UUID
    fields: TrackFields


class ShapesReplace(Message):
    """The one way shapes change: rows of ``track`` in ``ranges`` go, the rows of ``tables`` come.

    Its inverse is the same with the rows that were there. With ``keep_keyframes`` the rows in ``ranges`` that are
    keyframes and not in ``tables`` stay. A row is either a keyframe or predicted.
    """

    op: Literal["shapes.replace"] = "shapes.replace"
    track: UUID
    ranges: list[tuple[Frame, Frame]] = Field(description="[first, last] pairs, both included.")
    tables: list[str] = Field(description="Packed tables, base64; every frame in them lies in `ranges`.")
    keep_keyframes: bool = False


Operation = TypeAliasType("Operation", Annotated[TrackCreate | TrackUpdate | ShapesReplace, Field(discriminator="op")])
OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])


class Conflict(Message):
    """An edit met what somebody else had done to the same track since its author last looked.

    `replaced`: both changed the same, and this edit, the later one, counts. `kept`: the other one set keyframes that
    this edit would have removed without having seen them; they stay. `deleted`: this edit deleted a track that the
    other one had changed. `buried`: this edit changed a track that the other one had deleted; it stays deleted, with
    the change inside.
    """

    track: UUID
    ranges: list[tuple[int, int]] = Field(description="The frames; empty: only what is said of the track.")
    fields: list[str]
    author: int | None = Field(description="Whose earlier change it met.")
    author_name: str
    outcome: Literal["replaced", "kept", "deleted", "buried"]
