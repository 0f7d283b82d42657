"""What a correction redoes, and what comes back."""

from __future__ import annotations

from uuid import UUID

import pytest

from annotator.actions.edits.layer_draft import decoded
from annotator.actions.runs import rejoin, store
from annotator.actions.runs.presence import agent_connected, agent_disconnected
from annotator.announce.messages import RunOptions
from annotator.announce.notices import ClearedNotice
from annotator.announce.outgoing import run_info
from annotator.models import Agent, Event, EventKind, Run, RunState
from tests.annotator.desk import Desk
from tests.annotator.worlds import clear, do, draw, frames_of, keyframe, put, rows_of
from tracking.protocol import Correct, Device, Hello, Start
from tracking.shapes.chunks import Table


def tracked(desk: Desk, last: int = 60) -> tuple[Run, UUID]:
    """A run that is done, corrected on frame 5: the rows beyond are set aside."""
    track = draw(desk.world, 0)
    run = desk.start(track, last=last)
    desk.predict(run, track, 1, last, done=True)
    desk.correct(run, track, 5)
    return run, track


def now(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def counts(run: Run) -> tuple[int, int]:
    info = run_info(now(run))
    return info.redone, info.stale


def left_of(track: UUID, frame: int) -> float:
    return next(row.bounds[0] for row in rows_of(track) if row.frame == frame)


def test_ten_frames_in_a_row_that_agree_bring_the_rest_back(desk: Desk) -> None:
    run, track = tracked(desk)
    desk.predict(run, track, 6, 15, epoch=1, by=5)
    assert frames_of(track) == list(range(16))
    desk.predict(run, track, 16, 30, epoch=1)
    assert frames_of(track) == list(range(61))
    assert (left_of(track, 15), left_of(track, 16), left_of(track, 60)) == (20, 16, 60)
    assert counts(run) == (20, 55)


def test_the_agent_is_told_to_leave_what_came_back(desk: Desk) -> None:
    run, track = tracked(desk)
    desk.predict(run, track, 6, 15, epoch=1)
    message = desk.told(Correct)[-1]
    assert (message.run, message.object, message.legs) == (str(run.pk), str(track), [])
    store.store_predictions(run_id=run.pk, done=True)
    assert (now(run).state, now(run).frames_done, now(run).frames_total) == (RunState.DONE, 60, 60)


def test_what_comes_back_is_one_event_after_the_screens_are_cleared(desk: Desk) -> None:
    run, track = tracked(desk)
    before = Event.objects.count()
    desk.predict(run, track, 6, 15, epoch=1)
    stored, back = list(Event.objects.all())[before:]
    assert (stored.kind, stored.payload["touched"]) == (EventKind.PREDICTIONS, [[str(track), 6, 15]])
    (operation,) = back.payload["operations"]
    assert (operation["ranges"], operation["keep_keyframes"]) == ([[16, 60]], True)
    cleared = [notice.cleared for notice in desk.notices if isinstance(notice, ClearedNotice)][-1]
    assert (cleared.ranges, cleared.epoch) == ([(16, 60)], 2)


def test_rows_on_their_way_when_the_rest_came_back_are_dropped(desk: Desk) -> None:
    run, track = tracked(desk)
    desk.predict(run, track, 6, 15, epoch=1)
    desk.predict(run, track, 16, 20, epoch=1, by=9)
    assert left_of(track, 16) == 16


def test_nine_that_agree_and_one_that_does_not_begin_anew(desk: Desk) -> None:
    run, track = tracked(desk)
    desk.predict(run, track, 6, 14, epoch=1)
    desk.predict(run, track, 15, 15, epoch=1, by=5)
    desk.predict(run, track, 16, 24, epoch=1)
    assert frames_of(track) == list(range(25))
    desk.predict(run, track, 25, 25, epoch=1)
    assert frames_of(track) == list(range(61))


def test_what_was_set_aside_is_read_once_however_long_it_takes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    run, track = tracked(desk)
    rejoin._kept.clear()
    read: list[str] = []

    def noted(text: str) -> Table:
        read.append(text)
        return decoded(text)

    monkeypatch.setattr(rejoin, "decoded", noted)
    for frame in range(6, 26):
        desk.predict(run, track, frame, frame, epoch=1, by=5)
    assert len(read) == 1


def test_a_way_that_never_agrees_is_redone_to_its_end(desk: Desk) -> None:
    run, track = tracked(desk)
    desk.predict(run, track, 6, 60, epoch=1, by=5, done=True)
    assert (now(run).state, left_of(track, 60), counts(run)) == (RunState.DONE, 65, (55, 55))


def test_an_object_that_leaves_earlier_now_gets_nothing_back(desk: Desk) -> None:
    run, track = tracked(desk)
    desk.predict(run, track, 6, 20, epoch=1, by=5, done=True)
    assert (frames_of(track), now(run).state) == (list(range(21)), RunState.DONE)


def test_a_run_that_had_not_come_further_goes_on_from_where_it_was(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 40)
    desk.correct(run, track, 5)
    desk.predict(run, track, 6, 15, epoch=1)
    (leg,) = desk.told(Correct)[-1].legs
    assert (leg.prompt.frame, leg.prompt.row.bounds[0], leg.prompt.epoch, leg.last) == (40, 40, 2, 99)
    desk.predict(run, track, 41, 99, epoch=2, done=True)
    assert (frames_of(track), now(run).state) == (list(range(100)), RunState.DONE)


def test_backward_runs_join_too(desk: Desk) -> None:
    track = draw(desk.world, 60)
    run = desk.start(track, frame=60, direction="backward", last=60)
    desk.predict(run, track, 59, 0, done=True)
    desk.correct(run, track, 50)
    desk.predict(run, track, 49, 40, epoch=1)
    assert (frames_of(track), counts(run)) == (list(range(61)), (10, 50))


def test_another_agent_goes_on_counting(desk: Desk) -> None:
    run, track = tracked(desk)
    desk.predict(run, track, 6, 12, epoch=1)
    agent = Agent.objects.get()
    agent_connected(agent_id=agent.pk, connection="1", hello=_hello())
    agent_disconnected(agent_id=agent.pk, connection="1")
    agent_connected(agent_id=agent.pk, connection="2", hello=_hello())
    (leg,) = desk.told(Start)[-1].legs
    assert (leg.prompt.frame, leg.last) == (12, 60)
    desk.predict(run, track, 13, 15, epoch=1)
    assert frames_of(track) == list(range(61))


def test_a_second_correction_meanwhile_still_finds_what_the_first_took_away(desk: Desk) -> None:
    run, track = tracked(desk)
    desk.predict(run, track, 6, 12, epoch=1, by=5)
    desk.correct(run, track, 8)
    desk.predict(run, track, 9, 22, epoch=2)
    assert (frames_of(track), left_of(track, 12), left_of(track, 60)) == (list(range(61)), 12, 60)


def test_what_a_person_changed_meanwhile_stays(desk: Desk) -> None:
    run, track = tracked(desk)
    do(desk.world, put(track, [keyframe(30, 500)]), clear(track, 40, 45))
    desk.predict(run, track, 6, 15, epoch=1)
    assert frames_of(track) == [*range(40), *range(46, 61)]
    assert left_of(track, 30) == 500


def test_a_new_run_that_redoes_a_track_stops_where_it_agrees(desk: Desk) -> None:
    track = draw(desk.world, 0)
    desk.predict(desk.start(track, last=60), track, 1, 60, done=True)
    do(desk.world, put(track, [keyframe(5, 8)]))
    run = desk.start(track, frame=5, first=5, last=60, options=RunOptions(redo=True))
    assert frames_of(track) == list(range(6))
    desk.predict(run, track, 6, 15)
    assert (frames_of(track), counts(run), desk.told(Correct)[-1].legs) == (list(range(61)), (10, 55), [])


def _hello() -> Hello:
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    return Hello(protocol=1, version="0", host="h", devices=[device], models=["framewise-cf"])
