"""Packed masks, and ``tests/protocol/masks.json``, which holds the browser to the same bytes.

``python -m tests.formats.test_masks`` writes it again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from annotator.formats.geometry import mask_bitmap, mask_row
from tracking.shapes.chunks import Flag

FIXTURES = Path(__file__).parent.parent / "protocol" / "masks.json"
DRAWN = {
    "one pixel": (0, 0, ["#"]),
    "a column beside a row": (3, 4, ["#..", "###", "#.."]),
    "begins with background": (100, 7, [".#", "##", ".#"]),
    "a ring": (-2, 5, ["####", "#..#", "####"]),
    "two pieces": (1, 1, ["#..#", "...#"]),
}


def bitmap_of(rows: list[str]) -> Any:
    return np.array([[sign == "#" for sign in row] for row in rows])


def fixtures() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "left": left,
            "top": top,
            "rows": rows,
            "payload": mask_row(0, Flag.KEYFRAME, 1.0, left, top, bitmap_of(rows)).payload.hex(),
        }
        for name, (left, top, rows) in DRAWN.items()
    ]


def test_the_recorded_masks_are_what_is_packed() -> None:
    assert json.loads(FIXTURES.read_text()) == fixtures()


def test_a_packed_mask_is_read_as_it_was_drawn() -> None:
    for left, top, rows in DRAWN.values():
        row = mask_row(0, Flag.KEYFRAME, 1.0, left, top, bitmap_of(rows))
        assert mask_bitmap(row).tolist() == bitmap_of(rows).tolist()
        assert row.bounds == (left, top, left + len(rows[0]), top + len(rows))


if __name__ == "__main__":
    FIXTURES.write_text(json.dumps(fixtures(), indent=1) + "\n")
