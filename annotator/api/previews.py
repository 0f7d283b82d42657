"""Previews: what a detector sees on one frame. Ask, look again until it has ended, and drop it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_preview, access_video_to_preview
from annotator.actions.previews import as_it_stands, begin_preview, drop_preview
from annotator.api.people import signed_in
from annotator.models import Preview
from annotator.operations import Message
from tracking import catalog

router = Router(tags=["previews"])

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
    video: int
    frame: int
    finder: str
    finder_name: str
    least: float = Field(description="What is less sure was left.")
    state: Literal["asked", "fetching", "looking", "done", "failed"]
    message: str
    seen: list[SeenOut] = Field(description="What is on the frame, of all classes, the surest first.")
    left_out: int
    seconds: float


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
        finder=preview.finder,
        finder_name=catalog.name_of(preview.finder),
        least=preview.least,
        state=preview.state,
        message=preview.message,
        seen=[SeenOut.model_validate(each) for each in preview.seen],
        left_out=preview.left_out,
        seconds=preview.seconds,
    )
