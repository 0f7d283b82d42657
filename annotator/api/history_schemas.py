"""What the history endpoints take and answer, as JSON; ``make types`` writes the TypeScript."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from annotator.announce.messages import SUMMARY_CHARACTERS
from annotator.operations import Conflict, EventKindName, Message, Operation


class ChangeOut(Message):
    """One change, without what it did: who, what, when and where. What a run stored without a break is one change."""

    revision: int
    since: int = Field(description="The first revision of it.")
    kind: EventKindName
    edit: UUID
    undoes: UUID | None
    author: int | None = Field(description="For what a run stored: who started it.")
    author_name: str
    summary: str
    at: str = Field(description="ISO 8601, UTC.")
    run: UUID | None
    model: str = Field(description="Of the run; empty without one.")
    tracks: list[UUID] = Field(description="At most 50 of those that changed.")
    track_count: int
    first: int | None = Field(description="First frame that changed; null: only what is said of tracks did.")
    last: int | None


class ChangesOut(Message):
    """A page of changes, newest first; `before` asks for the next page, null: this is the last."""

    changes: list[ChangeOut]
    before: int | None


class AuthorOut(Message):
    """Somebody who changed the layer, or started a run that did."""

    id: int
    name: str


class AuthorsOut(Message):
    authors: list[AuthorOut]


class RestorePreview(Message):
    """What bringing back an earlier state would do. `revision` is the layer's now."""

    revision: int
    tracks: int
    shapes: int
    beyond: int = Field(description="Tracks that also changed on frames that aren't the person's, and stay there.")
    unsound: int = Field(description="Shapes that are too large or too far away to come back, and stay gone.")
    people: list[tuple[str, int]] = Field(description="Whose changes it takes back and how many, most first.")
    tracked: int = Field(description="Objects that a run follows now: it has to be stopped first.")
    exact: bool = Field(
        description="False: some changes were made by an older version that didn't keep what was before."
    )


class RestoreIn(Message):
    """Bring back the state after `revision`."""

    edit: UUID = Field(description="Chosen by the client: sent twice it counts once.")
    revision: int = Field(ge=0)
    tracks: list[UUID] | None = Field(None, max_length=5000, description="null: the whole layer.")
    ranges: list[tuple[int, int]] | None = Field(None, max_length=1000, description="Only shapes on these frames.")
    fields: bool = Field(True, description="Also what is said of the tracks, and whether they are there at all.")
    seen: int | None = Field(None, description="The preview's revision: refused when more changed since.")
    summary: str = Field("Back to an earlier state", max_length=SUMMARY_CHARACTERS)


class RestoreOut(Message):
    """It is done; the event comes by the live channel. `inverse` is what an undo sends."""

    edit: UUID
    revision: int
    summary: str
    inverse: list[Operation]


class DeletedOut(Message):
    """A deleted track, to find it again: what it looked like, and where."""

    id: UUID
    at: str = Field(description="ISO 8601, UTC.")
    by: str = Field(description="Empty: not known any more.")
    first: int | None = Field(description="Its first and last frame; null without shapes.")
    last: int | None
    shapes: int
    frame: int | None = Field(description="A frame on which it is to be seen; null: on none.")
    box: tuple[float, float, float, float] | None = Field(description="Around it on that frame: x1, y1, x2, y2 in px.")


class DeletedTracksOut(Message):
    """Newest first; at most 1000."""

    tracks: list[DeletedOut]


class MetOut(Message):
    """An edit that met what somebody else had done; either was the reader."""

    revision: int
    edit: UUID
    author: int | None
    author_name: str
    conflicts: list[Conflict]


class ConflictsOut(Message):
    """Oldest first; at most 100, the latest."""

    met: list[MetOut]
