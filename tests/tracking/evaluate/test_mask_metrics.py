"""J and F. The figures are those of the evaluation that DAVIS publishes (davis2017-evaluation, its ``metrics.py``)."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tracking.evaluate.mask_metrics import Bitmap, boundary, region

ROWS, COLUMNS = np.mgrid[:120, :200]


def noise(seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed).random((120, 200)).astype(np.float32)
    return cv2.GaussianBlur(draw, (0, 0), 9)


DISC = (COLUMNS - 90) ** 2 + (ROWS - 60) ** 2 <= 40**2
OVAL = ((COLUMNS - 100) / 1.3) ** 2 + (ROWS - 66) ** 2 <= 38**2
STRIP = COLUMNS < 30
CORNER = (ROWS >= 60) & (COLUMNS < 40)
NOTHING, ALL = np.zeros((120, 200), np.bool_), np.ones((120, 200), np.bool_)


@pytest.mark.parametrize(
    ("found", "truth", "j", "f"),
    [
        pytest.param(OVAL, DISC, 0.6964424421314277, 0.2838703715113055, id="moved"),
        pytest.param(CORNER, STRIP, 0.42857142857142855, 0.04545454545454545, id="at the picture's edge"),
        pytest.param(DISC, DISC, 1, 1, id="the same"),
        pytest.param(NOTHING, NOTHING, 1, 1, id="neither is there"),
        pytest.param(NOTHING, DISC, 0, 0, id="missed"),
        pytest.param(DISC, NOTHING, 0, 0, id="not there"),
        pytest.param(ALL, DISC, float(DISC.mean()), 0, id="the whole picture"),
    ],
)
def test_j_and_f_are_those_of_davis(found: Bitmap, truth: Bitmap, j: float, f: float) -> None:
    assert (region(found, truth), boundary(found, truth)) == pytest.approx((j, f), abs=1e-12)
