"""A dataset as one of TAP-Vid's clips."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.formats import geometry
from annotator.formats.base import Dataset, FormatError, LabelInfo, Progress, Report, TrackData
from annotator.formats.limits import rows_of
from tracking.shapes.chunks import Flag
from tracking.shapes.values import ABSENT, VISIBLE

MOST_PLACES = 50_000_000
"""Points times frames: each has a place on every frame, also where it isn't there."""


def clip_of(dataset: Dataset, report: Report, progress: Progress) -> dict[str, Any]:
    """What is pickled of a video. Raises FormatError where that is more than fits."""
    tracks, places, states = [], [], []
    last = dataset.video.frame_count - 1
    for done, track in enumerate(dataset.tracks, start=1):
        frames, xy, seen = _columns(track)
        last = max(last, int(frames[-1]))
        tracks.append(_track(track, seen.shape[1]))
        places.append((frames, xy))
        states.append(seen)
        report.tracks += 1
        report.shapes += len(frames)
        progress(done)
    count = sum(seen.shape[1] for seen in states)
    if count * (last + 1) > MOST_PLACES:
        raise FormatError(
            f"TAP-Vid has a place for every point on every frame, at most {MOST_PLACES:,} here; {count:,} points on "
            f"{last + 1:,} frames are more. Choose another format."
        )
    points = np.full((count, last + 1, 2), np.nan)
    occluded = np.ones((count, last + 1), np.bool_)
    size = max(dataset.video.height, 1), max(dataset.video.width, 1)
    first = 0
    for (frames, xy), seen in zip(places, states, strict=True):
        rows = slice(first, first := first + seen.shape[1])
        shares = np.where((seen == ABSENT)[..., None], np.nan, xy / np.array(size[::-1], np.float64))
        points[rows, frames] = shares.transpose(1, 0, 2)
        occluded[rows, frames] = (seen != VISIBLE).T
    return {
        "points": points,
        "occluded": occluded,
        "size": size,
        "fps": float(dataset.video.fps),
        "labels": [_label(label) for label in dataset.labels],
        "tracks": tracks,
    }


def _columns(track: TrackData) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8]]:
    """Frames (T,) that show a track, its points (T, n, 2) px, and their states (T, n)."""
    shown = [row for row in rows_of(track) if not row.flags & Flag.OUTSIDE]
    frames = np.array([row.frame for row in shown], np.int64)
    xy = np.stack([geometry.vertices(row) for row in shown]).astype(np.float64)
    return frames, xy, np.array([geometry.visibilities(row) for row in shown], np.uint8)


def _track(track: TrackData, count: int) -> dict[str, Any]:
    row = rows_of(track)[0]
    told = {"number": track.number, "label": track.label, "kind": row.kind.name.lower(), "points": count}
    return told | {"source": track.source, "colour": track.colour, "verdict": track.verdict}


def _label(label: LabelInfo) -> dict[str, Any]:
    skeleton = None if label.skeleton is None else label.skeleton.as_json()
    return {"name": label.name, "colour": label.colour, "skeleton": skeleton}
