"""A layer as formats see it."""

from __future__ import annotations

import struct
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

import pytest

from annotator import stored_shapes
from annotator.actions import layer_datasets
from annotator.actions.edits.apply import write_tracks
from annotator.actions.importing import AS_IT_IS, import_reading
from annotator.actions.layer_datasets import dataset_of
from annotator.formats import FORMATS
from annotator.formats.limits import losses
from annotator.formats.native import Native
from annotator.models import Track
from tests.annotator.worlds import make_world
from tracking.shapes.chunks import Flag, Kind, Row

pytestmark = pytest.mark.django_db


def test_heavy_tracks_are_read_a_few_at_a_time_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = make_world().layer
    label = layer.video.project.labels.all()[0]
    mask = struct.pack("<4iI", 0, 0, 100, 100, 10_000)
    heavy = [Row(frame, Kind.MASK, Flag.KEYFRAME, 1.0, (0, 0, 100, 100), mask) for frame in range(50)]
    light = [Row(0, Kind.BOX, Flag.KEYFRAME, 1.0, (0, 0, 9, 9))]
    tracks = [(Track(label=label, number=number), heavy if number <= 4 else light) for number in range(1, 8)]
    write_tracks(user=None, layer_id=layer.pk, tracks=tracks, summary="")
    read: list[int] = []
    chunks_of = stored_shapes.chunks_of

    def noted(ids: Collection[UUID]) -> stored_shapes.Chunks:
        read.append(len(ids))
        return chunks_of(ids)

    monkeypatch.setattr(stored_shapes, "chunks_of", noted)
    monkeypatch.setattr(layer_datasets, "BYTES_AT_ONCE", 5000)
    found = [(track.number, len(track.rows)) for track in layer_datasets.dataset_of(layer).tracks]
    assert found == [(1, 50), (2, 50), (3, 50), (4, 50), (5, 1), (6, 1), (7, 1)]
    assert read == [2, 5]


def test_a_candidate_stays_one_in_our_own_format_and_is_left_out_of_others_with_its_number_said(tmp_path: Path) -> None:
    layer = make_world().layer
    (label,) = layer.video.project.labels.all()
    box = [Row(0, Kind.BOX, Flag.PREDICTED, 0.5, (0, 0, 9, 9))]
    tracks = [(Track(label=label, number=number, candidate=number > 1), box) for number in (1, 2, 3)]
    write_tracks(user=None, layer_id=layer.pk, tracks=tracks, summary="")

    for fmt in FORMATS:
        limits = fmt.limits({})
        lost = losses(dataset_of(layer), limits).losses.get("candidates that nobody has taken yet are left out", 0)
        assert lost == (2 if limits else 0), fmt.id

    file = tmp_path / "tracks.json"
    Native().write(dataset_of(layer), file, {})
    layer.tracks.all().delete()
    import_reading(Native().read(file), into=layer, user=None, summary="", how=AS_IT_IS)
    assert list(layer.tracks.order_by("number").values_list("candidate", flat=True)) == [False, True, True]
