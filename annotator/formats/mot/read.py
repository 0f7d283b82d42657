"""Reads MOTChallenge text: ground truth and tracker results, whichever tool's dialect it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotator.formats.base import Report, TrackData
from annotator.formats.bounds import MOST_TRACKS, check_count
from annotator.formats.mot.limits import SOURCE, UNNAMED, gapped
from annotator.formats.mot.lines import Columns
from annotator.formats.mot.write import HALF_HIDDEN, corners_of
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind

FRAME, ID, LEFT, FLAG, CLASS, VISIBILITY = 0, 1, 2, 6, 7, 8
WORLD = slice(7, 10)
RESULT_COLUMNS = 10
OFFICIAL_CLASSES = (
    UNNAMED,
    "person on vehicle",
    "car",
    "bicycle",
    "motorbike",
    "non motorized vehicle",
    "static person",
    "distractor",
    "occluder",
    "occluder on the ground",
    "occluder full",
    "reflection",
    "crowd",
)


@dataclass(slots=True)
class SequenceReader:
    """Makes tracks of one sequence's lines.

    ``names``: its classes in order, from 1; none: MOTChallenge's. ``shift``: what its pixels are more than ours.
    ``is_truth``: None where its place doesn't say whether it is ground truth or results: then its numbers do.
    """

    columns: Columns
    names: Sequence[str]
    shift: float
    is_truth: bool | None
    report: Report

    def tracks(self) -> list[TrackData]:
        truth = self._looks_like_truth() if self.is_truth is None else self.is_truth
        self._count_from_one()
        if truth:
            self._leave_out_unconsidered()
        classes = self._classes(truth)
        return list(self._tracks(classes, truth=truth))

    def _looks_like_truth(self) -> bool:
        """The 7th column of ground truth is 0 or 1, that of results a confidence."""
        flags = self._column(FLAG)
        return bool(np.isin(flags[~np.isnan(flags)], (0, 1)).all())

    def _leave_out_unconsidered(self) -> None:
        flags = self._column(FLAG)
        self.report.lose("lines marked 'not considered' (0) were left out", int((flags == 0).sum()))
        odd = ~np.isnan(flags) & ~np.isin(flags, (0, 1))
        self.report.lose("marks other than 0 and 1 count as considered", int(odd.sum()))
        self.columns = self.columns.take(flags != 0)

    def _count_from_one(self) -> None:
        """Some tools count frames or tracks from 0; a 0 gives them away."""
        numbers = self.columns.numbers
        for column, what in ((FRAME, "frames"), (ID, "ids of tracks")):
            if (numbers[:, column] == 0).any():
                numbers[:, column] += 1
                self.report.note(f"The file counts {what} from 0, where MOTChallenge counts from 1.")

    def _classes(self, truth: bool) -> NDArray[np.int64]:
        """(n,): the class of each line, from 1. Lines with one that there isn't are left out."""
        if not self._has_classes():
            return np.ones(len(self.columns.lines), np.int64)
        given = self._column(CLASS)
        named = np.nan_to_num(given, nan=-1)
        count = len(self._names)
        if self.names and (named == 0).any() and named.max() < count:
            named = np.where(named >= 0, named + 1, named)
            self.report.note("The file counts classes from 0, where MOTChallenge counts from 1.")
        unknown = ~np.isnan(given) & (named == -1)
        self.report.lose(f"lines without a class became {self._names[0]}", int(unknown.sum()))
        named = np.where(named == -1, 1, named)
        known = (named >= 1) & (named <= count) & (named == np.floor(named))
        for line, value in zip(self.columns.lines[~known].tolist(), given[~known].tolist(), strict=True):
            self.report.unreadable.add(f"line {line}", f"Classes count from 1 to {count} here; {value:g} came.")
        self.columns = self.columns.take(known)
        classes: NDArray[np.int64] = named[known].astype(np.int64)
        return classes

    @property
    def _names(self) -> Sequence[str]:
        return self.names or OFFICIAL_CLASSES

    def _has_classes(self) -> bool:
        """Whether the 8th column is a class: with ten columns it begins a place in the world, unless it is written
        as one of the classes that the file names."""
        values = self._column(CLASS)
        values = values[~np.isnan(values)]
        if not len(values):
            return False
        if self.columns.count < RESULT_COLUMNS:
            return True
        fits = (values == np.floor(values)) & (values >= 0) & (values <= len(self.names))
        if self.names and fits.all():
            return True
        world = (self.columns.numbers[:, WORLD] != -1).any(axis=1)
        self.report.lose("places in the world (x, y, z) have no place here", int(world.sum()))
        return False

    def _tracks(self, classes: NDArray[np.int64], *, truth: bool) -> Iterator[TrackData]:
        numbers = self.columns.numbers
        ids = numbers[:, ID].astype(np.int64)
        frames = numbers[:, FRAME].astype(np.int64) - 1
        corners = corners_of(numbers[:, LEFT : LEFT + 4], self.shift).astype(np.float32)
        flags, confidence = self._flags(truth), self._confidence(truth)
        highest = int(ids.max(initial=0))
        by_id = np.argsort(ids, kind="stable")
        edges = np.flatnonzero(np.diff(ids[by_id])) + 1
        check_count("tracks", len(edges) + 1, MOST_TRACKS)
        for of_id in np.split(by_id, edges) if len(ids) else ():
            number = int(ids[of_id[0]])
            for index, part in enumerate(self._told_apart(of_id, frames, classes)):
                kept = self._one_per_frame(part, frames, corners)
                rows = Rows(
                    frames=frames[kept],
                    kinds=np.full(len(kept), Kind.BOX, np.uint8),
                    flags=flags[kept],
                    confidence=confidence[kept],
                    bounds=corners[kept],
                    payloads=(b"",) * len(kept),
                )
                highest += index > 0
                self.report.tracks += 1
                self.report.shapes += len(kept)
                name = self._names[self._class_of(classes[kept]) - 1]
                yield TrackData(highest if index else number, name, gapped(rows), source=SOURCE)

    def _told_apart(
        self, of_id: NDArray[np.int64], frames: NDArray[np.int64], classes: NDArray[np.int64]
    ) -> list[NDArray[np.int64]]:
        """The lines of an id, by class where two classes have it on one frame: such a file numbers each class for
        itself."""
        pairs = np.unique(np.stack([frames[of_id], classes[of_id]]), axis=1)
        if len(np.unique(pairs[0])) == pairs.shape[1]:
            return [of_id]
        parts = [of_id[classes[of_id] == each] for each in np.unique(classes[of_id])]
        self.report.lose("tracks got a new number: another class has theirs", len(parts) - 1)
        return parts

    def _one_per_frame(
        self, part: NDArray[np.int64], frames: NDArray[np.int64], corners: NDArray[np.float32]
    ) -> NDArray[np.int64]:
        """Positions in rising order of frames; of several on a frame the first."""
        ordered = part[np.argsort(frames[part], kind="stable")]
        again = np.concatenate([[False], np.diff(frames[ordered]) == 0])
        first: NDArray[np.int64] = ordered[~again]
        others = ordered[again]
        originals = first[np.searchsorted(frames[first], frames[others])]
        same = (corners[others] == corners[originals]).all(axis=1)
        self.report.lose("lines that stand in the file twice were taken once", int(same.sum()))
        for index in others[~same].tolist():
            number = int(self.columns.numbers[index, ID])
            self.report.unreadable.add(
                f"line {self.columns.lines[index]}",
                f"A track has one box per frame; this is another one of track {number} on frame "
                f"{int(self.columns.numbers[index, FRAME])}.",
            )
        return first

    def _class_of(self, classes: NDArray[np.int64]) -> int:
        """A track's class is that of most of its lines."""
        found, counts = np.unique(classes, return_counts=True)
        self.report.lose("lines say another class than most of their track's", len(classes) - int(counts.max()))
        return int(found[counts.argmax()])

    def _flags(self, truth: bool) -> NDArray[np.uint8]:
        visibility = self._column(VISIBILITY) if self.columns.count < RESULT_COLUMNS else None
        flags = np.full(len(self.columns.lines), Flag.KEYFRAME if truth else Flag.PREDICTED, np.uint8)
        if visibility is None:
            return flags
        hidden = (visibility >= 0) & (visibility <= HALF_HIDDEN)
        known = np.isnan(visibility) | np.isin(visibility, (-1, HALF_HIDDEN, 1))
        self.report.lose(f"degrees of visibility became occluded (up to {HALF_HIDDEN:g}) or not", int((~known).sum()))
        return np.where(hidden, flags | np.uint8(Flag.OCCLUDED), flags)

    def _confidence(self, truth: bool) -> NDArray[np.float64]:
        given = self._column(FLAG)
        if truth:
            return np.ones(len(given))
        unknown = np.isnan(given) | (given == -1)
        self.report.lose("lines without a confidence got the full one", int(unknown.sum()))
        beyond = ~unknown & ((given < 0) | (given > 1))
        self.report.lose("confidences beyond 0 to 1 were cut", int(beyond.sum()))
        return np.clip(np.where(unknown, 1.0, given), 0, 1)

    def _column(self, index: int) -> NDArray[np.float64]:
        return self.columns.numbers[:, index]
