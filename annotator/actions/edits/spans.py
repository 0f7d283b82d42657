"""A track's verdicts as values: spans that don't overlap, cut, put in, reopened and joined. Pure.

Ranges are [first, last] pairs of frames, both included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from annotator.actions.edits.shape_draft import FrameRange
from annotator.operations import Reopened, SpanVerdict

Spans = Sequence[SpanVerdict]


def united(ranges: Iterable[FrameRange]) -> list[FrameRange]:
    """The fewest ranges that hold the same frames, rising."""
    found: list[FrameRange] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def common(ranges: Iterable[FrameRange], others: Sequence[FrameRange]) -> list[FrameRange]:
    """The frames that lie in both."""
    pairs = ((max(a, c), min(b, d)) for a, b in ranges for c, d in others)
    return united((first, last) for first, last in pairs if first <= last)


def without(ranges: Iterable[FrameRange], others: Iterable[FrameRange]) -> list[FrameRange]:
    """The frames of ``ranges`` that lie in none of the others."""
    left = united(ranges)
    for first, last in others:
        left = [
            piece
            for low, high in left
            for piece in ((low, min(high, first - 1)), (max(low, last + 1), high))
            if piece[0] <= piece[1]
        ]
    return united(left)


def ranges_of(spans: Iterable[SpanVerdict]) -> list[FrameRange]:
    """The frames that spans say something of."""
    return united((span.first, span.last) for span in spans)


def within(spans: Iterable[SpanVerdict], ranges: Sequence[FrameRange]) -> list[SpanVerdict]:
    """What spans say of the frames of ``ranges``, in rising order."""
    found = [
        span.model_copy(update={"first": first, "last": last})
        for span in spans
        for first, last in common([(span.first, span.last)], ranges)
    ]
    return sorted(found, key=lambda span: span.first)


def put_in(spans: Spans, ranges: Sequence[FrameRange], coming: Spans) -> list[SpanVerdict]:
    """What ``coming`` says instead of what was said of the frames of ``ranges``."""
    stays = [
        span.model_copy(update={"first": first, "last": last})
        for span in spans
        for first, last in without([(span.first, span.last)], ranges)
    ]
    return joined([*stays, *coming])


def joined(spans: Iterable[SpanVerdict]) -> list[SpanVerdict]:
    """Neighbours that say the same as one, in rising order.

    A run that goes over a span reopens it moment by moment: that is one change, the last of them, however many there
    were. Else a track would have a span for every moment of every run.
    """
    found: list[SpanVerdict] = []
    for span in sorted(spans, key=lambda span: span.first):
        if found and found[-1].last + 1 == span.first and _meaning(found[-1]) == _meaning(span):
            newest = max(found[-1], span, key=lambda each: each.reopened.revision if each.reopened else 0)
            found[-1] = newest.model_copy(update={"first": found[-1].first, "last": span.last})
        else:
            found.append(span)
    return found


def _meaning(span: SpanVerdict) -> object:
    said = (span.verdict, span.reason, span.by, span.by_name, span.at, span.revision)
    news = span.reopened
    if news is None or news.by is not None:
        return said, news
    return said, (news.was, news.by_name, news.how)


def reopened(spans: Spans, ranges: Sequence[FrameRange], *, by: int | None, by_name: str, at: str, revision: int,
             how: str) -> list[SpanVerdict]:  # fmt: skip
    """A track's verdicts after its frames in ``ranges`` have changed: none that was given before holds there."""

    def after(span: SpanVerdict) -> SpanVerdict:
        was = span.verdict if span.verdict != "check" else span.reopened and span.reopened.was
        if was is None or span.revision >= revision:
            return span
        news = Reopened(was=was, by=by, by_name=by_name, at=at, revision=revision, how=how)
        return span.model_copy(update={"verdict": "check", "reopened": news})

    return put_in(spans, ranges, [after(span) for span in within(spans, ranges)])


def brought_back(spans: Spans, ranges: Sequence[FrameRange], revision: int) -> list[SpanVerdict]:
    """A track's verdicts once its frames in ``ranges`` are again what they were at ``revision``: what was reopened
    since has the verdict that was given then."""
    coming = [
        span.model_copy(update={"verdict": span.reopened.was, "reopened": None})
        if span.reopened is not None and span.revision == revision
        else span
        for span in within(spans, ranges)
    ]
    return put_in(spans, ranges, coming)


def alike(now: Spans, then: Spans, ranges: Sequence[FrameRange]) -> list[FrameRange]:
    """The frames of ``ranges`` of which both say the same, or both nothing."""
    edges = {edge for first, last in ranges for edge in (first, last + 1)}
    edges |= {edge for span in (*now, *then) for edge in (span.first, span.last + 1)}
    pieces = [piece for low, high in pairwise(sorted(edges)) for piece in common([(low, high - 1)], ranges)]
    return united(piece for piece in pieces if _said(now, piece[0]) == _said(then, piece[0]))


def _said(spans: Spans, frame: int) -> object:
    span = next((span for span in spans if span.first <= frame <= span.last), None)
    return span and (span.verdict, span.reason, span.by, span.at, span.revision, span.reopened)


def whole(spans: Spans, first: int, last: int) -> str:
    """ "accepted" or "rejected" where that is said of every frame of ``first..last``, else ""."""
    said = {span.verdict for span in within(spans, [(first, last)])}
    if len(said) != 1 or said == {"check"} or without([(first, last)], ranges_of(spans)):
        return ""
    return said.pop()
