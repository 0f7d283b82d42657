"""What a finished run leaves in the log: hundreds of events become a few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from annotator.actions.background import Background, transfer_allowance
from annotator.actions.edits.events import as_json, extent_of, lock_layer
from annotator.actions.edits.layer_draft import decoded, encoded, stretches
from annotator.actions.edits.past import TrackPast
from annotator.actions.seen import carry_over
from annotator.models import Event, EventKind, Run, RunState
from annotator.operations import OPERATIONS, ShapesReplace

JOINED_AFTER = timedelta(minutes=10)
"""Until then other web processes may still have to read the events one by one; they look every second."""


def join_later(run: Run) -> None:
    """Let the jobs worker join the events of a run that has just ended."""
    key, due = str(run.pk), timezone.now() + JOINED_AFTER
    transaction.on_commit(lambda: join_predictions.using(run_after=due).enqueue(key))


@task()
def join_predictions(run_id: str) -> None:
    """Join what a run stored, as far as nothing was changed in between, into the last event of each stretch.

    The revisions of the others are no longer in the log. Nothing but the history reads that far back, and it goes back
    to the revisions that are left.
    """
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        return
    with transaction.atomic():
        lock_layer(run.layer_id)
        run.refresh_from_db()
        if run.state in (RunState.QUEUED, RunState.RUNNING):
            return
        for keys in list(_stretches(run)):
            _join(list(Event.objects.filter(pk__in=keys).order_by("revision")))


JOINING = Background(
    task=join_predictions,
    names=lambda _: ("Joining a run's history", ""),
    allowance=lambda _: transfer_allowance(),
    workspaces=dict,
    is_wanted=lambda _: True,
    drop=lambda _: False,
    # Nobody asked for it and nobody misses it: the history stays as long as it is.
    fail=lambda _key, _why: None,
)


def _stretches(run: Run) -> Iterator[list[int]]:
    """Two or more events of the run with nothing in between but what other runs stored of other tracks."""
    own = Event.objects.filter(run=run, kind=EventKind.PREDICTIONS).order_by("revision")
    first, last = own.first(), own.last()
    if first is None or last is None:
        return
    between = Event.objects.filter(layer_id=run.layer_id, revision__range=(first.revision, last.revision))
    found: list[int] = []
    tracks: set[str] = set()
    others: set[str] = set()
    for event in between.order_by("revision").only("kind", "run", "extent", "revision").iterator(chunk_size=500):
        named = {track for track, *_ in event.extent}
        is_own = event.kind == EventKind.PREDICTIONS and event.run_id == run.pk
        if event.kind != EventKind.PREDICTIONS or (is_own and named & others) or (not is_own and named & tracks):
            if len(found) > 1:
                yield found
            found, tracks, others = [], set(), set()
        if is_own:
            found.append(event.pk)
            tracks |= named
        elif event.kind == EventKind.PREDICTIONS:
            others |= named
    if len(found) > 1:
        yield found


def _join(events: Sequence[Event]) -> None:
    """Put everything into the last of them; of a frame that was written twice the first knows what lay there."""
    if any(event.inverse is None for event in events):
        return  # Of an old version, which didn't keep what was replaced.
    carry_over(events[0].layer, events)
    past: dict[UUID, TrackPast] = {}
    touched: dict[str, set[int]] = {}
    for event in events:
        for operation in OPERATIONS.validate_python(event.inverse)[::-1]:
            assert isinstance(operation, ShapesReplace)  # noqa: S101 (that is what predictions replace)
            was = past.setdefault(operation.track, TrackPast())
            was.take_rows(operation.ranges, [decoded(text) for text in operation.tables])
        for track, first, last in event.payload["touched"]:
            touched.setdefault(track, set()).update(range(first, last + 1))
    pieces = [(UUID(track), *ends) for track, frames in touched.items() for ends in stretches(sorted(frames))]
    last_one = events[-1]
    last_one.inverse = as_json(_replaced(track, was) for track, was in past.items())
    last_one.payload["touched"] = [[str(track), first, last] for track, first, last in pieces]
    last_one.extent = [[str(track), first, last] for track, first, last in extent_of([], pieces)]
    last_one.save(update_fields=["inverse", "payload", "extent"])
    Event.objects.filter(pk__in=[event.pk for event in events[:-1]]).delete()


def _replaced(track: UUID, was: TrackPast) -> ShapesReplace:
    frames = [start + int(at) for start, known in sorted(was.known.items()) for at in known.nonzero()[0]]
    tables = [encoded(table) for _, table in sorted(was.rows.items()) if len(table)]
    return ShapesReplace(track=track, ranges=stretches(frames), tables=tables)
