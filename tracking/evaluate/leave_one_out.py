"""How much a mean over sequences owes to single clips: it is taken again with each clip left out in turn.

Sequences that show objects of one clip are no independent evidence, so they are left out together. Source of the
standard error: the delete-one jackknife (Efron, *The Jackknife, the Bootstrap and Other Resampling Plans*, 1982).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from tracking.evaluate.scores import Measured, ModelScores


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A mean and what becomes of it: ``lowest`` and ``highest`` with any one clip left out, ``error`` its standard
    error over the clips; these three are nan where there are fewer than two clips."""

    mean: float
    lowest: float
    highest: float
    error: float


@dataclass(frozen=True, slots=True)
class Lead:
    """What one model has more than another, on the ``shared`` sequences that both were measured on; ``more``: on how
    many of them it has more. Whether more is better depends on the measure."""

    difference: LeftOut
    more: int
    shared: int


def leave_one_out(values: Mapping[str, float], clips: Mapping[str, str]) -> LeftOut:
    """The mean of ``values``, by sequence, with each clip left out in turn; nan values don't count.

    Args:
        clips: the clip of each sequence.
    """
    known = {name: value for name, value in values.items() if not math.isnan(value)}
    there = {clips[name] for name in known}
    without = [_mean([value for name, value in known.items() if clips[name] != clip]) for clip in sorted(there)]
    mean = _mean(list(known.values()))
    if len(without) < 2:
        return LeftOut(mean, math.nan, math.nan, math.nan)
    middle = _mean(without)
    variance = (len(without) - 1) / len(without) * sum((one - middle) ** 2 for one in without)
    return LeftOut(mean, min(without), max(without), math.sqrt(variance))


def of_model(result: ModelScores, clips: Mapping[str, str]) -> dict[str, Measured]:
    """``lowest``, ``highest`` and ``error`` of each measure's mean."""
    found = {measure: leave_one_out(_values(result, measure), clips) for measure in result.kind.measures()}
    parts = [field.name for field in fields(LeftOut) if field.name != "mean"]
    return {
        part: result.kind(result.frames, **{measure: getattr(one, part) for measure, one in found.items()})
        for part in parts
    }


def lead(result: ModelScores, other: ModelScores, measure: str, clips: Mapping[str, str]) -> Lead:
    """What ``result`` has more than ``other`` of ``measure``: sequence by sequence, so that hard ones hide nothing."""
    ours, theirs = _values(result, measure), _values(other, measure)
    more = {name: ours[name] - theirs[name] for name in ours if name in theirs}
    more = {name: value for name, value in more.items() if not math.isnan(value)}
    return Lead(leave_one_out(more, clips), sum(value > 0 for value in more.values()), len(more))


def _values(result: ModelScores, measure: str) -> dict[str, float]:
    return {name: getattr(scores, measure) for name, scores in result.sequences.items()}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan
