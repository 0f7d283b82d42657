"""What formats can't hold: limits that several of them share, and a dataset as a format holds it.

A writer is given what is left of a dataset within its format's limits, and a test reads that back: so nothing is lost
that the report doesn't count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from annotator.formats.base import Dataset, LabelInfo, Limit, Limits, Report, TrackData
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind


def held(dataset: Dataset, limits: Limits, report: Report) -> Dataset:
    """The dataset as a format of these limits holds it; ``report`` counts what is lost, while tracks are iterated."""
    labels = [_label_within(label, limits, report) for label in dataset.labels]
    known = {label.name: label for label in dataset.labels}
    tracks: Iterator[TrackData] = (replace(track, rows=Rows.of(track.rows)) for track in dataset.tracks)
    for limit in limits:
        lose = partial(report.lose, limit.words, tracks=1)
        if limit.track:
            tracks = _tracks_within(tracks, known, limit.track, lose)
        if limit.layer:
            tracks = limit.layer(dataset.video, tracks, lose)
    return replace(dataset, labels=labels, tracks=tracks)


def losses(dataset: Dataset, limits: Limits) -> Report:
    """What a format of these limits would lose of a dataset, without writing it; ``tracks`` counts those it keeps."""
    report = Report()
    kept = held(dataset, limits, report)
    for track in kept.tracks:
        report.tracks += 1
        report.shapes += int(rows_of(track).shown.sum())
    return report


def _label_within(label: LabelInfo, limits: Limits, report: Report) -> LabelInfo:
    for limit in limits:
        if limit.label:
            label, lost = limit.label(label)
            report.lose(limit.words, lost)
    return label


def _tracks_within(
    tracks: Iterator[TrackData],
    labels: Mapping[str, LabelInfo],
    within: Callable[[TrackData, LabelInfo], tuple[TrackData | None, int]],
    lose: Callable[[int], None],
) -> Iterator[TrackData]:
    for track in tracks:
        kept, lost = within(track, labels.get(track.label) or LabelInfo(track.label))
        lose(lost)
        if kept is not None:
            yield kept


def rows_of(track: TrackData) -> Rows:
    """A track's rows as columns."""
    return Rows.of(track.rows)


def frame_tags(format_name: str) -> Limit:
    def without(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
        return (None, 1) if track.is_frame_tag else (track, 0)

    return Limit(f"frame tags have no place in {format_name}", track=without)


def _taken(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
    return (None, 1) if track.candidate else (track, 0)


CANDIDATES = Limit("candidates that nobody has taken yet are left out", track=_taken)


def _seen(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
    return (track, 0) if rows_of(track).shown.any() else (None, 1)


NOTHING_TO_SEE = Limit("tracks without a visible shape are left out", track=_seen)


def verdicts(format_name: str) -> Limit:
    def without(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
        return replace(track, verdict="", verdicts=()), max(int(bool(track.verdict)), len(track.verdicts))

    return Limit(f"review verdicts have no place in {format_name}", track=without)


def judged_spans(format_name: str) -> Limit:
    """Of formats that say of a whole track whether it is accepted or rejected."""

    def without(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
        lost = sum(bool(span.reason) or span.verdict != track.verdict for span in track.verdicts)
        return replace(track, verdicts=()), lost

    return Limit(f"verdicts on parts of a track, and what was wrong, have no place in {format_name}", track=without)


def colours(format_name: str) -> Limit:
    def without(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
        return replace(track, colour=""), int(bool(track.colour))

    return Limit(f"colours of single tracks have no place in {format_name}", track=without)


def doubts(format_name: str) -> Limit:
    def without(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
        rows = rows_of(track)
        doubtful = rows.has(Flag.DOUBTFUL)
        return with_rows(track, replace(rows, flags=rows.flags & ~np.uint8(Flag.DOUBTFUL))), int(doubtful.sum())

    return Limit(f"doubts about predicted shapes have no place in {format_name}", track=without)


def attributes(format_name: str) -> Limit:
    def without(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
        count = len(track.attributes) + len(track.frame_attributes)
        return replace(track, attributes={}, frame_attributes={}), count

    def label(info: LabelInfo) -> tuple[LabelInfo, int]:
        return replace(info, attributes=()), 0

    return Limit(f"attributes have no place in {format_name}", track=without, label=label)


def as_boxes(kind: Kind) -> Limit:
    """Shapes of a kind become what encloses them."""

    def without(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
        rows = rows_of(track)
        other = rows.kinds == kind
        if not other.any():
            return track, 0
        kinds = np.where(other, np.uint8(Kind.BOX), rows.kinds)
        pairs = zip(rows.payloads, other.tolist(), strict=True)
        payloads = tuple(b"" if changed else payload for payload, changed in pairs)
        return with_rows(track, replace(rows, kinds=kinds, payloads=payloads)), int((other & rows.shown).sum())

    return Limit(f"{kind.words} shapes become boxes", track=without)


def with_rows(track: TrackData, rows: Rows) -> TrackData:
    return replace(track, rows=rows)
