"""Which model is taken where nobody names one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.actions.runs.automatic import choose_model
from annotator.models import Agent, Run, RunState
from tests.annotator.desk import Desk
from tests.annotator.worlds import draw, make_agent
from tracking.shapes.values import GeometryKind

BOXES = ("framewise-cf", "nanotrack", "transt", "mixformer-cvt-online")


def ready(*models: str, gpu: bool = False, connected: bool = True) -> None:
    device = {"name": "H100" if gpu else "CPU", "kind": "cuda" if gpu else "cpu", "memory_bytes": 1}
    agent = Agent.objects.get()
    agent.info = agent.info | {"models": list(models), "devices": [device]}
    agent.connected = connected
    agent.save()


def chosen(desk: Desk, *kinds: GeometryKind, as_mask: bool = False) -> str:
    return choose_model(desk.world.workspace.pk, kinds, as_mask=as_mask)[0].id


@pytest.mark.parametrize(
    ("models", "gpu", "taken"),
    [
        (BOXES, True, "mixformer-cvt-online"),
        (BOXES[:3], True, "transt"),
        (BOXES, False, "nanotrack"),
        (BOXES[:1], True, "framewise-cf"),
        ((), True, "framewise-cf"),
        # Measured on masks: what that says of boxes nobody knows.
        (("framewise-cf", "sam2.1-large"), True, "framewise-cf"),
    ],
)
def test_the_best_that_is_ready_at_a_fair_pace_is_taken(
    desk: Desk, models: Sequence[str], gpu: bool, taken: str
) -> None:
    ready(*models, gpu=gpu)
    assert chosen(desk, "box") == taken


def test_each_kind_has_a_best_of_its_own(desk: Desk) -> None:
    ready("framewise-cf", "framewise-flow", "framewise-mask", "bootstapir", "tap-net", "edgetam", "xmem", gpu=True)
    assert [chosen(desk, kind) for kind in ("mask", "points", "polygon")] == ["edgetam", "bootstapir", "bootstapir"]
    assert chosen(desk, "box", as_mask=True) == "edgetam"


def test_what_is_for_non_commercial_use_is_taken_by_who_names_it_alone(desk: Desk) -> None:
    ready("framewise-flow", "cotracker3-online", gpu=True)
    assert chosen(desk, "points") == "framewise-flow"


def test_a_machine_that_is_away_or_of_another_workspace_makes_nothing_ready(desk: Desk) -> None:
    ready(*BOXES, gpu=True, connected=False)
    assert chosen(desk, "box") == "framewise-cf"
    ready(*BOXES, gpu=True)
    assert choose_model(desk.world.workspace.pk + 1, ["box"], as_mask=False)[0].id == "framewise-cf"


def test_of_two_that_are_as_good_the_one_that_was_quicker_lately_is_taken(desk: Desk) -> None:
    ready("sam2-large", "sam2.1-large", gpu=True)
    now = timezone.now()
    for model, seconds in (("sam2.1-large", 10), ("sam2-large", 5)):
        Run.objects.create(
            layer=desk.world.layer,
            model=model,
            first=0,
            last=9,
            state=RunState.DONE,
            frames_done=10,
            started_at=now - timedelta(seconds=seconds),
            finished_at=now,
        )
    assert chosen(desk, "mask") == "sam2-large"


def test_a_run_says_which_model_was_taken_and_why(desk: Desk) -> None:
    make_agent(desk.world, "other", models=("framewise-cf", "nanotrack"))
    run = desk.start(draw(desk.world, 0))
    assert run.model == "nanotrack"
    assert run.chosen == (
        "Chosen by itself: NanoTrack v2 is the best for boxes that is ready (success AUC on 11 sequences 71.1)."
    )
