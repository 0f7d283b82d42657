"""The review queue: what is most likely wrong comes first, with its reasons; nothing that a machine made is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annotator.formats.rows import Rows
from tests.tracking.review.layers import FACTS, boxes, flagged, track, walk
from tracking.review.check import Check
from tracking.review.layer import Track
from tracking.review.pairs import Pairs
from tracking.review.queue import MOST_ITEMS, Item, Queue, Ranked, spans_of
from tracking.review.rule import Listed, Whole
from tracking.review.signs import chance_of, signs_of
from tracking.shapes.chunks import Flag


def tracked(count: int = 100) -> Rows:
    """A person's box, and what a tracker made of it."""
    return flagged(boxes(walk(count)), Flag.KEYFRAME, at=slice(0, 1))


def unsure(rows: Rows, at: slice, confidence: float = 0.2) -> Rows:
    changed = rows.confidence.copy()
    changed[at] = confidence
    return replace(rows, confidence=changed)


def ranked(*tracks: Track) -> Ranked:
    checking, queue = Check(FACTS), Queue(FACTS)
    for one in tracks:
        checking.take(one)
        queue.take(one)
    return queue.end(checking.end().whole)


def spans(item: Item) -> tuple[int, int]:
    return item.first, item.last


def test_where_the_tracker_was_unsure_comes_first_with_its_reason() -> None:
    other = flagged(boxes(walk(100, start=(100, 250))), Flag.KEYFRAME, at=slice(0, 1))
    first, *others = ranked(track(unsure(tracked(), slice(40, 60))), track(other, 2)).items
    assert (first.name, 38 <= first.first <= 42, 57 <= first.last <= 61) == ("car 1", True, True)
    assert first.reasons[0] == "The tracker's confidence is low for this track."
    assert 40 <= first.worst < 60
    assert all(item.chance < first.chance for item in others)


@pytest.mark.parametrize("rows", [tracked(), unsure(tracked(), slice(40, 60)), unsure(tracked(), slice(20, 100, 7))])
def test_all_that_a_machine_made_is_in_the_queue_once(rows: Rows) -> None:
    frames = [frame for item in spans_of(track(rows), FACTS) for frame in range(item.first, item.last + 1)]
    assert sorted(frames) == list(range(1, 100))


def test_also_where_some_of_it_was_seen() -> None:
    one = replace(track(unsure(tracked(), slice(40, 60))), unseen=np.arange(100) % 7 < 3)
    frames = [frame for item in spans_of(one, FACTS) for frame in range(item.first, item.last + 1)]
    assert sorted(frames) == list(range(1, 100))


def wandering(number: int, count: int = 600) -> Track:
    """Unsure now and then, with jumps, growth and corrections."""
    draw = np.random.default_rng(number)
    way = walk(count) + np.cumsum(draw.normal(0, 1.0, (count, 2)), axis=0)
    way[int(draw.integers(50, count - 50)) :] += draw.uniform(-90, 90, 2)
    rows = boxes(way, side=40 * np.exp(np.cumsum(draw.normal(0, 0.01, count))))
    for begin in draw.integers(0, count - 40, 5).tolist():
        rows = unsure(rows, slice(begin, begin + int(draw.integers(3, 40))), float(draw.uniform(0.1, 0.6)))
    for frame in (0, *draw.integers(0, count, 3).tolist()):
        rows = flagged(rows, Flag.KEYFRAME, at=slice(frame, frame + 1))
    return replace(track(rows, number), unseen=draw.random(count) < 0.5)


@pytest.mark.parametrize("number", range(1, 9))
def test_what_is_said_of_a_span_is_said_of_its_rows(number: int) -> None:
    """All spans of a track are reckoned at once; here each by itself."""
    one = wandering(number)
    signs = list(signs_of(one, FACTS))
    chance = np.where(one.predicted & one.shown, chance_of(signs, len(one)), 0)
    items = list(spans_of(one, FACTS))
    assert len(items) > 3
    for item in items:
        rows = slice(item.first, item.last + 1)
        weights = [(float(sign.evidence[rows].sum()), sign.words) for sign in signs]
        told = {sign.words for sign in signs if sign.evidence[rows].max() >= sign.told}
        assert item.chance == pytest.approx(chance[rows].mean(), abs=1e-3)
        assert item.wrong == pytest.approx(chance[rows].sum(), abs=2e-3)
        assert item.worst == item.first + int(chance[rows].argmax())
        assert item.reasons == tuple(words for _, words in sorted(weights, reverse=True) if words in told)
        frames = [frame for frame, *_ in item.pictures]
        assert frames == sorted({item.first, (item.first + item.last) // 2, item.last, item.worst})
        shown = [one.rows.bounds[frame].tolist() for frame in frames]
        assert np.array([box for _, *box in item.pictures]) == pytest.approx(np.array(shown), abs=0.051)


def test_what_a_person_drew_is_not_in_it() -> None:
    assert ranked(track(flagged(tracked(), Flag.KEYFRAME, at=slice(None)))).items == []


def test_where_both_ways_disagree_is_told() -> None:
    rows = flagged(tracked(), Flag.PREDICTED | Flag.DOUBTFUL, at=slice(30, 50))
    reasons = [reason for item in spans_of(track(rows), FACTS) for reason in item.reasons]
    assert "It is marked as doubtful soon after it began or was corrected." in reasons


def test_a_tracker_that_arrives_elsewhere_than_a_person_drew_is_told() -> None:
    way = walk(100)
    way[60:] += 60
    rows = flagged(flagged(boxes(way), Flag.KEYFRAME, at=slice(0, 1)), Flag.KEYFRAME, at=slice(60, 61))
    reasons = [reason for item in spans_of(track(rows), FACTS) if item.first < 60 for reason in item.reasons]
    assert "The tracker arrives elsewhere than where a person drew it." in reasons


def test_objects_that_come_close_are_a_span_of_both() -> None:
    across = walk(100) + np.stack([np.linspace(200, -200, 100), np.zeros(100)], axis=1)
    close = [item for item in ranked(track(tracked()), track(boxes(across), 2)).items if item.other]
    assert [(item.track, item.other) for item in close] == [("1", "2")]
    assert 44 <= close[0].first <= close[0].worst <= close[0].last <= 56


def test_pictures_show_the_span_from_its_first_frame_to_its_last_and_the_worst_one() -> None:
    (first, *_) = ranked(track(unsure(tracked(), slice(40, 60)))).items
    frames = [picture[0] for picture in first.pictures]
    assert (frames[0], frames[-1], first.worst in frames) == (first.first, first.last, True)


def test_a_longer_queue_says_how_much_is_left_out() -> None:
    rows = unsure(tracked(60), slice(20, 40))
    found = ranked(*(track(rows, number, f"label {number}") for number in range(1, MOST_ITEMS // 2)))
    assert (len(found.items), found.left_out > 0) == (MOST_ITEMS, True)


def test_in_a_crowd_the_longest_meetings_are_kept_and_all_are_counted() -> None:
    tracks, meetings = 40, MOST_ITEMS + 500
    pair = np.array([(a, b) for a in range(tracks) for b in range(a + 1, tracks)] * 4)[:meetings]
    lengths = np.random.default_rng(0).permutation(meetings) % 7 + 1
    every = np.repeat(np.arange(meetings), lengths)
    within = np.arange(len(every)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    first, second = pair[every].T.astype(np.int32)
    frames = (1000 * (every // 780) + within).astype(np.int32)
    listed = [Listed(str(number), number, "car") for number in range(tracks)]
    pairs = Pairs(first, second, frames, np.full(len(frames), 0.5, np.float32), 1)
    found = Queue(FACTS).end(Whole(listed, pairs))
    assert (len(found.items), found.left_out) == (MOST_ITEMS, 500)
    assert [item.last - item.first + 1 for item in found.items] == sorted(lengths.tolist(), reverse=True)[:MOST_ITEMS]


def test_of_a_meeting_the_frame_is_told_on_which_they_lie_nearest() -> None:
    overlap = np.array([0.5, 0.9, 0.6, 0.7], np.float32)
    pairs = Pairs(np.zeros(4, np.int32), np.ones(4, np.int32), np.array([3, 4, 5, 90], np.int32), overlap, 1)
    listed = [Listed(key, number, "car") for number, key in enumerate("ab", 1)]
    found = Queue(FACTS).end(Whole(listed, pairs)).items
    assert [(each.track, each.other, each.first, each.last, each.worst) for each in found] == [
        ("a", "b", 3, 5, 4),
        ("a", "b", 90, 90, 90),
    ]
