"""Who has the editor open learns at once what they may do there from now on."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from annotator import sessions
from annotator.actions.jobs import assign, move, remove_job
from annotator.actions.people import deactivate_account, give_new_password
from annotator.actions.workspaces import change_role, remove_member
from annotator.announce import publish
from annotator.announce.messages import Gone, Ping, Pong, Refused, Rights, Surroundings, Welcome
from annotator.announce.publish import announce_rights
from annotator.live.consumer import LayerConsumer
from annotator.live.relay import in_thread
from annotator.models import Job, Membership, Role, Stage, Track, User, Workspace
from tests.annotator.live.sockets import SOON_S, Browser
from tests.annotator.worlds import FRAMES, World, create, make_world

pytestmark = pytest.mark.django_db(transaction=True)
EVERYWHERE = [(0, FRAMES - 1)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def membership(world: World, who: str) -> Membership:
    return Membership.objects.get(user=world.people[who])


async def give_role(world: World, role: Role) -> None:
    by = world.people["admin"]
    await in_thread(lambda: change_role(by=by, membership=membership(world, "annotator"), role=role))


async def test_another_role_is_told(world: World) -> None:
    browser = await Browser.on(world)
    await give_role(world, Role.VIEWER)
    rights = await browser.until(Rights)
    assert (rights.ranges, rights.why) == ([], "admin gave you the role viewer in Traffic.")
    await give_role(world, Role.MANAGER)
    rights = await browser.until(Rights)
    assert (rights.ranges, rights.can_manage) == (EVERYWHERE, True)
    await browser.close()


async def test_jobs_that_are_handed_out_accepted_and_removed_are_told(world: World) -> None:
    browser = await Browser.on(world)
    job = await in_thread(
        Job.objects.create, video=world.video, layer=world.layer, first=0, last=99, stage=Stage.REVIEW
    )
    manager = world.people["manager"]

    async def told() -> tuple[list[tuple[int, int]], str]:
        rights = await browser.until(Rights)
        return rights.ranges, rights.why

    await in_thread(assign, by=manager, job=job, assignee=world.annotator, reviewer=None)
    assert await told() == ([(0, 99)], "manager gave you the job of frames 0 to 99.")
    await in_thread(move, user=manager, job=job, transition="accept")
    assert await told() == ([], "manager accepted the job of frames 0 to 99.")
    await in_thread(move, user=manager, job=job, transition="reopen")
    assert await told() == ([(0, 99)], "manager reopened the job of frames 0 to 99.")
    await in_thread(assign, by=manager, job=job, assignee=world.people["reviewer"], reviewer=None)
    assert await told() == ([], "manager made your job of frames 0 to 99 reviewer's.")
    await in_thread(remove_job, by=manager, job=job)
    assert await told() == (EVERYWHERE, "The job of frames 0 to 99 of “cross.mp4” was deleted by manager.")
    await browser.close()


async def test_a_look_that_began_before_a_change_does_not_take_its_reason_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, go_on = Event(), Event()
    look = LayerConsumer._look

    def slow(consumer: LayerConsumer) -> tuple[Rights, Surroundings]:
        found = look(consumer)
        looked.set()
        assert go_on.wait(SOON_S)
        return found

    browser = await Browser.on(world)
    monkeypatch.setattr(LayerConsumer, "_look", slow)
    await in_thread(announce_rights)
    assert await in_thread(looked.wait, SOON_S)
    await give_role(world, Role.VIEWER)
    await browser.send(Ping())
    await browser.until(Pong)
    go_on.set()
    rights = await browser.until(Rights)
    assert (rights.ranges, rights.why) == ([], "admin gave you the role viewer in Traffic.")
    await browser.close()


async def test_a_change_that_is_seen_before_its_reason_is_told_waits_for_it(world: World) -> None:
    browser = await Browser.on(world)
    await in_thread(lambda: Membership.objects.filter(user=world.annotator).update(role=Role.VIEWER))
    await in_thread(announce_rights)
    await in_thread(lambda: announce_rights(why="admin gave you the role viewer."))
    rights = await browser.until(Rights)
    assert (rights.ranges, rights.why) == ([], "admin gave you the role viewer.")
    await browser.close()


@pytest.mark.parametrize(
    ("how", "what", "message"),
    [
        ("removed", "left", "admin took you out of Traffic."),
        ("removed without a word", "left", "You are no longer a member of Traffic."),
        ("deactivated", "account", "admin deactivated your account."),
        ("deleted", "account", "Your account was deleted."),
    ],
)
async def test_who_may_not_look_any_more_is_shown_out_at_once_with_the_reason(
    world: World, how: str, what: str, message: str
) -> None:
    browser = await Browser.on(world)
    by = world.people["admin"]
    match how:
        case "removed":
            await in_thread(lambda: remove_member(by=by, membership=membership(world, "annotator")))
        case "removed without a word":
            await in_thread(lambda: membership(world, "annotator").delete())
            await in_thread(announce_rights)
        case "deactivated":
            await in_thread(deactivate_account, by=by, user=world.annotator)
        case "deleted":
            await in_thread(world.annotator.delete)
            await in_thread(announce_rights)
    gone = await browser.until(Gone)
    assert (gone.what, gone.message) == (what, message)
    assert await browser.raw() is None
    assert browser.closed == 4404


async def test_who_is_not_concerned_hears_nothing(world: World) -> None:
    browser = await Browser.on(world, "reviewer")
    await give_role(world, Role.VIEWER)
    await browser.send(Ping())
    assert isinstance(await browser.until((Rights, Pong)), Pong)
    await browser.close()


async def test_a_page_whose_session_ended_comes_back_with_the_one_that_the_browser_has_now(world: World) -> None:
    client = Client()
    await in_thread(client.force_login, world.annotator)
    browser = Browser(world)
    browser.wire.scope["session"] = client.session
    assert await browser.open()
    await browser.until(Welcome)
    await in_thread(announce_rights, user=world.annotator.pk)
    await browser.send(Ping())
    await browser.until(Pong)
    await in_thread(lambda: client.post("/sign-out/"))
    while await browser.raw() is not None:
        pass
    assert browser.closed == 4408


ENDINGS: dict[str, Callable[[World, Client], object]] = {
    "signed out": lambda world, client: client.post("/sign-out/"),
    "another password": lambda world, client: give_new_password(user=world.annotator),
    "password changed at the command line": lambda world, client: call_command_set_password(world.annotator),
    "session deleted": lambda world, client: client.session.delete(),
    "session not used for long": lambda world, client: aged(client, sessions.USED, sessions.IDLE_S),
    "session too old": lambda world, client: aged(client, sessions.BEGAN, sessions.LONGEST_S),
    "deactivated": lambda world, client: deactivate_account(by=world.people["admin"], user=world.annotator),
    "deactivated behind the application's back": lambda world, client: User.objects.filter(
        pk=world.annotator.pk
    ).update(is_active=False),
    "a site admin who is none any more": lambda world, client: User.objects.filter(pk=world.annotator.pk).update(
        is_superuser=False
    ),
}


def call_command_set_password(user: User) -> None:
    user.set_password("another good password")
    user.save()


def aged(client: Client, name: str, seconds: float) -> None:
    session = client.session
    session[name] = time.time() - seconds - 1
    session.save()


@pytest.mark.parametrize("how", ENDINGS)
async def test_nothing_is_taken_from_who_is_signed_out_though_nobody_told_the_connection(
    world: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how.startswith("a site admin"):
        await in_thread(Membership.objects.filter(user=world.annotator).delete)
        world.annotator.is_superuser = True
        await in_thread(world.annotator.save)
    client = Client()
    await in_thread(client.force_login, world.annotator)
    await in_thread(lambda: client.get("/"))
    browser = Browser(world)
    browser.wire.scope["session"] = client.session
    assert await browser.open()
    await browser.until(Welcome)
    assert (await browser.edited(create(uuid4(), world.car))).revision == 1
    monkeypatch.setattr(publish, "send", lambda notice: None)
    await in_thread(lambda: ENDINGS[how](world, client))
    await browser.edit(create(uuid4(), world.car))
    while not isinstance(message := await browser.next(), Refused) and message is not None:
        pass
    if message is None:
        assert browser.closed in (4404, 4408)
    assert await in_thread(Track.objects.count) == 1
    again = Browser(world)
    again.wire.scope["session"] = client.session
    again.wire.scope["user"] = await in_thread(lambda: get_user(SimpleNamespace(session=client.session)))
    assert await again.open()
    while await again.raw() is not None:
        pass
    assert again.closed in (4401, 4404)


async def test_another_password_ends_every_session_of_the_account(world: World) -> None:
    client = Client()
    await in_thread(client.force_login, world.annotator)
    browser = Browser(world)
    browser.wire.scope["session"] = client.session
    assert await browser.open()
    await browser.until(Welcome)
    await in_thread(lambda: give_new_password(user=world.annotator))
    while await browser.raw() is not None:
        pass
    assert browser.closed == 4408


async def test_who_lacks_the_second_factor_that_a_workspace_asks_for_is_shown_out_and_kept_out(world: World) -> None:
    browser = await Browser.on(world)
    now = timezone.now()
    await in_thread(lambda: Workspace.objects.filter(pk=world.workspace.pk).update(second_factor_from=now))
    await in_thread(announce_rights)
    gone = await browser.until(Gone)
    assert (gone.what, "Traffic is open only to members with two-factor sign-in." in gone.message) == ("left", True)
    again = Browser(world)
    assert await again.open()
    assert "two-factor" in str(await again.raw())
