"""Writes DAVIS's pictures, frame by frame."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from annotator.formats import beside
from annotator.formats.base import Dataset, FormatError, Progress, Report
from annotator.formats.davis.limits import indices
from annotator.formats.limits import rows_of
from annotator.formats.masks import in_memory, size_of
from annotator.formats.names import safe_stem
from annotator.formats.pngs import MOST_PICTURES, frames_of, painted, png
from tracking.shapes.palette import palette

FOLDER = "Annotations"


def write_archive(dataset: Dataset, target: Path, report: Report, progress: Progress) -> None:
    """The whole file. Pictures are packed already: the archive stores them as they are."""
    video = dataset.video
    size = size_of(video)
    tracks = in_memory(dataset.tracks)
    values_by_number = indices(tracks)
    values = [values_by_number[track.number] for track in tracks]
    shown = frames_of(tracks)
    count = max(video.frame_count, max(shown, default=-1) + 1)
    if count > MOST_PICTURES:
        raise FormatError(
            f"DAVIS has a picture for every frame, at most {MOST_PICTURES:,} here; this video has {count:,} frames. "
            "Choose another format."
        )
    sequence = safe_stem(video.name, "video")
    report.tracks += len(tracks)
    report.shapes += sum(int(rows_of(track).shown.sum()) for track in tracks)
    before, packed = None, b""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for frame in range(count):
            now = shown.get(frame, [])
            if now != before:
                before, packed = now, png(painted(now, values, size, np.uint8), palette())
            archive.writestr(f"{FOLDER}/{sequence}/{frame:05d}.png", packed)
            progress(len(tracks) * (frame + 1) // count)
        told = beside.Told(
            format="davis",
            video=beside.video_told(video),
            folder=sequence,
            labels=[beside.label_told(label) for label in dataset.labels],
            tracks=[beside.track_told(track, value) for track, value in zip(tracks, values, strict=True)],
        )
        archive.writestr(beside.NAME, told.model_dump_json(indent=1))
