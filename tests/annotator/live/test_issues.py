"""What is said in issues reaches everybody who has the layer open."""

from __future__ import annotations

from uuid import uuid4

import pytest

from annotator.actions.issues.issues import Place, delete_comment, open_issue
from annotator.announce.issues import ThreadOut
from annotator.announce.messages import IssueChanged, Notified, Welcome
from annotator.live.relay import in_thread
from tests.annotator.live.sockets import Browser
from tests.annotator.worlds import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def opened(world: World, text: str) -> ThreadOut:
    return open_issue(
        user=world.people["reviewer"],
        layer_id=world.layer.pk,
        issue_id=uuid4(),
        comment_id=uuid4(),
        place=Place(10, 20),
        text=text,
    )


async def test_an_issue_reaches_everybody_and_its_notification_whom_it_calls(world: World) -> None:
    called, other = await Browser.on(world), await Browser.on(world, "viewer")
    thread = await in_thread(opened, world, "@annotator, look.")
    for browser in (called, other):
        changed = await browser.until(IssueChanged)
        assert changed.issue == thread.issue
    notified = await called.until(Notified)
    assert (notified.unread, notified.message.split(" in ")[0]) == (1, "reviewer mentioned you")

    later = Browser(world)
    await later.open()
    assert (await later.until(Welcome)).unread == 1

    await in_thread(
        lambda: delete_comment(user=world.people["reviewer"], comment_id=thread.comments[0].id),
    )
    for browser in (called, other):
        gone = await browser.until(IssueChanged)
        assert (gone.id, gone.issue) == (thread.issue.id, None)
    assert (await called.until(Notified)).unread == 0
    for browser in (called, other, later):
        await browser.close()
