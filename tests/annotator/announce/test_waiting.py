"""Runs that wait: their place, how long they take, and leaving the line."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from annotator.announce.notices import RunNotice
from annotator.announce.outgoing import run_info
from annotator.models import Agent, Run, RunState
from tests.annotator.desk import Desk
from tests.annotator.worlds import draw
from tracking.protocol import Stop


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
    runs = [desk.start(draw(desk.world, 0)), desk.start(track)]
    assert place(runs[1])[0] == 1
    desk.predict(runs[1], track, 1, 2)
    assert place(runs[1]) == (None, None)


def test_the_line_moves_up_and_says_so_when_one_is_cancelled(desk: Desk) -> None:
    without_agent()
    first, second = (desk.start(draw(desk.world, 0)) for _ in range(2))
    desk.stop(first)
    told = [notice.run for notice in desk.notices if isinstance(notice, RunNotice)][-1]
    assert (told.id, told.ahead, Run.objects.get(pk=first.pk).state) == (second.pk, 0, RunState.STOPPED)


def test_cancelling_a_waiting_run_of_a_busy_agent_tells_it(desk: Desk) -> None:
    _, second = (desk.start(draw(desk.world, 0)) for _ in range(2))
    desk.stop(second)
    assert [message.run for message in desk.told(Stop)] == [str(second.pk)]
