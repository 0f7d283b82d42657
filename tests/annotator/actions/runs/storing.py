"""``python -m tests.annotator.actions.runs.storing``: stores a live run of heavy masks until it is killed.

In the database of ``FRAMEWISE_DATA``; it prints each frame once that is stored, and begun again it goes on behind the
last one that is there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

FRAMES = 5000
PAYLOAD = 40_000
OBJECTS = 6


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "annotator.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from annotator.actions.runs.store import PredictedRow, store_predictions
    from annotator.models import Layer, Run
    from framewise.bench import heavy
    from framewise.bench.database import make_layer

    heavy.OBJECTS, heavy.FRAMES = OBJECTS, FRAMES
    call_command("migrate", verbosity=0)
    if not Layer.objects.exists():
        heavy._started(make_layer(FRAMES), bytes(PAYLOAD))
    run = Run.objects.get()
    tracks = sorted(run.layer.tracks.values_list("pk", flat=True))
    check(run.layer, tracks)
    for frame in range(stored_frames(run.layer), FRAMES):
        row = heavy._row(frame, bytes(PAYLOAD))
        store_predictions(run_id=run.pk, rows=[PredictedRow(track, 0, row) for track in tracks])
        print(frame, flush=True)


def stored_frames(layer: Any) -> int:
    """How many frames the run's progress says are stored."""
    from annotator.actions.runs.open_run import OpenRun
    from annotator.models import Run

    objects = OpenRun.get(Run.objects.get(layer=layer).pk).objects.values()
    (reached,) = {-1 if leg.at is None else leg.at for state in objects for leg in state.legs}
    return reached + 1


def check(layer: Any, tracks: Sequence[UUID]) -> None:
    """Every chunk can be read, and each track has exactly the rows up to where the run's progress says it is."""
    from annotator import stored_shapes
    from framewise.bench import heavy

    found: dict[UUID, list[int]] = {track: [] for track in tracks}
    for track, table in stored_shapes.read(stored_shapes.chunks_of(list(found))):
        for row in table.rows():
            assert row.payload == heavy._row(row.frame, bytes(PAYLOAD)).payload
            found[track].append(row.frame)
    assert all(frames == list(range(stored_frames(layer))) for frames in found.values()), found
    print(f"{stored_frames(layer)} frames are whole", flush=True)


if __name__ == "__main__":
    main()
