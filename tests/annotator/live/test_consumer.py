from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from annotator.actions.seen import STRETCH
from annotator.announce import publish
from annotator.announce.messages import EventOut, People, Ping, Pong, Presence, Refused, RunUpdate, Shown, Welcome
from annotator.live import consumer
from annotator.live.relay import in_thread
from annotator.models import Event, Membership, Role, Seen, Stay
from tests.annotator.live.sockets import Browser
from tests.annotator.worlds import World, create, do, draw, keyframe, make_world, put

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.mark.parametrize(("by", "code"), [("stranger", 4404), (None, 4401)])
async def test_who_may_not_look_is_shown_out(world: World, by: str | None, code: int) -> None:
    browser = Browser(world, by)
    assert await browser.open()
    assert await browser.raw() is None
    assert browser.closed == code


async def test_a_page_of_another_site_is_not_let_in(world: World, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["framewise.example"]
    assert not await Browser(world, origin="https://evil.example", host="framewise.example").open()
    own = Browser(world, origin="https://framewise.example", host="framewise.example")
    assert await own.open()
    await own.close()


@pytest.mark.parametrize("role", Role.values)
async def test_every_role_is_welcomed_with_what_it_may_do(world: World, role: str) -> None:
    browser = Browser(world, role)
    assert await browser.open()
    welcome = await browser.until(Welcome)
    assert (welcome.revision, bool(welcome.rights.ranges), welcome.runs) == (0, role != Role.VIEWER, [])
    assert [person.name for person in welcome.people] == [role]
    await browser.close()


async def test_an_edit_reaches_everybody_in_order(world: World) -> None:
    alice, bob = await Browser.on(world), await Browser.on(world, "viewer")
    track = uuid4()
    first = await alice.edit(create(track, world.car))
    second = await alice.edit(put(track, [keyframe(5)]))
    for browser in (alice, bob):
        events = [await browser.until(EventOut) for _ in range(2)]
        assert [(event.revision, event.edit) for event in events] == [(1, first), (2, second)]
        assert events[0].numbers == {str(track): 1}
        await browser.close()


async def test_an_edit_sent_again_is_acknowledged_to_its_sender_alone(world: World) -> None:
    alice, bob = await Browser.on(world), await Browser.on(world)
    track = uuid4()
    event = await alice.edited(create(track, world.car))
    await alice.edit(create(track, world.car), edit_id=event.edit)
    again = await alice.until(EventOut)
    assert (again.edit, again.revision) == (event.edit, 1)
    later = await alice.edited(put(track, [keyframe(1)]))
    assert [(await bob.until(EventOut)).revision for _ in range(2)] == [1, later.revision]
    for browser in (alice, bob):
        await browser.close()


async def test_what_cannot_be_done_is_refused_with_its_reason(world: World) -> None:
    viewer = await Browser.on(world, "viewer")
    edit_id = await viewer.edit(create(uuid4(), world.car))
    refused = await viewer.until(Refused)
    assert (refused.edit, "annotator" in refused.message) == (edit_id, True)
    await viewer.close()


async def test_a_message_that_cannot_be_read_is_refused(world: World) -> None:
    alice = await Browser.on(world)
    edit_id = uuid4()
    await alice.wire.send_to(text_data=f'{{"type":"edit","id":"{edit_id}","operations":[{{"op":"nonsense"}}]}}')
    assert (await alice.until(Refused)).edit == edit_id
    await alice.wire.send_to(text_data="nonsense")
    assert (await alice.until(Refused)).edit is None
    await alice.wire.send_to(bytes_data=b"\0")
    await alice.until(Refused)
    await alice.close()


async def test_a_run_that_cannot_be_is_refused(world: World) -> None:
    alice = await Browser.on(world)
    run = await alice.track(uuid4())
    refused = await alice.until(Refused)
    assert (refused.run, "aren't there" in refused.message) == (run, True)
    await alice.close()


async def test_a_run_waits_for_an_agent_and_says_so(world: World) -> None:
    alice, bob = await Browser.on(world), await Browser.on(world, "manager")
    track = await in_thread(draw, world, 0)
    await alice.track(track)
    mine, others = await alice.until(RunUpdate), await bob.until(RunUpdate)
    assert (mine.run.state, mine.run.mine, others.run.mine) == ("queued", True, False)
    assert "agent" in mine.run.message
    later = Browser(world)
    await later.open()
    assert [run.id for run in (await later.until(Welcome)).runs] == [mine.run.id]
    for browser in (alice, bob, later):
        await browser.close()


async def test_people_see_each_other_come_move_and_go(world: World) -> None:
    alice = await Browser.on(world)
    bob = await Browser.on(world, "reviewer")
    while len((people := await alice.until(People)).people) < 2:
        pass
    assert {person.name for person in people.people} == {"annotator", "reviewer"}
    track = uuid4()
    await bob.send(Presence(frame=77, tracks=[track]))
    while not (there := [person for person in (await alice.until(People)).people if person.frame == 77]):
        pass
    assert [(person.name, person.tracks) for person in there] == [("reviewer", [track])]
    await bob.close()
    while len((await alice.until(People)).people) > 1:
        pass
    await alice.close()


async def test_moving_through_a_layer_is_noted_and_standing_still_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "NOTE_EVERY_S", 0.01)
    alice, bob = await Browser.on(world), await Browser.on(world, by="reviewer")
    await alice.send(Presence(frame=0))
    await bob.send(Presence(frame=77))
    while not (stays := await in_thread(lambda: list(Stay.objects.values_list("person__username", flat=True)))):
        await asyncio.sleep(0.01)
    assert stays == ["reviewer"]
    await alice.close()
    await bob.close()


async def test_which_frames_were_on_screen_is_noted_for_each_person(world: World) -> None:
    alice, bob = await Browser.on(world), await Browser.on(world, by="viewer")
    await alice.send(Shown(frames=[(3, 9)], revision=0))
    await bob.send(Shown(frames=[(0, 1), (5, 5)], revision=0))
    while await in_thread(Seen.objects.count) < 2:
        await asyncio.sleep(0.01)
    noted = await in_thread(lambda: dict(Seen.objects.values_list("person__username", "data")))
    stretches = {name: [(a, b) for a, b, _ in np.frombuffer(data, STRETCH).tolist()] for name, data in noted.items()}
    assert stretches == {"annotator": [(3, 9)], "viewer": [(0, 1), (5, 5)]}
    await alice.close()
    await bob.close()


async def test_a_ping_is_answered(world: World) -> None:
    alice = await Browser.on(world)
    await alice.send(Ping())
    await alice.until(Pong)
    await alice.close()


async def test_what_another_process_committed_arrives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await Browser.on(world)
    monkeypatch.setattr(publish, "send", lambda notice: None)
    track = await in_thread(draw, world, 5)
    monkeypatch.undo()
    await in_thread(do, world, put(track, [keyframe(9)]))
    assert [(await alice.until(EventOut)).revision for _ in range(2)] == [1, 2]
    assert await in_thread(Event.objects.count) == 2
    await alice.close()


async def test_who_is_removed_is_shown_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.live.consumer.CHECK_EVERY_S", 0.05)
    alice = await Browser.on(world)
    await in_thread(Membership.objects.all().delete)
    with pytest.raises(AssertionError, match="4404"):
        await alice.until(Refused)


async def test_a_silent_page_is_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.live.consumer.CHECK_EVERY_S", 0.05)
    monkeypatch.setattr("annotator.live.consumer.IDLE_S", 0.01)
    alice = await Browser.on(world)
    with pytest.raises(AssertionError, match="1000"):
        await alice.until(Refused)
