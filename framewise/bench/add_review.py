"""``python -m framewise.bench.add_review``: a long crowd to review in the data folder's database.

A process of its own, like ``add_hour``. Prints the id of the video.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

TRACKS = 1000
FRAMES = 10_000
SPANS = 10
"""Verdicts on each track."""
AT_ONCE = 100
EVERY = 1000
"""A person drew a shape on each so-many-th frame."""
STANDINGS = ("accepted", "rejected", "check")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    import django

    django.setup()
    from annotator.actions.edits.apply import write_tracks
    from annotator.media import storage
    from annotator.models import Layer, Project, ProxyState, User, Video, VideoState
    from framewise.bench import videos

    project = Project.objects.order_by("pk")[0]
    video = Video.objects.create(project=project, name="crowd.mp4", state=VideoState.QUEUED)
    layer = Layer.objects.create(video=video)
    with storage.arriving(storage.video_file(video, storage.PROXY)) as proxy:
        videos.repeated(proxy, FRAMES, group=videos.GROUP)
    Video.objects.filter(pk=video.pk).update(
        state=VideoState.READY,
        proxy_state=ProxyState.READY,
        width=videos.WIDTH,
        height=videos.HEIGHT,
        frame_count=FRAMES,
        fps=videos.FPS,
        duration_s=FRAMES / videos.FPS,
    )
    label, admin = project.labels.first(), User.objects.order_by("pk").first()
    for first in range(0, TRACKS, AT_ONCE):
        several = list(_tracks(label, range(first, first + AT_ONCE)))
        verdicts = {track.pk: list(_verdicts(track.number)) for track, _ in several}
        write_tracks(user=admin, layer_id=layer.pk, tracks=several, summary="A crowd", verdicts=verdicts)
    print(video.pk)


def _tracks(label: Any, numbers: range) -> Iterator[tuple[Any, Any]]:
    from annotator.models import Track

    for number in numbers:
        yield Track(label=label, number=number + 1), _rows(np.random.default_rng(number))


def _rows(draw: np.random.Generator) -> Any:
    """Boxes that wander through the picture and change their size; of some stretches the tracker was unsure, and now
    and then it jumps to something else."""
    from annotator.formats.rows import Rows
    from framewise.bench.videos import HEIGHT, WIDTH
    from tracking.shapes.chunks import Flag, Kind

    at = np.arange(FRAMES)
    turn = draw.uniform(0, 6.28, 4)
    centre = np.array([WIDTH, HEIGHT]) * (0.5 + 0.4 * np.sin(at[:, None] / draw.uniform(200, 900, 2) + turn[:2]))
    centre += draw.normal(0, 0.4, (FRAMES, 2))
    for jump in draw.integers(0, FRAMES, 5):
        centre[jump : jump + int(draw.integers(20, 80))] += draw.uniform(-60, 60, 2)
    half = draw.uniform(10, 30, 2) * (1 + 0.3 * np.sin(at[:, None] / draw.uniform(300, 900) + turn[2:]))
    half = np.minimum(half, np.array([WIDTH, HEIGHT]) / 2 - 1)
    centre = np.clip(centre, half, np.array([WIDTH, HEIGHT]) - half)
    confidence = np.clip(0.8 + draw.normal(0, 0.05, FRAMES), 0, 1)
    for begin in draw.integers(0, FRAMES, 12):
        confidence[begin : begin + int(draw.integers(5, 120))] *= 0.4
    flags = np.full(FRAMES, int(Flag.PREDICTED), np.uint8)
    flags[::EVERY] = int(Flag.KEYFRAME)
    return Rows(
        frames=at.astype(np.int64),
        kinds=np.full(FRAMES, int(Kind.BOX), np.uint8),
        flags=flags,
        confidence=confidence,
        bounds=np.concatenate([centre - half, centre + half], axis=1).astype(np.float32),
        payloads=(b"",) * FRAMES,
    )


def _verdicts(number: int) -> Iterator[Any]:
    from annotator.operations import SpanVerdict

    length = FRAMES // SPANS
    for span in range(SPANS):
        verdict: Any = STANDINGS[number % 3] if span == 0 else "accepted"
        first = span * length
        yield SpanVerdict(first=first, last=first + length - 1, verdict=verdict, reason="It is another.")


if __name__ == "__main__":
    main()
