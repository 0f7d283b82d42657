"""A video that is deleted while others have it open, and while it is tracked."""

from __future__ import annotations

from uuid import uuid4

import pytest

from annotator.actions.videos import delete_video
from annotator.announce import publish
from annotator.announce.messages import Gone, Refused, RunUpdate
from annotator.live.relay import in_thread
from annotator.models import RunState, Video
from tests.annotator.live.sockets import Browser, FakeAgent
from tests.annotator.worlds import World, create, draw, make_agent, make_world
from tracking.protocol import Start, Stop

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "“cross.mp4” was deleted by manager."


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


async def delete(world: World) -> None:
    await in_thread(lambda: delete_video(by=world.people["manager"], video=Video.objects.get(pk=world.video.pk)))


async def test_everybody_on_it_is_told_who_deleted_it_and_let_go(world: World) -> None:
    browsers = [await Browser.on(world, role) for role in ("annotator", "viewer", "manager")]
    await delete(world)
    for browser in browsers:
        gone = await browser.until(Gone)
        assert (gone.what, gone.message) == ("deleted", WORDS)
        assert await browser.raw() is None
        assert browser.closed == 4404


async def test_its_run_ends_with_the_reason_and_the_agent_stops(world: World) -> None:
    await in_thread(make_agent, world)
    agent, browser = await FakeAgent.connected(), await Browser.on(world)
    track = await in_thread(draw, world, 0)
    await browser.track(track)
    start = await agent.until(Start)
    await agent.predict(start, 1, 2, 3)
    await delete(world)
    assert (await agent.until(Stop)).run == start.run
    run = (await ended(browser)).run
    assert (run.state, run.message) == (RunState.STOPPED, WORDS)
    assert (await browser.until(Gone)).message == WORDS
    # What was on its way is no harm.
    await agent.predict(start, 4, 5)
    await agent.finish(start)
    await agent.close()


async def ended(browser: Browser) -> RunUpdate:
    while (update := await browser.until(RunUpdate)).run.state not in (RunState.STOPPED, RunState.FAILED):
        pass
    return update


async def test_who_comes_back_later_learns_it_too_but_a_stranger_does_not(world: World) -> None:
    await delete(world)
    browser = Browser(world)
    assert await browser.open()
    assert (await browser.until(Gone)).message == WORDS
    assert await browser.raw() is None
    stranger = Browser(world, "stranger")
    assert await stranger.open()
    assert await stranger.raw() is None
    assert (browser.closed, stranger.closed) == (4404, 4404)


async def test_an_edit_that_was_on_its_way_is_refused_with_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await Browser.on(world)
    monkeypatch.setattr(publish, "send", lambda notice: None)
    await delete(world)
    edit = await browser.edit(create(uuid4(), world.car))
    refused = await browser.until(Refused)
    assert (refused.edit, refused.message) == (edit, WORDS)


async def test_one_that_another_process_deleted_is_noticed(world: World) -> None:
    browser = await Browser.on(world)
    await in_thread(lambda: Video.objects.filter(pk=world.video.pk).delete())
    gone = await browser.until(Gone)
    assert (gone.what, gone.message) == ("deleted", "This video was deleted.")
