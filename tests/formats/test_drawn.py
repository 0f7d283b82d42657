"""What the browser draws, through the formats.

``tests/protocol/drawn.json`` holds the tables that its tools pack for the server (written by
``frontend/src/testing/drawn.test.ts``).
"""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotator.formats import find, geometry
from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo
from tests.formats.files import read
from tracking.shapes.checks import check_geometry
from tracking.shapes.chunks import Flag, Kind, Row, Table
from tracking.shapes.skeletons import Joint, Skeleton

FIXTURES = Path(__file__).parent.parent / "protocol" / "drawn.json"
DRAWN = {
    shape["name"]: [Table.unpack(b64decode(text)) for text in shape["tables"]]
    for shape in json.loads(FIXTURES.read_text())
}
JOINTS = (Joint(name="head", x=0.5, y=0), Joint(name="foot", x=0.5, y=1))
CVAT_PX = 0.006
"""CVAT writes vertices with two decimals."""


def rows_of(name: str) -> list[Row]:
    return [row for table in DRAWN[name] for row in table.rows()]


def again(format_id: str, rows: list[Row], folder: Path) -> list[Row]:
    """The rows after they were written, keyframes alone, and read."""
    labels = (LabelInfo("thing", skeleton=Skeleton(joints=JOINTS, edges=((0, 1),))),)
    data = Dataset(VideoInfo("a.mp4", 640, 360, 20, 25.0), labels, (TrackData(1, "thing", rows),), 1)
    find(format_id).write(data, folder / "out", {"frames": "stored"} if format_id == "cvat" else {})
    found, _ = read(format_id, folder / "out")
    ((track),) = found.tracks
    return list(track.rows)


def test_every_kind_of_shape_is_among_them() -> None:
    assert {row.kind for name in DRAWN for row in rows_of(name)} == set(Kind) - {Kind.TAG}


@pytest.mark.parametrize("name", DRAWN)
def test_the_server_takes_what_the_browser_draws(name: str) -> None:
    for table in DRAWN[name]:
        check_geometry(table)


@pytest.mark.parametrize("name", DRAWN)
def test_framewise_json_gives_every_bit_of_the_geometry_back(name: str, tmp_path: Path) -> None:
    drawn, read = rows_of(name), again("framewise", rows_of(name), tmp_path)
    # A rotated box's bounds follow from its payload; each side rounds them for itself.
    assert [replace(row, bounds=(0, 0, 0, 0)) for row in read] == [replace(row, bounds=(0, 0, 0, 0)) for row in drawn]
    assert [row.bounds for row in read] == [pytest.approx(row.bounds, abs=1e-4) for row in drawn]


@pytest.mark.parametrize("name", DRAWN)
def test_cvat_gives_the_same_shapes_back(name: str, tmp_path: Path) -> None:
    drawn, read = rows_of(name), again("cvat", rows_of(name), tmp_path)
    assert [(row.frame, row.kind, row.flags) for row in read] == [(row.frame, row.kind, row.flags) for row in drawn]
    for before, after in zip(drawn, read, strict=True):
        if not before.flags & Flag.OUTSIDE:
            assert_same(before, after)


def assert_same(before: Row, after: Row) -> None:
    """The same geometry, within what CVAT writes."""
    assert after.bounds == pytest.approx(before.bounds, abs=2 * CVAT_PX)
    match before.kind:
        case Kind.MASK:
            assert after.payload == before.payload
        case Kind.ROTATED_BOX:
            assert geometry.rotated_values(after) == pytest.approx(geometry.rotated_values(before), abs=CVAT_PX)
        case Kind.SKELETON | Kind.POINTS:
            assert geometry.visibilities(after) == geometry.visibilities(before)
            assert np.allclose(geometry.vertices(after), geometry.vertices(before), atol=CVAT_PX)
        case Kind.POLYGON | Kind.POLYLINE:
            assert np.allclose(geometry.vertices(after), geometry.vertices(before), atol=CVAT_PX)
