from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from annotator.actions.agents import rest_agent
from annotator.actions.errors import ActionError
from annotator.actions.runs import ask, dispatch, store
from annotator.actions.runs.presence import agent_connected, agent_disconnected, forget_agents
from annotator.actions.runs.store import EndedLeg, PredictedRow
from annotator.announce.messages import PromptIn, RunOptions, RunStart
from annotator.announce.notices import RunNotice
from annotator.models import Agent, Event, EventKind, Job, Run, RunState
from tests.annotator.desk import Desk
from tests.annotator.worlds import (
    clear,
    do,
    draw,
    frames_of,
    keyframe,
    make_agent,
    predicted,
    put,
    rows_of,
    update,
)
from tracking.protocol import Correct, Device, Extend, Hello, Leg, Start, Stop
from tracking.shapes.chunks import Flag


def leg(message: Start | Correct, index: int = 0) -> tuple[int, int, str, int, bool]:
    one: Leg = message.legs[index]
    return one.prompt.frame, one.last, one.direction, one.prompt.epoch, one.emit_first


def hello(*runs: str) -> Hello:
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    return Hello(protocol=1, version="0", host="h", devices=[device], models=["framewise-cf"], runs=list(runs))


# ---------------------------------------------------------------- starting


def test_a_run_is_given_to_an_agent_that_knows_its_model(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    (start,) = desk.told(Start)
    assert (run.state, run.model, run.frames_total) == (RunState.RUNNING, "framewise-cf", 99)
    assert leg(start) == (0, 99, "forward", 0, False)
    assert start.video.source.startswith("/api/agent-media/")


@pytest.mark.parametrize(
    ("keyframes", "frame", "fields", "why"),
    [
        (
            (0, 1),
            0,
            {},
            "Nothing to track: the next frame on its way has a keyframe, where it stops. Start beyond that one.",
        ),
        ((99,), 99, {}, "Nothing to track: it starts at the end of its frames, 0 to 99."),
        ((0,), 0, {"direction": "backward"}, "Nothing to track: it starts at the end of its frames, 0 to 99."),
    ],
)
def test_a_run_with_nothing_to_do_says_why(
    desk: Desk, keyframes: tuple[int, ...], frame: int, fields: dict[str, Any], why: str
) -> None:
    run = desk.start(draw(desk.world, *keyframes), frame=frame, **fields)
    assert (run.state, run.frames_total, run.message) == (RunState.DONE, 0, why)
    assert not desk.told(Start)


def test_a_prompt_that_is_no_keyframe_is_stored_by_the_run(desk: Desk) -> None:
    track = draw(desk.world, 50, 80)
    run = desk.start(track, frame=60)
    assert leg(desk.told(Start)[0]) == (60, 79, "forward", 0, True)
    assert run.frames_total == 20


def test_both_ways_have_a_leg_each(desk: Desk) -> None:
    track = draw(desk.world, 50)
    desk.start(track, frame=50, direction="both")
    (start,) = desk.told(Start)
    assert [leg(start, index) for index in (0, 1)] == [(50, 99, "forward", 0, False), (50, 0, "backward", 0, False)]


@pytest.mark.parametrize(("until_keyframe", "last"), [(True, 69), (False, 99)])
def test_a_leg_ends_before_the_next_keyframe_if_asked(desk: Desk, until_keyframe: bool, last: int) -> None:
    track = draw(desk.world, 0, 70)
    desk.start(track, options=RunOptions(until_keyframe=until_keyframe))
    assert leg(desk.told(Start)[0])[1] == last


def test_the_same_start_counts_once(desk: Desk) -> None:
    track = draw(desk.world, 0)
    start = RunStart(id=uuid4(), prompts=[PromptIn(track=track, frame=0)], first=0, last=9)
    for _ in range(2):
        ask.start_run(user=desk.world.annotator, layer_id=desk.world.layer.pk, start=start)
    assert (Run.objects.count(), len(desk.told(Start))) == (1, 1)


def test_the_least_busy_agent_gets_a_run(desk: Desk) -> None:
    other = make_agent(desk.world, "other")
    runs = [desk.start(draw(desk.world, 0)) for _ in range(2)]
    assert {run.agent_id for run in runs} == {other.pk, Agent.objects.get(name="agent").pk}


def test_a_machine_in_maintenance_ends_its_runs_and_gets_a_new_one_only_after_it(desk: Desk) -> None:
    agent = Agent.objects.get(name="agent")
    Agent.objects.update(info=agent.info | {"runs_at_once": 2})
    going = desk.start(draw(desk.world, 0))
    rest_agent(agent=agent, resting=True)
    waiting = desk.start(draw(desk.world, 0))
    going.refresh_from_db()
    assert (going.state, waiting.state) == (RunState.RUNNING, RunState.QUEUED)
    assert "In maintenance: agent." in waiting.said
    rest_agent(agent=agent, resting=False)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.agent_id) == (RunState.RUNNING, agent.pk)


@pytest.mark.parametrize("change", [{"connected": False}, {"info": {"models": ["sam2"]}}, {"workspace": None}])
def test_a_run_waits_for_an_agent_that_fits(desk: Desk, change: dict[str, Any]) -> None:
    Agent.objects.update(**change)
    run = desk.start(draw(desk.world, 0))
    # One without a workspace serves them all.
    assert run.state == (RunState.RUNNING if "workspace" in change else RunState.QUEUED)


def test_an_agent_that_comes_while_a_run_begins_gets_it(
    desk: Desk, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]]
) -> None:
    track = draw(desk.world, 0)
    Agent.objects.update(connected=False)
    with django_capture_on_commit_callbacks(execute=True):
        run = desk.start(track)
        # As PostgreSQL has it: the agent, who came before the run was committed, found nothing that waits.
        Agent.objects.update(connected=True)
        assert run.state == RunState.QUEUED

    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    assert [start.run for start in desk.told(Start)] == [str(run.pk)]


def test_a_waiting_run_says_what_for_and_starts_when_it_comes(desk: Desk) -> None:
    Agent.objects.update(connected=False)
    run = desk.start(draw(desk.world, 0))
    assert "Framewise CF" in run.said
    agent_connected(agent_id=Agent.objects.get().pk, connection="1", hello=hello())
    run.refresh_from_db()
    assert (run.state, run.message, len(desk.told(Start))) == (RunState.RUNNING, "", 1)


def test_a_new_run_takes_a_track_over(desk: Desk) -> None:
    shared, other = draw(desk.world, 0), draw(desk.world, 0)
    first = desk.start(shared, other)
    desk.start(shared)
    (dropped,) = desk.told(Correct)
    assert (dropped.run, dropped.object, dropped.legs) == (str(first.pk), str(shared), [])


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"last": 1000}, r"0\.\.999"),
        ({"first": 9, "last": 5}, "first before last"),
        ({"frame": 500}, "prompt lies in"),
        ({"model": "nonsense"}, "catalogue"),
    ],
)
def test_a_run_that_cannot_be_is_refused(desk: Desk, fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(ActionError, match=rule):
        desk.start(draw(desk.world, 0), **fields)


def test_a_deleted_track_is_not_followed(desk: Desk) -> None:
    track = draw(desk.world, 0)
    do(desk.world, update(track, deleted=True))
    with pytest.raises(ActionError, match="aren't there"):
        desk.start(track)


def test_who_may_not_annotate_may_not_track(desk: Desk) -> None:
    track = draw(desk.world, 0)
    with pytest.raises(PermissionDenied):
        desk.start(track, by="viewer")
    with pytest.raises(Http404):
        desk.start(track, by="stranger")


def test_a_run_stays_in_the_frames_that_its_person_may_change(desk: Desk) -> None:
    track = draw(desk.world, 0)
    layer, me = desk.world.layer, desk.world.annotator
    Job.objects.create(video=desk.world.video, layer=layer, first=0, last=49, assignee=me)
    with pytest.raises(ActionError, match=r"0\.\.49"):
        desk.start(track)
    assert desk.start(track, last=49).state == RunState.RUNNING


# ---------------------------------------------------------------- storing


def test_predictions_are_stored_with_one_event_that_names_their_frames(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 10)
    event = Event.objects.get(kind=EventKind.PREDICTIONS)
    assert frames_of(track) == list(range(11))
    assert event.payload == {"operations": [], "numbers": {}, "touched": [[str(track), 1, 10]]}
    assert Run.objects.get().frames_done == 10


def test_a_prediction_never_replaces_a_keyframe(desk: Desk) -> None:
    track = draw(desk.world, 0, 5)
    run = desk.start(track, options=RunOptions(until_keyframe=False))
    desk.predict(run, track, 1, 8)
    kept = {row.frame for row in rows_of(track) if row.flags & Flag.KEYFRAME}
    assert kept == {0, 5}
    assert Event.objects.get(kind=EventKind.PREDICTIONS).payload["touched"] == [[str(track), 1, 4], [str(track), 6, 8]]


def test_rows_of_a_stale_epoch_are_dropped(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 20)
    desk.correct(run, track, 10)
    desk.predict(run, track, 21, 25)
    assert frames_of(track) == list(range(11))
    desk.predict(run, track, 11, 12, epoch=1)
    assert frames_of(track) == list(range(13))


def test_rows_behind_a_correction_that_were_on_their_way_are_stored(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 5)
    do(desk.world, put(track, [keyframe(9)]))
    desk.correct(run, track, 9)
    desk.predict(run, track, 6, 12)
    assert frames_of(track) == list(range(10))
    run.refresh_from_db()
    assert run.frames_done == 9


def test_predictions_of_a_deleted_track_are_dropped(desk: Desk) -> None:
    track, other = draw(desk.world, 0), draw(desk.world, 0)
    run = desk.start(track, other)
    do(desk.world, update(track, deleted=True))
    desk.predict(run, track, 1, 5)
    assert frames_of(track) == [0]


def test_a_run_is_done_when_its_last_leg_is(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=10)
    desk.predict(run, track, 1, 10, done=True)
    run.refresh_from_db()
    assert (run.state, run.frames_done, run.frames_total) == (RunState.DONE, 10, 10)


def test_an_object_that_left_counts_as_done(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 4, done=True)
    run.refresh_from_db()
    assert (run.state, run.frames_done, run.frames_total) == (RunState.DONE, 4, 4)


def test_a_problem_of_a_leg_reaches_the_person(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    ended = [EndedLeg(track, "forward", 0, "The box is empty.")]
    store.store_predictions(run_id=run.pk, ended=ended, done=True)
    run.refresh_from_db()
    assert (run.state, run.message) == (RunState.DONE, "The box is empty.")


def test_a_failed_run_says_why_and_keeps_what_it_stored(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 3)
    store.fail_run(run_id=run.pk, message="The model broke.")
    run.refresh_from_db()
    assert (run.state, run.message, frames_of(track)) == (RunState.FAILED, "The model broke.", [0, 1, 2, 3])


# ---------------------------------------------------------------- correcting


def test_a_correction_clears_what_follows_up_to_the_next_keyframe(desk: Desk) -> None:
    track, other = draw(desk.world, 0), draw(desk.world, 0)
    run = desk.start(track, other)
    desk.predict(run, track, 1, 30)
    desk.predict(run, other, 1, 30)
    do(desk.world, put(track, [keyframe(20)]), put(track, [keyframe(10)]))
    desk.correct(run, track, 10)
    assert frames_of(track) == [*range(11), *range(20, 31)]
    assert frames_of(other) == list(range(31))
    assert Event.objects.get(kind=EventKind.RUN).payload["operations"] == [
        clear(track, 11, 19, keep_keyframes=True).model_dump(mode="json")
    ]


def test_a_correction_sends_that_object_alone_back(desk: Desk) -> None:
    track, other = draw(desk.world, 0), draw(desk.world, 0)
    run = desk.start(track, other)
    desk.predict(run, track, 1, 30)
    desk.correct(run, track, 10)
    (message,) = desk.told(Correct)
    assert (message.object, leg(message)) == (str(track), (10, 99, "forward", 1, False))
    run.refresh_from_db()
    assert (run.frames_done, run.frames_total) == (10, 198)


def test_a_correction_of_both_ways_redoes_one_and_goes_on_with_the_other(desk: Desk) -> None:
    track = draw(desk.world, 50)
    run = desk.start(track, frame=50, direction="both")
    desk.predict(run, track, 51, 70)
    desk.predict(run, track, 49, 40)
    desk.correct(run, track, 60)
    (message,) = desk.told(Correct)
    assert [leg(message, index) for index in (0, 1)] == [(60, 99, "forward", 1, False), (40, 0, "backward", 1, False)]
    assert frames_of(track) == list(range(40, 61))


def test_a_run_that_is_done_goes_on_for_a_correction(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=10)
    desk.predict(run, track, 1, 10, done=True)
    desk.correct(run, track, 5)
    run.refresh_from_db()
    assert (run.state, run.finished_at) == (RunState.RUNNING, None)
    assert leg(desk.told(Start)[-1]) == (5, 10, "forward", 1, False)


def test_a_correction_that_crosses_the_end_is_not_lost(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=10)
    desk.predict(run, track, 1, 10)
    desk.correct(run, track, 5)
    store.store_predictions(run_id=run.pk, ended=[EndedLeg(track, "forward", 0)], done=True)
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    assert leg(desk.told(Start)[-1]) == (5, 10, "forward", 1, False)


def test_a_keyframe_ahead_ends_the_leg_before_it(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 10)
    do(desk.world, put(track, [keyframe(50)]))
    (shorter,) = desk.told(Extend)
    assert (shorter.last, shorter.direction, shorter.objects) == (49, "forward", [str(track)])
    do(desk.world, clear(track, 50, 50))
    assert desk.told(Extend)[-1].last == 99
    assert Run.objects.get().frames_total == 99


# ---------------------------------------------------------------- extending and stopping


def test_an_extension_moves_the_end_of_what_is_under_way(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 10)
    desk.extend(run, 199)
    (message,) = desk.told(Extend)
    assert (message.last, message.objects) == (199, [str(track)])
    assert Run.objects.get().frames_total == 199


def test_an_extension_wakes_an_object_that_had_reached_the_end(desk: Desk) -> None:
    track, other = draw(desk.world, 0), draw(desk.world, 0)
    run = desk.start(track, other, last=10)
    desk.predict(run, track, 1, 10)
    store.store_predictions(run_id=run.pk, ended=[EndedLeg(track, "forward", 0)])
    desk.extend(run, 20)
    (message,) = desk.told(Correct)
    assert (message.object, leg(message)) == (str(track), (10, 20, "forward", 1, False))
    assert message.legs[0].prompt.row.bounds == (10, 20, 40, 60)


def test_an_extension_of_a_finished_run_starts_it_again_from_its_end(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=10)
    desk.predict(run, track, 1, 10, done=True)
    desk.extend(run, 20)
    assert leg(desk.told(Start)[-1]) == (10, 20, "forward", 1, False)
    assert Run.objects.get().state == RunState.RUNNING


def test_a_leg_that_ended_while_its_end_was_moved_goes_on(desk: Desk) -> None:
    track, other = draw(desk.world, 0), draw(desk.world, 0)
    run = desk.start(track, other, last=10)
    desk.predict(run, track, 1, 9)
    desk.extend(run, 20)
    rows = [PredictedRow(track, 0, predicted(10))]
    store.store_predictions(run_id=run.pk, rows=rows, ended=[EndedLeg(track, "forward", 0)])
    assert leg(desk.told(Correct)[-1]) == (10, 20, "forward", 1, False)


def test_an_extended_run_takes_its_tracks_over(desk: Desk) -> None:
    track = draw(desk.world, 0)
    done = desk.start(track, last=10)
    desk.predict(done, track, 1, 10, done=True)
    other = desk.start(track, last=50)
    desk.extend(done, 30)
    assert (Run.objects.get(pk=other.pk).state, Run.objects.get(pk=done.pk).state) == (
        RunState.STOPPED,
        RunState.RUNNING,
    )


def test_stopping_keeps_what_was_stored(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 5)
    desk.stop(run)
    desk.predict(run, track, 6, 7)
    run.refresh_from_db()
    assert (run.state, len(desk.told(Stop))) == (RunState.STOPPED, 1)
    assert frames_of(track) == list(range(8)), "What was shown before the stop is kept."


def test_stopping_one_track_leaves_the_others(desk: Desk) -> None:
    track, other = draw(desk.world, 0), draw(desk.world, 0)
    run = desk.start(track, other)
    desk.stop(run, track)
    run.refresh_from_db()
    assert (run.state, desk.told(Correct)[0].object, desk.told(Correct)[0].legs) == (RunState.RUNNING, str(track), [])
    desk.stop(run, other)
    run.refresh_from_db()
    assert run.state == RunState.STOPPED


# ---------------------------------------------------------------- agents that come and go


def test_another_agent_goes_on_from_the_last_stored_frame(desk: Desk) -> None:
    track, other = draw(desk.world, 0), draw(desk.world, 0)
    run = desk.start(track, other)
    desk.predict(run, track, 1, 30)
    first = Agent.objects.get()
    Agent.objects.update(info=first.info | {"connection": "1"})
    agent_disconnected(agent_id=first.pk, connection="1")
    run.refresh_from_db()
    assert (run.state, run.agent_id) == (RunState.QUEUED, None)
    second = make_agent(desk.world, "second")
    agent_connected(agent_id=second.pk, connection="2", hello=hello())
    start = desk.told(Start)[-1]
    legs = {one.prompt.object: (one.prompt.frame, one.prompt.row.bounds, one.emit_first) for one in start.legs}
    assert legs == {str(track): (30, (30, 20, 60, 60), False), str(other): (0, (10, 20, 40, 60), False)}


def test_a_leg_without_a_stored_frame_starts_from_its_prompt(desk: Desk) -> None:
    track = draw(desk.world, 50, 80)
    run = desk.start(track, frame=60)
    dispatch.requeue_runs_of(Agent.objects.get().pk)
    assert leg(desk.told(Start)[-1]) == (60, 79, "forward", 0, True)
    assert Run.objects.get().pk == run.pk


def test_an_agent_that_is_back_gets_its_run_again_and_forgets_what_is_over(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 5)
    stale = agent_connected(agent_id=Agent.objects.get().pk, connection="2", hello=hello(str(run.pk), "gone"))
    assert stale == ["gone"]
    assert leg(desk.told(Start)[-1]) == (5, 99, "forward", 0, False)


def test_a_former_connection_that_ends_late_changes_nothing(desk: Desk) -> None:
    run = desk.start(draw(desk.world, 0))
    agent = Agent.objects.get()
    agent_connected(agent_id=agent.pk, connection="2", hello=hello())
    agent_disconnected(agent_id=agent.pk, connection="1")
    run.refresh_from_db()
    agent.refresh_from_db()
    assert (run.state, agent.connected) == (RunState.RUNNING, True)


def test_a_killed_web_process_leaves_no_run_behind(desk: Desk) -> None:
    run = desk.start(draw(desk.world, 0))
    forget_agents(all_of_them=True)
    run.refresh_from_db()
    assert (run.state, Agent.objects.get().connected) == (RunState.QUEUED, False)


def test_a_run_that_comes_back_without_getting_on_fails_at_the_third_time_and_progress_begins_the_count_anew(
    desk: Desk,
) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    states = []
    for first, last in ((1, 2), (1, 2), (1, 2), (3, 3), (3, 3), (3, 3), (3, 3)):
        desk.predict(run, track, first, last)
        store.store_predictions(run_id=run.pk, done=True)
        run.refresh_from_db()
        states.append(run.state)
    assert states == [RunState.RUNNING] * 6 + [RunState.FAILED]
    assert run.message.startswith("It was begun 3 times without getting on by a frame, so it isn't begun again.")


def test_an_agent_that_dies_of_a_run_three_times_gets_it_no_more_and_what_waited_behind_it_goes_on(desk: Desk) -> None:
    Agent.objects.update(connected=False)
    run, behind = desk.start(draw(desk.world, 0)), desk.start(draw(desk.world, 0))
    agent = Agent.objects.get()
    for number in range(3):
        agent_connected(agent_id=agent.pk, connection=str(number), hello=hello())
        agent_disconnected(agent_id=agent.pk, connection=str(number))
    run.refresh_from_db()
    behind.refresh_from_db()
    assert (run.state, behind.state, behind.tries) == (RunState.FAILED, RunState.QUEUED, 0)


def test_lost_connections_are_no_tries(desk: Desk) -> None:
    run = desk.start(draw(desk.world, 0))
    agent = Agent.objects.get()
    for number in range(5):
        agent_connected(agent_id=agent.pk, connection=str(number), hello=hello(str(run.pk)))
        agent_disconnected(agent_id=agent.pk, connection=str(number))
    run.refresh_from_db()
    assert (run.state, run.tries) == (RunState.QUEUED, 1)


def test_everybody_is_told_how_a_run_stands(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=10)
    desk.predict(run, track, 1, 10, done=True)
    told = [notice.run for notice in desk.notices if isinstance(notice, RunNotice)]
    assert [(one.state, one.frames_done) for one in told] == [("running", 0), ("done", 10)]
    assert told[-1].heads == {str(track): 10}
