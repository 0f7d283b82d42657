"""Videos: their state while they come in, and their media."""

from __future__ import annotations

from typing import Literal

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from ninja import Router, Schema, Status
from pydantic import Field

from annotator.access import access_project, access_video
from annotator.actions.videos import delete_video, may_retry, rename_video, retry_video
from annotator.api.people import signed_in
from annotator.media import storage
from annotator.media.frames import frame_jpeg
from annotator.media.left_out import LeftOut, left_out_of
from annotator.media.serve import FOR_EVER, serve_file
from annotator.media.strip import Strip
from annotator.models import LayerKind, ProxyState, Stage, Video

router = Router(tags=["videos"])


class LeftOutOut(Schema):
    """Pictures of a recording that are no frames, or damaged ones that show the frame before them."""

    reason: Literal["hidden", "begins", "damaged", "twin", "unread", "gaps"]
    frames: int = Field(description="How many; about how many where the file doesn't tell exactly.")
    text: str


class VideoOut(Schema):
    """A video on its way in, or ready: people may label it, and runs follow objects in it. Sizes and counts are 0 until
    then. ``may_retry``: it or its proxy failed, and its file is still there."""

    id: int
    name: str
    state: Literal["queued", "ingesting", "ready", "failed"]
    stage: str
    progress: float
    error: str
    may_retry: bool
    proxy_state: Literal["waiting", "making", "ready", "unneeded", "failed"] = Field(
        description="Of the copy that browsers seek in quickly, made while people work already. Unneeded: the file "
        "itself seeks quickly."
    )
    proxy_progress: float = Field(description="In [0, 1].")
    proxy_bytes: int = Field(description="The size of the proxy, so far.")
    proxy_error: str
    left_out: list[LeftOutOut]
    size_bytes: int
    width: int
    height: int
    frame_count: int
    fps: float
    duration_s: float
    strip: Strip | None = Field(description="Its thumbnails; null until they are made, behind the proxy.")
    version: str = Field(description="Of its media, which are cached for ever: add it to their addresses as `?v=`.")
    layer: int | None = Field(description="Its main layer: where people draw. None until it is ready.")
    jobs: int
    jobs_accepted: int

    @staticmethod
    def resolve_layer(video: Video) -> int | None:
        return next((layer.pk for layer in video.layers.all() if layer.kind == LayerKind.MAIN), None)

    @staticmethod
    def resolve_may_retry(video: Video) -> bool:
        return may_retry(video)

    @staticmethod
    def resolve_left_out(video: Video) -> list[LeftOut]:
        return left_out_of(video.left_out)

    @staticmethod
    def resolve_strip(video: Video) -> Strip | None:
        return Strip(**video.strip) if video.strip else None

    @staticmethod
    def resolve_version(video: Video) -> str:
        return video.key.hex[:12]

    @staticmethod
    def resolve_jobs(video: Video) -> int:
        return len(video.jobs.all())

    @staticmethod
    def resolve_jobs_accepted(video: Video) -> int:
        return sum(job.stage == Stage.ACCEPTED for job in video.jobs.all())


class VideoIn(Schema):
    name: str


@router.get("/", response=list[VideoOut], summary="A project's videos")
def list_videos(request: HttpRequest, project: int) -> list[Video]:
    return list(access_project(request.user, project, "view").videos.prefetch_related("jobs", "layers"))


@router.get("/{video_id}", response=VideoOut, summary="One video")
def get_video(request: HttpRequest, video_id: int) -> Video:
    return access_video(request.user, video_id, "view")


@router.patch("/{video_id}", response=VideoOut, summary="Rename")
def patch_video(request: HttpRequest, video_id: int, changes: VideoIn) -> Video:
    return rename_video(by=signed_in(request), video=access_video(request.user, video_id, "manage"), name=changes.name)


@router.delete("/{video_id}", response={204: None}, summary="Remove a video with all its annotations")
def remove_video(request: HttpRequest, video_id: int) -> Status[None]:
    delete_video(by=signed_in(request), video=access_video(request.user, video_id, "manage"))
    return Status(204, None)


@router.post("/{video_id}/retry", response=VideoOut, summary="Prepare once more what failed: the video, or its proxy")
def retry(request: HttpRequest, video_id: int) -> Video:
    return retry_video(video=access_video(request.user, video_id, "manage"))


@router.api_operation(["GET", "HEAD"], "/{video_id}/source", summary="The file as it was uploaded")
def source(request: HttpRequest, video_id: int) -> HttpResponseBase:
    video = access_video(request.user, video_id, "view")
    return serve_file(request, storage.video_file(video, storage.SOURCE), "application/octet-stream")


@router.get("/{video_id}/packets", summary="Where its packets lie in the file, for browsers that decode it themselves")
def packets(request: HttpRequest, video_id: int) -> HttpResponseBase:
    """See ``annotator/media/source_map.py``. 404 where browsers can't read the file themselves."""
    video = access_video(request.user, video_id, "view")
    path = storage.video_file(video, storage.PACKETS)
    return serve_file(request, path, "application/octet-stream", encoding="gzip")


@router.api_operation(["GET", "HEAD"], "/{video_id}/proxy.mp4", summary="The copy that browsers play")
def proxy(request: HttpRequest, video_id: int) -> HttpResponseBase:
    """404 while it is being made; leads to the file itself where none is needed."""
    video = access_video(request.user, video_id, "view")
    if video.proxy_state == ProxyState.UNNEEDED:
        return HttpResponseRedirect("source")
    return serve_file(request, storage.video_file(video, storage.PROXY), "video/mp4")


@router.api_operation(["GET", "HEAD"], "/{video_id}/strip.jpg", summary="Thumbnails")
def strip(request: HttpRequest, video_id: int) -> HttpResponseBase:
    video = access_video(request.user, video_id, "view")
    return serve_file(request, storage.video_file(video, storage.STRIP), "image/jpeg")


@router.get("/{video_id}/frames/{frame}.jpg", summary="One frame as a picture")
async def frame_picture(request: HttpRequest, video_id: int, frame: int) -> HttpResponse:
    video = await sync_to_async(access_video)(await request.auser(), video_id, "view")
    # Off Django's one synchronous thread: decoding must not hold up everybody else's requests.
    data = await sync_to_async(frame_jpeg, thread_sensitive=False)(video, frame)
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": FOR_EVER})
