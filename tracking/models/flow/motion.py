"""How points move from one frame to the next: sparse and dense optical flow, and which of them to believe.

Positions here are OpenCV's: a pixel's centre is at a whole number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.models.flow.looks import Gray
from tracking.shapes.anchors import Places, Similarity

WINDOW_PX = 21
LEVELS = 5
DENSE_SIDE_PX = 320
"""Dense flow is computed on a picture whose larger side is at most this."""
DENSE_MARGIN = 0.5
"""Around the points, as a share of their extent."""
SMALLEST_MARGIN_PX = 60.0
SMALLEST_SIDE_PX = 32
AGREE_PX = 3.0
"""Points that an object's common motion misses by no more agree with it."""
LARGEST_STEP_SCALE = 1.25
LOST_PX = 99.0
"""Stands for the way back of a point that wasn't found."""
_UNTIL = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01)


@dataclass(frozen=True)
class Moves:
    """Where n points may have gone: (n, k, 2) ``places``, and (n, k) ``back``, how far from its start each of them ends
    when it is followed back (Kalal et al. 2010, *Forward-backward error*), in px."""

    places: NDArray[np.float64]
    back: NDArray[np.float64]


class Flow:
    """Follows points from the last frame to the next one, those of all groups in one look at the frame."""

    def __init__(self) -> None:
        self._dense = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self.gray: Gray = np.zeros((1, 1), np.uint8)
        """The last frame."""

    def moves(self, gray: Gray, groups: Sequence[Places]) -> list[Moves]:
        """Where the points of each group may be on ``gray``, which is the last frame from now on.

        Three proposals each: sparse flow (Bouguet's pyramidal Lucas-Kanade), dense flow (Kroeger et al. 2016,
        https://arxiv.org/abs/1603.03590) of the group's surroundings, and sparse flow that begins where the dense one
        ends: it is exact, and the dense one isn't led astray by fast motion of what has little texture.
        """
        before, self.gray = self.gray, gray
        dense = [_dense_moves(self._dense, before, gray, points) for points in groups]
        points = np.concatenate(groups)
        guess = points + np.concatenate([moved for moved, _ in dense])
        alone = _sparse(before, gray, points, None)
        guided = _sparse(before, gray, points, guess)
        places = np.stack([alone[0], guided[0], guess], axis=1)
        back = np.stack([alone[1], guided[1], np.concatenate([error for _, error in dense])], axis=1)
        ends = np.cumsum([len(group) for group in groups])[:-1]
        return [Moves(*pair) for pair in zip(np.split(places, ends), np.split(back, ends), strict=True)]


def common(before: Places, after: Places) -> Similarity:
    """The similarity that most of ``before`` (n, 2), n >= 1, went by to ``after`` (RANSAC); of fewer than three points,
    and where size would jump, their median shift."""
    found = None
    if len(before) >= 3:
        found, _ = cv2.estimateAffinePartial2D(
            before.astype(np.float32), after.astype(np.float32), method=cv2.RANSAC, ransacReprojThreshold=AGREE_PX
        )
    if found is not None:
        scale, angle = float(np.hypot(found[0, 0], found[1, 0])), float(np.arctan2(found[1, 0], found[0, 0]))
        if 1 / LARGEST_STEP_SCALE < scale < LARGEST_STEP_SCALE:
            return Similarity(scale, angle, np.asarray(found[:, 2], np.float64))
    return Similarity(1.0, 0.0, np.median(after - before, axis=0))


def align(template: Gray, picture: Gray, at: Places) -> Places | None:
    """Where the middle of ``template`` lies in ``picture``, sought around ``at`` (2,); None where it isn't found."""
    middle = np.array([[(template.shape[1] - 1) / 2, (template.shape[0] - 1) / 2]])
    found, ok = _track(template, picture, middle, at[None], levels=1)
    return found[0] if ok[0] else None


def _sparse(before: Gray, now: Gray, points: Places, guess: Places | None) -> tuple[Places, NDArray[np.float64]]:
    levels = LEVELS if guess is None else 1
    found, ok = _track(before, now, points, guess, levels)
    back, ok_back = _track(now, before, found, None if guess is None else points, levels)
    error = np.linalg.norm(back - points, axis=1)
    return found, np.where(ok & ok_back & np.isfinite(error), error, LOST_PX)


def _track(
    before: Gray, now: Gray, points: Places, guess: Places | None, levels: int
) -> tuple[Places, NDArray[np.bool_]]:
    first = points.astype(np.float32).reshape(-1, 1, 2)
    begin = first.copy() if guess is None else guess.astype(np.float32).reshape(-1, 1, 2).copy()
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        before,
        now,
        first,
        begin,
        winSize=(WINDOW_PX, WINDOW_PX),
        maxLevel=levels,
        criteria=_UNTIL,
        flags=0 if guess is None else cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return found.reshape(-1, 2).astype(np.float64), status.ravel() > 0


def _dense_moves(
    flow: cv2.DISOpticalFlow, before: Gray, now: Gray, points: Places
) -> tuple[Places, NDArray[np.float64]]:
    """By how much the points move, from the flow of their surroundings, and how far from their start they come back."""
    height, width = before.shape
    low, high = points.min(axis=0), points.max(axis=0)
    margin = max(SMALLEST_MARGIN_PX, DENSE_MARGIN * float((high - low).max()))
    x1, y1 = np.floor(np.clip(low - margin, 0, (width, height))).astype(int)
    x2, y2 = np.ceil(np.clip(high + margin, 0, (width, height))).astype(int)
    if min(x2 - x1, y2 - y1) < SMALLEST_SIDE_PX:
        return np.zeros_like(points), np.full(len(points), LOST_PX)
    scale = min(1.0, DENSE_SIDE_PX / max(x2 - x1, y2 - y1))
    one, other = (_scaled(picture[y1:y2, x1:x2], scale) for picture in (before, now))
    start = (points - (x1, y1) + 0.5) * scale - 0.5
    moved = _at(flow.calc(one, other, None), start)  # type: ignore[call-overload]
    back = _at(flow.calc(other, one, None), start + moved)  # type: ignore[call-overload]
    return moved / scale, np.linalg.norm(moved + back, axis=1) / scale


def _scaled(picture: Gray, scale: float) -> Gray:
    if scale == 1.0:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _at(flow: NDArray[np.float32], places: Places) -> Places:
    x, y = places.astype(np.float32).T
    found = cv2.remap(
        flow, np.ascontiguousarray(x), np.ascontiguousarray(y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return found.reshape(-1, 2).astype(np.float64)
