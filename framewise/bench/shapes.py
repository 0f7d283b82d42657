"""A million shapes: an hour of video at 24 frames per second with a dozen tracks, every frame of each stored."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from framewise.bench.database import make_layer
from framewise.bench.table import Figure

AREA = "A million shapes"
TRACKS = 12
FRAMES = 86_400
OPEN_FRAMES = 256
"""Frames of the window that the editor asks for when it opens."""
MOST_OPENING_KB = 300


def measure() -> list[Figure]:
    """Write a million shapes into the database at hand, read them back, and weigh what opens the editor."""
    from annotator import stored_shapes
    from annotator.actions.edits.apply import write_tracks
    from annotator.api.layers import make_overview, pack_window
    from annotator.models import Layer

    layer = make_layer(FRAMES)
    made = tracks(layer)
    write_s = _timed(lambda: write_tracks(user=None, layer_id=layer.pk, tracks=made, summary="A million shapes"))
    layer = Layer.objects.select_related("video").get(pk=layer.pk)

    def load() -> int:
        return sum(len(table) for _, table in stored_shapes.read(layer.chunks.all()))

    def window(first: int) -> bytes:
        return pack_window(layer, first, first + OPEN_FRAMES - 1, tracks=True)

    def overview() -> str:
        return make_overview(layer, 200).model_dump_json()

    load_s = _timed(load)
    opening = max(len(window(first)) + len(overview()) for first in (0, FRAMES // 2 + 100, FRAMES - OPEN_FRAMES))
    return [
        Figure(AREA, "shapes stored", TRACKS * FRAMES, ""),
        Figure(AREA, "write them, as an import", write_s, "s"),
        Figure(AREA, "load them all", load_s, "s"),
        Figure(AREA, "add a second of predictions to 12 tracks", 1000 * _timed(lambda: _append(layer)), "ms"),
        Figure(AREA, "answer a window", 1000 * _timed(lambda: window(FRAMES // 2)), "ms"),
        Figure(AREA, "answer the overview", 1000 * _timed(overview), "ms"),
        Figure(AREA, "payload that opens the editor at any frame", opening / 1000, "kB", limit=MOST_OPENING_KB),
    ]


def _timed(work: Callable[[], Any]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def tracks(layer: Any) -> list[Any]:
    """Unsaved tracks with a row on every frame, a keyframe every 300."""
    from annotator.models import Track
    from tracking.shapes.chunks import Flag, Kind, Row

    def row(number: int, frame: int) -> Row:
        left, top = frame % 1000, 50.0 * number
        flags = Flag.PREDICTED if frame % 300 else Flag.KEYFRAME
        return Row(frame, Kind.BOX, flags, 0.9, (left, top, left + 80, top + 40))

    label = layer.video.project.labels.first()
    numbers = range(1, TRACKS + 1)
    return [(Track(label=label, number=number), [row(number, frame) for frame in range(FRAMES)]) for number in numbers]


def _append(layer: Any) -> None:
    """Merge 24 frames of every track into full chunks, as a tracker's batches are."""
    from django.db import transaction

    from annotator.actions.edits.layer_draft import LayerDraft
    from tracking.shapes.chunks import WINDOW, Flag, Kind, Row, Table

    start = FRAMES // 2 // WINDOW * WINDOW
    rows = [Row(frame, Kind.BOX, Flag.PREDICTED, 0.5, (0, 0, 9, 9)) for frame in range(start, start + 24)]
    with transaction.atomic():
        draft = LayerDraft(layer)
        tracks = list(layer.tracks.values_list("pk", flat=True))
        draft.load_shapes((track, start, start + 23) for track in tracks)
        for track in tracks:
            draft.put(track, Table.of(start, rows))
        draft.save()
