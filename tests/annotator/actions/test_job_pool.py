from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.actions.job_pool import let_take, pool, take_next
from annotator.actions.jobs import assign, move, plan, split_video
from annotator.models import Job, JobStep, Membership, Priority, Role, User
from tests.people import Team


@pytest.fixture
def jobs(team: Team) -> list[Job]:
    """Three of a hundred frames that are nobody's."""
    team.job.delete()
    return split_video(by=team.mona, video=team.video, frames_per_job=100)


def colleague(team: Team, role: str, name: str = "otto") -> User:
    user = User.objects.create_user(name, f"{name}@example.org")
    Membership.objects.create(workspace=team.workspace, user=user, role=role)
    return user


def test_the_most_urgent_comes_first(team: Team, jobs: list[Job]) -> None:
    today = timezone.localdate()
    plan(job=jobs[1], priority=Priority.NORMAL, due=today + timedelta(days=3))
    plan(job=jobs[2], priority=Priority.HIGH, due=None)
    taken = [take_next(user=team.bob, project=team.project, to="annotate").first for _ in jobs]
    assert taken == [200, 100, 0], "high before normal, and what is due before what isn't"
    with pytest.raises(ActionError, match="No job to annotate is left"):
        take_next(user=team.bob, project=team.project, to="annotate")


def test_who_skipped_a_job_is_not_offered_it_again(team: Team, jobs: list[Job]) -> None:
    first = take_next(user=team.bob, project=team.project, to="annotate")
    with pytest.raises(ActionError, match="needs a reason"):
        move(user=team.bob, job=first, transition="skip", reason="  ")
    move(user=team.bob, job=first, transition="skip", reason="Too dark for me.")
    assert take_next(user=team.bob, project=team.project, to="annotate").pk == jobs[1].pk
    otto = colleague(team, Role.ANNOTATOR)
    assert take_next(user=otto, project=team.project, to="annotate").pk == first.pk
    assert list(first.history.values_list("kind", "reason")) == [
        ("taken", ""), ("skipped", "Too dark for me."), ("taken", ""),
    ]  # fmt: skip


def test_nobody_takes_the_review_of_what_they_annotated(team: Team, jobs: list[Job]) -> None:
    assign(by=team.mona, job=jobs[0], assignee=team.rita, reviewer=None)
    move(user=team.rita, job=jobs[0], transition="submit")
    assign(by=team.mona, job=Job.objects.get(pk=jobs[0].pk), assignee=team.bob, reviewer=None)
    with pytest.raises(ActionError, match="No job to review is left"):
        take_next(user=team.rita, project=team.project, to="review")
    otto = colleague(team, Role.REVIEWER)
    assert take_next(user=otto, project=team.project, to="review").reviewer == otto


def test_a_reviewer_leaves_a_review_to_others(team: Team, jobs: list[Job]) -> None:
    assign(by=team.mona, job=jobs[0], assignee=team.bob, reviewer=team.rita)
    move(user=team.bob, job=jobs[0], transition="submit")
    move(user=team.rita, job=jobs[0], transition="pass-on", reason="I know who is in it.")
    with pytest.raises(ActionError, match="No job to review is left"):
        take_next(user=team.rita, project=team.project, to="review")
    assert take_next(user=colleague(team, Role.REVIEWER), project=team.project, to="review").pk == jobs[0].pk


def test_two_who_ask_at_once_get_two(team: Team, jobs: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    """Otto takes what Bob has just been shown as the next one."""
    otto = colleague(team, Role.ANNOTATOR)
    shown = list(pool(user=team.bob, projects=[team.project], to="annotate"))
    assert take_next(user=otto, project=team.project, to="annotate").pk == shown[0].pk

    class Stale:
        def iterator(self):
            return iter(shown)

    monkeypatch.setattr("annotator.actions.job_pool.pool", lambda **_: Stale())
    assert take_next(user=team.bob, project=team.project, to="annotate").pk == shown[1].pk
    assert JobStep.objects.filter(kind="taken").count() == 2


def test_a_project_may_keep_it_to_its_managers(team: Team, jobs: list[Job]) -> None:
    let_take(project=team.project, lets=False)
    assert not pool(user=team.bob, projects=[team.project], to="annotate").exists()
    with pytest.raises(ActionError, match="handed out by a manager"):
        take_next(user=team.bob, project=team.project, to="annotate")


def test_nothing_is_offered_to_who_may_not_do_it(team: Team, jobs: list[Job]) -> None:
    for user, to in ((team.vic, "annotate"), (team.bob, "review")):
        assert not pool(user=user, projects=[team.project], to=to).exists()
