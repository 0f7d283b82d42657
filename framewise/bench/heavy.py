"""Storing a live run of large masks: what each moment of it costs beside one of plain boxes.

``python -m framewise.bench.heavy --url postgres://…`` measures an empty PostgreSQL database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from framewise.bench.database import make_layer, own_database
from framewise.bench.table import Figure, show

AREA = "20 masks of 40 kB, live"
OBJECTS = 20
FRAMES = 512
PAYLOAD_BYTES = 40_000
AT_ONCE = 5
"""Frames that come in 0.2 s, which is how often a writer stores: 25 a second."""
MOST_TIMES_BOXES = 10
MOST_SLOWEST_MS = 1000
MOST_WRITTEN = 4
MOST_MEMORY_MIB = 64
MOST_ANSWERED_MIB = 17
"""A part of a window, 16 MiB, with what is said of it."""
MOST_TIMES_ANSWER = 25


def measure() -> list[Figure]:
    """Store two runs as they come live, one of boxes and one of masks, in the database at hand."""
    boxes = _run(b"")
    masks = _run(bytes(PAYLOAD_BYTES))
    came = OBJECTS * FRAMES * PAYLOAD_BYTES
    return [
        Figure(AREA, "store 0.2 s of them, median", masks.median_ms, "ms"),
        Figure(AREA, "store 0.2 s of them, slowest", masks.slowest_ms, "ms", MOST_SLOWEST_MS),
        Figure(AREA, "the same with boxes, median", boxes.median_ms, "ms"),
        Figure(AREA, "masks against boxes, median", masks.median_ms / boxes.median_ms, "", MOST_TIMES_BOXES),
        Figure(AREA, "bytes written for each that came", masks.written / came, "bytes", MOST_WRITTEN),
        Figure(AREA, "memory above that of boxes, peak", (masks.peak - boxes.peak) / 2**20, "MiB", MOST_MEMORY_MIB),
        Figure(AREA, "answer 256 frames: bytes", masks.window_bytes / 2**20, "MiB", MOST_ANSWERED_MIB),
        Figure(AREA, "answer 256 frames: time", masks.window_ms, "ms"),
        Figure(AREA, "the same with boxes", boxes.window_ms, "ms"),
        Figure(AREA, "masks against boxes", masks.window_ms / boxes.window_ms, "", MOST_TIMES_ANSWER),
    ]


class _Stored:
    """What one run took."""

    def __init__(self, times_s: Sequence[float], written: int, peak: int, window_bytes: int, window_s: float) -> None:
        self.median_ms = 1000 * sorted(times_s)[len(times_s) // 2]
        self.slowest_ms = 1000 * max(times_s)
        self.written = written
        self.peak = peak
        self.window_bytes = window_bytes
        self.window_ms = 1000 * window_s


def _run(payload: bytes) -> _Stored:
    from annotator.actions.runs.store import PredictedRow, store_predictions
    from annotator.api.layers import pack_window

    layer = make_layer(FRAMES)
    run, tracks = _started(layer, payload)
    times: list[float] = []
    _forget_peak()
    written = _written()
    for first in range(0, FRAMES, AT_ONCE):
        frames = range(first, min(first + AT_ONCE, FRAMES))
        rows = [PredictedRow(track, 0, row) for row in (_row(frame, payload) for frame in frames) for track in tracks]
        times.append(_timed(partial(store_predictions, run_id=run, rows=rows)))
    written, peak = _written() - written, _peak()
    sizes: list[int] = []
    window_s = _timed(lambda: sizes.append(len(pack_window(layer, 0, 255, tracks=True))))
    return _Stored(times, written, peak, sizes[0], window_s)


def _started(layer: Any, payload: bytes) -> tuple[Any, list[Any]]:
    """A run that follows ``OBJECTS`` new tracks through all frames, from a shape like those it finds."""
    from annotator.actions.runs.open_run import OpenRun
    from annotator.announce.progress import ObjectState, make_leg
    from annotator.models import Run, RunState, Track

    label = layer.video.project.labels.get()
    tracks = [Track.objects.create(layer=layer, number=number, label=label) for number in range(1, OBJECTS + 1)]
    leg = partial(make_leg, "forward", shape=_row(0, payload), end=FRAMES - 1, emit_first=True)
    run = Run(layer=layer, model="framewise-cf", first=0, last=FRAMES - 1, state=RunState.RUNNING)
    OpenRun(run, {str(track.pk): ObjectState(start=0, legs=[leg()]) for track in tracks}).save(insert=True)
    return run.pk, [track.pk for track in tracks]


def _row(frame: int, payload: bytes) -> Any:
    """A box, or with a payload a mask, of other bytes on each frame, which no database can compress."""
    from tracking.shapes.chunks import Flag, Kind, Row

    kind = Kind.MASK if payload else Kind.BOX
    unlike = np.random.default_rng(frame).bytes(len(payload))
    return Row(frame, kind, Flag.PREDICTED, 0.9, (10, 10, 500, 400), unlike)


def _written() -> int:
    """Bytes that this process has written to files, or PostgreSQL to its log."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
            return int(cursor.fetchone()[0])
    return int(_field("/proc/self/io", "wchar"))


def _peak() -> int:
    return 1024 * int(_field("/proc/self/status", "VmHWM").split()[0])


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _field(path: str, name: str) -> str:
    return next(line.split(":")[1] for line in Path(path).read_text().splitlines() if line.startswith(f"{name}:"))


def _timed(work: Callable[[], Any]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def main(url: Annotated[str, typer.Option(help="An empty database; empty: a SQLite file of its own.")] = "") -> None:
    with own_database(url):
        show(measure(), Console())


if __name__ == "__main__":
    typer.run(main)
