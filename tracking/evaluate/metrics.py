"""Measures of how well one object was followed. Boxes may be None: not in view (truth), no box (tracker).

Sources: success and precision: Wu, Lim, Yang, *Object Tracking Benchmark*, 2015. Normalised precision: Müller et al.,
*TrackingNet*, 2018. Failures and restarts: Kristan et al., *The Visual Object Tracking Challenge*, 2013-2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.types import Box, iou

OVERLAPS = np.linspace(0, 1, 21)
"""Thresholds of the success curve."""
PRECISION_PX = 20.0
RELATIVE_ERRORS = np.linspace(0, 0.5, 51)
"""Thresholds of the normalised precision curve."""


def overlaps(found: Sequence[Box | None], truth: Sequence[Box | None]) -> NDArray[np.float64]:
    """IoU on each frame where the object is in view; 0 where the tracker has no box."""
    return np.array([iou(a, b) if a else 0.0 for a, b in zip(found, truth, strict=True) if b is not None], np.float64)


def success_auc(found: Sequence[Box | None], truth: Sequence[Box | None]) -> float:
    """Area under the success curve: share of frames whose IoU exceeds a threshold, averaged over ``OVERLAPS``."""
    shares = overlaps(found, truth)[:, None] > OVERLAPS
    return float(shares.mean()) if shares.size else math.nan


def precision(found: Sequence[Box | None], truth: Sequence[Box | None]) -> float:
    """Share of frames whose box centre is at most ``PRECISION_PX`` away from the true one."""
    errors = [_centre_error(a, b, 1.0, 1.0) for a, b in zip(found, truth, strict=True) if b is not None]
    return float(np.mean(np.array(errors) <= PRECISION_PX)) if errors else math.nan


def normalised_precision(found: Sequence[Box | None], truth: Sequence[Box | None]) -> float:
    """Share of frames whose centre error, in sides of the true box, is below a threshold; averaged up to 0.5."""
    errors = [_centre_error(a, b, b.width, b.height) for a, b in zip(found, truth, strict=True) if b is not None]
    return float((np.array(errors)[:, None] <= RELATIVE_ERRORS).mean()) if errors else math.nan


def ghosts(found: Sequence[Box | None], truth: Sequence[Box | None]) -> float:
    """Share of the frames without the object on which the tracker still claims a box; nan when it's always in view."""
    claims = [a is not None for a, b in zip(found, truth, strict=True) if b is None]
    return float(np.mean(claims)) if claims else math.nan


def _centre_error(found: Box | None, truth: Box, unit_x: float, unit_y: float) -> float:
    if found is None:
        return math.inf
    return math.hypot((found.centre[0] - truth.centre[0]) / unit_x, (found.centre[1] - truth.centre[1]) / unit_y)
