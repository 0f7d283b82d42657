"""Which video of a file is which of ours: by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TypeVar

from annotator.formats.base import FormatError, Part, Reading, Report

LISTED = 10


def part_of(reading: Reading, video: str) -> Part:
    """What a file holds for the video of that name, with a report of all that was left out.

    A file of one video is taken whatever it calls it. Of several videos those that are called like this one count, and
    best its exact name. Raises FormatError naming them when none is.
    """
    if not reading.parts:
        raise FormatError("The file holds no video's tracks.")
    wanted = reading.parts
    if len(reading.parts) > 1:
        wanted = best_match(reading.parts, video)
        if not wanted:
            raise FormatError(
                f"The file holds the tracks of {len(reading.parts)} videos: {_called(reading.parts)}; none of them is "
                f"called {video}. Rename this video, or import on the project's page: each goes to its own there."
            )
    return _joined(reading, wanted)


Key = TypeVar("Key")


def parts_by_video(reading: Reading, videos: Mapping[Key, str], report: Report) -> dict[Key, Part]:
    """Which part of a file is of which of our videos, given by their names.

    Args:
        report: what of the file belongs to none of the videos is added to it.

    Raises FormatError when the file names none of them, or when it can't be told which one it means.
    """
    report.join(reading.report)
    found: dict[Key, list[Part]] = {}
    left = list(reading.parts)
    for alike in LIKENESS:
        open_ = {key: alike(name) for key, name in videos.items() if key not in found}
        for part in list(left):
            called = {alike(name) for name in part.names}
            ours = [key for key, name in open_.items() if name in called]
            if len(ours) > 1:
                raise FormatError(
                    f"The file has tracks of {name_of(part)}, and {len(ours)} videos of the project are called so. "
                    "Rename all but one, or import the file in the video's editor."
                )
            if ours:
                found.setdefault(ours[0], []).append(part)
                left.remove(part)
    if not found:
        names = ", ".join(list(videos.values())[:LISTED]) or "no video that is ready"
        raise FormatError(
            f"The file holds the tracks of {_called(reading.parts)}; the project has {names}. Rename the video, or "
            "import the file in its editor."
        )
    for part in left:
        what = f"tracks of {name_of(part)} were left out: no video of the project is called so"
        report.lose(what, part.report.tracks)
    return {key: _together(parts) for key, parts in found.items()}


def best_match(parts: Sequence[Part], video: str) -> list[Part]:
    """The parts that a file calls by a video's name: exactly, or else but for case, or else but for the ending."""
    for alike in LIKENESS:
        found = [part for part in parts if any(alike(name) == alike(video) for name in part.names)]
        if found:
            return found
    return []


def name_of(part: Part) -> str:
    return part.names[0] if part.names else "a video without a name"


def _joined(reading: Reading, wanted: Sequence[Part]) -> Part:
    joined = _together(wanted)
    report = Report()
    report.join(reading.report)
    report.join(joined.report)
    for part in reading.parts:
        if part not in wanted:
            report.lose(f"tracks of another video ({name_of(part)}) were left out", part.report.tracks)
    return replace(joined, report=report)


def _together(parts: Sequence[Part]) -> Part:
    """Several tasks of one video are one: their frames count from the video's beginning."""
    first = parts[0]
    if len(parts) == 1:
        return first
    report = Report()
    for part in parts:
        report.join(part.report)
    tracks = [track for part in parts for track in part.dataset.tracks]
    labels = list({label.name: label for part in parts for label in part.dataset.labels}.values())
    return Part(first.names, replace(first.dataset, tracks=tracks, labels=labels, track_count=len(tracks)), report)


def _called(parts: Iterable[Part]) -> str:
    names = [name_of(part) for part in parts]
    shown = ", ".join(names[:LISTED])
    return shown if len(names) <= LISTED else f"{shown} and {len(names) - LISTED} more"


def _exact(name: str) -> str:
    # A Mac writes ü as two characters, others as one.
    return unicodedata.normalize("NFC", name.strip())


def _folded(name: str) -> str:
    return _exact(name).casefold()


def _stem(name: str) -> str:
    return PurePath(_folded(name)).stem


LIKENESS: tuple[Callable[[str], str], ...] = (_exact, _folded, _stem)
"""What of two names must be the same, the strictest first."""
