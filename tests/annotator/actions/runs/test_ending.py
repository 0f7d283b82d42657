"""Runs end with what they follow, and with the rights of who started them."""

from __future__ import annotations

import pytest

from annotator.actions.jobs import assign, move, remove_job, split_video
from annotator.actions.people import deactivate_account
from annotator.actions.projects import archive_project
from annotator.actions.videos import delete_video
from annotator.actions.workspaces import change_role, remove_member
from annotator.announce.notices import LookAgain, RunNotice
from annotator.models import Agent, Job, Membership, Role, Run, RunState, Video
from tests.annotator.desk import Desk
from tests.annotator.worlds import draw
from tracking.protocol import Stop


@pytest.fixture(autouse=True)
def room(desk: Desk) -> None:
    Agent.objects.update(info={"models": ["framewise-cf"], "runs_at_once": 4})


def started(desk: Desk, by: str = "annotator") -> Run:
    return desk.start(draw(desk.world, 0), by=by)


def ended(desk: Desk, run: Run) -> str:
    """Why a run was stopped, which its agent was told too."""
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    assert str(run.pk) in [message.run for message in desk.told(Stop)]
    return run.message


def goes_on(run: Run) -> bool:
    run.refresh_from_db()
    return run.state == RunState.RUNNING


def membership(desk: Desk) -> Membership:
    return Membership.objects.get(user=desk.world.annotator)


def test_of_a_deleted_video_all_runs_end_and_everybody_is_told_before_it_is_gone(desk: Desk) -> None:
    runs = [started(desk), started(desk, "manager")]
    desk.notices.clear()
    delete_video(by=desk.world.people["manager"], video=Video.objects.get())
    last = {notice.run.id: notice.run for notice in desk.notices if isinstance(notice, RunNotice)}
    assert {(run, told.state, told.message) for run, told in last.items()} == {
        (run.pk, "stopped", "“cross.mp4” was deleted by manager.") for run in runs
    }
    assert {message.run for message in desk.told(Stop)} == {str(run.pk) for run in runs}
    assert isinstance(desk.notices[-1], LookAgain)
    assert not Run.objects.exists()


def test_of_who_is_taken_out_or_made_a_viewer_the_runs_end_and_those_of_others_go_on(desk: Desk) -> None:
    mine, others = started(desk), started(desk, "reviewer")
    admin = desk.world.people["admin"]
    change_role(by=admin, membership=membership(desk), role=Role.MANAGER)
    assert goes_on(mine)
    change_role(by=admin, membership=membership(desk), role=Role.VIEWER)
    assert ended(desk, mine) == "admin gave annotator the role viewer."
    change_role(by=admin, membership=membership(desk), role=Role.ANNOTATOR)
    again = started(desk)
    remove_member(by=admin, membership=membership(desk))
    assert ended(desk, again) == "admin took annotator out of this workspace."
    assert goes_on(others)


def test_of_an_archived_project_all_of_them(desk: Desk) -> None:
    runs = [started(desk), started(desk, "manager")]
    archive_project(by=desk.world.people["manager"], project=desk.world.project)
    for run in runs:
        assert ended(desk, run) == "manager archived the project “Crossing”. Everything in it is kept."


def test_of_a_deactivated_account_they_end(desk: Desk) -> None:
    run = started(desk)
    deactivate_account(by=desk.world.people["admin"], user=desk.world.annotator)
    assert ended(desk, run) == "admin deactivated the account of annotator."


def test_they_end_where_jobs_are_somebody_elses_now(desk: Desk) -> None:
    world, manager = desk.world, desk.world.people["manager"]
    run, managers = started(desk), started(desk, "manager")
    first, *_ = split_video(by=manager, video=world.video, frames_per_job=500)
    assert ended(desk, run) == "manager divided this video into jobs."
    assign(by=manager, job=first, assignee=world.annotator, reviewer=None)
    run = started(desk)
    assign(by=manager, job=first, assignee=world.people["reviewer"], reviewer=None)
    assert ended(desk, run) == "manager made the job of frames 0 to 499 reviewer's."
    assign(by=manager, job=first, assignee=world.annotator, reviewer=None)
    run = started(desk)
    move(user=world.annotator, job=first, transition="submit")
    assert goes_on(run)
    move(user=manager, job=first, transition="accept")
    assert ended(desk, run) == "manager accepted the job of frames 0 to 499."
    assert goes_on(managers)


def test_they_end_with_the_job_that_they_were_in(desk: Desk) -> None:
    world, manager = desk.world, desk.world.people["manager"]
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=499, assignee=world.annotator)
    Job.objects.create(video=world.video, layer=world.layer, first=500, last=999, assignee=world.annotator)
    run = started(desk)
    remove_job(by=manager, job=job)
    assert ended(desk, run) == "The job of frames 0 to 499 of “cross.mp4” was deleted by manager."
