"""A layer as formats see it, and back: labels and attributes by name instead of by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Sum

from annotator import access
from annotator.actions.edits.apply import Ontology, write_tracks
from annotator.actions.errors import ActionError
from annotator.formats.base import AttributeInfo, Dataset, LabelInfo, Report, TrackData, VideoInfo
from annotator.models import Attribute, AttributeKind, Label, Layer, Track, TrackChunk, User
from annotator.operations import TrackFields
from tracking.shapes.chunks import Flag, Kind, Row, Table
from tracking.shapes.payloads import point_count
from tracking.shapes.skeletons import Skeleton, numbered, skeleton_of

TRACKS_AT_ONCE = 50
"""Tracks whose packed shapes an export reads with one query."""
LONGEST_NAME = 80
PALETTE = ("#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#46f0f0", "#f032e6", "#bcf60c", "#008080")


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
    chunks = TrackChunk.objects.filter(layer=layer, track__deleted_at=None)
    return chunks.aggregate(rows=Sum("rows"))["rows"] or 0


class Counted:
    """A dataset whose tracks tell how many shapes each had, once it is done with."""

    def __init__(self, dataset: Dataset, advance: Callable[[int], None]) -> None:
        self.dataset = replace(dataset, tracks=self._counted(dataset.tracks, advance))

    @staticmethod
    def _counted(tracks: Iterable[TrackData], advance: Callable[[int], None]) -> Iterator[TrackData]:
        for track in tracks:
            yield track
            advance(len(track.rows))


def import_dataset(
    *,
    layer: Layer,
    dataset: Dataset,
    user: User | None,
    summary: str,
    create_labels: bool,
    report: Report,
) -> None:
    """Put a dataset's tracks into a layer, as one event. Numbers are kept where they are free.

    Args:
        user: who imports; their access has been checked.
        create_labels: make labels that the project lacks, instead of refusing.
        report: what could not be taken over is added to it.

    Raises:
        ActionError: labels that the project lacks, another video's size, frames beyond the video.
    """
    _refuse_other_video(layer, dataset.video)
    tracks = list(dataset.tracks)
    with transaction.atomic():
        verdicts = user is None or access.may(access.role_in(user, layer.video.project.workspace_id), "review")
        naming = _Naming(layer, dataset.labels, tracks, create=create_labels, verdicts=verdicts, report=report)
        made = [(naming.track(data), data.rows) for data in tracks]
        if made:
            write_tracks(user=user, layer_id=layer.pk, tracks=made, summary=summary)


def _refuse_other_video(layer: Layer, video: VideoInfo) -> None:
    ours = layer.video
    if video.width and video.height and (video.width, video.height) != (ours.width, ours.height):
        raise ActionError(
            f"A file's shapes must fit the video, which has {ours.width}x{ours.height} px; the file is of one with "
            f"{video.width}x{video.height}. Choose the video it was made from."
        )


class _Naming:
    """Finds, or makes, the project's labels and attributes for a file's names."""

    def __init__(
        self,
        layer: Layer,
        infos: Sequence[LabelInfo],
        tracks: Sequence[TrackData],
        *,
        create: bool,
        verdicts: bool,
        report: Report,
    ) -> None:
        self.project = layer.video.project
        self.frame_count = layer.video.frame_count
        self.verdicts = verdicts
        self.report = report
        labels = Label.objects.filter(project=self.project).prefetch_related("attributes")
        self.labels = {label.name: label for label in labels}
        self.attributes = {
            label.name: {attribute.name: attribute for attribute in label.attributes.all()} for label in labels
        }
        used = _kinds_by_label(tracks)
        missing = [name for name in used if name not in self.labels]
        if missing and not create:
            raise ActionError(
                f"Tracks have labels of the project; it lacks {_listed(missing)}. Add them to the project, or let the "
                "import make them."
            )
        by_name = {info.name: info for info in infos}
        for name in missing:
            self._create(by_name.get(name, LabelInfo(name)), used[name], _a_skeleton(tracks, name))
        self.ontology = Ontology.of(layer)

    def track(self, data: TrackData) -> Track:
        """An unsaved track. Raises ActionError for attributes with values that they can't have."""
        attributes = self.attributes[data.label]
        constant = {str(a.pk): value for a, value in self._known(attributes, data.attributes.items(), per_frame=False)}
        by_frame = {
            str(a.pk): [list(pair) for pair in pairs]
            for a, pairs in self._known(attributes, data.frame_attributes.items(), per_frame=True)
        }
        joints = {point_count(len(row.payload)) for row in data.rows if row.kind == Kind.SKELETON}
        label = self.labels[data.label]
        self.ontology.check_joints(label, joints)
        for kind in sorted(_drawn(data) - set(label.geometry_kinds)):
            self.report.lose(f"tracks of {label} have a {kind}: allow it in the project's labels to change them")
        fields = TrackFields.model_validate({"attributes": constant, "frame_attributes": by_frame})
        self.ontology.check_values(fields, self.frame_count)
        if data.verdict and not self.verdicts:
            self.report.lose("verdicts are a reviewer's to give")
        return Track(
            number=data.number,
            label=self.labels[data.label],
            colour=data.colour,
            source=data.source[:64],
            verdict=data.verdict if self.verdicts else "",
            attributes=constant,
            frame_attributes=by_frame,
        )

    def _known(
        self, attributes: dict[str, Attribute], values: Iterable[tuple[str, Any]], *, per_frame: bool
    ) -> Iterator[tuple[Attribute, Any]]:
        for name, value in values:
            attribute = attributes.get(name)
            if attribute is None or attribute.per_frame != per_frame:
                self.report.lose(f"the attribute {name} isn't one of the project's")
            else:
                yield attribute, value

    def _create(self, info: LabelInfo, kinds: Sequence[str], example: Row | None) -> None:
        if not 0 < len(info.name) <= LONGEST_NAME:
            raise ActionError(f"A label has a name of 1 to {LONGEST_NAME} letters; {info.name[:100]!r} came.")
        position = len(self.labels)
        skeleton = info.skeleton or (example and _template(example))
        label = Label.objects.create(
            project=self.project,
            name=info.name,
            colour=info.colour or PALETTE[position % len(PALETTE)],
            geometry_kinds=list(kinds) or ["box"],
            skeleton=skeleton.as_json() if skeleton else None,
            position=position,
        )
        self.labels[info.name] = label
        self.attributes[info.name] = {
            attribute.name: Attribute.objects.create(
                label=label,
                name=attribute.name[:LONGEST_NAME],
                kind=AttributeKind(attribute.kind),
                per_frame=attribute.per_frame,
                choices=list(attribute.choices),
                default=attribute.default,
                position=index,
            )
            for index, attribute in enumerate(info.attributes)
        }


def _a_skeleton(tracks: Iterable[TrackData], label: str) -> Row | None:
    """The first skeleton among a label's shapes."""
    rows = (row for track in tracks if track.label == label for row in track.rows)
    return next((row for row in rows if row.kind == Kind.SKELETON), None)


def _template(example: Row) -> Skeleton:
    """Joints without names where this skeleton has them, for a file that doesn't describe its skeletons."""
    x1, y1, x2, y2 = example.bounds
    width, height = max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)
    count = point_count(len(example.payload))
    places = np.frombuffer(example.payload, "<f4", 2 * count).reshape(-1, 2)
    shares = np.clip((places - (x1, y1)) / (width, height), 0, 1).tolist()
    return numbered([(x, y) for x, y in shares])


def _tracks(tracks: Iterator[Track], names: dict[str, str]) -> Iterator[TrackData]:
    while several := list(islice(tracks, TRACKS_AT_ONCE)):
        chunks = TrackChunk.objects.filter(track__in=several).order_by("track_id", "start")
        tables = {
            track_id: [bytes(chunk.data) for chunk in of_track]
            for track_id, of_track in groupby(chunks, key=lambda chunk: chunk.track_id)
        }
        for track in several:
            yield TrackData(
                number=track.number,
                label=track.label.name,
                # Unpacked one track at a time: as values they take twenty times the room.
                rows=[row for table in tables.get(track.pk, ()) for row in Table.unpack(table).rows()],
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


def _drawn(track: TrackData) -> set[str]:
    """Names of the kinds of geometry that a track's keyframes have."""
    return {row.kind.name.lower() for row in track.rows if row.flags & Flag.KEYFRAME}


def _kinds_by_label(tracks: Iterable[TrackData]) -> dict[str, list[str]]:
    """Names of the kinds of geometry that each label's tracks have."""
    found: dict[str, set[Kind]] = {}
    for track in tracks:
        found.setdefault(track.label, set()).update(row.kind for row in track.rows)
    return {label: [kind.name.lower() for kind in sorted(kinds)] for label, kinds in found.items()}


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
