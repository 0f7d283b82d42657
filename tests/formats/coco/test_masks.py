"""Masks as COCO keeps them: the same as pycocotools packs and unpacks, and nothing of a hostile file is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as pycocotools
from pycocotools.coco import COCO

from annotator.formats import find, geometry
from annotator.formats.base import Dataset, FormatError, LabelInfo, TrackData, VideoInfo
from annotator.formats.coco.masks import decoded, encoded, read_segmentation
from tests.formats.files import read
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.masks import to_runs

WIDTH, HEIGHT = 64, 48


def blob(seed: int, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.bool_]:
    """A disc with holes."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    centre_y, centre_x = random.uniform(0.3, 0.7, 2) * (height, width)
    disc = (y - centre_y) ** 2 + (x - centre_x) ** 2 < (0.25 * min(height, width)) ** 2
    holes: NDArray[np.bool_] = random.random((height, width)) > 0.1
    return disc & holes


def whole(row: Row) -> NDArray[np.bool_]:
    left, top, columns, rows = geometry.mask_window(row)
    bitmap = np.zeros((HEIGHT, WIDTH), np.bool_)
    bitmap[top : top + rows, left : left + columns] = geometry.mask_bitmap(row)
    return bitmap


def taken(told: dict[str, Any], bbox: list[float] | None = None) -> Row:
    return read_segmentation(0, Flag.KEYFRAME, 1.0, told, bbox)


def packed(bitmap: NDArray[np.bool_]) -> dict[str, Any]:
    told = pycocotools.encode(np.asfortranarray(bitmap.astype(np.uint8)))
    return {"size": told["size"], "counts": told["counts"].decode()}


@settings(max_examples=60, deadline=None)
@given(runs=st.lists(st.integers(1, 2**20) | st.integers(1, 40), min_size=1, max_size=30), background=st.booleans())
def test_run_lengths_are_packed_as_pycocotools_packs_them(runs: list[int], background: bool) -> None:
    counts = runs if background else [0, *runs]
    size = [1, sum(counts)]
    theirs = pycocotools.frPyObjects({"size": size, "counts": counts}, *size)["counts"].decode()
    assert encoded(np.array(counts)) == theirs
    assert decoded(theirs).tolist() == counts


@pytest.mark.parametrize("seed", range(4))
def test_masks_of_others_are_read_pixel_by_pixel(seed: int) -> None:
    bitmap = blob(seed)
    row = taken(packed(bitmap))
    assert np.array_equal(whole(row), bitmap)
    assert list(row.bounds[:2]) == pycocotools.toBbox(packed(bitmap))[:2].tolist()
    runs = {"size": [HEIGHT, WIDTH], "counts": to_runs(bitmap, order="F").tolist()}
    assert taken(runs) == row


@pytest.mark.parametrize(
    "area",
    [
        (slice(None), slice(None)),
        (slice(0, 1), slice(0, 1)),
        (slice(HEIGHT - 1, None), slice(WIDTH - 1, None)),
        (slice(5, 9), slice(None)),
        (slice(None), slice(7, 9)),
    ],
    ids=["all", "the first pixel", "the last pixel", "a row", "a column"],
)
def test_masks_at_the_edges_keep_their_window(area: tuple[slice, slice]) -> None:
    bitmap = np.zeros((HEIGHT, WIDTH), np.bool_)
    bitmap[area] = True
    row = taken(packed(bitmap))
    assert np.array_equal(whole(row), bitmap)
    assert geometry.mask_bitmap(row).all()


def test_pycocotools_reads_what_is_written(tmp_path: Path) -> None:
    bitmaps = [blob(seed) for seed in range(3)]
    rows = [geometry.mask_row(n, Flag.KEYFRAME, 1.0, 0, 0, bitmap) for n, bitmap in enumerate(bitmaps)]
    rows.append(geometry.mask_row(3, Flag.KEYFRAME, 1.0, WIDTH - 4, -2, np.ones((8, 8), np.bool_)))
    track = TrackData(1, "thing", rows)
    target = tmp_path / "out.json"
    video = VideoInfo("a.mp4", WIDTH, HEIGHT, 4, 25.0)
    find("coco").write(Dataset(video, (LabelInfo("thing"),), (track,), 1), target, {})
    theirs = COCO(str(target))
    annotations = theirs.loadAnns(theirs.getAnnIds())
    for annotation, bitmap in zip(annotations[:3], bitmaps, strict=True):
        assert np.array_equal(theirs.annToMask(annotation), bitmap)
        assert annotation["area"] == bitmap.sum()
    assert theirs.annToMask(annotations[3]).sum() == 4 * 6  # what of it lies in the image
    (again,) = read("coco", target)[0].tracks
    assert [row.payload for row in again.rows] == [row.payload for row in rows]  # and all of it comes back


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"size": [4, 4], "counts": [3, 4]}, "add up to their image of 4 x 4"),
        ({"size": [4, 4], "counts": [3, -4, 17]}, "list of whole numbers"),
        ({"size": [4, 4], "counts": [True, 15]}, "list of whole numbers"),
        ({"size": [4, 4], "counts": "abc~"}, "characters from 0 to o"),
        ({"size": [4, 4], "counts": "ä"}, "ASCII"),
        ({"size": [4, 4], "counts": "P"}, "each number whole"),
        ({"size": [4, 4], "counts": ""}, "characters from 0 to o"),
        ({"size": [4, 4], "counts": "o" * 9 + "0"}, "one goes on"),
        ({"size": [4, 4], "counts": "000N0"}, "add up"),
        ({"size": [2**20, 2**20], "counts": [2**40]}, "size .height, width."),
        ({"size": [4], "counts": [4]}, "size .height, width."),
        ({"size": [4.0, 4], "counts": [16]}, "size .height, width."),
        ({"size": [4, 4], "counts": [16]}, "neither"),
        ({"counts": [16]}, "size .height, width."),
    ],
)
def test_what_is_no_mask_is_refused(told: dict[str, Any], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        taken(told)


def test_a_huge_image_costs_what_its_runs_do() -> None:
    side = 2**14
    row = taken({"size": [side, side], "counts": [side + 5, 3, side * side - side - 8]})
    assert geometry.mask_window(row) == (1, 5, 1, 3)


@pytest.mark.parametrize(
    "whole_mask",
    [
        {"left": 0.5, "top": 0, "size": [2, 2], "counts": [0, 4]},
        {"left": 2**40, "top": 0, "size": [2, 2], "counts": [0, 4]},
    ],
)
def test_a_window_that_can_not_be_is_refused(whole_mask: dict[str, Any], tmp_path: Path) -> None:
    annotation = {"image_id": 1, "category_id": 1, "segmentation": packed(blob(0)), "whole_mask": whole_mask}
    value = {"images": [{"id": 1}], "categories": [{"id": 1, "name": "a"}], "annotations": [annotation]}
    (tmp_path / "in.json").write_text(json.dumps(value))
    with pytest.raises(FormatError, match="window lies within"):
        read("coco", tmp_path / "in.json")


def test_a_bbox_around_a_mask_is_its_window_and_any_other_is_not() -> None:
    told = packed(blob(1))
    assert geometry.mask_window(taken(told, [0, 0, WIDTH, HEIGHT])) == (0, 0, WIDTH, HEIGHT)
    tight = geometry.mask_window(taken(told))
    assert {geometry.mask_window(taken(told, bbox)) for bbox in ([1, 1, 2, 2], [0.5, 0, 60, 40], [0, 0, 99, 99])} == {
        tight
    }
    assert taken({"size": [4, 4], "counts": [16]}, [1, 1, 2, 2]).kind == Kind.MASK
