"""How well tracks agree with known ones: HOTA (Luiten et al., 2021, https://arxiv.org/abs/2009.07736), IDF1 (Ristani et
al., 2016, https://arxiv.org/abs/1609.01775) and CLEAR MOT (Bernardin, Stiefelhagen, 2008), as the package TrackEval
computes them."""

from __future__ import annotations

from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.association.assignment import assign, overlaps
from tracking.evaluate.track_clips import Rows
from tracking.types import TrackingError

PACKAGE = "trackeval==1.3.0"
SAME = 0.5
"""Overlap from which a found box is a distractor."""


@dataclass(frozen=True, slots=True)
class TrackScores:
    """Shares are in [0, 1] (``mota`` may be below); ``switches``: how often a known track goes on under another
    number; ``ms``: median time of linking a frame."""

    frames: float
    hota: float
    deta: float
    assa: float
    idf1: float
    mota: float
    switches: float
    ms: float


def require_package() -> None:
    """Raises TrackingError when TrackEval isn't here, with how to get it."""
    if find_spec("trackeval") is None:
        # By itself: opencv-python, which it asks for and doesn't need here, would own the files of the headless one.
        raise TrackingError(f"Scores of tracks need the package TrackEval. Get it: pip install --no-deps {PACKAGE}")


def compare(truth: Rows, told: Rows, frames: int, *, distractors: Rows | None = None, ms: float = 0.0) -> TrackScores:
    """How well tracks of ``frames`` frames agree with the known ones; of both a track is at most once on a frame.

    Args:
        distractors: found boxes that are best explained by one of them don't count.
        ms: goes into the scores as it is.
    """
    require_package()
    with redirect_stdout(StringIO()):  # it prints what it could do with packages that aren't here
        from trackeval.metrics import CLEAR, HOTA, Identity

    quiet = {"THRESHOLD": 0.5, "PRINT_CONFIG": False}
    data = _sequence(truth, told if distractors is None else without(told, truth, distractors), frames)
    hota, clear = HOTA().eval_sequence(data), CLEAR(quiet).eval_sequence(data)
    identity = Identity(quiet).eval_sequence(data)
    return TrackScores(
        frames=frames,
        hota=float(np.mean(hota["HOTA"])),
        deta=float(np.mean(hota["DetA"])),
        assa=float(np.mean(hota["AssA"])),
        idf1=float(identity["IDF1"]),
        mota=float(clear["MOTA"]),
        switches=float(clear["IDSW"]),
        ms=ms,
    )


def without(told: Rows, truth: Rows, distractors: Rows) -> Rows:
    """The same without boxes that are a distractor's, when each box is given to what it overlaps most."""
    keep = np.ones(len(told), np.bool_)
    for frame in np.unique(distractors.frame):
        rows = np.flatnonzero(told.frame == frame)
        known, others = (part.boxes[part.frame == frame] for part in (truth, distractors))
        cost = 1 - overlaps(np.concatenate([known, others]), told.boxes[rows])
        matched = assign(cost, 1 - SAME)
        keep[rows[matched.columns[matched.rows >= len(known)]]] = False
    return told.take(keep)


def _sequence(truth: Rows, told: Rows, frames: int) -> dict[str, Any]:
    """What TrackEval's metrics take."""
    known, found = _numbered(truth.track), _numbered(told.track)
    data: dict[str, Any] = {
        "num_timesteps": frames,
        "num_gt_dets": len(truth),
        "num_tracker_dets": len(told),
        "num_gt_ids": len(np.unique(known)),
        "num_tracker_ids": len(np.unique(found)),
        "gt_ids": [],
        "tracker_ids": [],
        "similarity_scores": [],
    }
    places = zip(_by_frame(truth, frames), _by_frame(told, frames), strict=True)
    for here, there in places:
        data["gt_ids"].append(known[here])
        data["tracker_ids"].append(found[there])
        data["similarity_scores"].append(overlaps(truth.boxes[here], told.boxes[there]))
    return data


def _by_frame(rows: Rows, frames: int) -> list[NDArray[np.intp]]:
    """The rows of each frame, in their order: to look for each frame among all would take ever longer."""
    order = np.argsort(rows.frame, kind="stable")
    return np.split(order, np.searchsorted(rows.frame[order], np.arange(1, frames + 1)))[:frames]


def _numbered(tracks: NDArray[np.intp]) -> NDArray[np.intp]:
    """The same, numbered from 0 without gaps."""
    return np.unique(tracks, return_inverse=True)[1]
