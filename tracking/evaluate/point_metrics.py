"""How near followed points come to true ones: TAP-Vid's measures, and the share of correct keypoints.

TAP-Vid: Doersch et al. 2022, https://arxiv.org/abs/2211.03726, section 3.3; positions are px of a picture of 256x256.
PCK: Biggs et al. 2018, https://arxiv.org/abs/1811.05804, for joints that were clicked by hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

QueryMode = Literal["first", "strided"]
STRIDE = 5
"""Between frames whose visible points are queries, in the strided mode."""
THRESHOLDS_PX = (1, 2, 4, 8, 16)
SIDE_PX = 256
PCK_SHARE = 0.2
"""A joint is right within this share of the root of the object's area."""

Query = tuple[int, int]
"""A point's number and a frame on which it is visible."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TapVid:
    """``within``: by threshold, the share of truly visible points that lie nearer than it. ``jaccard``: by threshold,
    points that are rightly said to be there, of these and the ones said to be elsewhere or missed.
    ``occlusion_accuracy``: how often a point is rightly said to be visible or not. nan: nothing could be measured."""

    within: tuple[float, ...]
    jaccard: tuple[float, ...]
    occlusion_accuracy: float

    @property
    def average_within(self) -> float:
        return sum(self.within) / len(self.within)

    @property
    def average_jaccard(self) -> float:
        return sum(self.jaccard) / len(self.jaccard)


def queries(occluded: Flags, mode: QueryMode) -> list[Query]:
    """What is asked of points whose (N, T) occlusions are known: each from its first visible frame on, or from every
    fifth frame on which it is visible, both ways. Points that are never visible aren't asked."""
    if mode == "first":
        return [(n, int(np.argmin(hidden))) for n, hidden in enumerate(occluded) if not hidden.all()]
    return [(int(n), t) for t in range(0, occluded.shape[1], STRIDE) for n in np.flatnonzero(~occluded[:, t])]


def tap_vid(
    asked: Sequence[Query],
    true_xy: NDArray[np.floating],
    true_occluded: Flags,
    xy: NDArray[np.floating],
    occluded: Flags,
    mode: QueryMode,
) -> TapVid:
    """The measures of one video.

    Args:
        asked: M queries, as ``queries`` makes them.
        true_xy: (N, T, 2) px at 256x256; only differences count.
        true_occluded: (N, T).
        xy: (M, T, 2), the answers to ``asked``.
        occluded: (M, T), likewise.
        mode: "first" judges the frames after a query's, "strided" all but that.
    """
    points, at = (np.array([query[which] for query in asked], np.int64) for which in (0, 1))
    frames = np.arange(true_occluded.shape[1])
    judged = frames > at[:, None] if mode == "first" else frames != at[:, None]
    visible, told = ~true_occluded[points], ~occluded
    apart = np.square(xy - true_xy[points]).sum(axis=-1)
    within, jaccard = [], []
    for threshold in THRESHOLDS_PX:
        near = apart < threshold**2
        within.append(_share(near & visible & judged, visible & judged))
        right = near & visible & told & judged
        wrong = told & ~(near & visible) & judged
        jaccard.append(_ratio(right.sum(), (visible & judged).sum() + wrong.sum()))
    return TapVid(tuple(within), tuple(jaccard), _share((told == visible) & judged, judged))


def off(xy: NDArray[np.floating], truth: NDArray[np.floating], area: float) -> Flags:
    """Which of (n, 2) joints aren't right: farther from the truth than ``PCK_SHARE`` of the root of the object's area,
    in px² of the same picture."""
    wrong: Flags = ~(np.linalg.norm(xy - truth, axis=-1) <= PCK_SHARE * math.sqrt(area))
    return wrong


def _share(part: Flags, whole: Flags) -> float:
    return _ratio(part.sum(), whole.sum())


def _ratio(part: np.integer, whole: np.integer) -> float:
    return float(part / whole) if whole else math.nan
