"""A file's tracks become a layer's: labels and attributes are found or made by name, values fitted to the project, and
what doesn't fit is told, with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from annotator import access
from annotator.actions.edits.apply import write_tracks
from annotator.actions.errors import ActionError
from annotator.actions.fitting import Fitting
from annotator.actions.layers import check_whole
from annotator.actions.naming import Naming
from annotator.formats.base import ClickedOn, Dataset, Part, Reading, Report, TrackData, VideoInfo
from annotator.formats.limits import NOTHING_TO_SEE, rows_of
from annotator.formats.rows import Rows
from annotator.formats.videos import part_of, parts_by_video
from annotator.models import Layer, LayerKind, Project, Track, User, VideoState
from annotator.operations import SpanVerdict


@dataclass(frozen=True, slots=True)
class How:
    """How a file is imported. ``create_labels``: make those that the project lacks; ``leave_out``: take the rest where
    rows can't be taken. Without them such a file is refused. ``new_layer``: make a layer of that name, and of
    ``new_kind``, for it; empty: import into the one that is there."""

    create_labels: bool = False
    leave_out: bool = False
    new_layer: str = ""
    new_kind: str = LayerKind.GROUND_TRUTH


AS_IT_IS = How()


def import_reading(reading: Reading, *, into: Layer | Project, user: User | None, summary: str, how: How) -> Report:
    """Put a file's tracks into a layer, or into the videos of a project that it names: everything or nothing.

    Args:
        user: who imports; None: a person at the server's command line, who may do everything.

    Raises:
        FormatError: none of the file's videos is meant, or rows can't be taken.
        ActionError: what ``import_dataset`` refuses.
        PermissionDenied: the user may not change every frame.
    """
    total = Report()
    of_project = isinstance(into, Project)
    with transaction.atomic():
        for layer, part in _targets(reading, into, total):
            if user is not None:
                check_may_import(user, layer)
            import_dataset(
                layer=layer,
                dataset=part.dataset,
                user=user,
                summary=summary,
                create_labels=how.create_labels,
                report=part.report,
            )
            total.join(part.report, video=layer.video.name if of_project else "")
        if not how.leave_out:
            total.refuse_unreadable()
    return total


def _targets(reading: Reading, into: Layer | Project, report: Report) -> list[tuple[Layer, Part]]:
    """Which part of a file goes into which layer; ``report`` is told what goes into none."""
    if isinstance(into, Layer):
        return [(into, part_of(reading, into.video.name))]
    layers = {layer.pk: layer for layer in main_layers(into)}
    found = parts_by_video(reading, {pk: layer.video.name for pk, layer in layers.items()}, report)
    return [(layers[pk], part) for pk, part in found.items()]


def main_layers(project: Project) -> list[Layer]:
    """The layers in which people draw, of the videos that are ready, by the videos' names."""
    ready = Layer.objects.filter(
        video__project=project, video__state=VideoState.READY, kind=LayerKind.MAIN
    ).select_related("video__project")
    return list(ready.order_by("video__name", "pk"))


def check_may_import(user: User, layer: Layer) -> None:
    """Raises PermissionDenied unless the user may change every frame of the layer."""
    check_whole(user, layer, "An import")


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
        report: what could not be taken over is added to it, and how much was is put into it. Rows that can't be taken
            are left out and noted: whether that is good enough is the caller's to say, in one transaction with this.

    Raises:
        ActionError: labels that the project lacks, another video's size.
    """
    _refuse_other_video(layer, dataset.video)
    tracks = list(dataset.tracks)
    with transaction.atomic():
        made, judged, clicks = _made(layer, dataset, tracks, user=user, create_labels=create_labels, report=report)
        report.tracks = len(made)
        report.shapes = sum(int(rows.shown.sum()) for _, rows in made)
        if made:
            wanted = [track.number for track, _ in made]
            verdicts = {track.pk: spans for (track, _), spans in zip(made, judged, strict=True) if spans}
            clicked = {track.pk: said for (track, _), said in zip(made, clicks, strict=True) if said}
            write_tracks(user=user, layer_id=layer.pk, tracks=made, summary=summary, verdicts=verdicts, clicked=clicked)
            given = [track.number for track, _ in made]
            renumbered = sum(had not in (0, has) for had, has in zip(wanted, given, strict=True))
            report.lose("tracks got another number: theirs was taken", renumbered)


def _made(
    layer: Layer,
    dataset: Dataset,
    tracks: Sequence[TrackData],
    *,
    user: User | None,
    create_labels: bool,
    report: Report,
) -> tuple[list[tuple[Track, Rows]], list[list[SpanVerdict]], list[Mapping[int, ClickedOn]]]:
    """Unsaved tracks with the rows that fit, the verdicts on each, and what their masks were clicked with."""
    verdicts = user is None or access.may(access.role_in(user, layer.video.project.workspace_id), "review")
    naming = Naming(layer.video.project, dataset.labels, tracks, create=create_labels, report=report)
    fitting = Fitting(layer, naming, report, tracks)
    made, judged, clicked = [], [], []
    for data in tracks:
        if why := naming.refused(data.label):
            fitting.refuse(data, None, why)
            continue
        rows = fitting.rows(data)
        if not rows.shown.any():
            report.lose(NOTHING_TO_SEE.words, int(rows_of(data).shown.sum() == 0))
            continue
        made.append((fitting.track(data, rows), rows))
        judged.append(fitting.verdicts(data, rows, given=verdicts))
        clicked.append(data.clicked)
    return made, judged, clicked


def _refuse_other_video(layer: Layer, video: VideoInfo) -> None:
    ours = layer.video
    if video.width and video.height and (video.width, video.height) != (ours.width, ours.height):
        raise ActionError(
            f"A file's shapes must fit the video, which has {ours.width}x{ours.height} px; the file is of one with "
            f"{video.width}x{video.height}. Choose the video it was made from."
        )
