"""``framewise join``: tracklets of a file that are one object become one track, by motion and looks over the whole
video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape

from annotator.formats.base import Dataset, FormatError, Part, Report, TrackData
from annotator.formats.limits import held, rows_of
from annotator.formats.mot import Mot
from annotator.formats.mot.archives import SHIFT
from annotator.formats.mot.write import lines_of, write_lines
from annotator.formats.native import Native
from annotator.formats.rows import Rows
from tracking.association.proposing import Proposal, Proposing
from tracking.comparing import shown
from tracking.pictures import DecodedVideo
from tracking.shapes.chunks import Flag
from tracking.types import TrackingError

console = Console(stderr=True)
SUFFIXES = (".json", ".txt")
USUAL_RATE = 25.0
"""Frames per second where nobody knows."""


@dataclass(frozen=True, slots=True)
class Joined:
    """``tracks``: as they are once ``joins`` were made; ``swaps``: proposed, and not made."""

    tracks: list[TrackData]
    joins: list[Proposal]
    swaps: list[Proposal]


def join(
    source: Path, *, out: Path, video: Path | None = None, rate: float | None = None, least: float = 0.3
) -> Joined:
    """Write the tracks of ``source`` to ``out`` with all joins made that are at least so sure, and list these.

    Args:
        source, out: Framewise's own JSON (``.json``) or MOTChallenge's lines (``.txt``), each.
        video: where looks are compared; None: where and how fast objects go decides alone.
        rate: frames a second; None: as the file or the video says.

    Raises:
        TrackingError: it can't be done as asked; nothing is written.
    """
    for path in (source, out):
        if path.suffix.lower() not in SUFFIXES:
            raise TrackingError(
                f"Tracks are a .json file of Framewise or a .txt file of MOTChallenge; {path.name} came."
            )
    if not out.parent.is_dir():
        raise TrackingError(f"--out needs a folder that exists; this one doesn't: {out.parent}")
    part = _read(source)
    pictures = DecodedVideo(video) if video is not None else None
    chosen = rate or part.dataset.video.fps or (pictures.fps if pictures is not None else 0)
    if not chosen:
        _warn(f"Nothing says how many frames a second has: {USUAL_RATE:g} is taken. Say it with --rate.")
    tracks = list(part.dataset.tracks)
    joined = joined_tracks(tracks, rate=chosen or USUAL_RATE, least=least, pictures=pictures)
    dataset = _of_video(part.dataset, video, pictures)
    _write(replace(dataset, tracks=joined.tracks, track_count=len(joined.tracks)), out)
    _tell(joined, len(tracks))
    _tell_dropped(tracks, joined.tracks)
    return joined


def _of_video(dataset: Dataset, file: Path | None, pictures: DecodedVideo | None) -> Dataset:
    """Tracks with what their file doesn't say of its video, and the video itself does."""
    if file is None or pictures is None or dataset.video.width:
        return dataset
    known = dataset.video
    return replace(
        dataset,
        video=replace(
            known,
            name=known.name or file.name,
            width=pictures.width,
            height=pictures.height,
            frame_count=pictures.frame_count,
            fps=known.fps or pictures.fps,
        ),
    )


def joined_tracks(
    tracks: Sequence[TrackData], *, rate: float, least: float, pictures: DecodedVideo | None = None
) -> Joined:
    """Tracks with all joins made that are at least so sure; each has the number of its earliest part, and moves in a
    straight line where nothing was seen."""
    proposing = Proposing(rate)
    for index, track in enumerate(tracks):
        rows = rows_of(track)
        if not track.is_frame_tag:
            seen = shown(rows.frames, rows.kinds, rows.flags, rows.bounds.astype(np.float64))
            proposing.take(str(index), f"track {track.number}", track.label, *seen)
    proposals = proposing.end(pictures, least=least).proposals
    joins = [one for one in proposals if one.kind == "join"]
    followers = {int(one.tracks[0]): int(one.tracks[1]) for one in joins}
    later = set(followers.values())
    whole = [_chained(tracks, followers, index) for index in range(len(tracks)) if index not in later]
    numbered = [_numbered(one, tracks) for one in proposals]
    return Joined(
        whole, [one for one in numbered if one.kind == "join"], [one for one in numbered if one.kind == "swap"]
    )


def _numbered(one: Proposal, tracks: Sequence[TrackData]) -> Proposal:
    """A proposal that names tracks by their numbers."""
    first, second = (str(tracks[int(index)].number) for index in one.tracks)
    return replace(one, tracks=(first, second))


def _chained(tracks: Sequence[TrackData], followers: dict[int, int], index: int) -> TrackData:
    first, parts = tracks[index], [rows_of(tracks[index])]
    steps = list(first.frame_attributes.items())
    while (after := followers.get(index)) is not None:
        parts[-1] = _without_end(parts[-1])
        parts.append(rows_of(tracks[after]))
        steps += tracks[after].frame_attributes.items()
        index = after
    if len(parts) == 1:
        return first
    names = dict.fromkeys(name for name, _ in steps)
    merged = {
        name: sorted((pair for each, pairs in steps if each == name for pair in pairs), key=_frame) for name in names
    }
    # What was said of the whole of a part isn't said of the whole.
    return replace(first, rows=Rows.joined(parts), frame_attributes=merged, verdict="", verdicts=())


def _frame(pair: tuple[int, object]) -> int:
    return pair[0]


def _without_end(rows: Rows) -> Rows:
    """A track's rows without those behind its last shape, which say that it is gone."""
    return rows.take(np.arange(len(rows)) <= int(np.flatnonzero((rows.flags & np.uint8(Flag.OUTSIDE)) == 0)[-1]))


def _read(source: Path) -> Part:
    reader = Native() if source.suffix.lower() == ".json" else Mot()
    try:
        reading = reader.read(source)
    except FormatError as error:
        raise TrackingError(str(error)) from error
    if len(reading.parts) != 1:
        raise TrackingError(f"Joins are looked for in one video; {source.name} holds {len(reading.parts)}.")
    (part,) = reading.parts
    if part.report.unreadable.count:
        raise TrackingError(f"{part.report.unreadable.told()} Correct the file.")
    _say_lost(part.report)
    return part


def _write(dataset: Dataset, out: Path) -> None:
    unfinished = out.with_name(out.name + ".partial")
    try:
        if out.suffix.lower() == ".json":
            report = Native().write(dataset, unfinished, {})
        else:
            report = Report()
            kept = held(dataset, Mot().limits({"contents": "results"}), report)
            lines = lines_of(iter(kept.tracks), {label.name: 1 for label in kept.labels}, report, lambda _: None)
            with unfinished.open("w", encoding="utf-8", newline="\n") as text:
                write_lines(text, lines, results=True, shift=SHIFT["official"])
        unfinished.replace(out)
    except OSError as error:
        raise TrackingError(f"{out} can't be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    _say_lost(report)


def _tell_dropped(before: Sequence[TrackData], after: Sequence[TrackData]) -> None:
    """What was said of the parts of a joined track, and isn't of the whole."""

    def verdicts(tracks: Sequence[TrackData]) -> int:
        return sum(len(track.verdicts) or bool(track.verdict) for track in tracks)

    if count := verdicts(before) - verdicts(after):
        _warn(f"{count} x review verdicts of parts are left out: they aren't of the whole.")
    if count := sum(len(track.attributes) for track in before) - sum(len(track.attributes) for track in after):
        _warn(f"{count} x attributes of later parts are left out: those of the first part hold.")


def _say_lost(report: Report) -> None:
    for what, count in report.losses.items():
        _warn(f"{count} x {what}.")


def _warn(sentence: str) -> None:
    console.print(f"[yellow]{escape(sentence)}[/]", highlight=False, soft_wrap=True)


def _tell(joined: Joined, before: int) -> None:
    for one in joined.joins:
        words = f"Track {one.tracks[0]} goes on as {one.tracks[1]} behind frame {one.frame}, {one.sure:.0%} sure."
        console.print(escape(f"{words} {' '.join(one.why)}"), highlight=False, soft_wrap=True)
    if joined.swaps:
        frames = ", ".join(f"{' and '.join(one.tracks)} on frame {one.frame}" for one in joined.swaps[:10])
        more = f" and {len(joined.swaps) - 10} more" if len(joined.swaps) > 10 else ""
        _warn(f"{len(joined.swaps)} exchanged identities are likely and were left as they are: {frames}{more}.")
    joins, tracks = len(joined.joins), "track" if before == 1 else "tracks"
    said = f"{joins} {'join' if joins == 1 else 'joins'}: {before} {tracks} became {len(joined.tracks)}."
    console.print(said, highlight=False)
