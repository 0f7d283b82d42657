"""The lines of a MOTChallenge file as columns, trusting nothing."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import IO

import numpy as np
from numpy.typing import NDArray

from annotator.formats.base import FormatError, Report
from annotator.formats.bounds import MOST_ROWS, check_count
from tracking.shapes.checks import FARTHEST_PX

LEAST_COLUMNS = 6
MOST_COLUMNS = 10
LARGEST_NUMBER = 10**9
FIRST_PIXEL = 1.01
"""Pixels may count from 1; the sum of a left edge and a width is rounded."""
DETECTION = -1
"""The id of a line in a file of detections, which belong to no track."""
LONGEST_LINE = 10_000


@dataclass(frozen=True, slots=True)
class Columns:
    """What lines say, in their order. ``numbers``: (n, 10) float64: frame, id, left, top, width, height, and up to four
    more, NaN where a line is shorter; ``lines``: (n,) int64, where each stands in the file, from 1."""

    lines: NDArray[np.int64]
    numbers: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many columns the longest line has."""
        given = ~np.isnan(self.numbers)
        return int(given.any(axis=0).sum()) if len(self.numbers) else 0

    def take(self, keep: NDArray[np.bool_]) -> Columns:
        if keep.all():
            return self
        return Columns(self.lines[keep], self.numbers[keep])


def columns_of(content: IO[str], report: Report) -> Columns:
    """Every line that can be taken; what else there is, is noted. Raises FormatError for what is no text."""
    lines, numbers = array("q"), array("d")
    try:
        for line, fields in _fields(content, report):
            try:
                values = _numbers(fields)
            except FormatError as error:
                report.unreadable.add(f"line {line}", str(error))
                continue
            if values[1] == DETECTION:
                report.lose("detections that belong to no track (id -1) were left out")
                continue
            lines.append(line)
            check_count("lines", len(lines), MOST_ROWS)
            numbers.extend(values[:MOST_COLUMNS] + [float("nan")] * (MOST_COLUMNS - len(values)))
            report.lose("columns behind the tenth have no meaning here", int(len(values) > MOST_COLUMNS))
    except UnicodeDecodeError as error:
        raise FormatError(
            "MOTChallenge files are UTF-8 text; this one is not. Choose gt.txt or a zip of it."
        ) from error
    # Not copied: they are as large as the file.
    return Columns(np.frombuffer(lines, np.int64), np.frombuffer(numbers, np.float64).reshape(-1, MOST_COLUMNS))


def _fields(content: IO[str], report: Report) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of every line that isn't empty, with commas between them, or semicolons, or blanks."""
    heading = 0
    begun = False
    for number, line in enumerate(iter(lambda: content.readline(LONGEST_LINE), ""), start=1):
        text = line.strip()
        if not text:
            continue
        if text[0] in "#%":
            report.lose("comments have no place here")
            continue
        separator = "," if "," in text else ";" if ";" in text else None
        fields = text.rstrip(",;").split(separator)
        if not begun and not heading and _is_heading(fields):
            heading = number
            continue
        yield number, fields
        begun = True
    if heading and begun:
        report.lose("headings of columns were passed over")
    elif heading:
        report.unreadable.add(f"line {heading}", "A file has lines of numbers; this one has none.")


def _is_heading(fields: Sequence[str]) -> bool:
    return len(fields) >= LEAST_COLUMNS and not any(map(_is_number, fields))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(fields: Sequence[str]) -> list[float]:
    """Raises FormatError for fields that no line can have."""
    try:
        values = [float(field) for field in fields]
    except ValueError as error:
        shown = ",".join(fields)[:60]
        raise FormatError(f"A line holds numbers separated by commas; {shown!r} came.") from error
    if len(values) < LEAST_COLUMNS:
        raise FormatError(
            f"A line begins with frame, id, left, top, width, height; this one has {len(values)} columns."
        )
    if not all(isfinite(value) and abs(value) <= LARGEST_NUMBER for value in values):
        shown = ",".join(fields)[:60]
        raise FormatError(f"The numbers of a line are finite and of sensible size; {shown!r} came.")
    frame, number, *box = values[:LEAST_COLUMNS]
    if not frame.is_integer() or frame < 0:
        raise FormatError(f"Frames are whole numbers from 1; {frame:g} came.")
    if not number.is_integer() or number < DETECTION:
        raise FormatError(f"A track's id is a whole number from 1, or -1 for none; {number:g} came.")
    if box[2] < 0 or box[3] < 0:
        raise FormatError(f"A box has a width and a height from 0; {box[2]:g} x {box[3]:g} came.")
    corners = (box[0], box[1], box[0] + box[2], box[1] + box[3])
    if any(abs(value) > FARTHEST_PX + FIRST_PIXEL for value in corners):
        raise FormatError(f"Coordinates lie within ±{FARTHEST_PX:,.0f} px; these don't.")
    return values
