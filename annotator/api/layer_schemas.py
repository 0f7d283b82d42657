"""What the layer endpoints answer, as JSON; ``make types`` writes the TypeScript."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from annotator.operations import EventKindName, Message, Operation, SpanVerdict


class TrackOut(Message):
    """A track as everybody sees it. Deleted ones are among them, so that a deletion can be taken back."""

    id: UUID
    number: int
    label: int
    colour: str = Field(description="#rrggbb; empty: the label's colour.")
    locked: bool
    attributes: dict[str, Any]
    frame_attributes: dict[str, list[tuple[int, Any]]]
    source: str
    candidate: bool = Field(description="Found and not followed for long: a person takes or dismisses it.")
    verdicts: list[SpanVerdict] = Field(description="In rising order, apart.")
    deleted: bool


class TracksOut(Message):
    """All tracks of a layer as of `revision`."""

    revision: int
    tracks: list[TrackOut]


class ChunkOut(Message):
    """One table of a window's body: `bytes` long, in the order of the header. It has every row of `first..last`."""

    track: UUID
    first: int
    last: int
    bytes: int


class WindowOut(Message):
    """Header of a window: everything that is shown on frames `first..last` as of `revision`. Where shapes are heavy,
    that is only a part of what was asked for.

    The tables are whole chunks, of which a window of a track may have several: those with rows in the range and, where
    a track goes on beyond an end of it but its rows don't reach that end, the nearest one there, so that every frame of
    the range can be interpolated. Of a track that is over before the range, or begins after it, there is nothing.
    """

    revision: int
    first: int
    last: int
    tracks: list[TrackOut] | None = Field(description="All of the layer; null unless asked for with `tracks=1`.")
    chunks: list[ChunkOut]


BinOut = tuple[int, int, int, int, int, int, float, int]


class OverviewOut(Message):
    """What the timeline of a long video shows without reading a single table: at most `bins` bins per track.

    A bin is [first row's frame, last row's frame, rows, keyframes, predicted, outside, lowest confidence,
    doubtful] of `frames_per_bin` frames (a multiple of 256); empty bins are left out.
    """

    revision: int
    frames_per_bin: int
    tracks: dict[str, list[BinOut]] = Field(description="By track id; deleted tracks are left out.")


class HistoryEvent(Message):
    """One change in the history panel. `inverse` is what an undo sends; null: it can't be undone."""

    revision: int
    kind: EventKindName
    edit: UUID
    undoes: UUID | None
    author: int | None
    author_name: str
    summary: str
    at: str = Field(description="ISO 8601, UTC.")
    run: UUID | None
    inverse: list[Operation] | None


class HistoryOut(Message):
    """A page of history, newest first; `before` asks for the next page, null: this is the last."""

    events: list[HistoryEvent]
    before: int | None
