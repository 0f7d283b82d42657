"""A run's progress, which each moment of it writes, and the shapes that it began with, which are written once."""

from __future__ import annotations

import json
from base64 import b64encode
from importlib import import_module
from uuid import UUID

import numpy as np
import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.actions.runs import dispatch
from annotator.actions.runs.store import PredictedRow, store_predictions
from annotator.models import Agent, LegPrompt, Run
from tests.annotator.desk import Desk
from tests.annotator.worlds import clear, create, do, draw, keyframe, put
from tests.tracking.fakes import EVERY_KIND
from tracking.protocol import Start
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import row_of
from tracking.shapes.values import Mask

TRACK = UUID(int=1)
HEAVY = 20_000


@pytest.fixture
def mask(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> Row:
    """A large mask on frame 0 of ``TRACK``, which an agent can follow."""
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")
    Agent.objects.update(info={"models": [EVERY_KIND.id]})
    desk.world.car.geometry_kinds = ["mask"]
    desk.world.car.save()
    pixels = np.random.default_rng(0).random((200, 200)) < 0.5
    row = row_of(Mask(10, 10, pixels), 0, Flag.KEYFRAME, 1.0)
    do(desk.world, create(TRACK, desk.world.car), put(TRACK, [row]))
    assert len(row.payload) > HEAVY
    return row


def heads(run: Run) -> list[int]:
    run.refresh_from_db()
    return [leg["at"] for state in run.objects_state.values() for leg in state["legs"]]


def test_a_moment_of_a_run_writes_no_shape_that_it_began_with(desk: Desk, mask: Row) -> None:
    run = desk.start(TRACK, model=EVERY_KIND.id)
    row = Row(1, mask.kind, Flag.PREDICTED, 0.5, mask.bounds, mask.payload)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        store_predictions(run_id=run.pk, rows=[PredictedRow(TRACK, 0, row)])
    assert heads(run) == [1]
    assert not [query for query in queries if LegPrompt._meta.db_table in query["sql"]]
    assert len(json.dumps(run.objects_state)) < 1000


def test_an_agent_that_takes_over_gets_the_shape_it_began_with(desk: Desk, mask: Row) -> None:
    run = desk.start(TRACK, model=EVERY_KIND.id)
    do(desk.world, clear(TRACK, 0, 0))
    dispatch.requeue_runs_of(Agent.objects.get().pk)
    (leg,) = desk.told(Start)[-1].legs
    assert (leg.prompt.frame, leg.prompt.row.payload) == (0, mask.payload)
    assert run.prompts.count() == 1


def test_a_correction_takes_the_place_of_what_was_begun_with(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    (before,) = run.prompts.values_list("pk", flat=True)
    do(desk.world, put(track, [keyframe(5)]))
    desk.correct(run, track, 5)
    (after,) = run.prompts.values_list("pk", flat=True)
    assert after != before


def test_what_cannot_go_on_keeps_nothing_to_go_on_from(desk: Desk) -> None:
    first, second = draw(desk.world, 0), draw(desk.world, 0)
    stopped, done = desk.start(first), desk.start(second)
    desk.stop(stopped)
    desk.predict(done, second, 1, 99, done=True)
    store_predictions(run_id=done.pk, done=True)
    assert (stopped.prompts.count(), done.prompts.count()) == (0, 1)


def test_runs_of_an_older_version_keep_the_shapes_they_began_with(desk: Desk, mask: Row) -> None:
    migration = import_module("annotator.migrations.0014_leg_prompts")
    run = desk.start(TRACK, model=EVERY_KIND.id)
    packed = bytes(run.prompts.get().data)
    run.refresh_from_db()
    now = run.objects_state

    migration.move_back(apps, None)
    run.refresh_from_db()
    assert run.objects_state[str(TRACK)]["legs"][0]["prompt"] == b64encode(packed).decode()

    LegPrompt.objects.all().delete()
    migration.move_out(apps, None)
    run.refresh_from_db()
    assert now[str(TRACK)].keys() == run.objects_state[str(TRACK)].keys()
    do(desk.world, clear(TRACK, 0, 0))
    dispatch.requeue_runs_of(Agent.objects.get().pk)
    assert desk.told(Start)[-1].legs[0].prompt.row.payload == mask.payload
