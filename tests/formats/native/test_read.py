"""What is wrong in a Framewise JSON is named where it is, and the rest is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotator.formats import find
from annotator.formats.base import FormatError, Part

GOOD = {"frame": 0, "box": [0, 0, 1, 1]}


def read(folder: Path, *tracks: Any, **head: Any) -> Part:
    (folder / "a.json").write_text(json.dumps({"format": "framewise", "version": 1, "tracks": tracks, **head}))
    (part,) = find("framewise").read(folder / "a.json").parts
    return part


def track(*shapes: Any, number: int = 3, **more: Any) -> dict[str, Any]:
    return {"number": number, "label": "car", "shapes": list(shapes), **more}


@pytest.mark.parametrize(
    ("shape", "where", "says"),
    [
        ({"frame": -1, "box": [0, 0, 1, 1]}, "shape 2", "frame: a whole number of at least 0 is needed."),
        ({"box": [0, 0, 1, 1]}, "shape 2", "frame: it is needed, and isn't there."),
        ({"frame": 4, "box": [5, 0, 1, 1]}, "frame 4", "x1 <= x2"),
        ({"frame": 4, "box": [0, 0, 1e7, 1]}, "frame 4", "within"),
        ({"frame": 4, "box": [0, 0, 1]}, "shape 2", "box: a list of 4 is needed."),
        ({"frame": 4, "box": [0, 0, 1, 1], "size": 3}, "shape 2", "size: there is no such field. Leave it out."),
        ({"frame": 4}, "frame 4", "exactly one geometry; this one has 0"),
        ({"frame": 4, "tag": False}, "frame 4", "exactly one geometry"),
        ({"frame": 4, "polygon": [[0, 0], [1, 1]]}, "frame 4", "at least 3 vertices; 2 came"),
        ({"frame": 4, "polygon": [[0, 0], [1, 1], [1e9, 0]]}, "frame 4", "Coordinates lie within"),
        ({"frame": 4, "points": []}, "frame 4", "a visibility"),
        ({"frame": 4, "skeleton": [[0, 0, 5]]}, "shape 2", "skeleton[0][2]: another value is needed; 5 came."),
        ({"frame": 4, "mask": {"left": 0, "top": 0, "width": 2, "height": 2, "counts": [3]}}, "frame 4", "add up"),
        ({"frame": 0, "box": [5, 5, 6, 6]}, "frame 0", "one shape per frame"),
        ("shape", "shape 2", "An object is needed; a text came."),
    ],
)
def test_a_bad_shape_is_named_with_its_track_and_the_others_are_read(
    shape: Any, where: str, says: str, tmp_path: Path
) -> None:
    part = read(tmp_path, track(GOOD, shape, {"frame": 9, "box": [0, 0, 1, 1]}))
    ((place, why),) = part.report.unreadable.first
    assert (place, says in why) == (f"track 3, {where}", True), why
    assert [row.frame for found in part.dataset.tracks for row in found.rows] == [0, 9]
    assert (part.report.tracks, part.report.shapes) == (1, 2)


@pytest.mark.parametrize(
    ("bad", "where"),
    [
        ({"number": 1}, "tracks.1.label"),
        ({**track(GOOD), "number": 0}, "tracks.1.number"),
        ({**track(GOOD), "colour": "red"}, "tracks.1.colour"),
        ({**track(GOOD), "shapes": None}, "tracks.1.shapes"),
        ([1], "tracks.1"),
    ],
)
def test_a_bad_track_is_named_by_its_place_and_the_others_are_read(bad: Any, where: str, tmp_path: Path) -> None:
    part = read(tmp_path, track(GOOD, number=1), bad, track(GOOD, number=2))
    assert [place for place, _ in part.report.unreadable.first] == [where]
    assert [found.number for found in part.dataset.tracks] == [1, 2]
    assert [len(found.rows) for found in part.dataset.tracks] == [1, 1]


def test_numbers_that_repeat_become_new_ones_and_are_told(tmp_path: Path) -> None:
    part = read(tmp_path, track(GOOD), track(GOOD))
    assert [found.number for found in part.dataset.tracks] == [3, 0]
    assert part.report.losses == {"tracks got new numbers, because the file repeats some": 1}


def test_shapes_in_any_order_are_sorted(tmp_path: Path) -> None:
    shapes = [{"frame": frame, "box": [frame, 0, 9, 9]} for frame in (7, 0, 3)]
    (found,) = read(tmp_path, track(*shapes)).dataset.tracks
    assert [(row.frame, row.bounds[0]) for row in found.rows] == [(0, 0), (3, 3), (7, 7)]


def test_what_it_says_of_tracking_is_told_as_not_kept(tmp_path: Path) -> None:
    part = read(tmp_path, track(GOOD), tracking={"model": "x", "end": "reached", "tracks": []})
    assert part.report.notes == ["What the file says of how tracking went isn't kept."]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(value: str, tmp_path: Path) -> None:
    text = json.dumps({"format": "framewise", "version": 1, "tracks": [track(GOOD, attributes={"a": "?"})]})
    (tmp_path / "a.json").write_text(text.replace('"?"', value))
    with pytest.raises(FormatError, match="no number that JSON has"):
        find("framewise").read(tmp_path / "a.json")


def test_halves_of_characters_come_back_as_they_were(tmp_path: Path) -> None:
    part = read(tmp_path, track(GOOD, attributes={"note": "a\ud83d"}))
    find("framewise").write(part.dataset, tmp_path / "b.json", {})
    (again,) = find("framewise").read(tmp_path / "b.json").parts
    assert [found.attributes for found in again.dataset.tracks] == [{"note": "a\ud83d"}]


def test_a_mark_of_byte_order_is_passed_over(tmp_path: Path) -> None:
    text = json.dumps({"format": "framewise", "version": 1, "tracks": [track(GOOD)]})
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (part,) = find("framewise").read(tmp_path / "a.json").parts
    assert part.report.tracks == 1
