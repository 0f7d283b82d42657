"""``framewise export`` and ``framewise import``: files out of and into this installation, without a browser."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

if TYPE_CHECKING:
    from annotator.formats.base import Report
    from annotator.models import Layer, Project

SHOWN_VIDEOS = 20
console = Console(stderr=True)


class TransferError(Exception):
    """What can't be done as asked, for the person at the terminal."""


def export_layer(video: str, *, layer: str, format_id: str, options: Mapping[str, str], out: Path) -> None:
    """Write a layer of a video to the file ``out``.

    Raises:
        TransferError: there is no such video, layer, format or option, or the file can't be written.
    """
    _setup()
    from annotator import formats
    from annotator.actions.layer_datasets import dataset_of
    from annotator.formats.base import FormatError

    chosen = _layer(video, layer)
    unfinished = out.with_name(out.name + ".partial")
    try:
        dataset = dataset_of(chosen)
        with Progress(console=console) as progress:
            bar = progress.add_task("Exporting", total=dataset.track_count)
            report = formats.find(format_id).write(
                dataset, unfinished, options, lambda done: progress.update(bar, completed=done)
            )
        unfinished.replace(out)
    except (FormatError, OSError) as error:
        raise TransferError(str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    _tell("Wrote", report, out)


def import_file(
    file: Path,
    video: str,
    *,
    layer: str,
    project: str,
    format_id: str,
    create_labels: bool,
    leave_out: bool = False,
) -> None:
    """Read a file into a layer of a video, or into those videos of a project that the file names.

    Args:
        video, project: a name or an id; one of the two, the other empty.
        leave_out: take the rest where rows can't be taken.

    Raises:
        TransferError: there is no such video, layer, project or format, or the file or one of its rows doesn't fit.
    """
    _setup()
    from annotator import formats
    from annotator.actions.errors import ActionError
    from annotator.actions.importing import How, import_reading
    from annotator.formats.base import FormatError

    if bool(video) == bool(project):
        raise TransferError("Say into which video, or with --project into which project, to import.")
    try:
        report = import_reading(
            formats.find(format_id).read(file),
            into=_layer(video, layer) if video else _project(project),
            user=None,
            summary=f"Imported {file.name}"[:200],
            how=How(create_labels=create_labels, leave_out=leave_out),
        )
    except (FormatError, ActionError, OSError) as error:
        raise TransferError(str(error)) from error
    _tell("Read", report, file)


def _setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    import django

    django.setup()


def _layer(video: str, name: str) -> Layer:
    """A layer by its video's id or name. Raises TransferError naming what there is."""
    from django.db.models import Q

    from annotator.models import Layer, Video

    wanted = Q(name=video) | (Q(pk=int(video)) if video.isdecimal() else Q())
    found = list(Video.objects.filter(wanted))
    if len(found) != 1:
        known = ", ".join(f"{one.pk} ({one.name})" for one in found or Video.objects.all()[:SHOWN_VIDEOS])
        several = "several videos have this name" if found else "there is no such video"
        raise TransferError(
            f"A video is named by its id or its name; {several}: {video}. There are: {known or 'none'}."
        )
    layer = Layer.objects.filter(video=found[0], name=name).select_related("video__project").first()
    if layer is None:
        names = ", ".join(Layer.objects.filter(video=found[0]).values_list("name", flat=True))
        raise TransferError(f"{found[0].name} has no layer {name!r}. It has: {names}.")
    return layer


def _project(project: str) -> Project:
    """A project by its id or name. Raises TransferError naming what there is."""
    from django.db.models import Q

    from annotator.models import Project

    found = list(Project.objects.filter(Q(name=project) | (Q(pk=int(project)) if project.isdecimal() else Q())))
    if len(found) != 1:
        known = ", ".join(f"{one.pk} ({one.name})" for one in found or Project.objects.all()[:SHOWN_VIDEOS])
        several = "several projects have this name" if found else "there is no such project"
        raise TransferError(
            f"A project is named by its id or its name; {several}: {project}. There are: {known or 'none'}."
        )
    return found[0]


def _tell(verb: str, report: Report, file: Path) -> None:
    console.print(f"{verb} {report.tracks} tracks with {report.shapes} shapes: {file}", highlight=False, soft_wrap=True)
    for name, tracks, shapes in report.videos:
        console.print(f"{escape(name)}: {tracks} tracks with {shapes} shapes", highlight=False, soft_wrap=True)
    for sentence in report.notes:
        console.print(escape(sentence), highlight=False, soft_wrap=True)
    for where, why in report.unreadable.first:
        console.print(f"[yellow]Left out:[/] {escape(where)}: {escape(why)}", highlight=False, soft_wrap=True)
    if more := report.unreadable.count - len(report.unreadable.first):
        console.print(f"[yellow]Left out:[/] {more} more rows", highlight=False, soft_wrap=True)
    for what, count in report.losses.items():
        console.print(f"[yellow]Not kept:[/] {escape(what)} ({count})", highlight=False, soft_wrap=True)
