from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.actions.issues.notify import unread_of
from annotator.actions.jobs import (
    TRANSITIONS,
    assign,
    begin_by_editing,
    move,
    plan,
    plan_split,
    remove_job,
    split_video,
    steps_for,
)
from annotator.announce.notifications import in_words
from annotator.models import Job, JobState, Membership, Notification, Role, Stage, User, VideoState
from tests.people import Team


@pytest.mark.parametrize(
    ("taken", "size", "planned"),
    [
        ([], 4, [(0, 3), (4, 7), (8, 9)]),
        ([], 10, [(0, 9)]),
        ([], 99, [(0, 9)]),
        ([(0, 9)], 4, []),
        ([(3, 5)], 4, [(0, 2), (6, 9)]),
        ([(6, 9), (0, 0)], 3, [(1, 3), (4, 5)]),
        ([(0, 5), (2, 3)], 4, [(6, 9)]),
    ],
)
def test_what_is_not_taken_is_split(taken: list[tuple[int, int]], size: int, planned: list[tuple[int, int]]) -> None:
    assert plan_split(10, taken, size) == planned


def test_a_video_is_split_once(team: Team) -> None:
    remove_job(by=team.mona, job=team.job)
    split_video(by=team.mona, video=team.video, frames_per_job=120)
    jobs = Job.objects.filter(video=team.video, layer=team.layer)
    assert list(jobs.values_list("first", "last", "stage", "state")) == [
        (0, 119, Stage.ANNOTATION, JobState.NEW),
        (120, 239, Stage.ANNOTATION, JobState.NEW),
        (240, 299, Stage.ANNOTATION, JobState.NEW),
    ]
    with pytest.raises(ActionError, match="belongs to a job already"):
        split_video(by=team.mona, video=team.video, frames_per_job=120)


def test_a_split_has_limits(team: Team) -> None:
    remove_job(by=team.mona, job=team.job)
    with pytest.raises(ActionError, match="at least one frame"):
        split_video(by=team.mona, video=team.video, frames_per_job=0)
    team.video.frame_count = 5000
    with pytest.raises(ActionError, match="5000 jobs"):
        split_video(by=team.mona, video=team.video, frames_per_job=1)
    team.video.state = VideoState.INGESTING
    with pytest.raises(ActionError, match="that is ready"):
        split_video(by=team.mona, video=team.video, frames_per_job=100)


def test_a_job_is_assigned_to_members_who_may_do_it(team: Team) -> None:
    assign(by=team.mona, job=team.job, assignee=team.rita, reviewer=team.mona)
    assert Job.objects.get().assignee == team.rita
    assign(by=team.mona, job=team.job, assignee=None, reviewer=None)
    for assignee, reviewer, words in (
        (team.eve, None, "no member"),
        (team.vic, None, "may not annotate"),
        (None, team.bob, "may not review"),
        (team.rita, team.rita, "their own work"),
    ):
        with pytest.raises(ActionError, match=words):
            assign(by=team.mona, job=team.job, assignee=assignee, reviewer=reviewer)


def test_a_job_is_annotated_returned_reviewed_and_reopened(team: Team) -> None:
    way = [
        (team.bob, "start", Stage.ANNOTATION, JobState.IN_PROGRESS),
        (team.bob, "submit", Stage.REVIEW, JobState.NEW),
        (team.rita, "return", Stage.ANNOTATION, JobState.REJECTED),
        (team.bob, "submit", Stage.REVIEW, JobState.NEW),
        (team.rita, "accept", Stage.ACCEPTED, JobState.COMPLETED),
        (team.mona, "reopen", Stage.ANNOTATION, JobState.IN_PROGRESS),
    ]
    for person, step, stage, state in way:
        move(user=person, job=team.job, transition=step, reason="The tails." if step == "return" else "")
        team.job.refresh_from_db()
        assert (team.job.stage, team.job.state) == (stage, state)


def allowed(team: Team, stage: Stage, state: JobState) -> dict[str, list[str]]:
    team.job.stage, team.job.state = stage, state
    return {role: [step.id for step in steps_for(user, team.job)] for role, user in team.members.items()}


def test_each_step_is_for_somebody(team: Team) -> None:
    annotating, reviewing, reopening = ["start", "submit"], ["accept", "return"], ["reopen"]
    bobs, ritas = [*annotating, "skip"], [*reviewing, "pass-on"]
    assert list(allowed(team, Stage.ANNOTATION, JobState.NEW).values()) == [annotating, annotating, [], bobs, []]
    assert list(allowed(team, Stage.REVIEW, JobState.NEW).values()) == [reviewing, reviewing, ritas, [], []]
    assert list(allowed(team, Stage.ACCEPTED, JobState.COMPLETED).values()) == [reopening, reopening, [], [], []]


@pytest.mark.parametrize("state", [JobState.NEW, JobState.REJECTED])
def test_drawing_in_ones_own_job_starts_it(team: Team, state: JobState) -> None:
    Job.objects.update(state=state)
    begin_by_editing(user=team.bob, layer=team.layer, ranges=[(4, 4), (200, 220)])
    assert Job.objects.get().state == JobState.IN_PROGRESS


def test_only_a_job_that_waits_for_its_annotator_starts_by_drawing(team: Team) -> None:
    Job.objects.update(first=100)
    begin_by_editing(user=team.bob, layer=team.layer, ranges=[(0, 99)])
    begin_by_editing(user=team.mona, layer=team.layer, ranges=[(100, 110)])
    assert Job.objects.get().state == JobState.NEW
    move(user=team.bob, job=team.job, transition="submit")
    begin_by_editing(user=team.bob, layer=team.layer, ranges=[(100, 110)])
    assert (Job.objects.get().stage, Job.objects.get().state) == (Stage.REVIEW, JobState.NEW)


def test_a_job_is_never_accepted_by_who_annotated_it(team: Team) -> None:
    assign(by=team.mona, job=team.job, assignee=team.rita, reviewer=None)
    move(user=team.rita, job=team.job, transition="submit")
    with pytest.raises(ActionError, match="never for who annotated it"):
        move(user=team.rita, job=team.job, transition="accept")


def test_a_job_is_reviewed_by_its_reviewer_or_by_any_where_none_is_named(team: Team) -> None:
    other = User.objects.create_user("otto", "otto@example.org")
    Membership.objects.create(workspace=team.workspace, user=other, role=Role.REVIEWER)
    move(user=team.bob, job=team.job, transition="submit")
    with pytest.raises(ActionError, match="for the job's reviewer"):
        move(user=other, job=team.job, transition="accept")
    assign(by=team.mona, job=team.job, assignee=team.bob, reviewer=None)
    assert move(user=other, job=team.job, transition="accept").stage == Stage.ACCEPTED


def test_a_step_out_of_turn_is_refused(team: Team) -> None:
    with pytest.raises(ActionError, match="isn't possible now"):
        move(user=team.mona, job=team.job, transition="accept")
    with pytest.raises(ActionError, match="'vanish' came"):
        move(user=team.mona, job=team.job, transition="vanish")


def test_no_job_is_ever_stuck() -> None:
    reached = {(step.to_stage, step.to_state) for step in TRANSITIONS}
    assert all(any(step.stage == stage and state in step.states for step in TRANSITIONS) for stage, state in reached)


def told(user: User) -> list[str]:
    return [in_words(each) for each in Notification.objects.filter(user=user).order_by("id")]


def test_a_returned_job_goes_back_to_who_made_it_and_comes_back_to_who_returned_it(team: Team) -> None:
    assign(by=team.mona, job=team.job, assignee=team.bob, reviewer=None)
    move(user=team.bob, job=team.job, transition="submit")
    with pytest.raises(ActionError, match=r"Return needs a reason\. What has to be changed"):
        move(user=team.rita, job=team.job, transition="return")
    returned = move(user=team.rita, job=team.job, transition="return", reason="The tails are cut off.")
    assert (returned.assignee, returned.reviewer) == (team.bob, team.rita)
    move(user=team.bob, job=team.job, transition="submit")
    which = "(lions.mp4, frames 0 to 299)"
    assert told(team.bob) == [f"Rita returned your job {which}."]
    assert told(team.rita) == [f"Bob waits for your review of a job {which}."]
    steps = list(team.job.history.values_list("kind", "by__username", "reason"))
    assert steps == [
        ("submitted", "bob", ""), ("returned", "rita", "The tails are cut off."), ("submitted", "bob", ""),
    ]  # fmt: skip


def test_who_is_given_a_job_is_told_and_who_gave_it_is_told_that_it_was_skipped(team: Team) -> None:
    otto = User.objects.create_user("otto", "otto@example.org")
    Membership.objects.create(workspace=team.workspace, user=otto, role=Role.ANNOTATOR)
    assign(by=team.mona, job=team.job, assignee=otto, reviewer=None)
    skipped = move(user=otto, job=team.job, transition="skip", reason="On leave.")
    assert (skipped.assignee, skipped.state) == (None, JobState.NEW)
    assert told(otto) == ["Mona gave you a job (lions.mp4, frames 0 to 299)."]
    assert told(team.mona) == ["otto skipped a job that you gave them (lions.mp4, frames 0 to 299)."]


def test_nobody_is_told_of_what_they_did_or_cannot_see(team: Team) -> None:
    assign(by=team.mona, job=team.job, assignee=team.mona, reviewer=team.rita)
    move(user=team.mona, job=team.job, transition="submit")
    Membership.objects.filter(user=team.mona).delete()
    move(user=team.rita, job=team.job, transition="accept")
    assert told(team.mona) == []


def test_what_people_were_told_of_a_job_goes_with_it(team: Team) -> None:
    move(user=team.bob, job=team.job, transition="submit")
    assert unread_of(team.rita) == 1
    remove_job(by=team.mona, job=team.job)
    assert unread_of(team.rita) == 0


def test_reasons_and_priorities_have_limits(team: Team) -> None:
    with pytest.raises(ActionError, match="at most 1,000 characters"):
        move(user=team.bob, job=team.job, transition="skip", reason="x" * 1001)
    with pytest.raises(ActionError, match="A priority is 0, 1, 2, 3; 9 came"):
        plan(job=team.job, priority=9, due=None)


def test_a_job_is_overdue_the_day_after_until_it_is_accepted(team: Team) -> None:
    today = timezone.localdate()
    plan(job=team.job, priority=1, due=today)
    assert not team.job.is_overdue
    plan(job=team.job, priority=1, due=today - timedelta(days=1))
    assert team.job.is_overdue
    team.job.stage = Stage.ACCEPTED
    assert not team.job.is_overdue
