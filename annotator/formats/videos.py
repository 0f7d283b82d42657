"""Which video of a file is which of ours: by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

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


def best_match(parts: Sequence[Part], video: str) -> list[Part]:
    """The parts that a file calls by a video's name: exactly, or else but for case, or else but for the ending."""
    for alike in (_exact, _folded, _stem):
        found = [part for part in parts if any(alike(name) == alike(video) for name in part.names)]
        if found:
            return found
    return []


def name_of(part: Part) -> str:
    return part.names[0] if part.names else "a video without a name"


def _joined(reading: Reading, wanted: Sequence[Part]) -> Part:
    """Several tasks of one video are one: their frames count from the video's beginning."""
    report = Report()
    report.join(reading.report)
    for part in wanted:
        report.join(part.report)
    for part in reading.parts:
        if part not in wanted:
            report.lose(f"tracks of another video ({name_of(part)}) were left out", part.report.tracks)
    first = wanted[0]
    if len(wanted) == 1:
        return replace(first, report=report)
    tracks = [track for part in wanted for track in part.dataset.tracks]
    labels = list({label.name: label for part in wanted for label in part.dataset.labels}.values())
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
