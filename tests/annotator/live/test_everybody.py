"""Every message that either socket knows, sent by those who aren't let in: nothing is done, and they are shown out.

What those who are let in may do by their role and job is in ``test_reach.py``.
"""

from __future__ import annotations

from typing import Any, get_args
from uuid import uuid4

import pytest
from pydantic import BaseModel

from annotator.announce.messages import (
    NOT_THERE,
    SIGNED_OUT,
    ClientMessage,
    EditPart,
    Ping,
    Presence,
    PromptIn,
    Received,
    RunCorrect,
    RunExtend,
    RunStart,
    RunStop,
    Shown,
    SmartClicks,
)
from annotator.live.relay import in_thread
from annotator.models import Event, Run, Seen
from tests.annotator.live.sockets import Browser, FakeAgent
from tests.annotator.worlds import World, create, edit, make_world
from tracking.protocol import (
    Batch,
    Fetched,
    FromAgent,
    Hello,
    LegDone,
    Load,
    LogTold,
    Previewed,
    RunDone,
    RunFailed,
    RunNote,
    Segmented,
)

pytestmark = pytest.mark.django_db(transaction=True)
RUN = str(uuid4())


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def of_browsers(world: World) -> list[BaseModel]:
    track = uuid4()
    whole = edit(create(track, world.car))
    return [
        whole,
        EditPart(edit=whole.id, index=0, last=True, text=whole.model_dump_json()),
        RunStart(id=uuid4(), prompts=[PromptIn(track=track, frame=0)], first=0, last=9),
        RunCorrect(run=uuid4(), track=track, frame=0),
        RunExtend(run=uuid4(), first=0, last=9),
        RunStop(run=uuid4()),
        SmartClicks(request=1, frame=0),
        Received(sequence=1),
        Presence(frame=1),
        Shown(frames=[(0, 9)], revision=0),
        Ping(),
    ]


OF_AGENTS: list[BaseModel] = [
    Hello(protocol=2, version="0", host="x", devices=[], models=[]),
    Batch(run=RUN, sequence=1, tables=[]),
    LegDone(run=RUN, object="o", direction="forward", epoch=0, sequence=1),
    RunNote(run=RUN, message="m"),
    RunDone(run=RUN, sequence=1),
    RunFailed(run=RUN, message="m"),
    Load(cpu=0, memory_bytes=1, runs=0),
    Segmented(reader="r", request=1, stage="ready"),
    Fetched(model="xmem", stage="done"),
    Previewed(preview=RUN, stage="done"),
    LogTold(ask=RUN, lines=[]),
]


def kinds_in(union: Any) -> set[type]:
    return set(get_args(get_args(union)[0]))


def test_every_message_is_in_the_tables(world: World) -> None:
    assert {type(message) for message in of_browsers(world)} == kinds_in(ClientMessage)
    assert {type(message) for message in OF_AGENTS} == kinds_in(FromAgent)


@pytest.mark.parametrize(("by", "code"), [("stranger", NOT_THERE), (None, SIGNED_OUT)])
async def test_who_is_not_let_in_changes_nothing_by_any_message(world: World, by: str | None, code: int) -> None:
    for message in of_browsers(world):
        browser = Browser(world, by)
        assert await browser.open()
        await browser.send(message)
        assert await browser.raw() is None, message
        assert browser.closed == code
    assert not await in_thread(Event.objects.exists)
    assert not await in_thread(Run.objects.exists)
    assert not await in_thread(Seen.objects.exists)


async def test_a_viewer_is_refused_everything_that_changes_something(world: World) -> None:
    viewer = await Browser.on(world, "viewer")
    for message in of_browsers(world):
        await viewer.send(message)
    await viewer.close()
    assert not await in_thread(Event.objects.exists)
    assert not await in_thread(Run.objects.exists)


async def test_no_message_makes_an_agent_of_somebody_without_a_token(world: World) -> None:
    for token in ("", "wrong"):
        assert not await FakeAgent(token).open()
