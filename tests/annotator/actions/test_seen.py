"""Which frames people had on screen: kept as stretches, and asked for by the review queue."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from annotator.actions import seen
from annotator.actions.inspecting import inspected
from annotator.actions.runs.condense import join_predictions
from annotator.actions.seen import STRETCH, Origins, note_shown
from annotator.models import Layer, Run, Seen
from tests.annotator.desk import Desk
from tests.annotator.worlds import draw
from tracking.review.signs import NOBODY_SAW

pytestmark = pytest.mark.django_db


def show(desk: Desk, *frames: tuple[int, int], revision: int | None = None, by: str = "reviewer") -> None:
    latest = Layer.objects.get(pk=desk.world.layer.pk).revision
    at = latest if revision is None else revision
    note_shown(user=desk.world.people[by], layer_id=desk.world.layer.pk, frames=frames, revision=at)


def kept(desk: Desk, by: str = "reviewer") -> list[tuple[int, int, int]]:
    row = Seen.objects.get(layer=desk.world.layer, person=desk.world.people[by])
    return [tuple(stretch) for stretch in np.frombuffer(row.data, STRETCH).tolist()]


def unseen(desk: Desk) -> list[tuple[int, int]]:
    """The spans of the queue that nobody has had on screen."""
    queue: list[dict[str, Any]] = json.loads(inspected(Layer.objects.get(pk=desk.world.layer.pk)))["queue"]
    return sorted((item["first"], item["last"]) for item in queue if NOBODY_SAW in item["reasons"])


def tracked(desk: Desk, track: UUID, *, step: int = 99) -> Run:
    run = desk.start(track)
    for first in range(1, 100, step):
        desk.predict(run, track, first, min(first + step - 1, 99), done=first + step > 99)
    return run


def test_each_frame_keeps_the_latest_revision_that_was_shown(desk: Desk) -> None:
    draw(desk.world, 0)
    draw(desk.world, 0)
    show(desk, (10, 30), revision=2)
    show(desk, (20, 40), (60, 60), revision=1)
    assert kept(desk) == [(10, 30, 2), (31, 40, 1), (60, 60, 1)]


def test_frames_behind_the_video_and_revisions_still_to_come_are_not_believed(desk: Desk) -> None:
    draw(desk.world, 0)
    count = desk.world.video.frame_count
    show(desk, (count, count + 5), revision=1)
    assert not Seen.objects.exists()
    show(desk, (count - 2, count + 5), revision=10**9)
    assert kept(desk) == [(count - 2, count - 1, 1)]


def test_of_too_many_stretches_the_shortest_are_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "MOST_STRETCHES", 2)
    show(desk, (0, 5), (10, 10), (20, 29), revision=0)
    assert kept(desk) == [(0, 5, 0), (20, 29, 0)]


def test_what_a_run_made_is_unseen_until_anybody_has_it_on_screen(desk: Desk) -> None:
    track = draw(desk.world, 0)
    show(desk, (0, 99))
    tracked(desk, track)
    assert unseen(desk) == [(1, 99)]
    show(desk, (0, 50))
    assert unseen(desk) == [(51, 99)]
    show(desk, (51, 90), by="viewer")
    assert unseen(desk) == [(91, 99)]
    desk.predict(desk.start(track), track, 1, 20)
    assert unseen(desk) == [(1, 20), (91, 99)]


def test_another_object_on_the_same_frames_stays_seen(desk: Desk) -> None:
    one, other = draw(desk.world, 0), draw(desk.world, 0, left=200)
    tracked(desk, one)
    show(desk, (0, 99))
    tracked(desk, other)
    queue: list[dict[str, Any]] = json.loads(inspected(Layer.objects.get(pk=desk.world.layer.pk)))["queue"]
    assert {item["track"] for item in queue if NOBODY_SAW in item["reasons"]} == {str(other)}


def test_single_frames_that_are_left_out_while_it_plays_are_seen(desk: Desk) -> None:
    track = draw(desk.world, 0)
    tracked(desk, track)
    show(desk, *((frame, frame) for frame in range(0, 60, 3)))
    assert unseen(desk) == [(58, 99)]


def test_of_what_was_there_before_it_was_noted_nothing_is_said(desk: Desk) -> None:
    track = draw(desk.world, 0)
    tracked(desk, track)
    layer = Layer.objects.get(pk=desk.world.layer.pk)
    Layer.objects.filter(pk=layer.pk).update(seen_from=layer.revision)
    assert unseen(desk) == []
    desk.predict(desk.start(track), track, 1, 20)
    assert unseen(desk) == [(1, 20)]


def test_who_watched_a_run_has_seen_it_also_once_its_events_are_joined(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 40)
    show(desk, (0, 30))
    desk.predict(run, track, 41, 60)
    desk.predict(run, track, 20, 25)
    show(desk, (41, 50))
    desk.predict(run, track, 61, 99, done=True)
    before = unseen(desk)
    assert before == [(20, 25), (31, 40), (51, 99)]
    join_predictions.call(str(run.pk))
    assert unseen(desk) == before


def test_which_run_made_a_row_is_known(desk: Desk) -> None:
    track = draw(desk.world, 0)
    tracked(desk, track)
    second = desk.start(track)
    desk.predict(second, track, 50, 99, by=200, done=True)
    stored = Origins.of(Layer.objects.get(pk=desk.world.layer.pk)).stored[str(track)]
    assert [(piece.run, piece.first, piece.last) for piece in stored] == [(1, 1, 99), (2, 50, 99)]


def test_where_two_runs_meet_and_do_not_fit_is_told(desk: Desk) -> None:
    track = draw(desk.world, 0)
    tracked(desk, track)
    desk.predict(desk.start(track), track, 50, 99, by=200, done=True)
    queue: list[dict[str, Any]] = json.loads(inspected(Layer.objects.get(pk=desk.world.layer.pk)))["queue"]
    words = "The results of two runs meet here, and don't fit together."
    told = [item for item in queue if words in item["reasons"]]
    assert min(item["first"] for item in told) <= 49 < max(item["last"] for item in told)
    assert all(item["first"] <= 65 and item["last"] >= 35 for item in told)


def test_a_video_without_frames_has_nothing_to_show(desk: Desk) -> None:
    desk.world.video.frame_count = 0
    desk.world.video.save()
    show(desk, (0, 5), revision=0)
    assert Origins.of(Layer.objects.get(pk=desk.world.layer.pk)).newest.tolist() == []
