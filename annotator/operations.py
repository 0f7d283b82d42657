"""What an edit is made of: four operations, declared once for the live channel, the store and the history.

Every larger action (split, merge, propagate, undo) is a list of these. Frames are 0-based and both ends of a range
are part of it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from typing_extensions import TypeAliasType

Frame = Annotated[int, Field(ge=0)]
EventKindName = TypeAliasType("EventKindName", Literal["edit", "predictions", "run", "import", "restore"])
Verdict = TypeAliasType("Verdict", Literal["accepted", "rejected", "check"])
"""A reviewer's word on a span of a track; ``check``: somebody has to look at it (again)."""
LONGEST_REASON = 500
MOST_SPANS = 2000
"""Spans that one operation sets."""


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
    candidate: bool | None = Field(
        None, exclude_if=_absent, description="Found and not followed for long: a person takes or dismisses it."
    )
    deleted: bool | None = Field(None, exclude_if=_absent)

    @model_validator(mode="before")
    @classmethod
    def _without_former_verdict(cls, given: Any) -> Any:
        """Changes from before verdicts were given span by span are in every history, and in unsent edits."""
        if isinstance(given, dict) and "verdict" in given:
            return {name: value for name, value in given.items() if name != "verdict"}
        return given


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


class Reopened(Message):
    """Why a verdict counts no more: the span was changed after it was given."""

    was: Literal["accepted", "rejected"]
    by: int | None = Field(description="Who changed it; null: a run, or an account that was deleted.")
    by_name: str
    at: str = Field(description="ISO 8601, UTC.")
    revision: int = Field(description="The layer's, after the change.")
    how: str = Field(description="The change in words.")


class SpanVerdict(Message):
    """A verdict on frames ``first..last`` of a track. Spans of a track don't overlap.

    Who, when and ``revision`` are the server's to say: what a client sends of them is only looked at where an undo
    brings a former verdict back.
    """

    first: Frame
    last: Frame
    verdict: Verdict
    reason: str = Field("", max_length=LONGEST_REASON, description="Of a rejected span: what is wrong.")
    by: int | None = Field(None, description="The reviewer; null: their account was deleted, or it came from a file.")
    by_name: str = Field("", max_length=200)
    at: str = Field("", max_length=40, description="ISO 8601, UTC.")
    revision: int = Field(0, ge=0, description="The layer's when it was given: what was looked at is what was there.")
    reopened: Reopened | None = Field(
        None, description="Of a span to check: it was accepted or rejected by `by`, and changed since. null: it wasn't."
    )


class VerdictsReplace(Message):
    """The one way a person gives verdicts: those of ``track`` in ``ranges`` go, those of ``spans`` come.

    Its inverse is the same with the verdicts that were there. Where a change of shapes reopens a span, the event of
    that change says so by itself (``EventOut.verdicts``).
    """

    op: Literal["verdicts.replace"] = "verdicts.replace"
    track: UUID
    ranges: list[tuple[Frame, Frame]] = Field(max_length=MOST_SPANS, description="[first, last] pairs, both included.")
    spans: list[SpanVerdict] = Field(max_length=MOST_SPANS, description="Each lies in one of `ranges`.")


class TrackVerdicts(Message):
    """All verdicts on a track as they are from now on, in rising order."""

    track: UUID
    spans: list[SpanVerdict]


Operation = TypeAliasType(
    "Operation", Annotated[TrackCreate | TrackUpdate | ShapesReplace | VerdictsReplace, Field(discriminator="op")]
)
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
