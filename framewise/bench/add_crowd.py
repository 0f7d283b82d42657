"""``python -m framewise.bench.add_crowd VIDEO``: 5,000 objects in a video, 300 of them on every frame.

A process of its own, like ``add_hour``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

TRACKS = 5000
PER_FRAME = 300


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    import django

    django.setup()
    from annotator.actions.edits.apply import write_tracks
    from annotator.models import Layer, Track

    layer = Layer.objects.select_related("video__project").get(video=int(sys.argv[1]))
    label = layer.video.project.labels.first()
    frames = layer.video.frame_count or 0
    made = [(Track(label=label, number=number + 1), list(_rows(number, frames))) for number in range(TRACKS)]
    write_tracks(user=None, layer_id=layer.pk, tracks=made, summary="A crowd")


def _rows(number: int, frames: int) -> Iterator[Any]:
    """Each object lives for its share of the frames, which begins where its number says, and drifts to the right."""
    from tracking.shapes.chunks import Flag, Kind, Row

    life = round(PER_FRAME * frames / TRACKS)
    begins = number * (frames - life) // (TRACKS - 1)
    left, top = 40 + 37 * number % 1120, 20 + 53 * number % 640
    for frame in range(begins, begins + life):
        flags = Flag.PREDICTED if (frame - begins) % 12 else Flag.KEYFRAME
        x = left + 2.0 * (frame - begins)
        yield Row(frame, Kind.BOX, flags, 0.9, (x, top, x + 28, top + 36))


if __name__ == "__main__":
    main()
