"""Previews: what a detector sees on one frame, or what a chosen machine makes of it with any model. Ask, look again
until it has ended, and drop it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_machine_to_try, access_preview, access_video_to_preview, access_workspace
from annotator.actions.previews import as_it_stands, begin_preview, drop_preview
from annotator.actions.trying import begin_try, videos_with
from annotator.api.people import signed_in
from annotator.models import Preview
from annotator.operations import Message
from tracking import catalog
from tracking.protocol import MOST_TRIED, PICTURE_BYTES, ClickAt

router = Router(tags=["previews"])

MOST_VIDEOS = 20

LEAST = 0.05
"""How sure must be what is told, unless somebody wants to see less: lower, most of it is noise."""


class PreviewIn(Message):
    """`confidence`: what is less sure is left. `words`: what a finder looks for that looks by a word; of others none.
    What is wanted of what is seen, the browser chooses without asking."""

    id: UUID
    finder: str = Field(max_length=200)
    frame: int = Field(ge=0, le=2**31 - 1)
    confidence: float = Field(LEAST, ge=0, le=1)
    words: list[str] = Field([], max_length=1000)


class SeenOut(Message):
    """An object on the frame. `same`: those before it in the list, which are surer, whose boxes show the same object:
    where one of them is taken and found objects are followed one by one, this one isn't."""

    label: str = Field(description="Its class, by the finder's name.")
    confidence: float
    box: tuple[float, float, float, float] = Field(description="x1, y1, x2, y2 in px of the frame.")
    same: list[int]


class PreviewOut(Message):
    """How a preview stands: `done` and `failed` end it. `message`: why it failed. `left_out`: so many objects, less
    sure than those in `seen`, are too many to be told. `seconds`: how long looking took."""

    id: UUID
    video: int | None = Field(description="null: it is of a picture.")
    frame: int
    model: str
    model_name: str
    least: float = Field(description="What is less sure was left.")
    state: Literal["asked", "fetching", "looking", "done", "failed"]
    message: str
    seen: list[SeenOut] = Field(description="What is on the frame, of all classes, the surest first.")
    left_out: int
    seconds: float
    shapes: list[str] = Field(
        description="An object that was clicked or followed: tables of one row, base64, by frame."
    )
    notes: list[str] = Field(description="What the person should know of it.")


class TryClick(Message):
    """In px of the frame. `positive`: on the object, else beside it."""

    x: float
    y: float
    positive: bool = True


class TryIn(Message):
    """What a machine is to try: a model on a frame of a video, or on a picture (a JPEG, PNG or WebP file, base64),
    which isn't kept. `clicks`, `box`: what a model is to cut out or follow; of what finds objects none. `words`: as of
    a preview. `frames`: over so many frames behind this one an object is followed."""

    id: UUID
    workspace: int = Field(description="On whose page it is asked for.")
    model: str = Field(max_length=200)
    video: int | None = None
    picture: str = Field("", max_length=PICTURE_BYTES // 3 * 4 + 4)
    frame: int = Field(0, ge=0, le=2**31 - 1)
    confidence: float = Field(LEAST, ge=0, le=1)
    words: list[str] = Field([], max_length=1000)
    clicks: list[TryClick] = Field([], max_length=100)
    box: tuple[float, float, float, float] | None = Field(None, description="x1, y1, x2, y2 in px of the frame.")
    frames: int = Field(8, ge=1, le=MOST_TRIED - 1)


@router.post("/machines/{agent_id}/tries", response={201: PreviewOut}, summary="Try a model of a machine on a frame")
def begin_trying(request: HttpRequest, agent_id: int, wanted: TryIn) -> Status[PreviewOut]:
    """Ask again by `/previews/{id}` until `state` is `done` or `failed`. Nothing is stored in the layers."""
    user = signed_in(request)
    video = None if wanted.video is None else access_video_to_preview(user, wanted.video)
    workspace = access_workspace(user, wanted.workspace if video is None else video.project.workspace_id, "annotate")
    agent = access_machine_to_try(user, agent_id, workspace.pk)
    preview = begin_try(
        by=user,
        agent=agent,
        workspace=workspace,
        preview_id=wanted.id,
        model=wanted.model,
        video=video,
        picture=wanted.picture,
        frame=wanted.frame,
        confidence=wanted.confidence,
        words=wanted.words,
        clicks=[ClickAt(x=click.x, y=click.y, positive=click.positive) for click in wanted.clicks],
        box=wanted.box,
        frames=wanted.frames,
    )
    return Status(201, _out(preview))


class VideoToTry(Message):
    """A video that is ready."""

    id: int
    name: str
    project: str
    width: int
    height: int
    frame_count: int


class VideosToTry(Message):
    """`more`: so many others fit, too."""

    videos: list[VideoToTry]
    more: int


@router.get("/workspaces/{workspace_id}/videos", response=VideosToTry, summary="Find a video to try a model on")
def videos_to_try(request: HttpRequest, workspace_id: int, words: str = "") -> VideosToTry:
    """Those that are ready, in projects at work; by name, or their project's, where `words` are in it. The newest come
    first."""
    found = videos_with(access_workspace(signed_in(request), workspace_id, "view"), words[:200])
    shown = found[:MOST_VIDEOS]
    return VideosToTry(
        videos=[
            VideoToTry(
                id=video.pk,
                name=video.name,
                project=video.project.name,
                width=video.width,
                height=video.height,
                frame_count=video.frame_count,
            )
            for video in shown
        ],
        more=max(found.count() - MOST_VIDEOS, 0),
    )


@router.post("/videos/{video_id}/previews", response={201: PreviewOut}, summary="See what a detector finds on a frame")
def begin(request: HttpRequest, video_id: int, wanted: PreviewIn) -> Status[PreviewOut]:
    """A connected machine looks; ask again until `state` is `done` or `failed`. Nothing is stored in the layers."""
    user = signed_in(request)
    video = access_video_to_preview(user, video_id)
    preview = begin_preview(
        by=user,
        video=video,
        preview_id=wanted.id,
        finder=wanted.finder,
        frame=wanted.frame,
        confidence=wanted.confidence,
        words=wanted.words,
    )
    return Status(201, _out(preview))


@router.get("/previews/{preview_id}", response=PreviewOut, summary="How a preview stands")
def get_preview(request: HttpRequest, preview_id: UUID) -> PreviewOut:
    return _out(as_it_stands(access_preview(signed_in(request), preview_id)))


@router.delete("/previews/{preview_id}", response={204: None}, summary="Nobody waits for it any more")
def drop(request: HttpRequest, preview_id: UUID) -> Status[None]:
    drop_preview(access_preview(signed_in(request), preview_id))
    return Status(204, None)


def _out(preview: Preview) -> PreviewOut:
    return PreviewOut(
        id=preview.pk,
        video=preview.video_id,
        frame=preview.frame,
        model=preview.model,
        model_name=catalog.name_of(preview.model),
        least=preview.least,
        state=preview.state,
        message=preview.message,
        seen=[SeenOut.model_validate(each) for each in preview.seen],
        left_out=preview.left_out,
        seconds=preview.seconds,
        shapes=preview.shapes,
        notes=preview.notes,
    )
