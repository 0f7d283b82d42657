"""Many tables at once say what each says by itself, and what is no table is refused in the same words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.tracking.shapes.test_chunks import FIXTURES, example_tables, key
from tracking.shapes.chunks import WINDOW, ChunkError, Flag, Table
from tracking.shapes.columns import Columns

BROKEN = {each["name"]: bytes.fromhex(each["hex"]) for each in json.loads(FIXTURES.read_text())["broken"]}


def boxes(start: int, count: int = WINDOW) -> Table:
    return Table.of(start, [key(start + at, at, 2, at + 3, 4, flags=Flag.PREDICTED) for at in range(count)])


def test_tables_of_all_kinds_come_out_as_each_by_itself() -> None:
    tables = [boxes(0), boxes(256), boxes(512, 7), *example_tables().values(), boxes(1024, 3), boxes(1280, 3)]
    found = Columns.unpacked([table.pack() for table in tables])
    for name in ("frames", "kinds", "flags", "confidence", "bounds"):
        wanted = np.concatenate([getattr(table, name) for table in tables])
        np.testing.assert_array_equal(getattr(found, name), wanted)
        assert getattr(found, name).dtype == wanted.dtype
    assert found.payloads == tuple(payload for table in tables for payload in table.payloads)


def test_of_no_tables_there_are_no_rows() -> None:
    assert [len(column) for column in (Columns.unpacked([]).frames, Columns.unpacked([]).bounds)] == [0, 0]


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_table_is_refused_among_others_as_by_itself(name: str) -> None:
    with pytest.raises(ChunkError) as alone:
        Table.unpack(BROKEN[name])
    with pytest.raises(ChunkError) as among:
        Columns.unpacked([boxes(0, 2).pack(), BROKEN[name], boxes(256, 2).pack()])
    assert str(among.value) == str(alone.value)


@pytest.mark.parametrize(("at", "byte"), [(0, 0), (4, 1), (16, 0xFF), (16 + 3 * 18, 200), (16 + 4 * 18, 255)], ids=str)
def test_one_of_many_alike_that_is_spoilt_is_found(at: int, byte: int) -> None:
    """The magic, the start, a coordinate (NaN), a kind, the flags."""
    spoilt = bytearray(boxes(256, 3).pack())
    spoilt[at : at + 4] = bytes([byte]) * 4
    try:
        Table.unpack(bytes(spoilt))
    except ChunkError as error:
        with pytest.raises(ChunkError, match=f"^{str(error)[:20]}"):
            Columns.unpacked([boxes(0, 3).pack(), bytes(spoilt), boxes(512, 3).pack()])
    else:
        pytest.fail("it isn't spoilt")
