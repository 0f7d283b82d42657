"""Issues: what is said about a layer, by whom, and who is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from annotator.actions.errors import ActionError
from annotator.actions.issues import issues as actions
from annotator.actions.issues.issues import (
    LONGEST_COMMENT,
    Place,
    change_comment,
    delete_comment,
    issues_of,
    open_issue,
    reply,
    settle,
    thread_of,
)
from annotator.actions.issues.mentions import MOST_MENTIONS, mentions_in
from annotator.actions.issues.notify import KEPT, mark_read, seen_by, unread_of
from annotator.actions.projects import archive_project
from annotator.actions.workspaces import remove_member
from annotator.announce import publish
from annotator.announce.issues import ThreadOut, issues_out
from annotator.announce.notices import IssueNotice, Notice, NotifiedNotice
from annotator.models import Comment, Issue, Job, Layer, LayerKind, Membership, Notification, Role, User
from tests.annotator.worlds import World, do, draw, make_world, update

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[Notice]:
    told: list[Notice] = []
    monkeypatch.setattr(publish, "_send_on_commit", told.append)
    return told


def opened(world: World, text: str = "Is it a car?", by: str = "reviewer", **place: Any) -> ThreadOut:
    return open_issue(
        user=world.people[by],
        layer_id=world.layer.pk,
        issue_id=uuid4(),
        comment_id=uuid4(),
        place=Place(**{"first": 10, "last": 20, **place}),
        text=text,
    )


def answered(world: World, thread: ThreadOut, text: str, by: str = "annotator") -> ThreadOut:
    return reply(user=world.people[by], issue_id=thread.issue.id, comment_id=uuid4(), text=text)


def told(world: World, who: str) -> list[tuple[str, str]]:
    """(kind, by) of what somebody hasn't read, oldest first."""
    rows = seen_by(world.people[who]).filter(read_at=None).order_by("id")
    return [(row.kind, str(row.by)) for row in rows]


# ---------------------------------------------------------------- what is said


def test_an_issue_is_pinned_to_frames_an_object_and_a_region(world: World) -> None:
    track = draw(world, 10, 20)
    thread = opened(world, track=track, region=(5.0, 6.0, 30.0, 40.0))
    issue = thread.issue
    assert (issue.number, issue.first, issue.last, issue.track) == (1, 10, 20, track)
    assert issue.region == (5, 6, 30, 40)
    assert (issue.by_name, issue.resolved, issue.comments, issue.excerpt) == ("reviewer", False, 1, "Is it a car?")
    assert [comment.text for comment in thread.comments] == ["Is it a car?"]
    assert opened(world).issue.number == 2


def test_what_is_sent_twice_counts_once(world: World) -> None:
    ids: dict[str, Any] = {"issue_id": uuid4(), "comment_id": uuid4(), "place": Place(0, 0), "text": "Hm."}
    first, again = (open_issue(user=world.annotator, layer_id=world.layer.pk, **ids) for _ in range(2))
    assert first == again
    answer = uuid4()
    for _ in range(2):
        thread = reply(user=world.annotator, issue_id=ids["issue_id"], comment_id=answer, text="Ah.")
    assert [comment.text for comment in thread.comments] == ["Hm.", "Ah."]


def test_an_id_of_somebody_else_s_is_refused(world: World) -> None:
    thread = opened(world)
    with pytest.raises(ActionError, match="taken already"):
        open_issue(
            user=world.annotator,
            layer_id=world.layer.pk,
            issue_id=thread.issue.id,
            comment_id=uuid4(),
            place=Place(0, 0),
            text="Mine!",
        )
    with pytest.raises(ActionError, match="taken already"):
        reply(user=world.annotator, issue_id=thread.issue.id, comment_id=thread.comments[0].id, text="Mine!")


@pytest.mark.parametrize("text", ["", " \n\t ", "x" * (LONGEST_COMMENT + 1)])
def test_a_comment_without_text_or_with_too_much_is_refused(world: World, text: str) -> None:
    with pytest.raises(ActionError, match="1 to 5000 characters"):
        opened(world, text)
    assert not Issue.objects.exists()


@pytest.mark.parametrize(("first", "last"), [(0, 1000), (1000, 1000), (5, 4), (-1, 3), (0, 10**30)])
def test_frames_outside_of_the_video_are_refused(world: World, first: int, last: int) -> None:
    with pytest.raises(ActionError, match="0 to 999"):
        opened(world, first=first, last=last)


def test_a_region_is_cut_at_the_picture_and_refused_beside_it(world: World) -> None:
    assert opened(world, region=(-50.0, 700.0, 60.0, 800.0)).issue.region == (0, 700, 60, 720)
    with pytest.raises(ActionError, match="1280 x 720"):
        opened(world, region=(-50.0, -50.0, -10.0, -10.0))
    beside = opened(world, region=(-50.0, -50.0, -10.0, -10.0), track=draw(world, 10))
    assert beside.issue.region is None, "an object may lie beside the picture"


def test_an_object_of_another_layer_is_refused(world: World) -> None:
    other = Layer.objects.create(video=world.video, kind=LayerKind.MODEL, name="other")
    track = draw(world, 10)
    with pytest.raises(ActionError, match="none with that id"):
        open_issue(
            user=world.annotator,
            layer_id=other.pk,
            issue_id=uuid4(),
            comment_id=uuid4(),
            place=Place(0, 0, track),
            text="Hm.",
        )


def test_an_issue_stays_with_a_deleted_object_and_its_undo(world: World) -> None:
    track = draw(world, 10)
    thread = opened(world, track=track)
    do(world, update(track, deleted=True))
    assert issues_out(list(issues_of(world.layer)))[0].track == track
    assert answered(world, thread, "It is gone.").issue.comments == 2


def test_there_is_room_for_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_ISSUES", 1)
    monkeypatch.setattr(actions, "MOST_COMMENTS", 2)
    thread = opened(world)
    with pytest.raises(ActionError, match="at most 1 issues"):
        opened(world)
    answered(world, thread, "One.")
    with pytest.raises(ActionError, match="at most 2 comments"):
        answered(world, thread, "Two.")


# ---------------------------------------------------------------- who may


def test_every_member_may_say_something_and_a_stranger_sees_nothing(world: World) -> None:
    thread = opened(world, by="viewer")
    for role in Role.values:
        answered(world, thread, "Hm.", by=role)
    with pytest.raises(Http404):
        answered(world, thread, "Hm.", by="stranger")
    with pytest.raises(Http404):
        opened(world, by="stranger")


def test_annotators_settle_issues_and_a_viewer_their_own_alone(world: World) -> None:
    thread, own = opened(world), opened(world, by="viewer")
    for resolved in (True, False):
        settled = settle(user=world.annotator, issue_id=thread.issue.id, resolved=resolved)
        assert (settled.issue.resolved, settled.issue.resolved_by) == (resolved, "annotator" if resolved else "")
    with pytest.raises(PermissionDenied):
        settle(user=world.people["viewer"], issue_id=thread.issue.id, resolved=True)
    assert settle(user=world.people["viewer"], issue_id=own.issue.id, resolved=True).issue.resolved


def test_a_comment_is_changed_by_its_author_and_deleted_by_managers_too(world: World) -> None:
    thread = answered(world, opened(world), "A van.")
    first, second = (comment.id for comment in thread.comments)
    for who in ("manager", "annotator"):
        with pytest.raises(PermissionDenied, match="its author alone"):
            change_comment(user=world.people[who], comment_id=first, text="Never mind.")
    changed = change_comment(user=world.annotator, comment_id=second, text="A lorry.")
    assert (changed.text, changed.edited_at is not None) == ("A lorry.", True)
    with pytest.raises(PermissionDenied, match="its author or a manager"):
        delete_comment(user=world.people["reviewer"], comment_id=second)
    assert delete_comment(user=world.people["manager"], comment_id=second) is not None


def test_nothing_is_said_in_an_archived_project(world: World) -> None:
    thread = opened(world)
    archive_project(by=world.people["manager"], project=world.project)
    with pytest.raises(PermissionDenied, match="archived"):
        answered(world, thread, "Hm.")
    assert thread_of(issues_of(world.layer).get()).issue == thread.issue


# ---------------------------------------------------------------- deleting


def test_a_deleted_comment_keeps_its_place_and_the_issue_goes_with_its_last_text(world: World) -> None:
    thread = answered(world, opened(world), "A van.")
    first, second = (comment.id for comment in thread.comments)
    left = delete_comment(user=world.people["reviewer"], comment_id=first)
    assert left is not None
    assert [(comment.deleted, comment.text) for comment in left.comments] == [(True, ""), (False, "A van.")]
    assert (left.issue.comments, left.issue.excerpt) == (1, "A van.")
    with pytest.raises(ActionError, match="was deleted"):
        change_comment(user=world.people["reviewer"], comment_id=first, text="Back!")
    assert delete_comment(user=world.annotator, comment_id=second) is None
    assert not Issue.objects.exists()
    assert not Comment.objects.exists()


def test_what_was_deleted_is_told_to_nobody_any_more(world: World) -> None:
    thread = answered(world, opened(world, by="annotator"), "@annotator, a van.", by="reviewer")
    assert told(world, "annotator") == [("mention", "reviewer")]
    delete_comment(user=world.people["reviewer"], comment_id=thread.comments[1].id)
    assert told(world, "annotator") == []


# ---------------------------------------------------------------- who is told


def test_who_is_mentioned_is_told_and_who_took_part_of_answers(world: World) -> None:
    thread = opened(world, "Look, @manager.")
    assert told(world, "manager") == [("mention", "reviewer")]
    answered(world, thread, "I see.")
    assert told(world, "reviewer") == [("reply", "annotator")]
    assert told(world, "manager") == [("mention", "reviewer"), ("reply", "annotator")]
    assert told(world, "annotator") == [], "nobody is told of what they said themselves"
    settle(user=world.annotator, issue_id=thread.issue.id, resolved=True)
    settle(user=world.annotator, issue_id=thread.issue.id, resolved=True)
    assert told(world, "reviewer") == [("reply", "annotator"), ("resolved", "annotator")]


def test_whose_job_it_is_is_told(world: World) -> None:
    job = {"video": world.video, "layer": world.layer}
    Job.objects.create(**job, first=0, last=15, assignee=world.annotator, reviewer=world.people["manager"])
    Job.objects.create(**job, first=16, last=99, assignee=world.people["admin"], stage="accepted")
    opened(world)
    assert told(world, "annotator") == told(world, "manager") == [("job", "reviewer")]
    assert told(world, "admin") == [], "accepted work is over"
    opened(world, "Here, @annotator", first=12)
    assert told(world, "annotator")[1:] == [("mention", "reviewer")], "once is enough"


def test_changing_a_comment_tells_whom_it_calls_now(world: World) -> None:
    thread = opened(world, "Look, @manager")
    mine = thread.comments[0].id
    change_comment(user=world.people["reviewer"], comment_id=mine, text="Look, @manager and @admin")
    assert (len(told(world, "manager")), told(world, "admin")) == (1, [("mention", "reviewer")])


def test_nobody_is_told_of_what_they_cannot_see(world: World) -> None:
    thread = opened(world, "@stranger @viewer look")
    assert not Notification.objects.filter(user=world.people["stranger"]).exists()
    remove_member(by=world.people["admin"], membership=Membership.objects.get(user=world.people["viewer"]))
    assert told(world, "viewer") == []
    assert unread_of(world.people["viewer"]) == 0
    answered(world, thread, "Hm.")
    assert Notification.objects.filter(user=world.people["viewer"]).count() == 1


def test_what_was_read_is_unread_no_more(world: World, notices: list[Notice]) -> None:
    opened(world, "@annotator one")
    opened(world, "@annotator two")
    unread = [notice.notified for notice in notices if isinstance(notice, NotifiedNotice)]
    assert [each.unread for each in unread] == [1, 2]
    assert unread[1].message == "reviewer mentioned you in issue 2 (cross.mp4, frame 10)."
    assert mark_read(user=world.annotator) == 0
    assert [notice.notified.unread for notice in notices if isinstance(notice, NotifiedNotice)][2:] == [0]


def test_everybody_on_the_layer_is_told_of_the_newest_state(world: World, notices: list[Notice]) -> None:
    thread = answered(world, opened(world), "A van.")
    delete_comment(user=world.annotator, comment_id=thread.comments[1].id)
    delete_comment(user=world.people["reviewer"], comment_id=thread.comments[0].id)
    states = [notice.changed.issue for notice in notices if isinstance(notice, IssueNotice)]
    assert [state and (state.version, state.comments) for state in states] == [(1, 1), (2, 2), (3, 1), None]


def test_old_notifications_go(world: World) -> None:
    thread = opened(world)
    issue = Issue.objects.get(pk=thread.issue.id)
    Notification.objects.bulk_create(
        Notification(user=world.people["reviewer"], issue=issue, kind="reply") for _ in range(KEPT)
    )
    answered(world, thread, "One more.")
    rows = Notification.objects.filter(user=world.people["reviewer"])
    assert (rows.count(), rows.order_by("-id")[0].comment is not None) == (KEPT, True)


# ---------------------------------------------------------------- names in texts


def person(name: str, key: int) -> User:
    return User(pk=key, username=name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@bob", ["@bob"]),
        ("Ask @BOB, or @bob.", ["@BOB"]),
        ("@b.o.b and @bob+...", ["@b.o.b", "@bob"]),
        ("(@bob)", ["@bob"]),
        ("bob@example.org", []),
        ("@bobby @@bob @ bob", []),
        ("@jürgen!", ["@jürgen"]),
    ],
)
def test_a_name_behind_an_at_is_a_mention(text: str, words: list[str]) -> None:
    people = [person("bob", 1), person("b.o.b", 2), person("jürgen", 3)]
    assert [word for _, word in mentions_in(text, people)] == words


def test_a_comment_calls_so_many_people() -> None:
    people = [person(f"p{key}", key) for key in range(MOST_MENTIONS + 1)]
    text = " ".join(f"@{each.username}" for each in people)
    assert len(mentions_in(text, people[1:])) == MOST_MENTIONS
    with pytest.raises(ActionError, match="at most 20 people"):
        mentions_in(text, people)


def test_an_issue_of_an_account_that_is_gone_can_still_be_read(world: World) -> None:
    thread = answered(world, opened(world), "A van.")
    User.objects.filter(username="reviewer").delete()
    left = thread_of(issues_of(world.layer).get())
    assert (left.issue.by_name, left.comments[0].by, left.comments[0].text) == ("", None, "Is it a car?")
    assert isinstance(thread.issue.id, UUID)
