from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django_tasks_db.models import DBTaskResult

from annotator.actions.edits.restore import Scope, restore
from annotator.actions.runs.condense import JOINED_AFTER, join_predictions
from annotator.models import Event, EventKind, Layer, Run
from tests.annotator.desk import Desk
from tests.annotator.worlds import do, draw, keyframe, put, rows_of

pytestmark = pytest.mark.django_db


def stored(run: Run) -> list[Event]:
    return list(Event.objects.filter(run=run, kind=EventKind.PREDICTIONS))


def tracked(desk: Desk, track: UUID, *, by: float = 0) -> Run:
    """A run that stored 100 frames in five pieces and ended."""
    run = desk.start(track)
    for first in range(0, 100, 20):
        desk.predict(run, track, max(first, 1), first + 19, by=by, done=first == 80)
    return run


def join(run: Run) -> None:
    join_predictions.call(str(run.pk))


def back(desk: Desk, revision: int) -> None:
    manager = desk.world.people["manager"]
    restore(user=manager, layer_id=desk.world.layer.pk, scope=Scope(revision), edit_id=uuid4(), summary="Back")


def test_what_a_run_stored_becomes_one_event(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = tracked(desk, track)
    last = stored(run)[-1]
    join(run)
    (event,) = stored(run)
    assert (event.revision, event.created_at, event.extent) == (last.revision, last.created_at, [[str(track), 1, 99]])
    assert event.payload["touched"] == [[str(track), 1, 99]]
    assert Layer.objects.get(pk=desk.world.layer.pk).revision == event.revision


def test_it_still_knows_what_lay_there_before(desk: Desk) -> None:
    track = draw(desk.world, 0)
    tracked(desk, track)
    then, at = rows_of(track), Layer.objects.get(pk=desk.world.layer.pk).revision
    run = tracked(desk, track, by=9)
    join(run)
    back(desk, at)
    assert rows_of(track) == then
    back(desk, 1)
    assert rows_of(track) == [keyframe(0)]


def test_peoples_changes_in_between_keep_their_place(desk: Desk) -> None:
    track = draw(desk.world, 0)
    other = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 10)
    desk.predict(run, track, 11, 20)
    do(desk.world, put(other, [keyframe(5)]))
    middle, at = rows_of(track), Layer.objects.get(pk=desk.world.layer.pk).revision
    desk.predict(run, track, 21, 30)
    desk.predict(run, track, 31, 99, done=True)
    join(run)
    assert [event.extent for event in stored(run)] == [[[str(track), 1, 20]], [[str(track), 21, 99]]]
    back(desk, at)
    assert rows_of(track) == middle


def test_runs_at_the_same_time_are_joined_each_for_itself(desk: Desk) -> None:
    one, other = draw(desk.world, 0), draw(desk.world, 0)
    runs = desk.start(one), desk.start(other)
    for first in range(1, 90, 30):
        desk.predict(runs[0], one, first, first + 29)
        desk.predict(runs[1], other, first, first + 29)
    for run in runs:
        desk.stop(run)
        join(run)
    assert [len(stored(run)) for run in runs] == [1, 1]
    back(desk, 2)
    assert [len(rows_of(track)) for track in (one, other)] == [1, 1]


def test_a_run_under_way_is_left_alone(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 10)
    desk.predict(run, track, 11, 20)
    join(run)
    assert len(stored(run)) == 2


def test_events_of_old_versions_are_left_alone(desk: Desk) -> None:
    run = tracked(desk, draw(desk.world, 0))
    Event.objects.filter(kind=EventKind.PREDICTIONS, revision=3).update(inverse=None)
    join(run)
    assert len(stored(run)) == 5


def test_it_is_left_to_the_jobs_worker_once_nobody_reads_them_one_by_one(
    desk: Desk, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        run = tracked(desk, draw(desk.world, 0))
    task = DBTaskResult.objects.get(task_path=join_predictions.module_path)
    assert task.args_kwargs["args"] == [str(run.pk)]
    run.refresh_from_db()
    assert run.finished_at is not None
    assert abs(task.run_after - run.finished_at - JOINED_AFTER).total_seconds() < 5
