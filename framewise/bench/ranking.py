"""How much of what a tracker got wrong comes first in the review queue, on clips with ground truth.

Each object is followed from its first frame to its last and back again, as “check both ways” does; a frame is wrong
where the shape overlaps the true box by less than half, or is shown where there is none. ``scripts/judge-queue`` fits
the weights of the queue's signs to this.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotator.formats.rows import Rows
from framewise.bench.table import Figure
from tracking.association.unlike import unlike
from tracking.evaluate import comparison
from tracking.evaluate.sequences import LabelledSequence, find_sequences
from tracking.pictures import DecodedVideo
from tracking.review.layer import Facts, Track
from tracking.review.queue import spans_of
from tracking.session import Leg, TrackingSession
from tracking.shapes.checks import Picture
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import row_of
from tracking.types import Box, ObjectId, iou

WRONG_BELOW = DISAGREES_BELOW = 0.5
OBJECT = ObjectId("1")
MODEL = "framewise-cf"
MOST_S = 60.0
LEAST = 50
"""Per cent of what is wrong that the first tenth of the queue's spans should hold."""


def measure(folder: Path) -> list[Figure]:
    """Judge the queue of all clips in a folder, which is as for ``framewise evaluate``."""
    tracks = [follow(sequence, MODEL) for sequence in find_sequences(folder).sequences]
    spans = spans_of_all(tracks)
    by_span, by_frame = first_tenth(spans)
    wrong, frames = sum(int(one.wrong.sum()) for one in tracks), sum(len(one.wrong) for one in tracks)
    area = f"Review queue of {len(tracks)} objects with ground truth"
    return [
        Figure(area, "frames that are wrong", 100 * wrong / max(frames, 1), "%"),
        Figure(area, "of what is wrong, in the first 10 % of the spans", 100 * by_span, "%", LEAST, at_least=True),
        Figure(area, "of what is wrong, in that tenth were the order perfect", 100 * most_in_tenth(spans), "%"),
        Figure(area, "of what is wrong, in the first 10 % of the frames", 100 * by_frame, "%"),
    ]


@dataclass(frozen=True)
class Judged:
    """``wrong``: (n,) which rows of the track are; ``unlike``: (n,) how unlike its looks are."""

    clip: str
    track: Track
    facts: Facts
    wrong: NDArray[np.bool_]
    unlike: NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """``gain``: by which it is ranked; ``wrong`` of its ``frames`` are."""

    clip: str
    gain: float
    wrong: int
    frames: int


def follow(sequence: LabelledSequence, model: str) -> Judged:
    path = sequence.pictures[0] if len(sequence.pictures) == 1 else sequence.pictures[0].parent
    pictures = DecodedVideo(path)
    start, end = sequence.first + sequence.shown_first, sequence.first + len(sequence.boxes) - 1
    prompt = sequence.boxes[sequence.shown_first]
    assert prompt is not None  # noqa: S101 (that is what shown_first says)
    rows = _rows(pictures, model, Leg(OBJECT, prompt, start, "forward", end))
    shown = [row for row in rows.values() if not row.flags & Flag.OUTSIDE]
    if shown:
        last = max(shown, key=lambda row: row.frame)
        back = _rows(pictures, model, Leg(OBJECT, Box(*last.bounds), last.frame, "backward", start))
        for row in shown:
            other = back.get(row.frame)
            if other is not None and iou(Box(*row.bounds), Box(*other.bounds)) < DISAGREES_BELOW:
                rows[row.frame] = Row(row.frame, row.kind, row.flags | Flag.DOUBTFUL, row.confidence, row.bounds)
    rows[start] = row_of(prompt, start, Flag.KEYFRAME, 1.0)
    ordered = [rows[frame] for frame in sorted(rows)]
    wrong = np.array([_is_wrong(row, sequence.boxes[row.frame - sequence.first]) for row in ordered])
    facts = Facts(Picture(pictures.width, pictures.height), pictures.frame_count, pictures.fps)
    track = Track(sequence.name, 1, "object", Rows.of(ordered))
    looks = unlike([track], pictures, most_s=MOST_S).values
    return Judged(
        sequence.name.partition("/")[0], track, facts, wrong, looks.get(track.key, np.zeros(len(track), np.float32))
    )


def _rows(pictures: DecodedVideo, model: str, leg: Leg) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for step in TrackingSession(lambda: nullcontext(pictures), lambda: comparison.create(model), [leg]).steps():
        for tracked in step.rows:
            prediction = tracked.prediction
            flags = Flag.PREDICTED if prediction.visible else Flag.PREDICTED | Flag.OUTSIDE
            found[prediction.frame] = row_of(prediction.shape, prediction.frame, flags, prediction.confidence)
    return found


def _is_wrong(row: Row, truth: Box | None) -> bool:
    if truth is None or row.flags & Flag.OUTSIDE:
        return (truth is None) != bool(row.flags & Flag.OUTSIDE)
    return iou(Box(*row.bounds), truth) < WRONG_BELOW


def first_tenth(spans: Sequence[Span]) -> tuple[float, float]:
    """The shares of what is wrong that the first tenth of the spans holds, and the first tenth of the frames."""
    ranked = sorted(spans, key=lambda span: -span.gain)
    wrong, frames = sum(span.wrong for span in ranked), sum(span.frames for span in ranked)
    if not wrong:
        return float("nan"), float("nan")
    by_span = sum(span.wrong for span in ranked[: _tenth(ranked)]) / wrong
    left, held = frames / 10, 0.0
    for span in ranked:
        share = min(max(left, 0) / span.frames, 1)
        held, left = held + span.wrong * share, left - span.frames * share
    return by_span, held / wrong


def most_in_tenth(spans: Sequence[Span]) -> float:
    """The share of what is wrong that a tenth of the spans holds, if those come first that hold most of it: no order
    does better."""
    wrong = sorted((span.wrong for span in spans), reverse=True)
    return sum(wrong[: _tenth(wrong)]) / sum(wrong) if sum(wrong) else float("nan")


def _tenth(spans: Sequence[object]) -> int:
    return max(round(len(spans) / 10), 1)


def spans_of_all(tracks: Sequence[Judged]) -> list[Span]:
    found = []
    for one in tracks:
        frames = one.track.rows.frames
        for item in spans_of(one.track, one.facts, one.unlike):
            within = (frames >= item.first) & (frames <= item.last)
            found.append(Span(one.clip, item.wrong, int(one.wrong[within].sum()), int(within.sum())))
    return found
