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

    def moves(self, gray: Gray, groups: Sequence[Places]) -> Moves:
        """Where the points of all groups, one after the other, may be on ``gray``, which is the last frame from now on.

        Three proposals each: sparse flow (Bouguet's pyramidal Lucas-Kanade), dense flow (Kroeger et al. 2016,
        https://arxiv.org/abs/1603.03590) of the group's surroundings, and sparse flow that begins where the dense one
        ends: it is exact, and the dense one isn't led astray by fast motion of what has little texture.
        """
        before, self.gray = self.gray, gray
        points = np.concatenate(groups)
        moved, dense_back = self._dense_moves(before, gray, groups)
        guess = points + moved
        alone = _sparse(before, gray, points, None)
        guided = _sparse(before, gray, points, guess)
        places = np.stack([alone[0], guided[0], guess], axis=1)
        back = np.stack([alone[1], guided[1], dense_back], axis=1)
        return Moves(places, back)

    def _dense_moves(self, before: Gray, now: Gray, groups: Sequence[Places]) -> tuple[Places, NDArray[np.float64]]:
        """By how much the points of all groups move, and how far from their start they come back."""
        moved = [np.zeros_like(points) for points in groups]
        back = [np.full(len(points), LOST_PX) for points in groups]
        for area, of in _shared([_surroundings(points, before) for points in groups]):
            steps, errors = _dense_moves(self._dense, before, now, area, np.concatenate([groups[at] for at in of]))
            ends = np.cumsum([len(groups[at]) for at in of])[:-1]
            for at, step, error in zip(of, np.split(steps, ends), np.split(errors, ends), strict=True):
                moved[at], back[at] = step, error
        return np.concatenate(moved), np.concatenate(back)


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the picture, px, and the scale that it is looked at in."""

    x1: int
    y1: int
    x2: int
    y2: int
    scale: float

    @property
    def cost(self) -> float:
        return (self.x2 - self.x1) * (self.y2 - self.y1) * self.scale**2

    def joined(self, other: Area) -> Area:
        """Around both, as closely as the closer of the two."""
        low, high = (min(self.x1, other.x1), min(self.y1, other.y1)), (max(self.x2, other.x2), max(self.y2, other.y2))
        return Area(*low, *high, max(self.scale, other.scale))


def _surroundings(points: Places, picture: Gray) -> Area | None:
    """What dense flow looks at for (n, 2) points; None where hardly any of it lies in the picture."""
    height, width = picture.shape
    low, high = points.min(axis=0), points.max(axis=0)
    margin = max(SMALLEST_MARGIN_PX, DENSE_MARGIN * float((high - low).max()))
    x1, y1 = np.floor(np.clip(low - margin, 0, (width, height))).astype(int).tolist()
    x2, y2 = np.ceil(np.clip(high + margin, 0, (width, height))).astype(int).tolist()
    if min(x2 - x1, y2 - y1) < SMALLEST_SIDE_PX:
        return None
    return Area(x1, y1, x2, y2, min(1.0, DENSE_SIDE_PX / max(x2 - x1, y2 - y1)))


def _shared(areas: Sequence[Area | None]) -> list[tuple[Area, list[int]]]:
    """Each with which of ``areas`` it stands for: those that cost less together than apart are one."""
    found: list[tuple[Area, list[int]]] = []
    for number, area in enumerate(areas):
        if area is None:
            continue
        mine = (area, [number])
        while cheaper := [each for each in found if each[0].joined(mine[0]).cost <= each[0].cost + mine[0].cost]:
            best = min(cheaper, key=lambda each: each[0].joined(mine[0]).cost - each[0].cost)
            found.remove(best)
            mine = (best[0].joined(mine[0]), [*best[1], *mine[1]])
        found.append(mine)
    return found


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


def align(templates: Gray, pictures: Gray) -> tuple[Places, NDArray[np.bool_]]:
    """How far the middle of each of (n, s, s) templates lies off the middle of its picture, (n, 2), and whether it was
    found, (n,)."""
    middle = np.full((1, 2), (templates.shape[1] - 1) / 2)
    # Laid out in one picture they take as long: nearly all of it are the steps of each.
    found = [_track(one, other, middle, middle, levels=1) for one, other in zip(templates, pictures, strict=True)]
    return np.concatenate([xy for xy, _ in found]) - middle, np.concatenate([ok for _, ok in found])


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
    flow: cv2.DISOpticalFlow, before: Gray, now: Gray, area: Area, points: Places
) -> tuple[Places, NDArray[np.float64]]:
    """By how much (n, 2) points move, from the flow of ``area``, and how far from their start they come back."""
    corner, scale = (area.x1, area.y1), area.scale
    one, other = (_scaled(picture[area.y1 : area.y2, area.x1 : area.x2], scale) for picture in (before, now))
    start = (points - corner + 0.5) * scale - 0.5
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
