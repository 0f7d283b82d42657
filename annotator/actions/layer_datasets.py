"""A layer as formats see it: labels and attributes by name instead of by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import Length

from annotator import stored_shapes
from annotator.actions.edits.clicked import clicks_of, shown_clicks
from annotator.actions.edits.spans import whole
from annotator.actions.edits.verdicts import read_verdicts
from annotator.formats.base import AttributeInfo, Dataset, JudgedSpan, LabelInfo, TrackData, VideoInfo
from annotator.formats.rows import Rows
from annotator.models import Label, Layer, Track
from annotator.operations import SpanVerdict
from tracking.shapes.skeletons import skeleton_of

TRACKS_AT_ONCE = 50
"""Tracks whose packed shapes an export reads with one query, at most."""
BYTES_AT_ONCE = 16 * 2**20
"""Of heavier tracks it reads fewer at once, down to a single one."""


def dataset_of(layer: Layer, *, judged: bool = True) -> Dataset:
    """Everything that isn't deleted, read a few tracks at a time while it is iterated. ``judged``: with verdicts."""
    labels = list(layer.video.project.labels.prefetch_related("attributes"))
    tracks = layer.tracks.filter(deleted_at=None).select_related("label").order_by("number")
    video = layer.video
    return Dataset(
        video=VideoInfo(video.name, video.width, video.height, video.frame_count, video.fps),
        labels=[_label_info(label) for label in labels],
        tracks=_tracks(tracks.iterator(TRACKS_AT_ONCE), _weights(layer), _attribute_names(labels), judged),
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


def _weights(layer: Layer) -> dict[UUID, int]:
    """Bytes of each track's packed shapes; nothing of those themselves is read."""
    return dict(layer.chunks.order_by().values_list("track_id").annotate(bytes=Sum(Length("data"))))


def _read_at_once(tracks: Iterable[Track], weights: Mapping[UUID, int]) -> Iterator[list[Track]]:
    """Tracks in their order, as many together as ``TRACKS_AT_ONCE`` and ``BYTES_AT_ONCE`` allow."""
    several: list[Track] = []
    size = 0
    for track in tracks:
        weight = weights.get(track.pk, 0)
        if several and (len(several) >= TRACKS_AT_ONCE or size + weight > BYTES_AT_ONCE):
            yield several
            several, size = [], 0
        several.append(track)
        size += weight
    if several:
        yield several


def _tracks(
    tracks: Iterable[Track], weights: Mapping[UUID, int], names: dict[str, str], judged: bool
) -> Iterator[TrackData]:
    for several in _read_at_once(tracks, weights):
        chunks = stored_shapes.read_packed(stored_shapes.chunks_of([track.pk for track in several]))
        packed = {
            track_id: [data for _, data in of_track]
            for track_id, of_track in groupby(chunks, key=lambda chunk: chunk[0])
        }
        verdicts = _judged([track.pk for track in several]) if judged else {}
        clicked = clicks_of([track.pk for track in several])
        for track in several:
            rows = Rows.of_packed(packed.pop(track.pk, ()))
            spans = verdicts.get(track.pk, [])
            yield TrackData(
                number=track.number,
                label=track.label.name,
                rows=rows,
                colour=track.colour,
                source=track.source,
                verdict=_verdict(spans, rows),
                candidate=track.candidate,
                clicked=shown_clicks(clicked[track.pk], rows) if track.pk in clicked else {},
                verdicts=[_judged_span(span) for span in spans],
                attributes={names[key]: value for key, value in track.attributes.items() if key in names},
                frame_attributes={
                    names[key]: [(frame, value) for frame, value in pairs]
                    for key, pairs in track.frame_attributes.items()
                    if key in names
                },
            )


def _verdict(spans: Sequence[SpanVerdict], rows: Rows) -> str:
    """What is said of all of a track."""
    return "" if rows.first is None or rows.last is None else whole(spans, rows.first, rows.last)


def _judged(tracks: Sequence[UUID]) -> dict[UUID, list[SpanVerdict]]:
    layer = Layer.objects.filter(tracks__in=tracks[:1]).first()
    return {} if layer is None else read_verdicts(layer, tracks)


def _judged_span(span: SpanVerdict) -> JudgedSpan:
    return JudgedSpan(span.first, span.last, span.verdict, span.reason, span.by_name, span.at)


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
