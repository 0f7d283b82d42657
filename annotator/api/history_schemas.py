"""What the history endpoints take and answer, as JSON; ``make types`` writes the TypeScript."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from annotator.operations import EventKindName, Message


class ChangeOut(Message):
    """One change, without what it did: who, what, when and where."""

    revision: int
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
