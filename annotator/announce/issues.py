"""Issues as the browser gets them: one form for the API and the live channel. Comments travel by the API alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from django.db.models import CharField
from django.db.models.functions import Substr
from pydantic import Field

from annotator.models import Comment, Issue, User
from annotator.operations import Message

EXCERPT = 160
"""Characters of an issue's first comment that its list shows."""

Box = Annotated[tuple[float, float, float, float], Field(description="x1, y1, x2, y2 in px of the displayed frame.")]


class IssueOut(Message):
    """An issue without its comments."""

    id: UUID
    number: int = Field(description="Unique in the layer, for people.")
    track: UUID | None = Field(description="The object that it is about; null: about none.")
    region: Box | None = Field(description="Where it is; of an object: where that lay when the issue was opened.")
    first: int
    last: int
    resolved: bool
    resolved_by: str = Field(description="Empty: it is open, or the account is gone.")
    resolved_at: str | None = Field(description="ISO 8601, UTC; null: it is open.")
    by: int | None
    by_name: str
    by_colour: str = Field(description="#rrggbb; empty: the account is gone.")
    at: str = Field(description="ISO 8601, UTC.")
    latest_at: str = Field(description="When something was said in it last. ISO 8601, UTC.")
    comments: int = Field(description="That have a text.")
    excerpt: str = Field(description="How its first text begins.")
    people: list[int] = Field(description="Who opened it, said something in it, or is mentioned in it.")
    version: int = Field(description="Grows with everything that is said or done in it.")


class Mention(Message):
    """Somebody who is told of a comment. `word`: what stands for them in its text."""

    user: int
    word: str


class CommentOut(Message):
    id: UUID
    by: int | None = Field(description="null: the account is gone.")
    by_name: str
    by_colour: str
    at: str = Field(description="ISO 8601, UTC.")
    edited_at: str | None
    deleted: bool = Field(description="It has no text any more.")
    text: str
    mentions: list[Mention]


class ThreadOut(Message):
    """An issue with all that was said in it, oldest first."""

    issue: IssueOut
    comments: list[CommentOut]


def issue_out(issue: Issue) -> IssueOut:
    return issues_out([issue])[0]


def issues_out(issues: Sequence[Issue]) -> list[IssueOut]:
    """Issues with their people read (``access.ISSUE``), as one further query."""
    said: defaultdict[UUID, list[Comment]] = defaultdict(list)
    parts = Comment.objects.filter(issue__in=issues).annotate(
        begins=Substr("text", 1, EXCERPT + 1, output_field=CharField())
    )
    for comment in parts.defer("text"):
        said[comment.issue_id].append(comment)
    return [_issue_out(issue, said[issue.pk]) for issue in issues]


def _issue_out(issue: Issue, comments: Sequence[Comment]) -> IssueOut:
    texts = [str(comment.begins) for comment in comments if comment.begins]  # type: ignore[attr-defined]
    return IssueOut(
        id=issue.pk,
        number=issue.number,
        track=issue.track_id,
        region=None if issue.region is None else tuple(issue.region),
        first=issue.first,
        last=issue.last,
        resolved=issue.resolved_at is not None,
        resolved_by=name_of(issue.resolved_by),
        resolved_at=None if issue.resolved_at is None else told(issue.resolved_at),
        by=issue.opened_by_id,
        by_name=name_of(issue.opened_by),
        by_colour=issue.opened_by.colour if issue.opened_by is not None else "",
        at=told(issue.opened_at),
        latest_at=told(max([issue.opened_at, *(comment.at for comment in comments)])),
        comments=len(texts),
        excerpt=excerpt_of(texts[0]) if texts else "",
        people=sorted(people_in(issue, comments)),
        version=issue.version,
    )


def people_in(issue: Issue, comments: Iterable[Comment]) -> set[int]:
    """Ids of who opened an issue, said something in it, or is mentioned in it."""
    found = {issue.opened_by_id}
    for comment in comments:
        if comment.deleted_at is None:
            found |= {comment.author_id, *(user for user, _ in comment.mentions)}
    return {user for user in found if user is not None}


def comment_out(comment: Comment) -> CommentOut:
    return CommentOut(
        id=comment.pk,
        by=comment.author_id,
        by_name=name_of(comment.author),
        by_colour=comment.author.colour if comment.author is not None else "",
        at=told(comment.at),
        edited_at=None if comment.edited_at is None else told(comment.edited_at),
        deleted=comment.deleted_at is not None,
        text=comment.text,
        mentions=[Mention(user=user, word=word) for user, word in comment.mentions],
    )


def name_of(user: User | None) -> str:
    return str(user) if user is not None else ""


def told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def excerpt_of(text: str) -> str:
    """How a text begins."""
    return text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1].rstrip()}…"
