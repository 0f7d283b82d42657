"""A layer as formats see it: labels and attributes by name instead of by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby, islice

from django.db.models import Sum

from annotator import stored_shapes
from annotator.formats.base import AttributeInfo, Dataset, LabelInfo, TrackData, VideoInfo
from annotator.formats.rows import Rows
from annotator.models import Label, Layer, Track
from tracking.shapes.chunks import Table
from tracking.shapes.skeletons import skeleton_of

TRACKS_AT_ONCE = 50
"""Tracks whose packed shapes an export reads with one query."""


def dataset_of(layer: Layer) -> Dataset:
    """Everything that isn't deleted, read a few tracks at a time while it is iterated."""
    labels = list(layer.video.project.labels.prefetch_related("attributes"))
    tracks = layer.tracks.filter(deleted_at=None).select_related("label").order_by("number")
    video = layer.video
    return Dataset(
        video=VideoInfo(video.name, video.width, video.height, video.frame_count, video.fps),
        labels=[_label_info(label) for label in labels],
        tracks=_tracks(tracks.iterator(TRACKS_AT_ONCE), _attribute_names(labels)),
        track_count=tracks.count(),
    )


def count_shapes(layer: Layer) -> int:
    """Stored rows of all tracks that aren't deleted."""
    return layer.chunks.filter(track__deleted_at=None).aggregate(rows=Sum("rows"))["rows"] or 0


class Counted:
    """A dataset whose tracks tell how many shapes each had, once it is done with."""

    def __init__(self, dataset: Dataset, advance: Callable[[int], None]) -> None:
        self.dataset = replace(dataset, tracks=self._counted(dataset.tracks, advance))

    @staticmethod
    def _counted(tracks: Iterable[TrackData], advance: Callable[[int], None]) -> Iterator[TrackData]:
        for track in tracks:
            yield track
            advance(len(track.rows))


def _tracks(tracks: Iterator[Track], names: dict[str, str]) -> Iterator[TrackData]:
    while several := list(islice(tracks, TRACKS_AT_ONCE)):
        chunks = stored_shapes.read_packed(stored_shapes.chunks_of([track.pk for track in several]))
        tables = {
            track_id: [data for _, data in of_track]
            for track_id, of_track in groupby(chunks, key=lambda chunk: chunk[0])
        }
        for track in several:
            yield TrackData(
                number=track.number,
                label=track.label.name,
                rows=Rows.of_tables([Table.unpack(table) for table in tables.get(track.pk, ())]),
                colour=track.colour,
                source=track.source,
                verdict=track.verdict,
                attributes={names[key]: value for key, value in track.attributes.items() if key in names},
                frame_attributes={
                    names[key]: [(frame, value) for frame, value in pairs]
                    for key, pairs in track.frame_attributes.items()
                    if key in names
                },
            )


def _attribute_names(labels: Iterable[Label]) -> dict[str, str]:
    return {str(attribute.pk): attribute.name for label in labels for attribute in label.attributes.all()}


def _label_info(label: Label) -> LabelInfo:
    attributes = tuple(
        AttributeInfo(
            name=attribute.name,
            kind=attribute.kind,
            per_frame=attribute.per_frame,
            choices=tuple(attribute.choices),
            default=attribute.default,
        )
        for attribute in label.attributes.all()
    )
    return LabelInfo(label.name, label.colour, attributes, skeleton_of(label.skeleton))
