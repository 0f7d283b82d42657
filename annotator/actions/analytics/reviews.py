"""How long jobs wait for their review and how long that takes, from their history.

A job waits from being submitted until somebody else opens it or takes it for review, and is in review until it is
accepted or returned. Where nobody was seen to begin, all of the time counts as waiting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from annotator.models import JobStep, Project, Stay

Kind = JobStep.Kind
SUBMITTED, DECIDED, BEGUN = Kind.SUBMITTED, (Kind.ACCEPTED, Kind.RETURNED), Kind.REVIEW_TAKEN


@dataclass(frozen=True, slots=True)
class Review:
    """One way of a job from being submitted to what was decided. ``annotator``, ``reviewer``: ids of people, None:
    nobody, or a deleted account; ``begun`` None: nobody was seen to begin; ``decided`` None: it still waits, or is in
    review."""

    annotator: int | None
    reviewer: int | None
    submitted: datetime
    begun: datetime | None
    decided: datetime | None
    accepted: bool = False

    @property
    def waited(self) -> float | None:
        """Seconds until somebody began; None: nobody has yet."""
        until = self.begun or self.decided
        return (until - self.submitted).total_seconds() if until is not None else None

    @property
    def in_review(self) -> float | None:
        """Seconds from there to the decision; None: it isn't decided, or nobody was seen to begin."""
        if self.decided is None or self.begun is None:
            return None
        return (self.decided - self.begun).total_seconds()

    @property
    def whole(self) -> float | None:
        """Seconds from being submitted to the decision; None: it isn't decided."""
        return (self.decided - self.submitted).total_seconds() if self.decided is not None else None


def reviews_of(project: Project, first: datetime | None, end: datetime | None) -> list[Review]:
    """Those that were decided from ``first`` to before ``end`` (None: no bound), and those that are open now."""
    steps = JobStep.objects.filter(job__video__project=project, kind__in=(SUBMITTED, BEGUN, *DECIDED))
    rows = steps.order_by("job", "at", "pk").values_list("job", "job__assignee", "kind", "by", "at")
    stays = _stays(project)
    found = [
        review
        for job, several in groupby(rows.iterator(2000), key=lambda row: row[0])
        for review in _of_job(list(several), stays.get(job, ()))
    ]
    return [one for one in found if one.decided is None or _within(one.decided, first, end)]


def _within(at: datetime, first: datetime | None, end: datetime | None) -> bool:
    return (first is None or at >= first) and (end is None or at < end)


def _stays(project: Project) -> dict[int, list[tuple[datetime, datetime]]]:
    """By job, when others than its annotator were in it, from when to when."""
    stays = Stay.objects.filter(job__video__project=project)
    found: defaultdict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    columns = stays.order_by("began").values_list("job", "job__assignee", "person", "began", "ended")
    for job, assignee, person, began, ended in columns.iterator(2000):
        if person != assignee:
            found[job].append((began, ended))
    return found


def _of_job(
    steps: Sequence[tuple[int, int | None, str, int | None, datetime]], stays: Sequence[tuple[datetime, datetime]]
) -> Iterator[Review]:
    """The reviews of one job, from its steps in the order in which they were taken."""
    submitted: datetime | None = None
    taken: datetime | None = None
    annotator = steps[0][1]
    for _, _, kind, by, at in steps:
        if kind == SUBMITTED:
            submitted, taken = at, None
        elif kind == BEGUN:
            taken = taken or at
        elif submitted is not None:
            begun = _begun(submitted, at, taken, stays)
            yield Review(annotator, by, submitted, begun, at, kind == Kind.ACCEPTED)
            submitted = None
    if submitted is not None:
        yield Review(annotator, None, submitted, _begun(submitted, None, taken, stays), None)


def _begun(
    submitted: datetime, decided: datetime | None, taken: datetime | None, stays: Sequence[tuple[datetime, datetime]]
) -> datetime | None:
    opened = [max(began, submitted) for began, ended in stays if ended > submitted]
    known = [at for at in (taken, *opened) if at is not None and (decided is None or at <= decided)]
    return min(known, default=None)
