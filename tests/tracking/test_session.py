"""A session follows legs through a video, each object by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.tracking.fakes import (
    BOX,
    A,
    B,
    Bettering,
    C,
    Complaining,
    Drifting,
    Fading,
    FakeVideo,
    Knowing,
    Losing,
    Spotting,
    Windowed,
    leg,
    play,
)
from tests.tracking.geometry import as_kind
from tracking.search import Finding, Seek
from tracking.session import Found, Leg, LegEnd, Tracked, TrackingSession
from tracking.shapes.chunks import Flag
from tracking.shapes.payloads import payload_of, row_of
from tracking.shapes.values import GEOMETRY_KINDS, GeometryKind, Mask, bounds_of
from tracking.types import Box, ObjectId, Prediction, PromptError, TrackingError


def rows(running: TrackingSession) -> list[Tracked]:
    return [row for step in running.steps() for row in step.rows]


by_kind = pytest.mark.parametrize("kind", GEOMETRY_KINDS)


def session(*legs: Leg, video: FakeVideo | None = None, **settings: bool) -> TrackingSession:
    return TrackingSession((video or FakeVideo()).opened, Drifting, legs, **settings)


def test_it_tells_every_frame_of_a_leg_once_and_then_its_end() -> None:
    story = play(session(leg(frame=2, last=5, epoch=3)))

    assert story.rows == [(A, 2), (A, 3), (A, 4), (A, 5)]
    assert story.ends == [LegEnd(A, "forward", 3)]


def test_it_goes_backward() -> None:
    assert play(session(leg(frame=5, last=2, way="backward"))).frames(A) == [5, 4, 3, 2]


def test_both_directions_tell_the_prompted_frame_once() -> None:
    story = play(session(leg(frame=5, last=7), leg(frame=5, last=3, way="backward")))

    assert sorted(story.frames(A)) == [3, 4, 5, 6, 7]
    assert {end.way for end in story.ends} == {"forward", "backward"}


def test_it_leaves_out_a_first_frame_that_is_stored() -> None:
    assert play(session(leg(frame=2, last=4, emit_first=False))).frames(A) == [3, 4]


def test_what_a_tracker_notes_is_handed_out_once_with_the_step_it_came_with() -> None:
    steps = list(TrackingSession(FakeVideo().opened, Complaining, [leg(last=6)]).steps())

    assert [step.notes for step in steps] == [(), (), (), ("The GPU gave out.",), (), (), ()]


def test_a_leg_of_one_frame_ends_after_it() -> None:
    assert play(session(leg(frame=2, last=2))).frames(A) == [2]


def test_a_leg_whose_end_lies_behind_it_ends_without_a_row() -> None:
    story = play(session(leg(frame=5, last=2)))

    assert (story.rows, story.ends) == ([], [LegEnd(A, "forward", 0)])


def test_it_stops_at_the_end_of_the_video() -> None:
    assert play(session(leg(frame=7, last=500), video=FakeVideo(frame_count=10))).frames(A) == [7, 8, 9]


def test_objects_of_one_start_share_a_tracker_and_a_decoder() -> None:
    made: list[Drifting] = []
    video = FakeVideo()

    def create() -> Drifting:
        made.append(Drifting())
        return made[-1]

    story = play(TrackingSession(video.opened, create, [leg(A, last=9), leg(B, last=4)]))

    assert len(made) == 1
    assert (video.walks, video.decoded) == ([0], list(range(10)))
    assert (story.frames(A), story.frames(B)) == (list(range(10)), list(range(5)))
    assert made[0].dropped == [B]


def test_a_corrected_object_goes_back_alone() -> None:
    running = session(leg(A, last=30), leg(B, last=30))
    again = leg(A, frame=4, last=30, epoch=1, emit_first=False)

    story = play(running, {(A, 10): lambda: running.correct(A, [again])})

    assert story.frames(A) == [*range(11), *range(5, 31)]
    assert story.frames(B) == list(range(31))
    assert set(story.ends) == {LegEnd(A, "forward", 1), LegEnd(B, "forward", 0)}


def test_what_was_told_of_an_object_is_forgotten_with_each_correction_of_it() -> None:
    running = session(leg(A, last=30))
    again = {epoch: leg(A, frame=epoch, last=30, epoch=epoch) for epoch in range(1, 6)}

    play(running, {(A, epoch + 1): lambda epoch=epoch: running.correct(A, [again[epoch]]) for epoch in again})

    # However often a long run is corrected, it remembers no more.
    assert running._told == {(A, 5): {5}}


def test_a_correction_of_another_object_has_no_frame_told_twice() -> None:
    running = session(leg(A, frame=5, last=9), leg(A, frame=5, last=0, way="backward"), leg(B, frame=5, last=9))
    again = leg(B, frame=6, last=9, epoch=1)

    story = play(running, {(A, 5): lambda: running.correct(B, [again])})

    assert story.frames(A).count(5) == 1
    assert sorted(story.frames(A)) == list(range(10))


def test_a_corrected_object_catches_up_before_the_others_are_far() -> None:
    running = session(leg(A, last=90), leg(B, last=90))
    again = leg(A, frame=0, last=90, epoch=1)

    story = play(running, {(B, 20): lambda: running.correct(A, [again])})

    after = story.rows[story.rows.index((B, 20)) + 1 :]
    assert after[0] == (A, 0)
    assert [row for row in after if row[0] == B].index((B, 35)) >= 10
    assert after.index((A, 35)) < after.index((B, 36))


def test_lanes_that_meet_share_one_decoder() -> None:
    video = FakeVideo()
    running = session(leg(A, last=90), leg(B, last=90), video=video)
    again = leg(A, frame=10, last=90, epoch=1)

    play(running, {(B, 20): lambda: running.correct(A, [again])})

    assert video.walks == [0, 10]
    assert max(video.decoded.count(frame) for frame in range(60, 91)) == 1
    assert video.open == 0


def test_a_correction_without_legs_drops_the_object() -> None:
    running = session(leg(A, last=9), leg(B, last=9))

    story = play(running, {(A, 3): lambda: running.drop([A])})

    assert story.frames(A) == [0, 1, 2, 3]
    assert story.frames(B) == list(range(10))


def test_what_a_tracker_knows_of_an_object_goes_on_with_a_correction_of_it_alone() -> None:
    made: list[Knowing] = []

    def create() -> Knowing:
        made.append(Knowing())
        return made[-1]

    running = TrackingSession(FakeVideo().opened, create, [leg(last=8), leg(B, last=8)])
    for count, _ in enumerate(running.steps()):
        if count == 3:
            running.correct(A, [leg(frame=2, last=8, epoch=1)])
            running.correct(A, [leg(frame=1, last=8, epoch=2)])
    assert [tracker.heard for tracker in made] == [{}, {A: f"{A} on 0"}]


def test_dropping_the_last_object_ends_the_session() -> None:
    running = session(leg(A, last=9))
    assert play(running, {(A, 3): lambda: running.drop([A])}).frames(A) == [0, 1, 2, 3]


def test_extending_moves_the_end_of_what_still_runs() -> None:
    running = session(leg(A, last=3), leg(B, last=9))

    story = play(running, {(B, 5): lambda: running.extend("forward", 12)})

    assert (story.frames(A)[-1], story.frames(B)[-1]) == (3, 12)


def test_extending_to_where_a_leg_has_been_ends_it_at_once() -> None:
    running = session(leg(A, last=9), leg(B, last=9))

    story = play(running, {(A, 5): lambda: running.extend("forward", 2, {A})})

    assert story.frames(A) == list(range(6))
    assert story.frames(B) == list(range(10))


def test_nothing_comes_after_stop() -> None:
    video = FakeVideo()
    running = session(leg(A, last=90), video=video)

    story = play(running, {(A, 5): running.stop})

    assert story.frames(A) == list(range(6))
    assert video.open == 0


def test_a_stopped_session_hands_out_nothing_of_the_step_under_way() -> None:
    class Stopping(Drifting):
        def step(self, frame):  # type: ignore[no-untyped-def]
            running.stop()
            return super().step(frame)

    running = TrackingSession(FakeVideo().opened, Stopping, [leg(A, last=9)])
    assert play(running).frames(A) == [0]


def test_a_windowed_model_tells_every_frame_once() -> None:
    story = play(TrackingSession(FakeVideo().opened, Windowed, [leg(A, last=9), leg(B, last=5)]))

    assert (story.frames(A), story.frames(B)) == (list(range(10)), list(range(6)))


@pytest.mark.parametrize(("frame", "last"), [(0, 4), (4, 0)])
def test_what_a_model_betters_is_told_again_but_for_the_prompt(frame: int, last: int) -> None:
    way = "forward" if frame < last else "backward"
    session = TrackingSession(FakeVideo().opened, Bettering, [leg(A, frame=frame, last=last, way=way)])

    told = [(abs(row.prediction.frame - frame), bounds_of(row.prediction.shape).y1) for row in rows(session)]

    assert told == [(0, 10), (1, 10), (1, 20), (2, 10), (1, 30), (2, 20), (3, 10), (2, 30), (3, 20), (4, 10)]


def test_nothing_is_bettered_of_a_leg_that_has_ended() -> None:
    session = TrackingSession(FakeVideo().opened, Bettering, [leg(A, last=2), leg(B, last=4)])
    assert [row.prediction.frame for row in rows(session) if row.prediction.object == A] == [0, 1, 1, 2]


def test_a_better_prediction_neither_loses_an_object_nor_finds_it_again() -> None:
    """It is held to be lost on each frame first; that it was to be seen there after all comes too late for its leg."""

    class Lost(Bettering):
        def predict(self, name: ObjectId, frame: int) -> Prediction:
            return replace(super().predict(name, frame), visible=False)

    shape = Box(90, 30, 100, 40)
    session = TrackingSession(FakeVideo().opened, Lost, [leg(A, last=20, shape=shape)])
    assert [row.prediction.frame for row in rows(session) if row.outside] == [5]


@pytest.mark.parametrize("kind", ["points", "skeleton", "polyline", "polygon"])
def test_points_that_a_correction_left_alone_stay_where_they_were(kind: GeometryKind) -> None:
    """Frames 4 and 5 were tracked before, there all points but the first stay."""
    corrected, before = as_kind(kind, Box(10, 10, 20, 20)), as_kind(kind, Box(30, 30, 50, 50))
    held = {frame: ([1, 2], row_of(before, frame, Flag.PREDICTED, 0.5)) for frame in (4, 5)}
    again = leg(A, frame=3, last=6, shape=corrected, held=held)

    told = {row.prediction.frame: row.prediction.shape for row in rows(session(again))}

    alone = {row.prediction.frame: row.prediction.shape for row in rows(session(replace(again, held={})))}
    for frame in range(3, 7):
        xy, tracked = told[frame].xy, alone[frame].xy  # type: ignore[union-attr]
        assert np.array_equal(xy[1:3], before.xy[1:3] if frame in held else tracked[1:3])  # type: ignore[union-attr]
        assert np.array_equal(xy[:1], tracked[:1])


def test_what_is_better_keeps_the_points_that_were_left_alone() -> None:
    corrected, before = as_kind("points", BOX), as_kind("points", Box(30, 30, 50, 50))
    held = {1: ([0], row_of(before, 1, Flag.PREDICTED, 0.5))}
    running = TrackingSession(FakeVideo().opened, Bettering, [leg(A, last=3, shape=corrected, held=held)])
    told = [row.prediction.shape.xy for row in rows(running) if row.prediction.frame == 1]  # type: ignore[union-attr]
    assert [xy[0].tolist() for xy in told] == [[30, 30]] * 3
    assert [float(xy[1, 1]) for xy in told] == [10, 20, 30]


def test_an_object_that_leaves_the_frame_ends_outside() -> None:
    running = TrackingSession(FakeVideo().opened, lambda: Drifting(by=20), [leg(A, last=50), leg(B, last=50)])

    story = play(running)

    assert story.outside == [(A, 5), (B, 5)]
    assert story.frames(A) == list(range(6))
    assert len(story.ends) == 2


def test_an_object_has_left_as_soon_as_little_of_it_is_inside() -> None:
    """After 10 frames by 8.9 px the box, 10 px wide, has a tenth of it in the frame of 100 px."""
    story = play(TrackingSession(FakeVideo().opened, lambda: Drifting(by=8.9), [leg(A, last=20)]))
    assert story.outside == [(A, 10)]


def test_it_goes_on_outside_of_the_frame_when_told_so() -> None:
    running = TrackingSession(FakeVideo().opened, lambda: Drifting(by=20), [leg(A, last=9)], detect_off_screen=False)
    assert play(running).frames(A) == list(range(10))


@pytest.mark.parametrize(
    ("box", "leaves"),
    [
        (Box(88, 30, 99, 50), True),  # last seen at the border
        (Box(40, 30, 60, 50), False),  # lost in the middle: hidden behind something
    ],
)
def test_an_object_lost_at_the_border_has_left(box: Box, leaves: bool) -> None:
    story = play(TrackingSession(FakeVideo().opened, Losing, [leg(A, last=20, shape=box)]))

    assert story.outside == ([(A, 7)] if leaves else [])
    assert story.frames(A)[-1] == (7 if leaves else 20)


def test_prompts_that_cannot_be_followed_fail_the_session() -> None:
    with pytest.raises(PromptError, match="area"):
        play(session(leg(A, shape=Box(1, 1, 1, 1))))


def test_a_correction_that_cannot_be_followed_ends_that_leg_alone() -> None:
    running = session(leg(A, last=9), leg(B, last=9))
    bad = leg(A, frame=1, last=9, epoch=1, shape=Box(1, 1, 1, 1))

    story = play(running, {(A, 3): lambda: running.correct(A, [bad])})

    assert LegEnd(A, "forward", 1, "A box needs an area.") in story.ends
    assert story.frames(B) == list(range(10))


def test_a_frame_that_does_not_decode_is_an_error() -> None:
    class Short(FakeVideo):
        def walk(self, first, way):  # type: ignore[no-untyped-def]
            yield from FakeVideo(frame_count=3).walk(first, way)

    with pytest.raises(TrackingError, match="frame 3 is not"):
        play(session(leg(A, last=9), video=Short()))


def test_legs_from_different_frames_get_lanes_of_their_own() -> None:
    story = play(session(leg(A, frame=0, last=20), leg(B, frame=10, last=20), leg(C, frame=15, last=5, way="backward")))

    for name, frames in ((A, range(21)), (B, range(10, 21)), (C, range(15, 4, -1))):
        assert story.frames(ObjectId(name)) == list(frames)


# ---------------------------------------------------------------- every kind of geometry


@by_kind
def test_a_shape_stays_what_it_is(kind: GeometryKind) -> None:
    shape = as_kind(kind, Box(10, 10, 30, 40))
    steps = list(session(leg(A, last=3, shape=shape)).steps())

    shapes = [row.prediction.shape for step in steps for row in step.rows]
    assert {type(one) for one in shapes} == {type(shape)}
    assert payload_of(shapes[0]) == payload_of(shape)
    assert [bounds_of(one).x1 for one in shapes] == pytest.approx([10, 11, 12, 13], abs=1e-4)


@by_kind
def test_it_ends_outside_when_it_has_left_the_frame(kind: GeometryKind) -> None:
    shape = as_kind(kind, Box(60, 10, 90, 40))
    story = play(TrackingSession(FakeVideo().opened, lambda: Drifting(by=10), [leg(A, last=50, shape=shape)]))

    ((_, frame),) = story.outside
    # On frame 4 its left side lies on the frame's right side: points on it have left one frame later.
    assert frame == (5 if kind in ("points", "skeleton") else 4)
    assert story.frames(A)[-1] == frame


@by_kind
def test_it_has_left_when_it_is_lost_at_the_border(kind: GeometryKind) -> None:
    shape = as_kind(kind, Box(70, 30, 99, 50))
    assert play(TrackingSession(FakeVideo().opened, Losing, [leg(A, last=20, shape=shape)])).outside == [(A, 7)]


@by_kind
def test_it_stays_when_it_is_lost_in_the_middle(kind: GeometryKind) -> None:
    shape = as_kind(kind, Box(40, 30, 60, 50))
    story = play(TrackingSession(FakeVideo().opened, Losing, [leg(A, last=20, shape=shape)]))
    assert (story.outside, story.frames(A)[-1]) == ([], 20)


@by_kind
def test_a_correction_re_anchors_that_object_alone(kind: GeometryKind) -> None:
    shape = as_kind(kind, Box(10, 10, 30, 40))
    there = as_kind(kind, Box(50, 20, 70, 50))
    running = session(leg(A, last=9, shape=shape), leg(B, last=9, shape=shape))
    again = leg(A, frame=4, last=9, epoch=1, shape=there, emit_first=False)
    seen: dict[tuple[str, int, int], float] = {}
    for step in running.steps():
        for row in step.rows:
            seen[row.prediction.object, row.epoch, row.prediction.frame] = bounds_of(row.prediction.shape).x1
            if (row.prediction.object, row.prediction.frame, row.epoch) == (A, 6, 0):
                running.correct(A, [again])
    assert seen[A, 1, 5] == pytest.approx(51, abs=1e-4)
    assert [seen[B, 0, frame] for frame in range(10)] == pytest.approx([10 + frame for frame in range(10)], abs=1e-4)


def test_an_empty_mask_holds_the_last_one_and_counts_as_lost() -> None:
    shape = as_kind("mask", Box(40, 30, 60, 50))
    steps = TrackingSession(FakeVideo().opened, Fading, [leg(A, last=5, shape=shape)]).steps()

    rows = [row.prediction for step in steps for row in step.rows]
    assert [row.visible for row in rows] == [True, True, True, False, False, False]
    assert all(isinstance(row.shape, Mask) and row.shape.area == 400 for row in rows)
    assert rows[-1].confidence == 0


# ---------------------------------------------------------------- objects that nobody prompted


def finding(finder: Spotting, *legs: Leg, every: int = 5, **more: Any) -> TrackingSession:
    seek = Seek(0, "forward", max((leg.last for leg in legs), default=20))
    return TrackingSession(FakeVideo().opened, Drifting, legs, finding=Finding(lambda: finder, seek, every, **more))


def test_what_is_found_is_followed_from_there() -> None:
    finder = Spotting(Box(60, 50, 70, 60), on=range(10, 15))
    steps = list(finding(finder, leg(A, last=20)).steps())

    (found,) = [one for step in steps for one in step.found]
    assert (found.label, found.frame, found.way, found.last) == ("car", 10, "forward", 20)
    rows = [row.prediction for step in steps for row in step.rows if row.prediction.object == found.object]
    assert [row.frame for row in rows] == list(range(10, 21))
    assert bounds_of(rows[-1].shape).x1 == 70
    assert LegEnd(found.object, "forward", 0) in [end for step in steps for end in step.ends]


def test_it_comes_with_its_first_row() -> None:
    steps = list(finding(Spotting(Box(60, 50, 70, 60), on=[5]), leg(A, last=20)).steps())
    (step,) = [step for step in steps if step.found]
    assert [row.prediction.frame for row in step.rows if row.prediction.object == step.found[0].object] == [5]


def test_a_finder_looks_at_every_so_many_frames_and_never_twice() -> None:
    finder = Spotting(Box(60, 50, 70, 60), on=[])
    running = finding(finder, leg(A, last=21), leg(B, last=21), every=6)
    play(running, {(A, 15): lambda: running.correct(A, [leg(A, frame=2, last=21, epoch=1)])})
    assert finder.looked == [0, 6, 12, 18]


def test_what_is_followed_already_is_known_to_the_finder() -> None:
    steps = list(finding(Spotting(Box(15, 10, 25, 20), on=[5]), leg(A, last=20)).steps())
    assert [one for step in steps for one in step.found] == []


def test_what_the_model_cannot_follow_is_left() -> None:
    steps = list(finding(Spotting(Box(60, 50, 60, 60), on=[5]), leg(A, last=8)).steps())
    assert [one for step in steps for one in step.found] == []
    assert [row.prediction.frame for step in steps for row in step.rows] == list(range(9))


def test_without_a_prompt_it_looks_from_the_first_frame_on_and_follows_what_it_finds() -> None:
    finder = Spotting(Box(60, 50, 70, 60), on=range(8, 15))
    steps = list(finding(finder).steps())

    (found,) = [one for step in steps for one in step.found]
    assert (found.frame, found.last) == (10, 20)
    rows = [row.prediction for step in steps for row in step.rows]
    assert [row.frame for row in rows] == list(range(10, 21))
    assert finder.looked == [0, 5, 10, 15, 20]
    assert [step.searched for step in steps if step.searched is not None] == [0, 5, 10, 15, 20]


def test_it_goes_on_looking_when_nothing_is_followed_any_more() -> None:
    running = finding(Spotting(Box(60, 50, 70, 60), on=[5, 15]))
    found: list[Found] = []
    for step in running.steps():
        found += step.found
        if step.found:
            running.drop([step.found[0].object])
    assert [one.frame for one in found] == [5, 15]


def test_its_last_frame_is_told_also_when_it_is_not_looked_at() -> None:
    finder = Spotting(Box(60, 50, 70, 60), on=[])
    steps = list(finding(finder, every=8).steps())
    assert finder.looked == [0, 8, 16]
    assert [step.searched for step in steps] == [0, 8, 16, 20]


def test_what_ends_on_a_frame_is_not_found_again_there() -> None:
    steps = finding(Spotting(Box(30, 10, 40, 20), on=[20]), leg(A, last=20)).steps()
    assert [one for step in steps for one in step.found] == []


def test_looking_ends_elsewhere_like_a_leg() -> None:
    finder = Spotting(Box(60, 50, 70, 60), on=[])
    running = finding(finder)
    for step in running.steps():
        if step.searched == 10:
            running.extend("forward", 32, [], search=True)
    assert finder.looked == [0, 5, 10, 15, 20, 25, 30]


def test_it_looks_backward_too() -> None:
    finder = Spotting(Box(60, 50, 70, 60), on=[])
    seek = Seek(12, "backward", 0)
    list(TrackingSession(FakeVideo().opened, Drifting, [], finding=Finding(lambda: finder, seek, 5)).steps())
    assert finder.looked == [12, 7, 2]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"confidence": 0.8}, 1),
        ({"confidence": 0.81}, 0),
        ({"region": Box(0, 0, 65, 55)}, 1),
        ({"region": Box(0, 0, 64, 80)}, 0),
    ],
)
def test_what_is_not_sure_enough_or_lies_elsewhere_is_left(wanted: dict[str, Any], count: int) -> None:
    steps = finding(Spotting(Box(60, 50, 70, 60), on=[5]), **wanted).steps()
    assert len([one for step in steps for one in step.found]) == count


def test_a_found_object_is_corrected_like_any_other() -> None:
    running = finding(Spotting(Box(60, 50, 70, 60), on=[5]), leg(A, last=20))
    found: list[Found] = []
    epochs: list[tuple[int, int]] = []
    for step in running.steps():
        found += step.found
        for row in step.rows:
            if found and row.prediction.object == found[0].object:
                epochs.append((row.epoch, row.prediction.frame))
                if epochs[-1] == (0, 9):
                    running.correct(found[0].object, [leg(found[0].object, frame=7, last=20, epoch=1)])
    assert [frame for epoch, frame in epochs if epoch == 1] == list(range(7, 21))
