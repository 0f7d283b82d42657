"""What masks were clicked with goes to the agent that begins with them, and to nobody later."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from annotator.actions.runs import ask
from annotator.actions.runs.presence import agent_connected
from annotator.actions.runs.store import PredictedRow, store_predictions
from annotator.announce.messages import MOST_CLICKS, Click, ClickedOn, PromptIn, RunCorrect, RunStart
from annotator.models import Agent, Run
from tests.annotator.desk import Desk
from tests.annotator.worlds import create, do, put
from tests.tracking.geometry import as_kind
from tracking import catalog
from tracking import types as values
from tracking.engine.local import leg_value
from tracking.protocol import PROTOCOL, Correct, Device, Hello, Leg, Start
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import row_of
from tracking.shapes.values import Box

MODEL = catalog.DEFAULT_TRACKER["mask"]
TRACK = UUID(int=1)
CLICKED = ClickedOn(
    clicks=[Click(x=120, y=110, positive=True), Click(x=10, y=9, positive=False)], box=(90, 80, 190, 170)
)
MEANT = values.Clicked((values.Click(120, 110, True), values.Click(10, 9, False)), Box(90, 80, 190, 170))


def at(frame: int, flags: Flag = Flag.PREDICTED) -> Row:
    return row_of(as_kind("mask", Box(100 + frame, 100, 180 + frame, 160)), frame, flags, 0.5)


@pytest.fixture(autouse=True)
def agent(desk: Desk) -> Agent:
    desk.world.car.geometry_kinds = ["mask"]
    desk.world.car.save()
    do(desk.world, create(TRACK, desk.world.car), put(TRACK, [at(0, Flag.KEYFRAME)]))
    Agent.objects.update(info={"models": [entry.id for entry in catalog.TRACKERS]})
    return Agent.objects.get()


def start(desk: Desk, clicked: ClickedOn | None, model: str | None = None) -> Run:
    prompts = [PromptIn(track=TRACK, frame=0, clicked=clicked)]
    message = RunStart(id=uuid4(), prompts=prompts, first=0, last=40, model=model)
    return ask.start_run(user=desk.world.annotator, layer_id=desk.world.layer.pk, start=message)


def predict(run: Run, first: int, last: int, epoch: int = 0) -> None:
    rows = [PredictedRow(TRACK, epoch, at(frame)) for frame in range(first, last + 1)]
    store_predictions(run_id=run.pk, rows=rows)


def clicked_of(leg: Leg) -> values.Clicked | None:
    """As a session has it, after the way over the wire."""
    return leg_value(Leg.model_validate_json(leg.model_dump_json())).clicked


def begin_again(agent: Agent) -> None:
    """Another agent takes over."""
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    hello = Hello(protocol=PROTOCOL, version="0", host="test", devices=[device], models=[MODEL])
    agent_connected(agent_id=agent.pk, connection="2", hello=hello)


def test_a_run_begins_with_the_clicks_of_its_prompts(desk: Desk) -> None:
    start(desk, CLICKED, model=MODEL)
    assert [clicked_of(leg) for leg in desk.told(Start)[0].legs] == [MEANT]


@pytest.mark.parametrize("clicked", [None, ClickedOn()])
def test_without_clicks_the_mask_is_the_prompt(desk: Desk, clicked: ClickedOn | None) -> None:
    start(desk, clicked)
    assert [clicked_of(leg) for leg in desk.told(Start)[0].legs] == [None]


def test_a_correction_brings_its_own_clicks(desk: Desk) -> None:
    run = start(desk, None)
    predict(run, 1, 20)
    do(desk.world, put(TRACK, [at(10, Flag.KEYFRAME)]))
    correct = RunCorrect(run=run.pk, track=TRACK, frame=10, clicked=CLICKED)
    ask.correct_run(user=desk.world.annotator, correct=correct)
    (leg,) = desk.told(Correct)[-1].legs
    assert (leg.prompt.frame, clicked_of(leg)) == (10, MEANT)


def test_another_agent_is_told_while_it_begins_with_the_same_shape(desk: Desk, agent: Agent) -> None:
    run = start(desk, CLICKED)
    begin_again(agent)
    assert clicked_of(desk.told(Start)[-1].legs[0]) == MEANT
    predict(run, 1, 5)
    begin_again(agent)
    leg = desk.told(Start)[-1].legs[0]
    assert (leg.prompt.frame, clicked_of(leg)) == (5, None)


def test_clicks_that_no_picture_has_are_refused() -> None:
    for clicks in ([Click(x=1, y=1, positive=True)] * (MOST_CLICKS + 1), [{"x": -1, "y": 0, "positive": True}]):
        with pytest.raises(ValidationError):
            ClickedOn.model_validate({"clicks": clicks})
    for box in ((5, 5, 5, 9), (0, 0, float("nan"), 4)):
        with pytest.raises(ValidationError):
            ClickedOn.model_validate({"box": box})
