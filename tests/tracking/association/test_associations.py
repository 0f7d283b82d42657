"""What every association must do."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from tracking.association.contract import Association, Link
from tracking.association.registry import ASSOCIATIONS, AssociationEntry, checked_settings, create, find
from tracking.detection import Detection
from tracking.types import Box, Frame, TrackingError

RATE = 10.0
every = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in ASSOCIATIONS])
waiting = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in ASSOCIATIONS if entry.waits])
comparing = pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=entry.id) for entry in ASSOCIATIONS if entry.looks]
)


def seen(x: float, y: float = 100, *, confidence: float = 0.9, label: str = "", look: Sequence[float] | None = None):
    appearance = None if look is None else np.asarray(look, np.float32)
    return Detection(Box.from_xywh(x, y, 40, 80), confidence, label, appearance=appearance)


def run(association: Association, frames: Iterable[Sequence[Detection]]) -> list[list[Link]]:
    return [association.update(detections) for detections in frames]


def numbers_of(links: Iterable[Link]) -> dict[int, int]:
    """Tracks by the detection that they have on a frame."""
    return {link.detection: link.track for link in links if link.detection is not None}


def kept(told: Iterable[list[Link]]) -> dict[int, int]:
    """The same of all frames: no detection ever changes its track."""
    numbers = [numbers_of(links) for links in told]
    assert [one for one in numbers if one != numbers[0]] == []
    return numbers[0]


@every
def test_objects_that_move_keep_their_numbers(entry: AssociationEntry) -> None:
    frames = [[seen(20 + 4 * n), seen(400 - 3 * n, 300), seen(300, 20 + 2 * n)] for n in range(30)]
    told = run(create(entry.id, RATE), frames)
    assert len(kept(told)) == 3
    assert all(link.state == "confirmed" for link in told[-1])


@every
def test_an_object_is_where_it_was_found(entry: AssociationEntry) -> None:
    (link,) = run(create(entry.id, RATE), [[seen(20 + 4 * n)] for n in range(20)])[-1]
    np.testing.assert_allclose(link.box, seen(20 + 4 * 19).box, atol=2)
    assert (link.missed, link.confidence) == (0, 0.9)


@waiting
def test_an_object_gets_its_number_back_after_it_was_hidden(entry: AssociationEntry) -> None:
    frames = [[] if 10 <= n < 16 else [seen(20 + 5 * n)] for n in range(25)]
    told = run(create(entry.id, RATE), frames)
    assert {link.track for links in told for link in links} == {1}
    assert [link.state for links in told[10:17] for link in links] == ["lost"] * 6 + ["confirmed"]
    assert [link.missed for links in told[10:17] for link in links] == [1, 2, 3, 4, 5, 6, 0]
    np.testing.assert_allclose(told[13][0].box, seen(20 + 5 * 13).box, atol=6)


@waiting
@pytest.mark.parametrize("rate", [5.0, 20.0])
def test_a_lost_track_ends_after_seconds_not_frames(entry: AssociationEntry, rate: float) -> None:
    told = run(create(entry.id, rate), [*[[seen(20)]] * 5, *[[]] * 30])
    assert sum(bool(links) for links in told[5:]) == rate * 1.0


@every
def test_unsure_detections_begin_no_track(entry: AssociationEntry) -> None:
    assert run(create(entry.id, RATE), [[seen(20, confidence=0.2)]] * 5) == [[]] * 5


@waiting
def test_one_sighting_isnt_believed_later_on(entry: AssociationEntry) -> None:
    told = run(create(entry.id, RATE), [[seen(20)], [seen(20), seen(400)], [seen(20)], [seen(20)]])
    assert {link.state for links in told for link in links if link.track == 2} <= {"tentative"}


@every
def test_another_label_is_another_object(entry: AssociationEntry) -> None:
    told = run(create(entry.id, RATE), [[seen(20, label="car" if n < 5 else "person")] for n in range(10)])
    assert [(link.track, link.label) for link in told[4]] == [(1, "car")]
    assert numbers_of(told[-1]) == {0: 2}
    assert {link.label for link in told[-1] if link.track == 2} == {"person"}


@every
def test_no_detection_is_in_two_tracks_and_no_track_is_twice_on_a_frame(entry: AssociationEntry) -> None:
    random = np.random.default_rng(3)
    association = create(entry.id, RATE)
    ended: set[int] = set()
    before: set[int] = set()
    for number in range(40):
        detections = [
            Detection(
                Box.from_xywh(*random.uniform(0, 300, 2), *random.uniform(20, 120, 2)),
                float(random.uniform()),
                random.choice(["a", "b"]),
                appearance=None if random.uniform() < 0.3 else random.normal(size=8).astype(np.float32),
            )
            for _ in range(random.integers(0, 25))
        ]
        image = random.integers(0, 255, (90, 120, 3), dtype=np.uint8)
        links = association.update(detections, Frame(number, image) if number % 5 else None)
        tracks, taken = [link.track for link in links], [link.detection for link in links if link.detection is not None]
        assert tracks == sorted(set(tracks)) and len(taken) == len(set(taken))
        assert all((link.missed == 0) == (link.detection is not None) for link in links)
        assert all(math.isfinite(value) for link in links for value in link.box)
        assert all(detections[link.detection].label == link.label for link in links if link.detection is not None)
        assert ended.isdisjoint(tracks)
        ended |= before - set(tracks)
        before = set(tracks)


@every
def test_what_is_no_box_or_no_confidence_is_left_alone(entry: AssociationEntry) -> None:
    bad = [
        Detection(Box(10, 10, 10, 50), 0.9),
        Detection(Box(50, 10, 10, 50), 0.9),
        Detection(Box(math.nan, 10, 20, 50), 0.9),
        Detection(Box(10, 10, math.inf, 50), 0.9),
        seen(200, confidence=math.nan),
        seen(200, confidence=1.5),
    ]
    told = run(create(entry.id, RATE), [[*bad, seen(20 + n)] for n in range(10)])
    assert [numbers_of(links) for links in told] == [{6: 1}] * 10


@every
def test_the_same_detections_give_the_same_tracks_and_instances_never_mix(entry: AssociationEntry) -> None:
    frames = [[seen(20 + 4 * n), seen(300 - 4 * n, 110)] for n in range(40)]
    alone = run(create(entry.id, RATE), frames)
    one, other = create(entry.id, RATE), create(entry.id, RATE)
    both = [(one.update(detections), other.update([]), one)[0] for detections in frames]
    assert both == alone


@every
def test_missing_looks_leave_the_choice_to_motion(entry: AssociationEntry) -> None:
    a, b = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    frames = [
        [seen(20 + 4 * n, look=a if n % 3 else None), seen(400 - 3 * n, 300, look=b if n % 2 else None)]
        for n in range(30)
    ]
    told = run(create(entry.id, RATE), frames)
    assert len(kept(told)) == 2


@comparing
def test_looks_tell_apart_what_motion_cant(entry: AssociationEntry) -> None:
    """Two walk towards each other, meet, and turn back."""
    a, b = [1.0, 0.1, 0.0], [0.1, 1.0, 0.0]
    away = [[150 - 6 * abs(n - 20), 160 + 6 * abs(n - 20)] for n in range(40)]
    frames = [[seen(left, look=a), seen(right, look=b)] for left, right in away]
    assert len(kept(run(create(entry.id, RATE), frames))) == 2


@every
def test_every_setting_is_explained_and_refused_out_of_its_range(entry: AssociationEntry) -> None:
    for name, field in entry.settings.model_fields.items():
        assert field.description and field.description.endswith("."), name
        with pytest.raises(TrackingError, match=f"{name}.*came"):
            checked_settings(entry, {name: 7 if field.annotation is str else "blue"})
    with pytest.raises(TrackingError, match="'speed' is none of"):
        create(entry.id, RATE, {"speed": 1})


@every
def test_settings_have_the_types_of_a_run(entry: AssociationEntry) -> None:
    for name, value in entry.settings().model_dump().items():
        assert isinstance(value, (bool, int, float, str)) or value is None, name


def test_an_unknown_association_is_refused_by_name() -> None:
    with pytest.raises(TrackingError, match=r"bytetrack, .*; 'sort' came"):
        find("sort")


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(TrackingError, match="frames a second"):
        create("bytetrack", rate)


def test_entries_have_names_of_their_own() -> None:
    for column in ("id", "name", "settings", "factory"):
        values = [dataclasses.asdict(entry)[column] for entry in ASSOCIATIONS]
        assert len(set(values)) == len(values)


def test_the_detector_alone_waits_for_nothing_and_goes_on_with_what_overlaps() -> None:
    frames = [[seen(20)], [seen(30), seen(200)], [seen(100)], [], [seen(100)]]
    told = run(create("iou", RATE), frames)
    assert [[link.track for link in links] for links in told] == [[1], [1, 2], [3], [], [4]]
