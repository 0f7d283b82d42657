"""Clicks of the smart tool, from a browser through an agent and back."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import numpy as np
import pytest

from annotator.actions.errors import ActionError
from annotator.announce.messages import Click, Ping, Pong, SmartAnswer, SmartClicks
from annotator.live.agent_consumer import PROTOCOL_ERROR
from annotator.live.clicks import Clicks
from annotator.live.relay import in_thread
from annotator.models import Label, Project, User
from tests.annotator.live.sockets import Browser, FakeAgent
from tests.annotator.worlds import World, create, do, draw, make_agent, make_world, put
from tracking.protocol import Segment, Segmented, prompt_row, prompt_text
from tracking.shapes.chunks import Flag
from tracking.shapes.payloads import row_of
from tracking.shapes.values import Box, Mask, Shape

pytestmark = pytest.mark.django_db(transaction=True)
MASK = Mask(30, 20, np.ones((4, 6), np.bool_))
CLICK = Click(x=33, y=22, positive=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    world = make_world()
    make_agent(world, connected=False)
    return world


def text_of(shape: Shape, frame: int = 7) -> str:
    return prompt_text(row_of(shape, frame, Flag.KEYFRAME, 1.0))


def with_mask(world: World, mask: Mask, frame: int = 7) -> UUID:
    track = uuid4()
    Label.objects.update(geometry_kinds=["box", "mask"])
    do(world, create(track, world.car), put(track, [row_of(mask, frame, Flag.KEYFRAME, 1.0)]))
    return track


async def asked(browser: Browser, agent: FakeAgent, **more: object) -> Segment:
    await browser.send(SmartClicks.model_validate({"request": 1, "frame": 7, "clicks": [CLICK], **more}))
    segment: Segment = await agent.until(Segment)
    return segment


async def tell(agent: FakeAgent, segment: Segment, **more: object) -> None:
    known = {"reader": segment.reader, "request": segment.request, "stage": "answered"}
    await agent.send(Segmented.model_validate({**known, **more}))


async def nothing_came(browser: Browser) -> bool:
    await browser.send(Ping())
    while not isinstance(message := await browser.next(), Pong):
        if isinstance(message, SmartAnswer):
            return False
    return True


async def test_clicks_are_answered_to_who_made_them_alone(world: World) -> None:
    agent, alice, bob = await FakeAgent.connected(), await Browser.on(world), await Browser.on(world, "reviewer")

    segment = await asked(alice, agent, box=(1, 2, 300, 400))
    for stage in ("fetching", "looking"):
        await tell(agent, segment, stage=stage)
        assert (await alice.until(SmartAnswer)).stage == stage
    await tell(agent, segment, table=text_of(MASK), score=0.75)

    assert (segment.model, segment.frame, segment.base) == ("framewise-click", 7, "")
    assert [(click.x, click.y, click.positive) for click in segment.clicks] == [(33, 22, True)]
    assert segment.box == (1, 2, 300, 400)
    answer = await alice.until(SmartAnswer)
    assert (answer.stage, answer.score) == ("answered", 0.75)
    assert prompt_row(answer.table).bounds == (30, 20, 36, 24)
    assert await nothing_came(bob)


async def test_what_answers_an_older_question_is_told_to_nobody(world: World) -> None:
    agent, browser = await FakeAgent.connected(), await Browser.on(world)
    first = await asked(browser, agent)
    second = await asked(browser, agent, request=2)

    await tell(agent, first, table=text_of(MASK))
    await tell(agent, second)

    assert (await browser.until(SmartAnswer)).request == 2


async def test_an_agent_that_was_not_asked_reaches_nobody(world: World) -> None:
    await in_thread(make_agent, world, "other", connected=False)
    agent, browser = await FakeAgent.connected(), await Browser.on(world)
    segment = await asked(browser, agent)
    other = await FakeAgent.connected("other-token")

    await tell(other, segment, table=text_of(MASK))

    await asyncio.sleep(0.05)
    assert await nothing_came(browser)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(text_of(Box(1, 2, 3, 4)), id="a box"),
        pytest.param(text_of(MASK, frame=8), id="of another frame"),
        pytest.param(text_of(Mask(900_000, 0, MASK.bitmap)), id="far away"),
        pytest.param("AAAA", id="no table"),
    ],
)
async def test_an_agent_that_answers_with_no_mask_is_shown_out_and_the_person_is_told(world: World, table: str) -> None:
    agent, browser = await FakeAgent.connected(), await Browser.on(world)
    segment = await asked(browser, agent)

    await tell(agent, segment, table=table)
    assert await agent.raw() is None
    assert agent.closed == PROTOCOL_ERROR
    await agent.close()

    answer = await browser.until(SmartAnswer)
    assert answer.stage == "failed"
    assert "lost its connection" in answer.message


async def test_a_correction_begins_with_the_mask_that_is_shown_and_keeps_it_while_runs_change_it(world: World) -> None:
    track = await in_thread(with_mask, world, MASK)
    agent, browser = await FakeAgent.connected(), await Browser.on(world)

    first = await asked(browser, agent, track=str(track))
    other = row_of(Mask(90, 90, MASK.bitmap), 7, Flag.KEYFRAME, 1.0)
    await in_thread(do, world, put(track, [other]))
    second = await asked(browser, agent, request=2, track=str(track), clicks=[CLICK, CLICK])
    afresh = await asked(browser, agent, request=3, track=str(track), clicks=[])

    assert prompt_row(first.base).bounds == (30, 20, 36, 24)
    assert second.base == first.base
    assert prompt_row(afresh.base).bounds == (90, 90, 96, 94)


async def test_what_cannot_be_answered_is_said(world: World) -> None:
    box = await in_thread(draw, world, 7)
    browser = await Browser.on(world)

    async def said(**more: object) -> str:
        await browser.send(SmartClicks.model_validate({"request": 1, "frame": 7, "clicks": [CLICK], **more}))
        answer = await browser.until(SmartAnswer)
        assert answer.stage == "failed"
        return str(answer.message)

    assert "No connected machine answers clicks" in await said()
    agent = await FakeAgent.connected()
    assert "frames 0..999" in await said(frame=5000)
    assert "framewise-click" in await said(model="nothing")
    assert "this object is a box" in await said(track=str(box))
    assert await agent.wire.receive_nothing(timeout=0.01)


@pytest.mark.parametrize("by", ["viewer", "annotator"])
async def test_viewers_and_annotators_of_archived_projects_ask_no_machine(world: World, by: str) -> None:
    if by == "annotator":
        await in_thread(Project.objects.update, archived_at="2026-01-01T00:00:00Z")
    agent, browser = await FakeAgent.connected(), await Browser.on(world, by)

    await browser.send(SmartClicks(request=1, frame=7, clicks=[CLICK]))

    assert (await browser.until(SmartAnswer)).stage == "failed"
    assert await agent.wire.receive_nothing(timeout=0.05)


async def test_another_workspace_s_layer_and_machine_are_out_of_reach(world: World) -> None:
    """On a layer of one's own, naming a track of another layer."""
    theirs = await in_thread(make_world_of_others)
    await in_thread(make_agent, theirs, "their", connected=False)
    track = await in_thread(with_mask, world, MASK)
    agent = await FakeAgent.connected()
    other = await Browser.on(theirs)
    question = SmartClicks(request=1, frame=7, clicks=[CLICK], track=track)

    await other.send(question)
    assert "No connected machine" in (await other.until(SmartAnswer)).message
    assert await agent.wire.receive_nothing(timeout=0.05)

    their = await FakeAgent.connected("their-token")
    await other.send(question)
    assert (await their.until(Segment)).base == ""


def make_world_of_others() -> World:
    for person in User.objects.all():
        person.username, person.email = f"first-{person.username}", f"first-{person.email}"
        person.save()
    return make_world()


async def test_an_agent_that_goes_leaves_nobody_waiting(world: World) -> None:
    agent, browser = await FakeAgent.connected(), await Browser.on(world)
    await asked(browser, agent)

    await agent.close()

    assert "lost its connection" in (await browser.until(SmartAnswer)).message


async def test_a_silent_agent_is_told_of() -> None:
    told: list[SmartAnswer] = []

    async def ask(asked: SmartClicks, base: str | None) -> str:
        return ""

    clicks = Clicks(ask, told.append, silent_s=0.02)
    working = asyncio.create_task(clicks.run())
    clicks.ask(SmartClicks(request=4, frame=0, clicks=[CLICK]))
    await asyncio.sleep(0.2)
    working.cancel()

    assert [(answer.request, answer.stage) for answer in told] == [(4, "failed")]
    assert "Nothing was heard" in told[0].message


async def test_of_questions_that_come_faster_than_they_are_asked_the_newest_counts() -> None:
    seen: list[int] = []

    async def ask(asked: SmartClicks, base: str | None) -> str:
        seen.append(asked.request)
        await asyncio.sleep(0.02)
        if asked.request == 1:
            raise ActionError("No.")
        return ""

    told: list[SmartAnswer] = []
    clicks = Clicks(ask, told.append)
    working = asyncio.create_task(clicks.run())
    for request in range(1, 6):
        clicks.ask(SmartClicks(request=request, frame=0))
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    working.cancel()
    clicks.close()

    assert seen[-1] == 5
    assert len(seen) == 2
    assert told == []
