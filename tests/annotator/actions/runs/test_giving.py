"""Runs are given to machines by one transaction at a time, and their cards keep what they said."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections, transaction

from annotator.actions.runs import dispatch
from annotator.actions.runs.choosing import decide
from annotator.actions.runs.open_run import OpenRun
from annotator.actions.runs.presence import agent_connected, agent_disconnected
from annotator.actions.runs.store import store_predictions
from annotator.announce.outgoing import run_info
from annotator.models import Agent, Layer, Run, RunState
from tests.annotator.desk import Desk
from tests.annotator.worlds import draw, make_agent, make_world
from tracking.protocol import PROTOCOL, Device, Hello


def hello() -> Hello:
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    return Hello(protocol=PROTOCOL, version="0", host="h", devices=[device], models=["framewise-cf"])


def test_a_card_keeps_its_sentences_when_its_agent_is_lost_and_says_why_it_waits(desk: Desk) -> None:
    run = desk.start(draw(desk.world, 0))
    store_predictions(run_id=run.pk, rows=[], ended=[], notes=["The GPU gave out."])
    agent = Agent.objects.get()
    Agent.objects.update(info=agent.info | {"connection": "one"})
    agent_disconnected(agent_id=agent.pk, connection="one")
    lost = Run.objects.get()
    assert (lost.state, run_info(lost).message) == (
        "queued",
        "Its agent is gone; it goes on as soon as one is there.\nThe GPU gave out.",
    )
    agent_connected(agent_id=agent.pk, connection="two", hello=hello())
    back = Run.objects.get()
    assert (back.state, run_info(back).message) == ("running", "The GPU gave out.")


def test_what_a_run_waits_for_is_forgotten_once_it_is_over(desk: Desk) -> None:
    Agent.objects.update(connected=False)
    run = desk.start(draw(desk.world, 0))
    assert Run.objects.get().waiting
    desk.stop(run)
    assert (Run.objects.get().state, Run.objects.get().said) == (RunState.STOPPED, "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one transaction at a time that writes")
def test_two_web_processes_do_not_both_give_away_the_last_place_of_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    agent = make_agent(world)
    Agent.objects.filter(pk=agent.pk).update(info={"models": ["framewise-cf"], "runs_at_once": 1}, connected=True)
    layers = [world.layer, Layer.objects.create(video=world.video, name="other", kind="replica")]
    both = threading.Barrier(2)
    planned = decide

    def slowly(*given: Any) -> Any:
        """Whoever gets as far waits for the other, who must not."""
        plan = planned(*given)
        try:
            both.wait(2)
        except threading.BrokenBarrierError:
            both.reset()
        return plan

    monkeypatch.setattr("annotator.actions.runs.dispatch.decide", slowly)

    def in_thread(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def give(layer: Layer) -> None:
        with transaction.atomic():
            run = Run.objects.create(
                layer=layer,
                model="framewise-cf",
                first=0,
                last=9,
                search={"every": 1, "way": "forward", "origin": 0, "last": 9},
                options={"find": None},
                created_by=world.annotator,
            )
            (locked,) = dispatch._locked(Run.objects.filter(pk=run.pk))
            dispatch.dispatch(OpenRun.of(locked))

    for thread in [in_thread(partial(give, layer)) for layer in layers]:
        thread.join(60)
    states = sorted(Run.objects.values_list("state", flat=True))
    assert states == ["queued", "running"]
