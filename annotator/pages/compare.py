"""The page that compares two layers of a video."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render

from annotator.access import LeadsOn, access_video, hidden_layers
from annotator.models import LayerKind, VideoState
from annotator.operations import Message
from annotator.pages.common import page, person
from annotator.pages.projects import frame


class CompareLabel(Message):
    id: int
    name: str
    colour: str


class CompareLayer(Message):
    """``owner``: whose replica it is, or who made it; empty: nobody."""

    id: int
    kind: LayerKind
    name: str
    owner: str


class ComparePage(Message):
    """What the page that compares layers begins with. ``layers``: those of the video that the reader sees, the main one
    first."""

    video: int
    frames: int
    layers: list[CompareLayer]
    labels: list[CompareLabel]
    csrf_token: str


@page
def compare(request: HttpRequest, video_id: int) -> HttpResponse:
    """``?compared=L&reference=L`` name the layers (read by the page itself)."""
    user = person(request)
    video = access_video(user, video_id, "view")
    if video.state != VideoState.READY:
        message = "This video isn't ready yet. Its project page shows how far it is."
        raise LeadsOn(message, way_on=f"/projects/{video.project_id}/", way_on_name=video.project.name)
    context = frame(request, video.project, "videos")
    shown = video.layers.exclude(pk__in=hidden_layers(user, video.project).values("pk")).select_related("owner")
    ordered = sorted(shown, key=lambda layer: (LayerKind.values.index(layer.kind), layer.name.casefold()))
    data = ComparePage(
        video=video.pk,
        frames=video.frame_count,
        layers=[
            CompareLayer(id=layer.pk, kind=LayerKind(layer.kind), name=layer.name, owner=str(layer.owner or ""))
            for layer in ordered
        ],
        labels=[CompareLabel(id=label.pk, name=label.name, colour=label.colour) for label in context["labels"]],
        csrf_token=get_token(request),
    )
    return render(request, "video_compare.html", {**context, "video": video, "data": data.model_dump(mode="json")})
