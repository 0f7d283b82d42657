"""Joins and swaps that are proposed for all tracks of a video, and why."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from tracking.association.colours import Sight, look, see
from tracking.association.drift import drift_of
from tracking.association.linking import MOST_ROWS
from tracking.association.proposing import Proposed, Proposing
from tracking.frames import MediaError
from tracking.types import Box, Frame

RATE = 10.0
RED, BLUE, GREY = (200, 20, 20), (20, 20, 200), (120, 120, 120)
WIDTH, HEIGHT = 600, 200

Places = NDArray[np.float64]
Placed = tuple[range, Places]


def boxes(
    frames: Iterable[int], start: float, speed: float, *, top: float = 80, camera: float = 0
) -> NDArray[np.float64]:
    left = start + (speed + camera) * np.array(list(frames), float)
    return np.stack([left, np.full_like(left, top), left + 30, np.full_like(left, top + 60)], axis=1)


def proposed(
    *tracks: tuple[range, NDArray[np.float64]], source: Pictures | None = None, least: float = 0.2
) -> Proposed:
    proposing = Proposing(RATE)
    for number, (frames, places) in enumerate(tracks, start=1):
        proposing.take(f"id{number}", f"person {number}", "person", np.array(frames), places)
    return proposing.end(source, least=least)


class Pictures:
    """Frames on which some colours fill some boxes."""

    def __init__(self, *things: tuple[range, Places, tuple[int, int, int]], damaged: bool = False) -> None:
        self.things, self.damaged, self.read_frames = things, damaged, list[int]()

    def read(self, frame: int) -> Frame:
        self.read_frames.append(frame)
        if self.damaged:
            raise MediaError("The file is damaged.")
        image = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
        for frames, places, colour in self.things:
            if frame in frames:
                x1, y1, x2, y2 = places[frame - frames.start].astype(int)
                image[y1:y2, x1:x2] = colour
        return Frame(frame, image)


EARLIER, LATER = range(20), range(30, 50)


def test_a_join_says_where_it_is_how_sure_and_why() -> None:
    found = proposed((EARLIER, boxes(EARLIER, 95, 0)), (LATER, boxes(LATER, 100, 0)))
    (join,) = found.proposals
    assert (join.kind, join.tracks, join.frame, join.gap) == ("join", ("id1", "id2"), 19, 10)
    assert join.pictures == ((0, 19, Box(95, 80, 125, 140)), (1, 30, Box(100, 80, 130, 140)))
    assert join.why == (
        "It was away for 10 frames (1.0 s).",
        "It comes back just where it was expected, as large as before.",
        "Nobody saw what they look like.",
    )
    assert (found.tracks, found.every, found.camera_moves, found.seen) == (2, 1, False, None)


def test_colours_decide_where_frames_can_be_read() -> None:
    one, other, third = boxes(EARLIER, 0, 5), boxes(LATER, 0, 5), boxes(LATER, 12, 5)
    tracks = [(EARLIER, one), (LATER, other), (LATER, third)]
    pictures = Pictures((EARLIER, one, RED), (LATER, other, BLUE), (LATER, third, RED))
    blind, seeing = proposed(*tracks), proposed(*tracks, source=pictures)
    assert seeing.proposals[0].tracks == ("id1", "id3") and "100% alike" in seeing.proposals[0].why[2]
    assert seeing.proposals[0].sure > max(one.sure for one in blind.proposals)
    assert seeing.seen is not None and seeing.seen.looked_at == seeing.seen.wanted == len(pictures.read_frames)
    assert pictures.read_frames == sorted(pictures.read_frames)


def test_frames_that_cant_be_read_leave_it_to_motion_and_are_told() -> None:
    one, other = boxes(EARLIER, 0, 5), boxes(LATER, 0, 5)
    found = proposed((EARLIER, one), (LATER, other), source=Pictures(damaged=True))
    assert [each.kind for each in found.proposals] == ["join"]
    assert found.seen is not None and (found.seen.looked_at, found.seen.problem) == (0, "The file is damaged.")


def test_nobody_looks_for_longer_than_is_allowed() -> None:
    sights = [Sight("a", frame, Box(0, 0, 20, 20)) for frame in range(9)]
    seen = see(Pictures(), sights, most_s=-1)
    assert (seen.looked_at, seen.wanted, seen.looks) == (0, 9, {}) and "took longer" in seen.problem


def test_two_that_go_on_as_the_other_was_going_are_proposed_for_a_swap() -> None:
    frames = range(41)
    right, left = boxes(frames, 0, 8), boxes(frames, 320, -8)
    swapped = np.concatenate([right[:20], left[20:]]), np.concatenate([left[:20], right[20:]])
    (swap,) = proposed((frames, swapped[0]), (frames, swapped[1])).proposals
    assert (swap.kind, swap.tracks, swap.gap) == ("swap", ("id1", "id2"), 0)
    assert 18 <= swap.frame <= 22 and swap.sure > 0.9
    assert [which for which, _, _ in swap.pictures] == [0, 1, 0, 1]
    assert proposed((frames, right), (frames, left)).proposals == ()


def test_colours_tell_who_turned_back_from_who_was_swapped() -> None:
    frames = range(41)
    right, left = boxes(frames, 0, 8), boxes(frames, 320, -8)
    turned = np.concatenate([right[:20], left[20:]]), np.concatenate([left[:20], right[20:]])
    pictures = Pictures((frames, turned[0], RED), (frames, turned[1], BLUE))
    blind, seeing = (proposed(*((frames, one) for one in turned), source=source) for source in (None, pictures))
    assert [each.sure for each in seeing.proposals] < [each.sure for each in blind.proposals]


def test_a_moving_camera_is_taken_out() -> None:
    whole = range(60)
    standing = [
        (whole, boxes(whole, x, 0, top=top, camera=9)) for x, top in ((0, 0), (90, 5), (150, 9), (240, 3), (330, 7))
    ]
    gap = (
        (EARLIER, boxes(EARLIER, 50, 0, top=130, camera=9)),
        (range(45, 60), boxes(range(45, 60), 50, 0, top=130, camera=9)),
    )
    found = proposed(*standing, *gap)
    assert found.camera_moves
    assert [one.tracks for one in found.proposals] == [("id6", "id7")]


def test_a_few_tracks_say_nothing_of_the_camera() -> None:
    tracks = np.repeat(np.arange(3), 10)
    frames = np.tile(np.arange(10), 3)
    drift = drift_of(tracks, frames, np.tile(boxes(range(10), 0, 9), (3, 1)), 1, RATE)
    assert not drift.moves and drift.at(frames).any() == np.False_


def test_of_a_long_track_its_ends_are_kept_and_every_nth_frame() -> None:
    proposing = Proposing(RATE)
    proposing.samples.most = 300
    for number in range(2):
        frames = np.arange(1000)
        proposing.take(str(number), "", "person", frames, boxes(range(1000), number, 0))
    assert proposing.samples.every > 1 and proposing.samples.count <= 300
    assert all(len(one.frames) == 2 * MOST_ROWS for one in proposing.tracklets)
    assert [one.frames[-1] for one in proposing.tracklets] == [999, 999]


def test_no_tracks_and_tracks_without_shapes_are_no_problem() -> None:
    assert proposed().proposals == ()
    assert proposed((range(0), np.empty((0, 4))), (EARLIER, boxes(EARLIER, 0, 5))).tracks == 1


@pytest.mark.parametrize("box", [Box(-50, 0, -10, 40), Box(0, 0, 2, 2), Box(0, 0, float("nan"), 9)])
def test_what_isnt_on_the_picture_has_no_look(box: Box) -> None:
    assert look(Pictures().read(0), box) is None


def test_a_look_is_of_unit_length_and_the_same_in_another_place() -> None:
    frames = range(2)
    places = boxes(frames, 0, 100)
    pictures = Pictures((frames, places, RED))
    looks = [look(pictures.read(frame), Box(*places[frame].tolist())) for frame in frames]
    assert looks[0] is not None and looks[1] is not None
    assert np.linalg.norm(looks[0]) == pytest.approx(1, abs=1e-5)
    assert float(looks[0] @ looks[1]) == pytest.approx(1, abs=1e-5)
