"""Interpolation, and ``tests/protocol/interpolation.json``, which holds the browser to the same.

The file is a list of ``{name, rows, shown}``: ``rows`` as in ``chunks.json`` (a track in one table), ``shown`` the
``{frame, bounds, kind, flags, payload}`` (in hex) of every frame on which the track shows something; no other does.
``python -m tests.tracking.shapes.test_interpolation`` writes it again.
"""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotator.formats.geometry import point_row, rotated_row, vertex_row, vertices
from tests.tracking.shapes.test_chunks import SQUARE, as_json, key
from tracking.shapes.checks import ShapeError, check_geometry
from tracking.shapes.chunks import Flag, Kind, Row, Table
from tracking.shapes.interpolation import expand, shape_at
from tracking.shapes.values import ABSENT, OCCLUDED, VISIBLE

FIXTURES = Path(__file__).parents[2] / "protocol" / "interpolation.json"
POLYGON = Row(2, Kind.POLYGON, Flag.KEYFRAME, 1.0, (10, 10, 30, 30), SQUARE)


def points(frame: int, places: list[tuple[float, float]], seen: list[int], kind: Kind = Kind.POINTS) -> Row:
    return point_row(kind, frame, Flag.KEYFRAME, 1.0, places, seen)


def outline(kind: Kind, frame: int, *vertices: tuple[float, float]) -> Row:
    return vertex_row(kind, frame, Flag.KEYFRAME, 1.0, vertices)


def example_tracks() -> dict[str, list[Row]]:
    outside = Flag.KEYFRAME | Flag.OUTSIDE
    return {
        "a straight line": [key(0, 0, 0, 10, 10), key(4, 8, 4, 18, 18)],
        "nothing after the last row": [key(3, 1, 1, 2, 2)],
        "a gap lasts until the next row": [key(0, 0, 0, 4, 4), key(2, 4, 4, 8, 8, flags=outside), key(5, 9, 9, 10, 10)],
        "held up to an outside row": [key(1, 0, 0, 4, 4), key(4, 100, 100, 104, 104, flags=outside)],
        "occluded as the row before": [key(0, flags=Flag.KEYFRAME | Flag.OCCLUDED), key(2)],
        "another kind holds": [POLYGON, key(5, 0, 0, 1, 1)],
        "points move one by one": [
            points(0, [(0, 0), (10, 0), (4, 4)], [VISIBLE, OCCLUDED, VISIBLE]),
            points(3, [(9, 3), (10, 30), (1, 7)], [OCCLUDED, VISIBLE, VISIBLE]),
        ],
        "an absent joint waits": [
            points(0, [(0, 0), (10, 0)], [VISIBLE, ABSENT], Kind.SKELETON),
            points(2, [(8, 8), (20, 20)], [VISIBLE, VISIBLE], Kind.SKELETON),
            points(4, [(0, 0), (30, 20)], [ABSENT, VISIBLE], Kind.SKELETON),
        ],
        "other numbers of points hold": [
            points(0, [(0, 0)], [VISIBLE]),
            points(2, [(8, 8), (9, 9)], [VISIBLE, VISIBLE]),
        ],
        "a rotated box turns the shorter way": [
            rotated_row(0, Flag.KEYFRAME, 1.0, (50, 50, 40, 20, 3.0)),
            rotated_row(4, Flag.KEYFRAME, 1.0, (60, 40, 40, 30, -3.0)),
        ],
        "polygons whose first vertices and directions differ": [
            outline(Kind.POLYGON, 0, (0, 0), (20, 0), (30, 15), (0, 10)),
            outline(Kind.POLYGON, 4, (35, 22), (25, 5), (5, 6), (5, 15)),
        ],
        "polygons with other numbers of vertices": [
            outline(Kind.POLYGON, 0, (0, 0), (20, 0), (20, 10), (0, 10)),
            outline(Kind.POLYGON, 4, (41, 11), (40, 0), (30, -6), (20, 0), (21, 10)),
        ],
        "a polyline drawn from the other end": [
            outline(Kind.POLYLINE, 0, (0, 0), (10, 5), (30, 5)),
            outline(Kind.POLYLINE, 3, (33, 9), (12, 9), (3, 3)),
        ],
        "polylines with other numbers of vertices": [
            outline(Kind.POLYLINE, 0, (0, 0), (30, 0)),
            outline(Kind.POLYLINE, 2, (40, 20), (30, 14), (18, 16), (10, 12)),
        ],
        "polygons of other numbers of vertices, all on one place": [
            outline(Kind.POLYGON, 0, *[(5, 5)] * 3),
            outline(Kind.POLYGON, 2, *[(9, 7)] * 4),
        ],
        "a polygon on one place opens": [
            outline(Kind.POLYGON, 0, *[(5, 5)] * 4),
            outline(Kind.POLYGON, 3, (0, 0), (20, 0), (0, 10)),
        ],
        "polylines of other numbers of vertices, all on one place": [
            outline(Kind.POLYLINE, 0, *[(1, 2)] * 2),
            outline(Kind.POLYLINE, 2, *[(4, 8)] * 3),
        ],
        "vertices that lie on one another": [
            outline(Kind.POLYGON, 0, (0, 0), (0, 0), (20, 0), (20, 0), (0, 10)),
            outline(Kind.POLYGON, 3, (0, 0), (30, 0), (30, 0), (30, 0)),
        ],
        "predicted rows are neighbours too": [key(0, 0, 0, 2, 2), key(2, 2, 2, 4, 4, flags=Flag.PREDICTED)],
    }


def fixtures() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "rows": as_json(Table.of(0, rows)),
            "shown": [
                {
                    "frame": row.frame,
                    "bounds": list(row.bounds),
                    "kind": row.kind.name.lower(),
                    "flags": int(row.flags),
                    "payload": row.payload.hex(),
                }
                for row in expand(rows)
            ],
        }
        for name, rows in example_tracks().items()
    ]


def test_the_recorded_shapes_are_what_interpolation_gives() -> None:
    assert json.loads(FIXTURES.read_text()) == fixtures()


@pytest.mark.parametrize("name", example_tracks())
def test_one_frame_shows_what_the_expansion_has(name: str) -> None:
    rows = example_tracks()[name]
    shown = {row.frame: row for row in expand(rows)}
    assert {frame: shape_at(rows, frame) for frame in range(10)} == {frame: shown.get(frame) for frame in range(10)}


def test_a_box_moves_in_a_straight_line() -> None:
    middle = shape_at([key(0, 0, 0, 10, 10), key(4, 8, 4, 18, 18)], 1)
    assert middle == Row(1, Kind.BOX, Flag(0), 1.0, (2, 1, 12, 12))


def test_an_outline_looks_as_it_was_drawn_beside_its_keyframes() -> None:
    """Matching adds vertices to both outlines, but moves none."""
    few = outline(Kind.POLYGON, 0, (0, 0), (20, 0), (20, 10), (0, 10))
    many = outline(Kind.POLYGON, 1000, (0, 0), (10, -5), (20, 0), (25, 5), (20, 10), (0, 10))
    for frame, drawn in ((1, few), (999, many)):
        row = shape_at([few, many], frame)
        assert row is not None
        here = vertices(row)
        for corner in vertices(drawn):
            assert np.hypot(*(here - corner).T).min() < 0.03


@pytest.mark.parametrize("kind", [Kind.POLYGON, Kind.POLYLINE])
@pytest.mark.parametrize("here", [3, 4, 8])
@pytest.mark.parametrize("there", [0, 1, 5])
def test_what_lies_between_sound_outlines_is_sound(kind: Kind, here: int, there: int) -> None:
    """Whatever of their vertices lie on one another."""
    before = outline(kind, 0, *[(5, 5)] * here)
    after = outline(kind, 2, (9, 9), (9, 9), (9, 9), *[(9 + 1e-4 * (there - 1), 9)] * there)
    middle = shape_at([before, after], 1)
    assert middle is not None
    check_geometry(Table.of(0, [replace(middle, flags=Flag.KEYFRAME)]))


def test_a_polygon_that_only_moves_keeps_its_form() -> None:
    start = [(0.0, 0.0), (30.0, 0.0), (30.0, 20.0), (12.0, 28.0)]
    moved = [(x + 40, y + 8) for x, y in start]
    middle = shape_at([outline(Kind.POLYGON, 0, *start), outline(Kind.POLYGON, 2, *reversed(moved[2:] + moved[:2]))], 1)
    assert middle is not None
    assert vertices(middle).tolist() == [[x + 20, y + 4] for x, y in start]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (key(0, flags=Flag(0)), "either a keyframe or predicted"),
        (key(0, flags=Flag.KEYFRAME | Flag.PREDICTED), "either a keyframe or predicted"),
        (key(0, 5, 0, 4, 1), "left top"),
        (key(0, 0, 0, 2e6, 1), "within"),
        (Row(0, Kind.BOX, Flag.KEYFRAME, 1, (0, 0, 1, 1), bytes(4)), "box can't have a payload"),
        (Row(0, Kind.TAG, Flag.KEYFRAME, 1, (0, 0, 0, 0), bytes(4)), "tag can't have a payload"),
        (Row(0, Kind.POLYGON, Flag.KEYFRAME, 1, (0, 0, 1, 1), bytes(16)), "polygon can't have a payload"),
        (Row(0, Kind.POLYLINE, Flag.KEYFRAME, 1, (0, 0, 1, 1), struct.pack("<4f", 0, 0, 1, float("inf"))), "finite"),
        (Row(0, Kind.SKELETON, Flag.KEYFRAME, 1, (0, 0, 1, 1), bytes(8)), "skeleton can't have a payload"),
        (Row(0, Kind.MASK, Flag.KEYFRAME, 1, (0, 0, 1, 1), struct.pack("<4i2I", 0, 0, 2, 2, 1, 2)), "run lengths"),
    ],
)
def test_unsound_geometry_is_refused(row: Row, rule: str) -> None:
    with pytest.raises(ShapeError, match=rule):
        check_geometry(Table.of(0, [row]))


def test_every_kind_of_sound_geometry_is_accepted() -> None:
    skeleton = struct.pack("<4f2B2x", 1, 1, 5, 5, 2, 1)
    check_geometry(
        Table.of(
            0,
            [
                key(0),
                POLYGON,
                Row(
                    3,
                    Kind.ROTATED_BOX,
                    Flag.KEYFRAME,
                    1.0,
                    (-2.1, -2.1, 10.1, 10.1),
                    struct.pack("<5f", 4, 4, 9, 9, 0.5),
                ),
                Row(4, Kind.SKELETON, Flag.KEYFRAME, 1.0, (1, 1, 5, 5), skeleton),
                Row(5, Kind.MASK, Flag.PREDICTED, 1.0, (7, 8, 10, 10), struct.pack("<4i3I", 7, 8, 3, 2, 1, 4, 1)),
            ],
        )
    )


if __name__ == "__main__":
    FIXTURES.write_text(json.dumps(fixtures(), indent=1) + "\n")


def test_confidence_moves_in_a_straight_line_too() -> None:
    """Review looks for what is doubtful: a frame between a sure and an unsure one lies between them."""
    before = Row(0, Kind.BOX, Flag.PREDICTED, 0.8, (0, 0, 9, 9))
    after = Row(4, Kind.BOX, Flag.PREDICTED, 0.4, (0, 0, 9, 9))
    found = [shape_at([before, after], frame) for frame in (1, 2, 3)]
    assert [row and row.confidence for row in found] == pytest.approx([0.7, 0.6, 0.5])
