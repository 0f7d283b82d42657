"""``framewise check``: what is wrong with the tracks of a file, without a server."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from annotator import formats
from annotator.formats.base import FormatError, Part
from annotator.formats.checkable import facts_of, tracks_of
from tracking.review.check import Checked, check
from tracking.review.findings import WORST_FIRST, Finding, Grade, counted

COLOURS = {Grade.ERROR: "red", Grade.WARNING: "yellow", Grade.HINT: "blue"}
UNREADABLE = "unreadable"
"""What stands where others have their rule, for rows of the file that can't be taken."""
console = Console()


class CheckError(Exception):
    """What can't be checked, for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Result:
    """Of one video of a file."""

    video: str
    checked: Checked
    unreadable: tuple[tuple[str, str], ...]
    unreadable_count: int

    def worst(self) -> Grade | None:
        """None: nothing was found."""
        if self.unreadable_count:
            return Grade.ERROR
        return min((one.grade for one in self.checked.findings), key=WORST_FIRST.index, default=None)


def check_file(file: Path, format_id: str) -> list[Result]:
    """Check every video that a file has tracks of.

    Raises:
        CheckError: there is no such format, or the file isn't of it.
    """
    try:
        reading = formats.find(format_id).read(file)
        results = [_checked(part) for part in reading.parts]
    except (FormatError, OSError) as error:
        raise CheckError(str(error)) from error
    if not results:
        raise CheckError("The file has no tracks of any video. Is it of another format? Say so with --format.")
    rest = reading.report.unreadable
    if rest.count:
        results.append(Result("", check((), facts_of(reading.parts[0].dataset)), tuple(rest.first), rest.count))
    return results


def _checked(part: Part) -> Result:
    dataset = part.dataset
    checked = check(tracks_of(dataset), facts_of(dataset))
    unreadable = part.report.unreadable
    return Result(dataset.video.name, checked, tuple(unreadable.first), unreadable.count)


def fails(results: list[Result], on: Grade) -> bool:
    """Whether there is anything as bad as ``on`` or worse."""
    worst = [grade for result in results if (grade := result.worst()) is not None]
    return any(WORST_FIRST.index(grade) <= WORST_FIRST.index(on) for grade in worst)


def tell(results: list[Result]) -> None:
    """What was found, a line each, on the standard output."""
    for result in results:
        for line in _lines(result):
            console.print(line, highlight=False, soft_wrap=True)


def _lines(result: Result) -> Iterator[str]:
    checked = result.checked
    if result.video:
        looked = f"{counted(checked.tracks, 'track', 'tracks')} with {counted(checked.rows, 'shape', 'shapes')}"
        yield f"[bold]{escape(result.video)}[/]: {looked}"
    for where, why in result.unreadable:
        yield f"[red]error[/] {UNREADABLE}: {escape(where)}: {escape(why)}"
    if more := result.unreadable_count - len(result.unreadable):
        yield f"[red]error[/] {UNREADABLE}: {counted(more, 'more row', 'more rows')}"
    for one in checked.findings:
        place = f"{one.place}: " if one.place else ""
        yield f"[{COLOURS[one.grade]}]{one.grade}[/] {one.rule}: {escape(place + one.words)}"
    for rule, count in checked.left_out.items():
        yield f"… and {count:,} more of {rule}"
    if checked.every > 1:
        yield f"Tracks were compared with each other on every {checked.every}th frame."
    if not checked.findings and not result.unreadable_count:
        yield "[green]Nothing was found.[/]"
    yield "Whether machines changed frames of people can't be told from a file."


def write_json(results: list[Result]) -> None:
    """The same for programs, on the standard output."""
    json.dump({"videos": [_as_json(result) for result in results]}, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def _as_json(result: Result) -> dict[str, Any]:
    checked = result.checked
    return {
        "video": result.video,
        "tracks": checked.tracks,
        "shapes": checked.rows,
        "findings": [_finding(one) for one in checked.findings],
        "left_out": checked.left_out,
        "compared_every": checked.every,
        "unreadable": {
            "count": result.unreadable_count,
            "rows": [{"where": where, "why": why} for where, why in result.unreadable],
        },
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "grade": one.grade,
        "track": one.name,
        "first": one.first,
        "last": one.last,
        "words": one.words,
    }
