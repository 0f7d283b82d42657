"""Runs that wait: their place, how long they take, and leaving the line."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from annotator.actions.agents import rest_agent
from annotator.actions.runs.dispatch import dispatch_queued
from annotator.actions.runs.presence import agent_connected
from annotator.actions.workspaces import limit_runs
from annotator.announce.notices import RunNotice
from annotator.announce.outgoing import run_info
from annotator.models import Agent, Run, RunState, User, Workspace
from tests.annotator.desk import Desk
from tests.annotator.worlds import draw
from tracking.protocol import PROTOCOL, Device, Hello, Start, Stop


def place(run: Run) -> tuple[int | None, float | None]:
    info = run_info(Run.objects.get(pk=run.pk))
    return info.ahead, info.wait_s


def without_agent() -> None:
    Agent.objects.update(connected=False)


def test_runs_without_an_agent_stand_in_line(desk: Desk) -> None:
    without_agent()
    runs = [desk.start(draw(desk.world, 0)) for _ in range(3)]
    assert [place(run) for run in runs] == [(0, None), (1, None), (2, None)]


def test_what_the_model_did_lately_says_how_long_it_takes(desk: Desk) -> None:
    done = desk.start(draw(desk.world, 0))
    started = timezone.now()
    times = {"started_at": started, "finished_at": started + timedelta(seconds=9)}
    Run.objects.filter(pk=done.pk).update(state=RunState.DONE, frames_done=99, **times)
    without_agent()
    runs = [desk.start(draw(desk.world, 0)) for _ in range(2)]
    assert [place(run) for run in runs] == [(0, 9.0), (1, 18.0)]


def test_what_a_busy_agent_does_not_get_to_waits_for_its_turn(desk: Desk) -> None:
    Agent.objects.update(info={"models": ["framewise-cf"], "runs_at_once": 2})
    runs = [desk.start(draw(desk.world, 0)) for _ in range(4)]
    assert [place(run)[0] for run in runs] == [None, None, 1, 2]


def test_a_run_under_way_has_no_place(desk: Desk) -> None:
    track = draw(desk.world, 0)
    runs = [desk.start(track), desk.start(draw(desk.world, 0))]
    assert [place(run)[0] for run in runs] == [None, 1]
    desk.predict(runs[0], track, 1, 2)
    assert place(runs[0]) == (None, None)


def test_the_line_moves_up_and_says_so_when_one_is_cancelled(desk: Desk) -> None:
    without_agent()
    first, second = (desk.start(draw(desk.world, 0)) for _ in range(2))
    desk.stop(first)
    told = [notice.run for notice in desk.notices if isinstance(notice, RunNotice)][-1]
    assert (told.id, told.ahead, Run.objects.get(pk=first.pk).state) == (second.pk, 0, RunState.STOPPED)


def test_a_waiting_run_begins_when_the_one_before_it_ends(desk: Desk) -> None:
    first, second, third = (desk.start(draw(desk.world, 0)) for _ in range(3))
    assert [message.run for message in desk.told(Start)] == [str(first.pk)]
    desk.stop(second)
    assert desk.told(Stop) == []
    desk.stop(first)
    dispatch_queued()
    assert [message.run for message in desk.told(Start)] == [str(first.pk), str(third.pk)]
    assert place(third)[0] is None


def test_who_asks_for_one_run_comes_before_the_second_of_somebody_else(desk: Desk) -> None:
    going, mine, more = (desk.start(draw(desk.world, 0)) for _ in range(3))
    other = desk.start(draw(desk.world, 0))
    Run.objects.filter(pk=other.pk).update(created_by=User.objects.exclude(pk=going.created_by_id).first())
    assert [place(run)[0] for run in (other, mine, more)] == [1, 2, 3]


def test_a_workspace_has_so_many_runs_at_once_and_says_so(desk: Desk) -> None:
    Agent.objects.update(info={"models": ["framewise-cf"], "runs_at_once": 9})
    limit_runs(workspace=desk.world.layer.video.project.workspace, runs_at_once=1)
    first, second = (desk.start(draw(desk.world, 0)) for _ in range(2))
    limited = Workspace.objects.get(runs_at_once=1)
    assert Run.objects.get(pk=second.pk).waiting == f"{limited} has its 1 run at once under way."
    desk.stop(first)
    dispatch_queued()
    assert Run.objects.get(pk=second.pk).state == RunState.RUNNING


def test_a_run_waits_for_the_machine_that_was_named(desk: Desk) -> None:
    box = Agent.objects.create(name="box", workspace=None, token_hash="box", info={"models": ["framewise-cf"]})
    run = desk.start(draw(desk.world, 0), machine=box.pk)
    assert Run.objects.get(pk=run.pk).waiting.startswith("It waits for box, which is away")
    Agent.objects.filter(pk=box.pk).update(connected=True)
    dispatch_queued()
    assert Run.objects.get(pk=run.pk).agent == box


def test_a_machine_in_maintenance_that_comes_back_goes_on_with_its_own_and_takes_nothing_else(desk: Desk) -> None:
    agent = Agent.objects.get(connected=True)
    own = desk.start(draw(desk.world, 0))
    waiting = desk.start(draw(desk.world, 0))
    rest_agent(agent=agent, resting=True)
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    hello = Hello(protocol=PROTOCOL, version="0", host="h", devices=[device], models=["framewise-cf"], runs_at_once=4)
    hello.runs = [str(own.pk)]
    stale = agent_connected(agent_id=agent.pk, connection="new", hello=hello)
    assert stale == []
    assert [Run.objects.get(pk=run.pk).state for run in (own, waiting)] == [RunState.RUNNING, RunState.QUEUED]
