"""DeepSORT against what its reference gave (see tests/golden/README.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import golden
from tracking.association.assignment import assign
from tracking.association.contract import Link
from tracking.association.deepsort import DeepSort
from tracking.association.kalman import AspectKalman
from tracking.association.settings import DeepSortSettings
from tracking.detection import Detection
from tracking.types import Box

GOLDEN = np.load(Path(golden.__file__).parent / "deepsort" / "golden.npz")
CONFIGS: dict[str, dict[str, Any]] = json.loads(str(GOLDEN["meta_json"]))["config"]
BOX_PX = 1e-6


def frames_of(config: dict[str, Any]) -> Iterator[list[Detection]]:
    prefix = f"{config['set']}_" if "set" in config else ""
    rows, looks = GOLDEN[f"{prefix}detections"], GOLDEN[f"{prefix}features"]
    for number in range(60):
        yield [
            Detection(Box.from_xywh(*row[2:6].tolist()), float(row[6]), appearance=look)
            for row, look in zip(rows, looks, strict=True)
            if row[0] == number
        ]


def deepsort(config: dict[str, Any]) -> DeepSort:
    """The reference counts in frames."""
    settings = {name: value for name, value in config.items() if name != "set"}
    return DeepSort(DeepSortSettings(**settings), rate=1.0)


def tlwh(box: Box) -> list[float]:
    return [box.x1, box.y1, box.width, box.height]


def columns(association: DeepSort, links: list[Link]) -> Iterator[list[float]]:
    """Of each living track: number, 1 (tentative) or 2, frames since its last detection, detections, frames, x, y, w, h
    and the state of the filter."""
    tracks = association.tracks
    for row, link in enumerate(links):
        counted = [link.track, 1 + tracks.confirmed[row], link.missed, tracks.hits[row], tracks.age[row]]
        yield [*counted, *tlwh(link.box), *tracks.mean[row].tolist()]


@pytest.mark.parametrize("name", CONFIGS)
def test_tracks_are_those_of_the_reference(name: str) -> None:
    association = deepsort(CONFIGS[name])
    told, living = [], []
    for number, detections in enumerate(frames_of(CONFIGS[name])):
        links = association.update(detections)
        told += [[number, one.track, *tlwh(one.box)] for one in links if one.state != "tentative" and one.missed <= 1]
        living += [[number, *row] for row in columns(association, links)]
    for got, expected in ((told, GOLDEN[f"{name}_results"]), (living, GOLDEN[f"{name}_all_tracks"])):
        np.testing.assert_array_equal(np.array(got)[:, :2], expected[:, :2])
        np.testing.assert_allclose(np.array(got), expected, rtol=0, atol=BOX_PX)


def test_the_filter_of_all_tracks_at_once_is_the_reference_s() -> None:
    kalman = AspectKalman()
    mean, covariance = kalman.initiate(corners([[120, 200, 0.5, 90]]))
    np.testing.assert_allclose(np.diag(covariance[0]), GOLDEN["kf_init_cov_diag"])
    others = corners([[140, 209, 0.5, 95], [400, 209, 0.5, 95]])
    seen = [[123, 201, 0.51, 91], [127, 203, 0.49, 92], None, None, [140, 209, 0.5, 95]]
    for expected, one in zip(GOLDEN["kf_sequence"], seen, strict=True):
        mean, covariance = kalman.predict(mean, covariance)
        distances = kalman.distances(mean, covariance, others)
        measured, spread = kalman.project(mean, covariance)
        if one is not None:
            mean, covariance = kalman.update(mean, covariance, corners([one]))
        got = np.concatenate([part.ravel() for part in (mean, covariance, distances)])
        np.testing.assert_allclose(got, expected[:74], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(np.concatenate([measured.ravel(), spread.ravel()]), expected[76:], atol=1e-9)


def corners(rows: list[list[float]]) -> np.ndarray:
    """Boxes by their corners, of centre, width / height and height."""
    x, y, aspect, height = np.array(rows).T
    half = np.stack([aspect * height, height], axis=1) / 2
    return np.concatenate([np.stack([x, y], axis=1) - half, np.stack([x, y], axis=1) + half], axis=1)


def test_pairs_beyond_the_limit_are_none() -> None:
    matched = assign(GOLDEN["assign_cost"], 0.2)
    np.testing.assert_array_equal(np.stack([matched.rows, matched.columns], axis=1), GOLDEN["assign_matches"])
    np.testing.assert_array_equal(matched.free_rows, GOLDEN["assign_unmatched_tracks"])
    np.testing.assert_array_equal(matched.free_columns, GOLDEN["assign_unmatched_dets"])
