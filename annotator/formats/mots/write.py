"""Writes MOTS, frame by frame: lines of text, or pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from annotator.formats import beside
from annotator.formats.base import Dataset, FormatError, Progress, Report, TrackData
from annotator.formats.coco.masks import encoded
from annotator.formats.limits import rows_of
from annotator.formats.masks import in_memory, mask_of, size_of
from annotator.formats.mot.write import facts
from annotator.formats.mots.limits import PER_CLASS, classes_of, ids
from annotator.formats.names import safe_stem
from annotator.formats.pngs import MOST_PICTURES, frames_of, painted, png
from tracking.shapes.bitmaps import spread
from tracking.shapes.masks import to_runs

Shown = Mapping[int, Sequence[tuple[int, bytes]]]


def write_archive(
    dataset: Dataset, target: Path, report: Report, progress: Progress, *, pictures: bool, first: int
) -> None:
    """The whole file. ``first``: the number of the first frame."""
    video = dataset.video
    tracks = in_memory(dataset.tracks)
    by_number = ids(tracks)
    values = [by_number[track.number] for track in tracks]
    shown = frames_of(tracks)
    count = max(video.frame_count, max(shown, default=-1) + 1)
    sequence = safe_stem(video.name, "sequence")
    report.tracks += len(tracks)
    report.shapes += sum(int(rows_of(track).shown.sum()) for track in tracks)

    def done(frame: int) -> None:
        progress(len(tracks) * (frame + 1) // max(count, 1))

    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        if pictures:
            _write_pictures(archive, f"instances/{sequence}", shown, values, size_of(video), range(count), first, done)
        else:
            path = f"{sequence}/gt/gt.txt" if first else f"instances_txt/{sequence}.txt"
            _write_lines(archive, path, shown, values, size_of(video), range(count), first, done)
            if first:
                archive.writestr(f"{sequence}/seqinfo.ini", facts(sequence, video))
        archive.writestr(beside.NAME, _told(dataset, tracks, values, sequence, first).model_dump_json(indent=1))


def _write_lines(
    archive: zipfile.ZipFile,
    path: str,
    shown: Shown,
    values: Sequence[int],
    size: tuple[int, int],
    frames: range,
    first: int,
    done: Callable[[int], None],
) -> None:
    known: dict[int, tuple[bytes, str]] = {}
    height, width = size
    with archive.open(path, "w", force_zip64=True) as out:
        for frame in frames:
            for place, payload in shown.get(frame, ()):
                if place not in known or known[place][0] != payload:
                    known[place] = payload, encoded(to_runs(spread(mask_of(payload), size), order="F"))
                value = values[place]
                line = f"{frame + first} {value} {value // PER_CLASS} {height} {width} {known[place][1]}\n"
                out.write(line.encode())
            done(frame)


def _write_pictures(
    archive: zipfile.ZipFile,
    folder: str,
    shown: Shown,
    values: Sequence[int],
    size: tuple[int, int],
    frames: range,
    first: int,
    done: Callable[[int], None],
) -> None:
    if len(frames) > MOST_PICTURES:
        raise FormatError(
            f"There is a picture for every frame, at most {MOST_PICTURES:,} here; this video has {len(frames):,} "
            "frames. Choose the text."
        )
    before: Sequence[tuple[int, bytes]] | None = None
    packed = b""
    for frame in frames:
        now = shown.get(frame, [])
        if now != before:
            before, packed = now, png(painted(now, values, size, np.uint16))
        # Pictures are packed already.
        archive.writestr(f"{folder}/{frame + first:06d}.png", packed, zipfile.ZIP_STORED)
        done(frame)


def _told(
    dataset: Dataset, tracks: Sequence[TrackData], values: Sequence[int], sequence: str, first: int
) -> beside.Told:
    classes = classes_of(track.label for track in tracks)
    return beside.Told(
        format="mots",
        video=beside.video_told(dataset.video),
        folder=sequence,
        first=first,
        labels=[beside.label_told(label, classes.get(label.name, 0)) for label in dataset.labels],
        tracks=[beside.track_told(track, value) for track, value in zip(tracks, values, strict=True)],
    )
