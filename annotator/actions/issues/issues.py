"""Opening issues, talking in them, resolving and reopening them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from annotator import access
from annotator.actions.errors import ActionError
from annotator.actions.issues.mentions import mentions_in
from annotator.actions.issues.notify import notify, people_of, readers_of, tell_less, working_on
from annotator.actions.webhooks.telling import tell_comment, tell_settled
from annotator.announce.issues import CommentOut, ThreadOut, comment_out, issue_out, people_in
from annotator.announce.notifications import Kind
from annotator.announce.publish import announce_issue, announce_issue_gone
from annotator.models import Comment, Issue, Layer, Notification, Track, User

LONGEST_COMMENT = 5000
"""Characters."""
MOST_ISSUES = 5000
"""On one layer."""
MOST_COMMENTS = 500
"""In one issue."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """What an issue is about: frames, both included; an object of the layer, a region (px), both or neither."""

    first: int
    last: int
    track: UUID | None = None
    region: Box | None = None


def issues_of(layer: Layer) -> QuerySet[Issue]:
    """All issues of a layer, with what is read of them."""
    return Issue.objects.filter(layer=layer).select_related(*access.ISSUE)


def thread_of(issue: Issue) -> ThreadOut:
    comments = issue.comments.select_related("author")
    return ThreadOut(issue=issue_out(issue), comments=[comment_out(comment) for comment in comments])


def open_issue(*, user: User, layer_id: int, issue_id: UUID, comment_id: UUID, place: Place, text: str) -> ThreadOut:
    """Open an issue with its first comment. The same ids again change nothing.

    Raises:
        Http404, PermissionDenied: nothing may be said here.
        ActionError: no text or too long a one, frames or a region outside of the video, an object of another layer.
    """
    layer = access.access_layer_to_comment(user, layer_id)
    with transaction.atomic():
        Layer.objects.select_for_update().get(pk=layer.pk)
        there = Issue.objects.filter(layer=layer)
        known = issues_of(layer).filter(pk=issue_id, opened_by=user).first()
        if known is not None:
            return thread_of(known)
        _require_new(Issue.objects.filter(pk=issue_id))
        _require_room(there.count(), MOST_ISSUES, "A layer has at most {} issues")
        track, region = _checked(layer, place)
        number = (there.aggregate(most=Max("number"))["most"] or 0) + 1
        issue = Issue.objects.create(
            id=issue_id, layer=layer, number=number, track=track, region=region,
            first=place.first, last=place.last, opened_by=user,
        )  # fmt: skip
        comment = _say(issue, user, comment_id, text)
        kinds = dict.fromkeys(working_on(issue), Kind.JOB) | dict.fromkeys(_called(comment), Kind.MENTION)
        announce_issue(issue)
        notify(issue=issue, by=user, kinds=kinds, comment=comment)
        return thread_of(issue)


def reply(*, user: User, issue_id: UUID, comment_id: UUID, text: str) -> ThreadOut:
    """Say something in an issue. The same id again changes nothing. Raises like ``open_issue``."""
    issue = access.access_issue_to_comment(user, issue_id)
    with transaction.atomic():
        _lock(issue)
        if issue.comments.filter(pk=comment_id, author=user).exists():
            return thread_of(issue)
        _require_room(issue.comments.count(), MOST_COMMENTS, "An issue has at most {} comments")
        others = people_in(issue, issue.comments.all())
        comment = _say(issue, user, comment_id, text)
        kinds = dict.fromkeys(others, Kind.REPLY) | dict.fromkeys(_called(comment), Kind.MENTION)
        thread = _changed(issue)
        notify(issue=issue, by=user, kinds=kinds, comment=comment)
        return thread


def settle(*, user: User, issue_id: UUID, resolved: bool) -> ThreadOut:
    """Resolve an issue, or reopen it; one that is so already stays as it is."""
    issue = access.access_issue_to_settle(user, issue_id)
    with transaction.atomic():
        _lock(issue)
        if (issue.resolved_at is not None) == resolved:
            return thread_of(issue)
        issue.resolved_at, issue.resolved_by = (timezone.now(), user) if resolved else (None, None)
        issue.save(update_fields=["resolved_at", "resolved_by"])
        tell_settled(issue, by=user)
        kind = Kind.RESOLVED if resolved else Kind.REOPENED
        thread = _changed(issue)
        notify(issue=issue, by=user, kinds=dict.fromkeys(thread.issue.people, kind))
        return thread


def change_comment(*, user: User, comment_id: UUID, text: str) -> CommentOut:
    """Say something else in one's own comment. Who is called by it now and wasn't before is told."""
    comment = access.access_comment(user, comment_id)
    issue = comment.issue
    with transaction.atomic():
        _lock(issue)
        comment.refresh_from_db(fields=["text", "mentions", "deleted_at"])
        if comment.deleted_at is not None:
            raise ActionError("This comment was deleted. Write a new one.")
        before = set(_called(comment))
        clean = _clean(text)
        if clean == comment.text:
            return comment_out(comment)
        comment.text, comment.mentions = clean, mentions_in(clean, people_of(issue))
        comment.edited_at = timezone.now()
        comment.save(update_fields=["text", "mentions", "edited_at"])
        called = set(_called(comment)) - before
        _changed(issue)
        notify(issue=issue, by=user, kinds=dict.fromkeys(called, Kind.MENTION), comment=comment)
        return comment_out(comment)


def delete_comment(*, user: User, comment_id: UUID) -> ThreadOut | None:
    """Take a comment's text away; None: it was the last one, and the issue went with it."""
    comment = access.access_comment(user, comment_id, to_delete=True)
    issue = comment.issue
    with transaction.atomic():
        _lock(issue)
        about = Notification.objects.filter(comment=comment)
        comment.text, comment.mentions, comment.deleted_at = "", [], comment.deleted_at or timezone.now()
        comment.save(update_fields=["text", "mentions", "deleted_at"])
        if issue.comments.filter(deleted_at=None).exists():
            told = readers_of(about)
            about.delete()
            tell_less(told)
            return _changed(issue)
        told = readers_of(Notification.objects.filter(issue=issue))
        announce_issue_gone(issue.pk, layer_id=issue.layer_id)
        issue.delete()
        tell_less(told)
        return None


def _say(issue: Issue, user: User, comment_id: UUID, text: str) -> Comment:
    clean = _clean(text)
    _require_new(Comment.objects.filter(pk=comment_id))
    mentions = mentions_in(clean, people_of(issue))
    comment = Comment.objects.create(id=comment_id, issue=issue, author=user, text=clean, mentions=mentions)
    tell_comment(comment)
    return comment


def _called(comment: Comment) -> list[int]:
    return [user for user, _ in comment.mentions]


def _changed(issue: Issue) -> ThreadOut:
    """Everybody hears of it."""
    Issue.objects.filter(pk=issue.pk).update(version=F("version") + 1)
    issue.refresh_from_db(fields=["version"])
    announce_issue(issue)
    return thread_of(issue)


def _lock(issue: Issue) -> None:
    """One after the other; as it is now. Raises ActionError where it is gone meanwhile."""
    locked = Issue.objects.select_for_update().filter(pk=issue.pk).first()
    if locked is None:
        raise ActionError("This issue was deleted meanwhile.")
    issue.resolved_at, issue.version = locked.resolved_at, locked.version


def _clean(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= LONGEST_COMMENT:
        raise ActionError(f"A comment has 1 to {LONGEST_COMMENT} characters; this one has {len(clean)}.")
    return clean


def _checked(layer: Layer, place: Place) -> tuple[Track | None, list[float] | None]:
    frames = layer.video.frame_count
    if not 0 <= place.first <= place.last < frames:
        raise ActionError(
            f"The frames of this video are 0 to {frames - 1}; an issue on {place.first} to {place.last} came."
        )
    track = None
    if place.track is not None:
        track = Track.objects.filter(layer=layer, pk=place.track).select_related("label").first()
        if track is None:
            raise ActionError("The object of an issue is one of this layer; there is none with that id.")
    return track, _within(layer, place.region, of_object=track is not None)


def _within(layer: Layer, region: Box | None, *, of_object: bool) -> list[float] | None:
    """The part of a region that lies on the picture; an object may lie beside it."""
    if region is None:
        return None
    width, height = layer.video.width, layer.video.height
    x1, y1, x2, y2 = region
    kept = [max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))]
    if kept[0] >= kept[2] or kept[1] >= kept[3]:
        if of_object:
            return None
        raise ActionError(
            f"A region lies on the picture, which has {width} x {height} px; {x1:g}, {y1:g}, {x2:g}, {y2:g} came."
        )
    return kept


def _require_new(rows: QuerySet[Issue] | QuerySet[Comment]) -> None:
    if rows.exists():
        raise ActionError("This id is taken already. Choose another one.")


def _require_room(count: int, most: int, rule: str) -> None:
    if count >= most:
        raise ActionError(f"{rule.format(most)}, and has as many. Delete some that nobody needs.")
