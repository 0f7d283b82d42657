"""A reviewer's verdicts on their way into a layer: checked, and signed with who gives them and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from annotator import access
from annotator.actions.edits.layer_draft import FrameRange, LayerDraft
from annotator.actions.edits.reach import spelt
from annotator.actions.edits.spans import alike, put_in, united, within, without
from annotator.actions.edits.verdicts import VerdictDraft, iso
from annotator.actions.errors import ActionError
from annotator.models import Event, Layer, User
from annotator.operations import OPERATIONS, Operation, SpanVerdict, VerdictsReplace


class Judging:
    """The verdicts of one edit: checks every operation, collects what they change in a draft."""

    def __init__(self, user: User, tracks: LayerDraft, undoes: UUID | None) -> None:
        self.user = user
        self.layer = tracks.layer
        self.tracks = tracks
        self.undoes = undoes
        self.draft = VerdictDraft(tracks.layer)

    def load(self, operations: Iterable[Operation]) -> None:
        """Read what the operations are about in one query."""
        judged = [operation.track for operation in operations if isinstance(operation, VerdictsReplace)]
        if judged:
            self.draft.load(judged)

    def apply(self, operation: VerdictsReplace) -> tuple[VerdictsReplace, VerdictsReplace]:
        """Give the verdicts of an operation. Returns it as it was done, with its inverse.

        Raises:
            PermissionDenied: verdicts are a reviewer's to give.
            ActionError: spans that overlap or lie elsewhere, a rejection that doesn't say why, a deleted track, or
                taking back what isn't there any more.
        """
        _ = self._reviews
        self._check(operation)
        track, ranges, spans = operation.track, united(operation.ranges), operation.spans
        if self.undoes is not None:
            ranges = self._as_left(track, ranges)
            spans = within(spans, ranges)
        trusted = self._former.get(track, [])
        signed = [span if span in within(trusted, [(span.first, span.last)]) else self._signed(span) for span in spans]
        former = self.draft.replace(track, ranges, signed)
        done = VerdictsReplace(track=track, ranges=ranges, spans=signed)
        return done, VerdictsReplace(track=track, ranges=ranges, spans=former)

    @cached_property
    def _reviews(self) -> bool:
        if not access.may(access.role_in(self.user, self.layer.video.project.workspace_id), "review"):
            raise PermissionDenied("A verdict on a track is a reviewer's to give.")
        access.require_at_work(self.layer.video.project)
        return True

    def _check(self, operation: VerdictsReplace) -> None:
        track = self.tracks.track(operation.track)
        if track.deleted_at is not None and operation.spans and self.undoes is None:
            raise ActionError(f"Verdicts are given on tracks that are there; {track} was deleted. Restore it first.")
        last_frame = max(self.layer.video.frame_count - 1, 0)
        for first, last in operation.ranges:
            if first > last or last > last_frame:
                raise ActionError(f"Frames of a range lie in 0..{last_frame} and rise; {first}..{last} came.")
        for span in operation.spans:
            if span.first > span.last or without([(span.first, span.last)], operation.ranges):
                raise ActionError(
                    f"A verdict lies in the ranges that its operation names, {spelt(operation.ranges)}; "
                    f"{span.first}..{span.last} came."
                )
            if span.verdict == "rejected" and not span.reason.strip():
                raise ActionError("A rejection says what is wrong; no reason came.")
        in_order = sorted(operation.spans, key=lambda span: span.first)
        if any(one.last >= other.first for one, other in pairwise(in_order)):
            raise ActionError("A frame of a track has one verdict; spans that overlap came.")

    def _signed(self, span: SpanVerdict) -> SpanVerdict:
        return signed(span, self.user, self._now, self.layer.revision + 1)

    @cached_property
    def _now(self) -> str:
        return iso(timezone.now())

    # ------------------------------------------------------------ taking back

    @cached_property
    def _undone(self) -> Event | None:
        return Event.objects.filter(layer=self.layer, edit_id=self.undoes).first() if self.undoes is not None else None

    @cached_property
    def _former(self) -> dict[UUID, list[SpanVerdict]]:
        """The verdicts that the undone edit had replaced, whose signatures are known therefore."""
        return _by_track(self._undone.inverse or [] if self._undone is not None else [])

    def _as_left(self, track: UUID, ranges: Sequence[FrameRange]) -> list[FrameRange]:
        """Those frames on which verdicts still are what the undone edit made of them."""
        given = _by_track(self._undone.payload["operations"]) if self._undone is not None else {}
        left = alike(self.draft.spans(track), given.get(track, []), ranges)
        if not left:
            raise ActionError(
                "This verdict can't be taken back: it was given anew, or its span was changed, since. Give another."
            )
        return left


def _by_track(operations: object) -> dict[UUID, list[SpanVerdict]]:
    found: dict[UUID, list[SpanVerdict]] = {}
    for operation in OPERATIONS.validate_python(operations):
        if isinstance(operation, VerdictsReplace):
            there = found.get(operation.track, [])
            found[operation.track] = put_in(there, operation.ranges, operation.spans)
    return found


def signed(span: SpanVerdict, user: User | None, at: str, revision: int) -> SpanVerdict:
    """A verdict as somebody gives it now."""
    return SpanVerdict(
        first=span.first,
        last=span.last,
        verdict=span.verdict,
        reason=span.reason.strip(),
        by=user.pk if user is not None else None,
        by_name=str(user) if user is not None else "",
        at=at,
        revision=revision,
    )


def judge_new(layer: Layer, user: User | None, verdicts: Mapping[UUID, Sequence[SpanVerdict]]) -> None:
    """Give verdicts on tracks that are made now, which count from the change that makes them on."""
    draft = VerdictDraft(layer)
    draft.load(verdicts)
    now = iso(timezone.now())
    last_frame = max(layer.video.frame_count - 1, 0)
    for track, spans in verdicts.items():
        inside = within(spans, [(0, last_frame)])
        draft.set(track, [signed(span, user, now, layer.revision + 1) for span in inside])
    draft.save()
