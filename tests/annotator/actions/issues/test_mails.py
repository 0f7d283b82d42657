"""Mails about what wasn't read in a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from annotator.actions.issues.issues import Place, delete_comment, open_issue, reply, settle
from annotator.actions.issues.mails import AFTER, AT_MOST_EVERY, send_mails
from annotator.actions.issues.notify import mark_read
from annotator.actions.people import change_preferences
from annotator.announce.issues import ThreadOut
from annotator.models import Membership, Video
from tests.annotator.worlds import World, make_world

pytestmark = pytest.mark.django_db
LATER = AFTER + timedelta(seconds=1)


@pytest.fixture
def world() -> World:
    return make_world()


def opened(world: World, text: str = "@annotator, is it a car?") -> ThreadOut:
    return open_issue(
        user=world.people["reviewer"],
        layer_id=world.layer.pk,
        issue_id=uuid4(),
        comment_id=uuid4(),
        place=Place(10, 20),
        text=text,
    )


def said(world: World, thread: ThreadOut, text: str) -> None:
    reply(user=world.people["reviewer"], issue_id=thread.issue.id, comment_id=uuid4(), text=text)


def soon(more: timedelta = timedelta()) -> datetime:
    return timezone.now() + LATER + more


def test_a_mail_quotes_what_was_said_and_leads_there(
    world: World, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    settings.PUBLIC_URL = "https://label.example.org"
    thread = opened(world)
    said(world, thread, "@annotator: or a van?\nHm.")
    assert send_mails(soon()) == 1
    (mail,) = mailoutbox
    assert mail.to == ["annotator@example.org"]
    assert mail.subject == "reviewer mentioned you in issue 1 (cross.mp4, frame 10)."
    assert "> @annotator, is it a car?\n" in mail.body
    assert "> @annotator: or a van?\n> Hm.\n" in mail.body
    editor = f"https://label.example.org/videos/{world.video.pk}/edit/?layer={world.layer.pk}&frame=10"
    assert f"{editor}&issue={thread.issue.id}\n" in mail.body
    assert "https://label.example.org/account/#mails" in mail.body
    assert send_mails(soon()) == 0, "once"


def test_who_reads_it_at_once_gets_no_mail(world: World, mailoutbox: list[EmailMessage]) -> None:
    opened(world)
    assert send_mails(timezone.now()) == 0
    mark_read(user=world.annotator)
    assert send_mails(soon()) == 0


def test_of_an_issue_there_is_one_mail_in_ten_minutes_with_all_that_is_new(
    world: World, mailoutbox: list[EmailMessage]
) -> None:
    thread = opened(world)
    send_mails(soon())
    said(world, thread, "@annotator one")
    said(world, thread, "@annotator two")
    opened(world, "@annotator another")
    assert send_mails(soon(timedelta(seconds=9))) == 1, "the other issue"
    assert send_mails(soon(AT_MOST_EVERY)) == 1
    assert "> @annotator one\n" in mailoutbox[2].body
    assert "> @annotator two\n" in mailoutbox[2].body


def test_who_wants_none_gets_none_also_later(world: World, mailoutbox: list[EmailMessage]) -> None:
    change_preferences(user=world.annotator, changes={"mails": False})
    opened(world)
    send_mails(soon())
    change_preferences(user=world.annotator, changes={"mails": None})
    assert send_mails(soon(AT_MOST_EVERY)) == 0
    assert mailoutbox == []


def test_who_can_see_it_no_more_gets_none(world: World, mailoutbox: list[EmailMessage]) -> None:
    opened(world)
    Membership.objects.get(user=world.annotator).delete()
    assert send_mails(soon()) == 0


def test_what_is_resolved_or_deleted_is_not_mailed(world: World, mailoutbox: list[EmailMessage]) -> None:
    thread = opened(world)
    delete_comment(user=world.people["reviewer"], comment_id=thread.comments[0].id)
    kept = opened(world, "Nobody is called.")
    settle(user=world.annotator, issue_id=kept.issue.id, resolved=True)
    assert send_mails(soon()) == 0


def test_a_mail_that_cannot_be_sent_is_due_again(
    world: World, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(world)

    def refuse(backend: EmailBackend, messages: Sequence[EmailMessage]) -> int:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        with pytest.raises(ConnectionRefusedError):
            send_mails(soon())
    assert send_mails(soon()) == 1


def test_a_name_with_a_line_break_breaks_no_mail(world: World, mailoutbox: list[EmailMessage]) -> None:
    Video.objects.update(name="a\r\nBcc: eve@example.org")
    opened(world)
    assert send_mails(soon()) == 1
    assert mailoutbox[0].recipients() == ["annotator@example.org"]
