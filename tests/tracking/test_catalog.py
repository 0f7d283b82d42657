"""The catalogue lists models without loading any of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tracking.fakes import BOX, ENTRIES, A, Drifting, FakeVideo
from tracking import catalog
from tracking.catalog import Weights
from tracking.types import Prompt, TrackingError


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(TrackingError, match=f"'nothing' is none.*{catalog.TRACKERS[0].id}"):
        catalog.find("nothing")


def test_ids_are_unique() -> None:
    ids = [entry.id for entry in catalog.TRACKERS]
    assert len(ids) == len(set(ids))


def test_what_was_measured_of_models_is_what_they_are_ranked_by() -> None:
    known = {measure for measures in catalog.MEASURES.values() for measure in measures}
    for entry in catalog.TRACKERS:
        measures = [quality.measure for quality in entry.quality]
        assert known.issuperset(measures)
        assert len(measures) == len(set(measures))
    ranked = sorted(catalog.TRACKERS, key=lambda entry: catalog.rank(entry, "box"))
    best = [entry.id for entry in ranked[::-1]][:4]
    # What was measured on GOT-10k goes before what was measured here alone.
    assert best == ["mixformer-cvt-online", "transt", "nanotrack", "framewise-cf"]


def test_what_to_get_first_is_in_the_catalogue_and_can_be_downloaded() -> None:
    for model in catalog.GET_FIRST:
        entry = catalog.find_with_weights(model)
        assert entry.commercial
        assert all(weights.url for weights in entry.weights)
    assert set(catalog.NEED_GPU) < set(catalog.GET_FIRST)


def test_models_can_be_added_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")

    tracker = catalog.create("drifting", by=3.0)

    assert isinstance(tracker, Drifting)
    (frame,) = list(FakeVideo(frame_count=1).walk(0, "forward"))
    assert tracker.start(frame, [Prompt(A, BOX)])[0].shape == BOX
    assert catalog.entries() == catalog.TRACKERS + ENTRIES


def test_it_tells_what_a_model_lacks_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    entry = replace(ENTRIES[0], needs=("json", "no_such_package"), weights=(Weights("a.bin"), Weights("b.bin")))
    (tmp_path / "a.bin").touch()

    assert catalog.missing(entry) == ["no_such_package", "b.bin"]


def test_reading_the_catalogue_loads_no_torch() -> None:
    code = "import sys, tracking.catalog; print([n for n in ('torch', 'cv2', 'onnxruntime') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
