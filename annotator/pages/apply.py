"""The page that applies a model to videos of a project."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from pydantic import Field

from annotator.access import access_project
from annotator.actions.class_labels import class_labels
from annotator.models import LayerKind, Project, VideoState
from annotator.offers import offered_finders, offered_models
from annotator.operations import Message
from annotator.pages.associations import AssociationOffer, offered_associations
from annotator.pages.common import page, person
from annotator.pages.projects import frame
from tracking import catalog


class ApplyVideo(Message):
    id: int
    name: str
    frames: int
    width: int = Field(description="Of its picture, in px.")
    height: int


class ApplyLabel(Message):
    id: int
    name: str
    colour: str
    kinds: list[str] = Field(description="Which kinds of geometry it may be drawn as.")


class ApplyModel(Message):
    """What follows objects. `why`: what it lacks, empty when it is available."""

    id: str
    name: str
    summary: str
    prompts: list[str]
    available: bool
    why: str
    commercial: bool
    default: bool


class ApplyFinder(Message):
    """What finds objects. `why`: what it lacks, empty when it is available."""

    id: str
    name: str
    classes: list[str]
    by_word: bool = Field(description="It looks for words that a person types, and knows no classes.")
    confidence: float | None = Field(description="What it finds is at least so sure unless it is told; null: not told.")
    available: bool
    why: str
    commercial: bool
    default: bool


class ApplyPage(Message):
    """What the page that applies models begins with."""

    project: int
    may_begin: bool
    csrf_token: str
    videos: list[ApplyVideo] = Field(description="Those that are ready.")
    labels: list[ApplyLabel]
    models: list[ApplyModel]
    finders: list[ApplyFinder]
    associations: list[AssociationOffer] = Field(description="What may link the objects that are found.")
    class_labels: dict[str, int | None] = Field(description="What classes became here before: a label, null: nothing.")
    networks: str = Field(description="The page with what every model needs.")


@page
def apply(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_project(person(request), project_id, "manage")
    context = frame(request, project, "apply")
    data = _data(project, may_begin=context["may_change"], csrf_token=get_token(request))
    main = Q(layers__kind=LayerKind.MAIN, layers__tracks__deleted_at=None)
    counted = project.videos.order_by().annotate(tracks=Count("layers__tracks", filter=main, distinct=True))
    context |= {
        "data": data.model_dump(mode="json"),
        "tracks": {str(key): tracks for key, tracks in counted.values_list("pk", "tracks")},
    }
    return render(request, "project_apply.html", context)


def _data(project: Project, *, may_begin: bool, csrf_token: str) -> ApplyPage:
    workspace = project.workspace_id
    return ApplyPage(
        project=project.pk,
        may_begin=may_begin,
        csrf_token=csrf_token,
        videos=[
            ApplyVideo(id=video.pk, name=video.name, frames=video.frame_count, width=video.width, height=video.height)
            for video in project.videos.filter(state=VideoState.READY)
        ],
        labels=[
            ApplyLabel(id=label.pk, name=label.name, colour=label.colour, kinds=label.geometry_kinds)
            for label in project.labels.all()
        ],
        models=[
            ApplyModel(
                id=model.entry.id,
                name=model.entry.name,
                summary=model.entry.summary,
                prompts=list(model.entry.prompts),
                available=model.available,
                why=model.why,
                commercial=model.entry.commercial,
                default=model.entry.id in catalog.DEFAULT_TRACKER.values(),
            )
            for model in offered_models(workspace)
        ],
        finders=[
            ApplyFinder(
                id=finder.entry.id,
                name=finder.entry.name,
                classes=list(finder.entry.classes),
                by_word=finder.entry.by_word,
                confidence=finder.confidence,
                available=finder.available,
                why=finder.why,
                commercial=finder.commercial,
                default=finder.entry.id == catalog.DEFAULT_DETECTOR,
            )
            for finder in offered_finders(workspace)
        ],
        associations=offered_associations(),
        class_labels=class_labels(project),
        networks=reverse("networks", args=[workspace]),
    )
