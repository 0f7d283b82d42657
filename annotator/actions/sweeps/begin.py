"""Apply a model to several videos: what is asked for is checked once, for all of them, before anything begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from django.db import transaction
from pydantic import Field

from annotator.access import require_at_work
from annotator.actions.class_labels import map_classes
from annotator.actions.errors import ActionError
from annotator.actions.runs.ask import check_find
from annotator.actions.sweeps.advance import advance_soon
from annotator.actions.sweeps.planning import plan_continue, range_in
from annotator.announce.messages import FindOptions
from annotator.models import LayerKind, Pipeline, Project, Sweep, SweptVideo, User, Video, VideoState
from annotator.operations import Frame, Message
from tracking import catalog
from tracking.association import registry as associations
from tracking.protocol import Setting
from tracking.types import TrackingError

MOST_VIDEOS = 1000
MOST_OPEN = 20
"""Sweeps of one project that aren't over."""


class SweepIn(Message):
    """Apply a model to videos. `continue`: it follows every track from its last shape in `first..last`. `find`: `find`
    says what looks for objects, and the model follows them."""

    id: UUID = Field(description="Chosen by the client: the same again changes nothing.")
    pipeline: Literal["continue", "find"]
    model: str = Field(max_length=64, description="What follows objects, by its id in the catalogue.")
    settings: dict[str, Setting] = Field({}, max_length=32, description="Of the model; absent ones are its defaults.")
    find: FindOptions | None = Field(None, description="Of `find` alone.")
    videos: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(min_length=1, max_length=MOST_VIDEOS)
    first: Frame = Field(0, lt=2**31)
    last: Frame | None = Field(None, lt=2**31, description="null: to the end of each video.")
    destination: Literal["layer", "empty", "main"] = Field(
        "layer", description="`layer`: a new one in each video; `empty`: the main one, of videos where it has no track."
    )
    layer_name: str = Field("", max_length=100, description="Of the new layers; empty: as what it is made by.")


def begin_sweep(*, user: User, project: Project, wanted: SweepIn) -> Sweep:
    """Note what is to be done to which videos; agents begin with it at once.

    Args:
        user: their right to manage the project has been checked.

    Raises:
        PermissionDenied: the project is archived.
        ActionError: it can't be done as asked.
    """
    require_at_work(project)
    known = Sweep.objects.filter(pk=wanted.id).first()
    if known is not None:
        if known.project_id != project.pk:
            raise ActionError("What is applied has an id of its own; this one is taken. Begin it again.")
        return known
    entry = _checked_model(wanted)
    _check_pipeline(project, wanted)
    videos = _checked_videos(project, wanted)
    with transaction.atomic():
        if project.sweeps.filter(finished_at=None).count() >= MOST_OPEN:
            raise ActionError(f"At most {MOST_OPEN} are under way in one project. Cancel some, or let them end.")
        sweep = Sweep.objects.create(
            id=wanted.id,
            project=project,
            pipeline=wanted.pipeline,
            model=entry.id,
            model_settings=wanted.settings,
            find=wanted.find.model_dump(mode="json") if wanted.find else None,
            first=wanted.first,
            last=wanted.last,
            destination=wanted.destination,
            layer_name=" ".join(wanted.layer_name.split()) or _usual_layer_name(wanted, entry),
            created_by=user,
        )
        SweptVideo.objects.bulk_create(
            SweptVideo(sweep=sweep, video=video, position=at, total=_estimate(sweep, video, entry))
            for at, video in enumerate(videos)
        )
        if wanted.find is not None:
            map_classes(project=project, labels=dict(wanted.find.labels))
        advance_soon()
    return sweep


def _usual_layer_name(wanted: SweepIn, entry: catalog.ModelEntry) -> str:
    """As what the result is made by."""
    linked = wanted.find.linked if wanted.find else None
    if wanted.find is None or linked is None:
        return entry.name
    return f"{catalog.name_of(wanted.find.finder)}, {associations.name_of(linked)}"


def _estimate(sweep: Sweep, video: Video, entry: catalog.ModelEntry) -> int:
    """About how many object-frames a video will take."""
    first, last = range_in(sweep, video)
    main = video.layers.filter(kind=LayerKind.MAIN).first()
    if sweep.pipeline == Pipeline.FIND or main is None or first > last:
        return max(0, last - first + 1)
    return plan_continue(main, first=first, last=last, prompts=entry.prompts).frames(last)


def _checked_model(wanted: SweepIn) -> catalog.ModelEntry:
    try:
        entry = catalog.find(wanted.model)
        catalog.checked_settings(entry, wanted.settings)
    except TrackingError as error:
        raise ActionError(str(error)) from error
    return entry


def _check_pipeline(project: Project, wanted: SweepIn) -> None:
    if wanted.last is not None and wanted.last < wanted.first:
        raise ActionError(f"Frames go from the first to the last; {wanted.first} to {wanted.last} came.")
    if wanted.pipeline == "continue":
        if wanted.find is not None:
            raise ActionError("What continues tracks looks for no others. Choose to find objects, or leave that out.")
        if wanted.destination == "empty":
            raise ActionError(
                "Where nobody annotated there is no track to continue. Choose the main layer or a new one."
            )
        return
    if wanted.find is None:
        raise ActionError("To find objects, say what looks for them, and which label each class gets.")
    check_find(project, wanted.find)
    entry = catalog.find(wanted.model)
    if "box" not in entry.prompts:
        raise ActionError(f"What is found is a box, which {entry.name} doesn't follow. Choose a model that does.")


def _checked_videos(project: Project, wanted: SweepIn) -> Sequence[Video]:
    """In the order they were named. Raises ActionError naming those that can't be taken."""
    there = Video.objects.filter(project=project).in_bulk(wanted.videos)
    found = [there[key] for key in dict.fromkeys(wanted.videos) if key in there]
    if missing := len(set(wanted.videos)) - len(found):
        raise ActionError(f"Videos are those of the project; {missing} of them aren't there (any more).")
    if unready := [video.name for video in found if video.state != VideoState.READY]:
        raise ActionError(f"A video must be ready; {', '.join(unready[:5])} isn't yet. Leave it out, or wait.")
    if short := [video.name for video in found if video.frame_count <= wanted.first]:
        raise ActionError(f"The frames begin at {wanted.first}; {', '.join(short[:5])} ends before. Leave it out.")
    return found
