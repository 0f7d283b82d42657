"""A file's tracks become a layer's: labels and attributes are found or made by name, values fitted to the project, and
what doesn't fit is told, with its place."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from annotator import access
from annotator.actions.edits.apply import write_tracks
from annotator.actions.errors import ActionError
from annotator.actions.fitting import Fitting
from annotator.actions.naming import Naming
from annotator.formats.base import Dataset, Report, TrackData, VideoInfo
from annotator.formats.limits import NOTHING_TO_SEE, rows_of
from annotator.formats.rows import Rows
from annotator.models import Layer, Track, User


def import_dataset(
    *,
    layer: Layer,
    dataset: Dataset,
    user: User | None,
    summary: str,
    create_labels: bool,
    report: Report,
    leave_out: bool = False,
) -> None:
    """Put a dataset's tracks into a layer, as one event. Numbers are kept where they are free.

    Args:
        user: who imports; their access has been checked.
        create_labels: make labels that the project lacks, instead of refusing.
        report: what could not be taken over is added to it, and how much was is put into it.
        leave_out: take the rest where rows can't be taken, instead of refusing.

    Raises:
        ActionError: labels that the project lacks, another video's size.
        UnreadableRows: rows that can't be taken, also those that ``report`` came with.
    """
    _refuse_other_video(layer, dataset.video)
    tracks = list(dataset.tracks)
    with transaction.atomic():
        made = _made(layer, dataset, tracks, user=user, create_labels=create_labels, report=report)
        if not leave_out:
            report.refuse_unreadable()
        report.tracks = len(made)
        report.shapes = sum(int(rows.shown.sum()) for _, rows in made)
        if made:
            wanted = [track.number for track, _ in made]
            write_tracks(user=user, layer_id=layer.pk, tracks=made, summary=summary)
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
) -> list[tuple[Track, Rows]]:
    """Unsaved tracks with the rows that fit."""
    verdicts = user is None or access.may(access.role_in(user, layer.video.project.workspace_id), "review")
    naming = Naming(layer.video.project, dataset.labels, tracks, create=create_labels, report=report)
    fitting = Fitting(layer, naming, report)
    made = []
    for data in tracks:
        rows = fitting.rows(data)
        if not rows.shown.any():
            report.lose(NOTHING_TO_SEE.words, int(rows_of(data).shown.sum() == 0))
            continue
        made.append((fitting.track(data, rows, verdicts=verdicts), rows))
    return made


def _refuse_other_video(layer: Layer, video: VideoInfo) -> None:
    ours = layer.video
    if video.width and video.height and (video.width, video.height) != (ours.width, ours.height):
        raise ActionError(
            f"A file's shapes must fit the video, which has {ours.width}x{ours.height} px; the file is of one with "
            f"{video.width}x{video.height}. Choose the video it was made from."
        )
