"""Round trips over random layers: equal in all that a format can hold, and nothing is lost without a word."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from annotator.formats import FORMATS
from annotator.formats.base import Dataset, Format, LabelInfo, Options, Report
from annotator.formats.limits import held
from tests.formats.files import read
from tests.formats.layers import layers, places, said
from tracking.shapes.payloads import single

EVERY_CHOICE = [
    pytest.param(fmt, options, id=f"{fmt.id} {' '.join(options.values())}")
    for fmt in FORMATS
    for options in [
        dict(zip([option.id for option in fmt.options], values, strict=True))
        for values in product(*([value for value, _ in each.choices] for each in fmt.options))
    ]
]
over_every_format = pytest.mark.parametrize(("fmt", "options"), EVERY_CHOICE)
EXAMPLES = int(os.environ.get("FRAMEWISE_EXAMPLES", "15"))
"""More of them now and then: every format is tried with each of its choices."""
EXACT_PX = {"mot": 1e-6}
"""How near coordinates come back; exactly, but where a file says left and width: the sum of the two is rounded."""
FEW = 41
"""Frames that formats with a picture for each of them are tried with."""
BY_PICTURES = {"davis", "mots"}
slow = [HealthCheck.too_slow, HealthCheck.data_too_large]


def fitting(dataset: Dataset, fmt: Format) -> Dataset:
    """A dataset that doesn't take long to write."""
    if fmt.id not in BY_PICTURES:
        return dataset
    tracks = [replace(track, rows=[row for row in track.rows if row.frame < FEW]) for track in dataset.tracks]
    return replace(dataset, video=replace(dataset.video, frame_count=FEW), tracks=tracks)


def trip(fmt: Format, dataset: Dataset, options: Options) -> tuple[Dataset, Report]:
    """The dataset out and in again, with the report of the way out."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"file{fmt.suffix}"
        report = fmt.write(dataset, file, options)
        found, _ = read(fmt, file)
    return replace(found, tracks=list(found.tracks)), report


def within(dataset: Dataset, fmt: Format, options: Options) -> Dataset:
    """What of a dataset the format says that it holds."""
    kept = held(dataset, fmt.limits(options), Report())
    return replace(kept, tracks=list(kept.tracks))


def labels_of(dataset: Dataset) -> list[LabelInfo]:
    used = {track.label for track in dataset.tracks}
    return [label for label in dataset.labels if label.name in used]


def assert_same(found: Dataset, expected: Dataset, fmt: Format) -> None:
    assert said(found.tracks) == said(expected.tracks)
    np.testing.assert_allclose(places(found.tracks), places(expected.tracks), rtol=0, atol=EXACT_PX.get(fmt.id, 0))


@over_every_format
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=slow)
@given(dataset=layers())
def test_what_a_format_can_hold_comes_back_as_it_was(fmt: Format, options: Options, dataset: Dataset) -> None:
    dataset = fitting(dataset, fmt)
    expected = within(dataset, fmt, options)
    found, report = trip(fmt, dataset, options)
    assert_same(found, expected, fmt)
    assert report.tracks == len(list(expected.tracks))
    if fmt.id != "mot":  # which knows labels by their names alone
        assert labels_of(found) == labels_of(expected)


@over_every_format
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=slow)
@given(dataset=layers())
def test_what_does_not_come_back_is_in_the_report(fmt: Format, options: Options, dataset: Dataset) -> None:
    dataset = fitting(dataset, fmt)
    found, report = trip(fmt, dataset, options)
    before = said(dataset.tracks)
    for track in before:
        # Where everything is from is said on the way in: it is from such a file.
        track["source"] = fmt.id if fmt.id == "mot" and track["source"] == "person" else track["source"]
    if said(found.tracks) != before:
        assert report.losses


@over_every_format
@settings(max_examples=EXAMPLES // 5, deadline=None, suppress_health_check=slow)
@given(dataset=layers())
def test_ten_trips_do_not_drift(fmt: Format, options: Options, dataset: Dataset) -> None:
    first, _ = trip(fmt, fitting(dataset, fmt), options)
    again = first
    for _ in range(9):
        again, _ = trip(fmt, again, options)
    assert_same(again, first, fmt)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=slow)
@given(dataset=layers())
def test_our_own_format_has_no_limits_and_keeps_gaps_bit_by_bit(dataset: Dataset) -> None:
    (fmt,) = (each for each in FORMATS if each.id == "framewise")
    found, report = trip(fmt, dataset, {})
    assert (list(fmt.limits({})), report.losses) == ([], {})
    assert (found.video, list(found.labels)) == (dataset.video, list(dataset.labels))
    for before, after in zip(dataset.tracks, found.tracks, strict=True):
        assert [single(row).pack() for row in after.rows] == [single(row).pack() for row in before.rows]
