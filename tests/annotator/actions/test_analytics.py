"""The work in a project counted from its history: edits, undo, runs, verdicts, jobs and time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from annotator.actions.analytics.counting import count_work
from annotator.actions.analytics.stays import note_stay
from annotator.actions.edits.apply import apply_edit
from annotator.actions.runs.condense import join_predictions
from annotator.models import Counting, Event, Job, JobStep, LayerKind, Stay, User
from tests.annotator.desk import Desk
from tests.annotator.worlds import World, clear, create, do, draw, edit, judge, keyframe, make_world, put, update

pytestmark = pytest.mark.django_db


TEN = datetime.fromisoformat("2026-03-02T10:00:00Z")


@pytest.fixture
def world() -> World:
    return make_world()


def ask(world: World, method: str = "get", by: str = "manager", **query: str) -> Any:
    client = Client()
    client.force_login(world.people[by])
    return getattr(client, method)(f"/api/projects/{world.project.pk}/analytics", query or None)


def counted(world: World, by: str = "manager", **query: str) -> dict[str, Any]:
    """What the page shows once all is counted."""
    assert ask(world, "post", by).status_code == 200
    count_work.func(str(world.project.pk))
    answer = ask(world, by=by, **query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    assert (found["state"], found["is_stale"]) == ("done", False), found["message"]
    return found


def rows(found: dict[str, Any], table: str) -> dict[str, dict[str, Any]]:
    """Of a table by the first cell, each by the ids of columns."""
    (which,) = [each for each in found["tables"] if each["id"] == table]
    ids = [column["id"] for column in which["columns"]]
    return {row["cells"][0]: dict(zip(ids, row["cells"], strict=True)) for row in which["rows"]}


def at(*minutes: float, since: datetime = TEN) -> None:
    """Let the changes that were made have happened then, in minutes after 10 o'clock."""
    events = Event.objects.order_by("pk")
    assert len(events) == len(minutes)
    for event, minute in zip(events, minutes, strict=True):
        Event.objects.filter(pk=event.pk).update(created_at=since + timedelta(minutes=minute))


def test_before_anything_is_counted_that_is_said(world: World) -> None:
    draw(world, 0)
    found = ask(world).json()
    assert (found["state"], found["is_stale"], found["counted_at"]) == ("none", True, None)


def test_drawing_counts_objects_shapes_and_frames(world: World) -> None:
    draw(world, 0, 10)
    draw(world, 10, 20)
    totals = counted(world)["totals"]
    assert (totals["changes"], totals["objects"], totals["by_hand"], totals["frames"]) == (2, 2, 4, 3)


def test_counting_again_counts_nothing_twice(world: World) -> None:
    track = draw(world, 0, 10)
    first = counted(world)["totals"]
    assert counted(world)["totals"] == first
    do(world, put(track, [keyframe(10, 50), keyframe(11, 50)]))
    totals = counted(world)["totals"]
    assert (totals["changes"], totals["by_hand"], totals["frames"]) == (2, 4, 3)


@pytest.mark.parametrize("between", [False, True])
def test_what_is_undone_counts_no_more_and_what_is_redone_does_again(world: World, between: bool) -> None:
    track = draw(world, 0)
    if between:
        counted(world)
    drawn = Event.objects.get()
    undo = edit(update(track, deleted=True), undoes=drawn.edit_id)
    apply_edit(user=world.annotator, layer_id=world.layer.pk, edit=undo)
    totals = counted(world)["totals"]
    assert (totals["objects"], totals["by_hand"], totals["undone"], totals["corrections"]) == (0, 0, 1, 0)
    apply_edit(user=world.annotator, layer_id=world.layer.pk, edit=edit(update(track, deleted=False), undoes=undo.id))
    totals = counted(world)["totals"]
    assert (totals["objects"], totals["by_hand"], totals["undone"]) == (1, 1, 1)


def test_active_time_is_of_the_days_of_the_readers_time_zone(world: World) -> None:
    for frame in range(3):
        draw(world, frame)
    at(-2, 0, 2, since=datetime.fromisoformat("2026-03-02T05:00:00Z"))
    utc, york = (rows(counted(world, zone=zone), "days") for zone in ("UTC", "America/New_York"))
    assert {day: row["active"] for day, row in utc.items()} == {"2026-03-02": 240}
    assert {day: row["active"] for day, row in york.items()} == {"2026-03-02": 120, "2026-03-01": 120}


def test_a_range_of_days_has_only_what_was_done_in_it(world: World) -> None:
    draw(world, 0)
    draw(world, 1)
    at(0, 24 * 60)
    assert counted(world, first="2026-03-03", last="2026-03-03")["totals"]["objects"] == 1
    assert counted(world, last="2026-03-01")["totals"]["objects"] == 0


def test_two_people_in_one_job_are_told_apart(world: World) -> None:
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    Job.objects.filter(pk=job.pk).update(created_at=datetime.fromisoformat("2026-01-01T00:00:00Z"))
    track = draw(world, 0)
    do(world, put(track, [keyframe(1)]))
    do(world, put(track, [keyframe(2)]), by="reviewer")
    do(world, put(track, [keyframe(3)]), by="reviewer")
    at(0, 3, 1, 5)
    found = counted(world)
    assert {name: row["active"] for name, row in rows(found, "people").items()} == {"annotator": 180, "reviewer": 240}
    row = rows(found, "jobs")["cross.mp4 0-99"]
    assert (row["active"], row["in_review"], row["by_hand"]) == (420, 240, 4)
    assert rows(found, "people")["reviewer"]["in_others_jobs"] == 240


def test_a_model_is_told_its_corrections_and_undone_ones_are_not(desk: Desk) -> None:
    world = desk.world
    track = draw(world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 50)
    do(world, put(track, [keyframe(10, 200)]))
    do(world, put(track, [keyframe(20, 20)]))  # As it was predicted: confirmed.
    do(world, clear(track, 30, 39))
    last = do(world, put(track, [keyframe(45, 300)]))
    undo = edit(*_inverse(last), undoes=last.edit_id)
    apply_edit(user=world.annotator, layer_id=world.layer.pk, edit=undo)
    row = rows(counted(world), "models")["Framewise CF"]
    assert (row["by_model"], row["corrections"], row["corrected"]) == (50, 2, 11)
    assert row["per_hundred"] == 4


def _inverse(event: Event) -> Any:
    from annotator.operations import OPERATIONS

    return OPERATIONS.validate_python(event.inverse)


def test_predictions_count_once_whether_or_not_their_events_were_joined_in_between(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 20)
    assert counted(desk.world)["totals"]["by_model"] == 20
    desk.predict(run, track, 21, 60, done=True)
    join_predictions.func(str(run.pk))
    assert counted(desk.world)["totals"]["by_model"] == 60


def test_a_deleted_object_that_a_model_had_followed_is_one_correction(desk: Desk) -> None:
    track = draw(desk.world, 0)
    desk.predict(desk.start(track), track, 1, 50)
    do(desk.world, update(track, deleted=True))
    totals = counted(desk.world)["totals"]
    assert (totals["corrections"], totals["corrected"]) == (1, 50)


def test_verdicts_count_for_whose_job_it_is(world: World) -> None:
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=1))
    track = draw(world, 0, 10)
    do(world, judge(track, 0, 4), judge(track, 5, 9, "rejected", "It is a bus."), by="reviewer")
    found = counted(world)
    row = rows(found, "people")["annotator"]
    assert (row["accepted"], row["rejected"], row["acceptance"]) == (1, 1, 0.5)
    assert rows(found, "people")["reviewer"]["accepted"] == 0
    assert rows(found, "labels")["car"]["rejected"] == 1
    assert rows(found, "jobs")["cross.mp4 0-99"]["accepted"] == 1


def test_what_is_said_of_a_whole_object_is_of_the_job_in_which_it_begins(world: World) -> None:
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    Job.objects.filter(pk=job.pk).update(created_at=TEN)
    track = draw(world, 0)
    do(world, judge(track, 0, 0), by="reviewer")
    do(world, update(track, deleted=True), by="reviewer")
    at(1, 2, 4)
    assert rows(counted(world), "jobs")["cross.mp4 0-99"]["in_review"] == 120


def test_an_annotator_sees_their_own_work_and_a_manager_everybodys(world: World) -> None:
    draw(world, 0)
    do(world, create(uuid4(), world.car), by="reviewer")
    own = counted(world, by="annotator")
    assert (own["everybody"], list(rows(own, "people")), own["totals"]["objects"]) == (False, ["annotator"], 1)
    everybody = counted(world)
    assert (everybody["everybody"], everybody["totals"]["objects"]) == (True, 2)


def test_a_stay_in_the_editor_counts_and_grows(world: World) -> None:
    now = timezone.now()
    note(world.annotator, world, now - timedelta(minutes=40), now - timedelta(minutes=4))
    assert counted(world)["totals"]["active"] == pytest.approx(36 * 60)
    note(world.annotator, world, now - timedelta(minutes=3), now - timedelta(minutes=1))
    assert Stay.objects.count() == 1
    assert ask(world).json()["is_stale"]
    assert counted(world)["totals"]["active"] == pytest.approx(39 * 60)


def test_time_that_is_counted_for_now_is_counted_right_later(world: World) -> None:
    now = timezone.now()
    draw(world, 0)
    draw(world, 1)
    at(-3, -1, since=now)
    assert counted(world)["totals"]["active"] == pytest.approx(120, abs=1)
    draw(world, 2)
    assert counted(world)["totals"]["active"] == pytest.approx(180, abs=30)
    people = rows(counted(world), "people")
    assert people["annotator"]["active"] == pytest.approx(180, abs=30)


def test_a_stay_that_names_a_job_of_another_layer_is_in_none(world: World) -> None:
    now = timezone.now()
    note(world.annotator, world, now, now, job=12345)
    assert Stay.objects.get().job is None


def test_two_stays_with_more_than_an_idle_pause_between_are_two(world: World) -> None:
    now = timezone.now()
    note(world.annotator, world, now - timedelta(minutes=20), now - timedelta(minutes=10))
    note(world.annotator, world, now, now)
    assert Stay.objects.count() == 2


def note(user: User, world: World, began: datetime, ended: datetime, job: int | None = None) -> None:
    note_stay(user=user, layer_id=world.layer.pk, job_id=job, began=began, ended=ended)


def test_what_a_model_put_into_a_layer_of_its_own_is_nobodys_work(world: World) -> None:
    draw(world, 0)
    world.layer.kind = LayerKind.MODEL
    world.layer.save()
    assert counted(world)["totals"]["changes"] == 0


def test_what_was_deleted_since_is_forgotten(world: World) -> None:
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    draw(world, 0)
    draw(world, 1)
    at(-3, -1, since=timezone.now() + timedelta(seconds=1))
    Job.objects.update(created_at=datetime.fromisoformat("2026-01-01T00:00:00Z"))
    counted(world)
    job.delete()
    draw(world, 2)
    found = counted(world)
    assert found["totals"]["objects"] == 3
    assert list(rows(found, "jobs")) == ["Outside of jobs"]


def test_changes_from_before_stays_were_noted_are_said_with_a_number(world: World) -> None:
    draw(world, 0)
    (sentence,) = counted(world)["unknown"]
    assert "1 change " in sentence


def test_a_table_comes_as_csv_without_formulas(world: World) -> None:
    world.car.name = "=1+1"
    world.car.save()
    draw(world, 0)
    counted(world)
    client = Client()
    client.force_login(world.people["manager"])
    answer = client.get(f"/api/projects/{world.project.pk}/analytics/labels.csv")
    head, line = answer.content.decode().splitlines()
    assert head.startswith("label,active,objects,")
    assert line.startswith("'=1+1,0,1,")


@pytest.mark.parametrize(
    "query",
    [
        {"zone": "Mars/Olympus"},
        {"first": "2026-03-02", "last": "2026-03-01"},
        {"first": "0001-01-01", "zone": "Asia/Tokyo"},
        {"last": "9999-12-31"},
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_rule(world: World, query: dict[str, str]) -> None:
    answer = ask(world, **query)
    assert answer.status_code == 422
    assert "came" in answer.json()["message"]


def test_a_change_of_the_rules_counts_all_anew(world: World) -> None:
    draw(world, 0)
    counted(world)
    Counting.objects.update(memory={"rules": 0})
    assert counted(world)["totals"]["objects"] == 1


def test_tracks_are_not_named_in_what_is_kept(world: World) -> None:
    """A million shapes leave a handful of rows."""
    track: UUID = draw(world, *range(0, 500, 5))
    do(world, put(track, [keyframe(frame) for frame in range(1, 500, 5)]))
    counted(world)
    assert world.project.work.count() <= 4


def in_review(world: World, *steps: tuple[str, str, float]) -> Job:
    """A job of the annotator's with these steps in its history: kind, who, hours after ten."""
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    for kind, by, hours in steps:
        when = TEN + timedelta(hours=hours)
        JobStep.objects.create(job=job, kind=kind, by=world.people[by], at=when)
    return job


def test_how_long_jobs_wait_for_review_and_how_long_that_takes_is_from_their_history(world: World) -> None:
    job = in_review(
        world,
        ("submitted", "annotator", 0),
        ("returned", "reviewer", 5),
        ("submitted", "annotator", 24),
        ("accepted", "reviewer", 27),
    )
    reviewer = world.people["reviewer"]
    for began, minutes in ((TEN + timedelta(hours=2), 10), (TEN + timedelta(hours=26), 60)):
        ended = began + timedelta(minutes=minutes)
        Stay.objects.create(layer=world.layer, person=reviewer, job=job, began=began, ended=ended)
    Stay.objects.create(layer=world.layer, person=world.annotator, job=job, began=TEN, ended=TEN + timedelta(hours=1))
    in_review(world, ("submitted", "annotator", 1))
    found = counted(world)
    (row,) = rows(found, "reviews").values()
    hours = {name: row[name] / 3600 for name in ("waited", "in_review", "whole", "longest")}
    assert (row["accepted"], row["returned"], row["acceptance"], row["open"]) == (1, 1, 0.5, 1)
    assert hours == {"waited": 2, "in_review": 2, "whole": 4, "longest": 5}
    assert found["totals"]["until_decided"] == 4 * 3600
    assert list(rows(found, "reviewers")) == [str(reviewer)]


def test_a_review_that_nobody_was_seen_to_begin_counts_as_waiting_and_one_that_was_taken_does_not(world: World) -> None:
    in_review(world, ("submitted", "annotator", 0), ("accepted", "reviewer", 3))
    in_review(world, ("submitted", "annotator", 0), ("review_taken", "reviewer", 1), ("accepted", "reviewer", 5))
    (row,) = rows(counted(world), "reviewers").values()
    assert (row["waited"] / 3600, row["in_review"] / 3600, row["whole"] / 3600) == (2, 4, 4)


def test_a_review_counts_on_the_day_of_its_decision_and_people_see_that_of_their_own_jobs(world: World) -> None:
    in_review(world, ("submitted", "annotator", 0), ("accepted", "reviewer", 48))
    assert rows(counted(world, last="2026-03-03"), "reviews") == {}
    assert len(rows(counted(world, first="2026-03-04"), "reviews")) == 1
    own = counted(world, by="annotator")
    assert (len(rows(own, "reviews")), rows(own, "reviewers")) == (1, {})
    assert [rows(counted(world, by="reviewer"), table) == {} for table in ("reviews", "reviewers")] == [True, False]
