"""The packed tables, and ``tests/protocol/chunks.json``, which holds both languages to the same bytes.

The file is ``{tables: [...], broken: [...]}``. Each of ``tables`` has ``name``, ``hex`` (the bytes), ``start`` and
``rows``; a row has ``frame``, ``kind`` (by name), ``flags`` (the bits), ``confidence`` (0..65535), ``bounds``
(exact in float32) and ``payload`` (hex). Each of ``broken`` has a ``name`` and ``hex`` that must be refused.
``python -m tests.tracking.shapes.test_chunks`` writes it again.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracking.shapes.chunks import MAGIC, WINDOW, ChunkError, Flag, Kind, Row, Table, tables_of, window_start

FIXTURES = Path(__file__).parents[2] / "protocol" / "chunks.json"
SQUARE = struct.pack("<8f", 10, 10, 30, 10, 30, 30, 10, 30)


def key(frame: int, *bounds: float, flags: Flag = Flag.KEYFRAME, confidence: float = 1.0) -> Row:
    x1, y1, x2, y2 = bounds or (1, 2, 3, 4)
    return Row(frame, Kind.BOX, flags, confidence, (x1, y1, x2, y2))


def example_tables() -> dict[str, Table]:
    mixed = [
        key(512, 0, 0, 10.5, 20.25),
        Row(515, Kind.POLYGON, Flag.KEYFRAME, 1.0, (10, 10, 30, 30), SQUARE),
        key(700, -5, 2, 3, 4, flags=Flag.PREDICTED | Flag.DOUBTFUL, confidence=0.25),
        Row(701, Kind.ROTATED_BOX, Flag.KEYFRAME, 1.0, (0, 0, 9, 9), struct.pack("<5f", 4.5, 4.5, 9, 9, 0.5)),
        Row(702, Kind.MASK, Flag.PREDICTED, 0.75, (7, 8, 10, 10), struct.pack("<4i3I", 7, 8, 3, 2, 1, 4, 1)),
        Row(703, Kind.SKELETON, Flag.KEYFRAME, 1.0, (1, 1, 5, 5), struct.pack("<4f2B2x", 1, 1, 5, 5, 2, 1)),
        Row(704, Kind.TAG, Flag.KEYFRAME, 1.0, (0, 0, 0, 0)),
        key(767, flags=Flag.KEYFRAME | Flag.OUTSIDE | Flag.OCCLUDED),
    ]
    full = [
        key(frame, frame, 0, frame + 8, 16, flags=Flag.PREDICTED, confidence=frame / 255) for frame in range(WINDOW)
    ]
    return {
        "empty": Table.empty(0),
        "one keyframe": Table.of(0, [key(7, 1.5, 2.5, 100.25, 200.125)]),
        "three boxes, padded": Table.of(256, [key(256), key(300, flags=Flag.PREDICTED, confidence=0.5), key(511)]),
        "every kind": Table.of(512, mixed),
        "a full window": Table.of(0, full),
        "a late window": Table.of(86_272, [key(86_399)]),
    }


def broken_tables() -> dict[str, bytes]:
    good = Table.of(256, [key(256), key(257)]).pack()
    with_payload = Table.of(0, [Row(0, Kind.POLYGON, Flag.KEYFRAME, 1.0, (10, 10, 30, 30), SQUARE)]).pack()
    frames_at, bounds_at = 16 + 32 + 4, 16
    return {
        "no bytes": b"",
        "another magic": b"FWC2" + good[4:],
        "cut off": good[:-1],
        "one byte too many": good + b"\0",
        "start between windows": good[:4] + struct.pack("<I", 257) + good[8:],
        "more rows than a window": struct.pack("<4I", MAGIC, 0, 257, 0) + bytes(21 * 257 + 3),
        "a frame twice": good[:frames_at] + b"\0\0" + good[frames_at + 2 :],
        "falling frames": good[:frames_at] + b"\1\0" + good[frames_at + 2 :],
        "an unknown kind": good[: frames_at + 2] + b"\x08" + good[frames_at + 3 :],
        "an unknown flag": good[: frames_at + 4] + b"\x20" + good[frames_at + 5 :],
        "not a number": good[:bounds_at] + struct.pack("<f", np.nan) + good[bounds_at + 4 :],
        "offsets beyond the payload": with_payload[:36] + struct.pack("<I", 64) + with_payload[40:],
    }


def as_json(table: Table) -> list[dict[str, Any]]:
    return [
        {
            "frame": row.frame,
            "kind": row.kind.name.lower(),
            "flags": int(row.flags),
            "confidence": int(table.confidence[index]),
            "bounds": list(row.bounds),
            "payload": row.payload.hex(),
        }
        for index, row in enumerate(table.rows())
    ]


def fixtures() -> dict[str, Any]:
    tables = [
        {"name": name, "hex": table.pack().hex(), "start": table.start, "rows": as_json(table)}
        for name, table in example_tables().items()
    ]
    return {"tables": tables, "broken": [{"name": name, "hex": data.hex()} for name, data in broken_tables().items()]}


def test_the_recorded_bytes_are_what_packing_gives() -> None:
    assert json.loads(FIXTURES.read_text()) == fixtures()


@pytest.mark.parametrize("name", example_tables())
def test_unpacking_gives_back_every_row(name: str) -> None:
    table = example_tables()[name]
    again = Table.unpack(table.pack())
    assert again.start == table.start
    assert again.rows() == table.rows()
    assert again.pack() == table.pack()


@pytest.mark.parametrize("name", broken_tables())
def test_broken_bytes_are_refused(name: str) -> None:
    with pytest.raises(ChunkError):
        Table.unpack(broken_tables()[name])


def test_a_row_of_another_window_is_refused() -> None:
    with pytest.raises(ChunkError, match=r"0\.\.255"):
        Table.of(0, [key(256)])


def test_merging_keeps_the_newer_row_of_a_frame() -> None:
    older = Table.of(0, [key(1), key(2), key(4)])
    newer = Table.of(0, [key(2, 9, 9, 10, 10), key(3)])
    merged = older.merged(newer)
    assert [(row.frame, row.bounds[0]) for row in merged.rows()] == [(1, 1), (2, 9), (3, 1), (4, 1)]


def test_rows_are_packed_into_a_table_per_window() -> None:
    tables = tables_of([key(600), key(0), key(255), key(256)])
    assert [(table.start, table.frames.tolist()) for table in tables] == [(0, [0, 255]), (256, [256]), (512, [600])]
    assert window_start(255) == 0
    assert window_start(256) == 256


if __name__ == "__main__":
    FIXTURES.write_text(json.dumps(fixtures(), indent=1) + "\n")
