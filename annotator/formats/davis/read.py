"""Reads DAVIS's pictures, trusting nothing in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annotator.formats import beside
from annotator.formats.archive import Archive
from annotator.formats.base import Dataset, FormatError, LabelInfo, Part, Reading, Report, TrackData, VideoInfo
from annotator.formats.bounds import MOST_ROWS, check_count
from annotator.formats.davis.limits import VOID
from annotator.formats.masks import packed, rows_of_masks
from annotator.formats.pngs import PictureFolder, PictureReader, folders_in
from tracking.shapes.bitmaps import cropped

SOURCE, LABEL = "davis", "object"
MODES = ("P", "L", "1")
WANTED = "a mask is a PNG of 8 bits, with a palette or grey, whose values are objects"
MOST_VIDEOS = 1_000


def read_archive(archive: Archive) -> Reading:
    """The videos of an archive. Raises FormatError where it has no such pictures, or one that can't be taken."""
    told = beside.told_in(archive, "davis")
    folders = folders_in(archive)
    if not folders:
        raise FormatError("The archive holds no numbered PNGs (00000.png …). Choose a folder of DAVIS masks.")
    report = Report()
    chosen = _one_of_each_name(folders, report)
    check_count("videos", len(chosen), MOST_VIDEOS)
    reader = PictureReader(archive, MODES, WANTED)
    parts = [_part(reader, folder, told if told and told.folder == folder.name else None) for folder in chosen]
    read = [path for folder in folders for path in folder.paths.values()]
    archive.note_unread([*read, *([beside.NAME] if told else [])], report)
    return Reading(parts, report)


def _one_of_each_name(folders: Sequence[PictureFolder], report: Report) -> list[PictureFolder]:
    """DAVIS has the same sequences at two resolutions: the first is taken."""
    found: dict[str, PictureFolder] = {}
    for folder in folders:
        found.setdefault(folder.name, folder)
    report.lose("folders were left out, because one before them has the same name", len(folders) - len(found))
    return list(found.values())


def _part(reader: PictureReader, folder: PictureFolder, told: beside.Told | None) -> Part:
    report = Report()
    found: dict[int, dict[int, bytes]] = {}
    void = 0
    size = (0, 0)
    masks: dict[int, bytes] = {}
    for frame, picture, same in reader.of(folder):
        if not same:
            masks = {value: packed(cropped(picture == value)) for value in _values(picture)}
            size = picture.shape[:2]
        for value, mask in masks.items():
            found.setdefault(value, {})[frame] = mask
        check_count("shapes", sum(map(len, found.values())), MOST_ROWS)
    if set(found) == {VOID} and told is None:
        found = {1: found[VOID]}
        report.note("The pictures have 0 and 255 alone, as those of DAVIS 2016: 255 was taken for an object.")
    elif VOID in found:
        void = len(found.pop(VOID))
        report.lose("areas that shall not be judged (index 255) were left out", void)
    video = VideoInfo("", size[1], size[0], 0, 0.0)
    frames = sorted(folder.paths)
    if frames != list(range(len(frames))):
        report.note(
            f"There are pictures of {len(frames)} frames, from {frames[0]} to {frames[-1]}: between them masks stay."
        )
    by_value = {track.value: track for track in told.tracks} if told else {}
    tracks = [_track(value, found[value], frames, by_value.get(value)) for value in sorted(found)]
    report.tracks += len(tracks)
    tracks.sort(key=lambda track: track.number)
    report.shapes += sum(map(len, found.values()))
    labels = [LabelInfo(LABEL)] if any(track.label == LABEL for track in tracks) else []
    if told:
        video, labels = told.video.info(), [label.info() for label in told.labels]
    names = [told.video.name if told else "", folder.name]
    return Part(tuple(filter(None, dict.fromkeys(names))), Dataset(video, labels, tracks, len(tracks)), report)


def _values(picture: np.ndarray) -> list[int]:
    values = np.flatnonzero(np.bincount(picture.ravel(), minlength=1)).tolist()
    return [value for value in values if value]


def _track(value: int, masks: dict[int, bytes], frames: Sequence[int], told: beside.TrackTold | None) -> TrackData:
    rows = rows_of_masks(masks, frames)
    if told is None:
        return TrackData(value, LABEL, rows, source=SOURCE)
    return TrackData(told.number, told.label, rows, told.colour.lower(), told.source[:80], told.verdict)
