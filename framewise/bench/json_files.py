"""Framewise JSON in and out, as the worker does it: from a file into a layer, and from a layer to a file to download.

Beside it stands what the same document costs a program that keeps it as it is, in one column: one ``json.loads``
and one ``json.dumps`` either way, in the same run. Processor time is compared: it is what both are made of.
"""

from __future__ import annotations

import gc
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

from framewise.bench.database import make_layer
from framewise.bench.table import Figure

FRAMES = 17_280
"""10 minutes at 28.8 frames per second: 172,800 boxes in 10 tracks, or in 1,200."""
LAYOUTS = ((1200, 144), (10, FRAMES))
"""How many tracks, of how many boxes each."""
TIMES = 3
MOST_TIMES = 1.2


def measure() -> list[Figure]:
    """Export and import 172,800 boxes, as many short tracks and as few long ones, in the database at hand."""
    from django.test import override_settings

    with tempfile.TemporaryDirectory(prefix="framewise-bench-") as folder, override_settings(MEDIA_ROOT=Path(folder)):
        return [figure for tracks, boxes in LAYOUTS for figure in _figures(tracks, boxes)]


def _figures(tracks: int, boxes: int) -> list[Figure]:
    from annotator.models import Layer

    area = f"JSON: {tracks:,} tracks of {boxes:,} boxes"
    layer = _layer_with(tracks, boxes)
    target = _exported(layer)
    text = target.read_text()
    decode_s = _best(lambda: json.loads(text))
    encode_s = _best(partial(json.dumps, json.loads(text)))
    export_s = _best(lambda: _exported(layer))
    layers: list[Layer] = [make_layer(FRAMES) for _ in range(TIMES)]
    import_s = _best(lambda: _imported(target, layers.pop()))
    both_s = decode_s + encode_s
    return [
        Figure(area, "export to a file", export_s, "s"),
        Figure(area, "json.dumps of it", encode_s, "s"),
        Figure(area, "export against json.loads and json.dumps", export_s / both_s, "", MOST_TIMES),
        Figure(area, "import of a file", import_s, "s"),
        Figure(area, "json.loads of it", decode_s, "s"),
        Figure(area, "import against json.loads and json.dumps", import_s / both_s, "", MOST_TIMES),
    ]


def _best(work: Callable[[], Any]) -> float:
    """Seconds of the processor, the least of several times."""
    times = []
    for _ in range(TIMES):
        gc.collect()
        began = process_time()
        work()
        times.append(process_time() - began)
    return min(times)


def _layer_with(tracks: int, boxes: int) -> Any:
    from annotator.actions.edits.apply import write_tracks
    from annotator.models import Track

    layer = make_layer(FRAMES)
    label = layer.video.project.labels.get()
    made = [
        (Track(label=label, number=number + 1), list(_rows(number, 7 * number % (FRAMES - boxes + 1), boxes)))
        for number in range(tracks)
    ]
    write_tracks(user=None, layer_id=layer.pk, tracks=made, summary="Boxes")
    return layer


def _rows(seed: int, first: int, count: int) -> Iterator[Any]:
    from tracking.shapes.chunks import Flag, Kind, Row

    chance = random.Random(seed).random
    for frame in range(first, first + count):
        x, y = 1000 * chance(), 600 * chance()
        flags = Flag.PREDICTED if frame % 10 else Flag.KEYFRAME
        yield Row(frame, Kind.BOX, flags, chance(), (x, y, x + 200 * chance(), y + 100 * chance()))


def _exported(layer: Any) -> Path:
    """What the worker's task does for an export. Returns the file."""
    from annotator.actions.transfers import transfer_file
    from annotator.models import Transfer

    transfer = Transfer.objects.create(layer=layer, kind=Transfer.Kind.EXPORT, format="framewise", file_name="a.json")
    _carry_out(transfer)
    return transfer_file(transfer)


def _imported(source: Path, layer: Any) -> None:
    """What the worker's task does for an import."""
    from annotator.actions.transfers import transfer_file
    from annotator.models import Membership, Role, Transfer, User

    project = layer.video.project
    user, _ = User.objects.get_or_create(username="bench")
    Membership.objects.get_or_create(user=user, workspace=project.workspace, defaults={"role": Role.ADMIN})
    transfer = Transfer(layer=layer, kind=Transfer.Kind.IMPORT, format="framewise", file_name="a.json")
    transfer.created_by = user
    transfer_file(transfer).parent.mkdir(parents=True, exist_ok=True)
    transfer_file(transfer).write_bytes(source.read_bytes())
    transfer.save(force_insert=True)
    _carry_out(transfer)


def _carry_out(transfer: Any) -> None:
    from annotator.actions.transfers import carry_out
    from annotator.models import TransferState

    carry_out.func(str(transfer.pk))
    transfer.refresh_from_db()
    if transfer.state != TransferState.DONE:
        raise RuntimeError(f"The {transfer.kind} ended as {transfer.state}: {transfer.message}")
