"""Who has the editor open learns at once what they may do there from now on."""

from __future__ import annotations

import pytest

from annotator.actions.jobs import assign, move, remove_job
from annotator.actions.people import deactivate_account
from annotator.actions.workspaces import change_role, remove_member
from annotator.announce.messages import Ping, Pong, Rights
from annotator.live.relay import in_thread
from annotator.models import Job, Membership, Role, Stage
from tests.annotator.live.sockets import Browser
from tests.annotator.worlds import FRAMES, World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
EVERYWHERE = [(0, FRAMES - 1)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def membership(world: World, who: str) -> Membership:
    return Membership.objects.get(user=world.people[who])


async def test_another_role_is_told(world: World) -> None:
    browser = await Browser.on(world)
    await in_thread(lambda: change_role(membership=membership(world, "annotator"), role=Role.VIEWER))
    assert (await browser.until(Rights)).ranges == []
    await in_thread(lambda: change_role(membership=membership(world, "annotator"), role=Role.MANAGER))
    rights = await browser.until(Rights)
    assert (rights.ranges, rights.can_manage) == (EVERYWHERE, True)
    await browser.close()


async def test_jobs_that_are_handed_out_accepted_and_removed_are_told(world: World) -> None:
    browser = await Browser.on(world)
    job = await in_thread(
        Job.objects.create, video=world.video, layer=world.layer, first=0, last=99, stage=Stage.REVIEW
    )
    await in_thread(assign, job=job, assignee=world.annotator, reviewer=None)
    assert (await browser.until(Rights)).ranges == [(0, 99)]
    await in_thread(move, user=world.people["manager"], job=job, transition="accept")
    assert (await browser.until(Rights)).ranges == []
    await in_thread(remove_job, job=job)
    assert (await browser.until(Rights)).ranges == EVERYWHERE
    await browser.close()


@pytest.mark.parametrize("how", ["removed", "deactivated"])
async def test_who_may_not_look_any_more_is_shown_out_at_once(world: World, how: str) -> None:
    browser = await Browser.on(world)
    if how == "removed":
        await in_thread(lambda: remove_member(membership=membership(world, "annotator")))
    else:
        await in_thread(deactivate_account, by=world.people["admin"], user=world.annotator)
    while await browser.raw() is not None:
        pass
    assert browser.closed == 4404


async def test_who_is_not_concerned_hears_nothing(world: World) -> None:
    browser = await Browser.on(world, "reviewer")
    await in_thread(lambda: change_role(membership=membership(world, "annotator"), role=Role.VIEWER))
    await browser.send(Ping())
    assert isinstance(await browser.until((Rights, Pong)), Pong)
    await browser.close()
