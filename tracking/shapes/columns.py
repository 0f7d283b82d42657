"""The rows of many packed tables as one set of columns: what reads all of a layer has ten thousand tables a second to
unpack, and nearly all of them are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.chunks import ALL_FLAGS, HEADER, LAST_KIND, MAGIC, WINDOW, Table, table_bytes


@dataclass(frozen=True, slots=True)
class Columns:
    """As in ``Table``, (n,) and (n, 4), but of any number of windows; frames are as the tables have them."""

    frames: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    confidence: NDArray[np.uint16]
    bounds: NDArray[np.float32]
    payloads: tuple[bytes, ...]

    @classmethod
    def unpacked(cls, packed: Sequence[bytes]) -> Columns:
        """The rows of packed tables, one after the other, trusting nothing.

        Raises:
            ChunkError: one of them is no table; the same as ``Table.unpack``.
        """
        parts = list(chain.from_iterable(_parts(list(alike)) for _, alike in groupby(packed, key=len)))
        if not parts:
            parts = [Table.empty(0)]
        return cls(
            frames=np.concatenate([part.frames for part in parts]),
            kinds=np.concatenate([part.kinds for part in parts]),
            flags=np.concatenate([part.flags for part in parts]),
            confidence=np.concatenate([part.confidence for part in parts]),
            bounds=np.concatenate([part.bounds for part in parts]),
            payloads=tuple(chain.from_iterable(part.payloads for part in parts)),
        )


def _parts(packed: Sequence[bytes]) -> Iterator[Columns | Table]:
    """Tables of one length: at once where all are sound and without payloads, else one by one."""
    together = _together(packed) if len(packed[0]) >= HEADER.itemsize else None
    if together is not None:
        yield together
        return
    for data in packed:
        yield Table.unpack(data)


def _together(packed: Sequence[bytes]) -> Columns | None:
    size = len(packed[0])
    count = int(np.frombuffer(packed[0], HEADER, 1)["count"][0])
    if not 0 < count <= WINDOW or table_bytes(count, 0) != size:
        return None
    tables = np.frombuffer(b"".join(packed), _layout(count, size))
    header, within, bounds = tables["header"], tables["frames"], tables["bounds"]
    plain = (header["magic"] == MAGIC) & (header["count"] == count) & (header["payload_bytes"] == 0)
    sound = plain.all() and not (header["start"] % WINDOW).any() and (within[:, 1:] > within[:, :-1]).all()
    kinds, flags = tables["kinds"].reshape(-1), tables["flags"].reshape(-1)
    if not sound or kinds.max() > LAST_KIND or flags.max() > ALL_FLAGS or not np.isfinite(bounds).all():
        return None
    return Columns(
        frames=(within + header["start"].astype(np.int64)[:, None]).reshape(-1),
        kinds=kinds,
        flags=flags,
        confidence=tables["confidence"].reshape(-1),
        bounds=bounds.reshape(-1, 4),
        payloads=(b"",) * (count * len(packed)),
    )


@cache
def _layout(count: int, size: int) -> np.dtype[np.void]:
    """How a table of ``count`` rows without payloads lies in memory."""
    fields = [
        ("header", HEADER),
        ("bounds", "<f4", (count, 4)),
        ("confidence", "<u2", (count,)),
        ("frames", "u1", (count,)),
        ("kinds", "u1", (count,)),
        ("flags", "u1", (count,)),
    ]
    used = np.dtype(fields).itemsize
    return np.dtype([*fields, ("padding", "u1", (size - used,))])
