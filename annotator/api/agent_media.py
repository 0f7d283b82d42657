"""Videos for agents, by addresses that are signed and expire."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from ninja import Router

from annotator.media import storage
from annotator.media.agent_access import video_of
from annotator.media.serve import serve_file

router = Router(tags=["agents"], auth=None)


@router.api_operation(["GET", "HEAD"], "/{token}/source", summary="The video as it was uploaded")
def source(request: HttpRequest, token: str) -> HttpResponseBase:
    return serve_file(request, storage.video_file(video_of(token), storage.SOURCE), "application/octet-stream")


@router.api_operation(["GET", "HEAD"], "/{token}/index", summary="Its frame index")
def index(request: HttpRequest, token: str) -> HttpResponseBase:
    return serve_file(request, storage.video_file(video_of(token), storage.INDEX), "application/octet-stream")
