"""``tests/protocol/geometry.json``: which geometry is sound, for both languages.

``python -m tests.tracking.shapes.test_checks``
writes it anew from ``CASES``."""

from __future__ import annotations

import base64
import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import pytest

from tracking.shapes.checks import MOST_POINTS, SHAPE_BYTES, Picture, Rule, ShapeError, check_geometry
from tracking.shapes.chunks import Flag, Kind, Row, Table
from tracking.shapes.payloads import shape_of
from tracking.shapes.values import bounds_of

FIXTURES = Path(__file__).parents[2] / "protocol" / "geometry.json"
PICTURE = Picture(1280, 720)
HUGE = 3e38
ON_IT = (10.0, 20.0, 40.0, 60.0)


@dataclass(frozen=True)
class Case:
    """One shape on a picture, and the rule that it breaks; None: it is sound."""

    name: str
    kind: Kind
    rule: Rule | None
    payload: bytes = b""
    bounds: tuple[float, float, float, float] | None = None
    """None: those of the shape, where it is sound."""
    picture: Picture = PICTURE

    @property
    def table(self) -> Table:
        sound = self.payload and self.rule is None
        bounds = bounds_of(shape_of(Row(0, self.kind, Flag.KEYFRAME, 1.0, ON_IT, self.payload))) if sound else ON_IT
        return Table.of(0, [Row(0, self.kind, Flag.KEYFRAME, 1.0, self.bounds or bounds, self.payload)])


def floats(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def mask(left: int, top: int, width: int, height: int, *runs: int) -> bytes:
    return struct.pack(f"<4i{len(runs)}I", left, top, width, height, *runs)


def points(*numbers: float, seen: bytes) -> bytes:
    packed = floats(*numbers) + seen
    return packed + bytes(-len(packed) % 4)


CASES = (
    Case("a box on the picture", Kind.BOX, None),
    Case("a box partly outside", Kind.BOX, None, bounds=(-300, -50, 40, 60)),
    Case("a box of a far larger object", Kind.BOX, None, bounds=(-4000, -4000, 5300, 4800)),
    Case(
        "a box as far as a large picture is wide", Kind.BOX, None, bounds=(-7000, 0, 1, 1), picture=Picture(7680, 4320)
    ),
    Case("a box too far to the left", Kind.BOX, "far", bounds=(-4097, 0, 1, 1)),
    Case("a box too far below", Kind.BOX, "far", bounds=(0, 0, 1, 720 + 4097)),
    Case("a box of the largest numbers", Kind.BOX, "far", bounds=(-HUGE, -HUGE, HUGE, HUGE)),
    Case("a box the wrong way round", Kind.BOX, "order", bounds=(5, 0, 4, 1)),
    Case("a box with a payload", Kind.BOX, "length", bytes(4)),
    Case("a tag", Kind.TAG, None, bounds=(0, 0, 0, 0)),
    Case("a tag with a payload", Kind.TAG, "length", bytes(20), bounds=(0, 0, 0, 0)),
    Case("a rotated box", Kind.ROTATED_BOX, None, floats(20, 40, 30, 10, 0.5)),
    Case("a rotated box of the largest numbers", Kind.ROTATED_BOX, "far", floats(HUGE, 40, 30, 10, 0.5)),
    Case("a rotated box with a side of the largest number", Kind.ROTATED_BOX, "far", floats(20, 40, HUGE, 10, 0)),
    Case("a rotated box with a negative side", Kind.ROTATED_BOX, "far", floats(20, 40, -30, 10, 0.5)),
    Case("a rotated box of no numbers", Kind.ROTATED_BOX, "numbers", floats(20, 40, 30, 10, math.nan)),
    Case("a rotated box turned without end", Kind.ROTATED_BOX, "angle", floats(20, 40, 30, 10, 1e30)),
    Case("a rotated box of four numbers", Kind.ROTATED_BOX, "length", floats(20, 40, 30, 10)),
    Case("a polygon", Kind.POLYGON, None, floats(10, 20, 40, 20, 40, 60)),
    Case("a polygon partly outside", Kind.POLYGON, None, floats(-900, 20, 40, -700, 40, 60)),
    Case("a polygon of two vertices", Kind.POLYGON, "length", floats(10, 20, 40, 60)),
    Case("a polygon of the largest numbers", Kind.POLYGON, "far", floats(10, 20, HUGE, 20, 40, -HUGE)),
    Case("a polygon without end", Kind.POLYGON, "numbers", floats(10, 20, math.inf, 20, 40, 60)),
    Case("a polygon of too many vertices", Kind.POLYGON, "points", floats(*[10.0, 20.0] * (MOST_POINTS + 1))),
    Case("a line", Kind.POLYLINE, None, floats(10, 20, 40, 60)),
    Case("a line too far away", Kind.POLYLINE, "far", floats(10, 20, 40, 1e5)),
    Case("a line of half a vertex", Kind.POLYLINE, "length", floats(10, 20, 40, 60, 1)),
    Case("points", Kind.POINTS, None, points(10, 20, 40, 60, seen=b"\2\1")),
    Case("points of the largest numbers", Kind.POINTS, "far", points(10, HUGE, 40, 60, seen=b"\2\1")),
    Case("points of no numbers", Kind.POINTS, "numbers", points(10, math.nan, 40, 60, seen=b"\2\1")),
    Case("points that are seen as nothing is", Kind.POINTS, "seen", points(10, 20, 40, 60, seen=b"\2\7")),
    Case("no points", Kind.POINTS, "length"),
    Case("a skeleton", Kind.SKELETON, None, points(10, 20, 40, 60, 30, 30, seen=b"\2\1\0")),
    Case("a skeleton too far away", Kind.SKELETON, "far", points(10, 20, -9000, 60, 30, 30, seen=b"\2\1\0")),
    Case("a skeleton cut off", Kind.SKELETON, "length", bytes(16)),
    Case("a mask", Kind.MASK, None, mask(10, 20, 3, 2, 1, 4, 1)),
    Case("a mask of the whole picture", Kind.MASK, None, mask(0, 0, 1280, 720, 0, 1280 * 720)),
    Case("a mask partly outside", Kind.MASK, None, mask(-100, 700, 300, 40, 0, 12_000)),
    Case("a mask of 24 bytes and four billion pixels", Kind.MASK, "window", mask(0, 0, 65_535, 65_535, 0, 65_535**2)),
    Case("a mask wider than the picture", Kind.MASK, "window", mask(0, 0, 1281, 1, 0, 1281)),
    Case("a mask higher than the picture", Kind.MASK, "window", mask(0, 0, 1, 721, 0, 721)),
    Case("a mask of nothing", Kind.MASK, "window", mask(0, 0, 0, 5, 0)),
    Case("a mask of a negative width", Kind.MASK, "window", mask(0, 0, -3, -2, 0, 6)),
    Case("a mask too far away", Kind.MASK, "far", mask(2**30, 20, 3, 2, 1, 4, 1)),
    Case("a mask whose runs don't fill its window", Kind.MASK, "runs", mask(10, 20, 3, 2, 1, 4)),
    Case("a mask whose runs wrap around", Kind.MASK, "runs", mask(10, 20, 3, 2, 2**32 - 1, 7)),
    Case("a mask of empty runs", Kind.MASK, "runs", mask(10, 20, 3, 2, *[0] * 9, 6)),
    Case(
        "a mask whose bounds are those of another", Kind.MASK, "bounds", mask(10, 20, 3, 2, 1, 4, 1), (10, 20, 90, 22)
    ),
    Case("a mask with bounds a hair off", Kind.MASK, None, mask(10, 20, 3, 2, 1, 4, 1), (10.5, 20, 13, 22.4)),
    Case("a polygon that lies outside of its bounds", Kind.POLYGON, "bounds", floats(10, 20, 70, 20, 40, 60)),
    Case("a line smaller than its bounds", Kind.POLYLINE, "bounds", floats(10, 20, 30, 60)),
    Case(
        "points whose bounds hold an absent one", Kind.POINTS, "bounds", points(10, 20, 30, 30, 40, 60, seen=b"\2\1\0")
    ),
    Case("points of which none is there", Kind.POINTS, None, points(10, 20, 40, 60, seen=b"\0\0")),
    Case("a skeleton elsewhere than its bounds", Kind.SKELETON, "bounds", points(500, 20, 540, 60, seen=b"\2\1")),
    Case("a rotated box with the bounds of an upright one", Kind.ROTATED_BOX, "bounds", floats(25, 40, 30, 40, 0.5)),
    Case("a mask without runs", Kind.MASK, "length", mask(10, 20, 3, 2)),
)


def as_json() -> str:
    listed = [
        {
            "name": case.name,
            "width": case.picture.width,
            "height": case.picture.height,
            "table": base64.b64encode(case.table.pack()).decode(),
            "rule": case.rule,
        }
        for case in CASES
    ]
    return json.dumps(listed, indent=1) + "\n"


def test_both_languages_are_held_to_these_cases() -> None:
    assert FIXTURES.read_text() == as_json(), "write it anew: python -m tests.tracking.shapes.test_checks"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_unsound_is_refused_by_its_rule(case: Case) -> None:
    table = Table.unpack(case.table.pack())
    if case.rule is None:
        check_geometry(table, case.picture)
        return
    with pytest.raises(ShapeError) as refused:
        check_geometry(table, case.picture)
    assert refused.value.rule == case.rule


def test_a_shape_has_at_most_so_many_bytes() -> None:
    heavy = Case("", Kind.POLYLINE, "length", bytes(SHAPE_BYTES + 8))
    with pytest.raises(ShapeError, match="8 MiB"):
        check_geometry(heavy.table, PICTURE)


def test_one_unsound_row_among_many_is_found() -> None:
    rows = [Row(frame, Kind.BOX, Flag.KEYFRAME, 1.0, ON_IT) for frame in range(200)]
    rows[150] = Row(150, Kind.MASK, Flag.KEYFRAME, 1.0, ON_IT, mask(0, 0, 65_535, 65_535, 0, 65_535**2))
    with pytest.raises(ShapeError):
        check_geometry(Table.of(0, rows), PICTURE)


if __name__ == "__main__":
    FIXTURES.write_text(as_json())
