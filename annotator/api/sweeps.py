"""Models applied to several videos: begin, watch, pause, go on, cancel."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_project, access_sweep, require_at_work
from annotator.actions.errors import ActionError
from annotator.actions.sweeps.begin import SweepIn, begin_sweep
from annotator.actions.sweeps.standing import VideoStanding, standing_of
from annotator.actions.sweeps.steps import steps_for, take_step
from annotator.actions.sweeps.target import take_result_over
from annotator.announce.outgoing import linking_name
from annotator.api.jobs import StepIn, StepOut
from annotator.api.people import signed_in
from annotator.models import Destination, Sweep, SweptState
from annotator.operations import Message
from tracking import catalog

router = Router(tags=["sweeps"])


class SweptVideoOut(Message):
    """`done` of `total` object-frames; while it waits `total` is an estimate. `layer`: where the result is, null: it
    hasn't begun. `message`: what is left out, or why it ended."""

    video: int
    name: str
    layer: int | None
    layer_name: str
    state: Literal["waiting", "running", "done", "skipped", "stopped", "failed", "cancelled"]
    message: str
    tracks: int = Field(description="Continued or found.")
    taken_over: int = Field(description="Tracks that came from its own layer to the main one.")
    may_take_over: bool = Field(description="Whether it has ended with a layer of its own.")
    done: int
    total: int
    seconds: float | None = Field(description="About how long it takes from now on; null: nothing tells.")


class SweepOut(Message):
    """`last`: null means to the end of each video. `message`: why it stands still, or how it ended."""

    id: UUID
    project: int
    pipeline: Literal["continue", "find"]
    model: str
    model_name: str
    finder_name: str = Field(description="Of what looks for objects; empty: nothing does.")
    linked_name: str = Field(description="Of what links the objects; empty: the model follows them.")
    every: int | None = Field(description="It looks at every so-many-th frame.")
    first: int
    last: int | None
    destination: Literal["layer", "empty", "main"]
    state: Literal["running", "paused", "done", "cancelled"]
    message: str
    created_at: str
    created_by: str
    done: int
    total: int
    seconds: float | None = Field(description="About how long all of it takes from now on; null: nothing tells.")
    videos: list[SweptVideoOut]
    steps: list[StepOut]


@router.get("/projects/{project_id}/sweeps", response=list[SweepOut], summary="A project's sweeps, newest first")
def list_sweeps(request: HttpRequest, project_id: int) -> list[SweepOut]:
    project = access_project(signed_in(request), project_id, "manage")
    return [_out(sweep) for sweep in project.sweeps.select_related("project", "created_by")[:20]]


@router.post("/projects/{project_id}/sweeps", response={201: SweepOut}, summary="Apply a model to videos")
def begin(request: HttpRequest, project_id: int, wanted: SweepIn) -> Status[SweepOut]:
    user = signed_in(request)
    project = access_project(user, project_id, "manage")
    return Status(201, _out(begin_sweep(user=user, project=project, wanted=wanted)))


@router.get("/sweeps/{sweep_id}", response=SweepOut, summary="How one stands")
def get_sweep(request: HttpRequest, sweep_id: UUID) -> SweepOut:
    return _out(access_sweep(signed_in(request), sweep_id, "manage"))


@router.post("/sweeps/{sweep_id}/steps", response=SweepOut, summary="Pause it, let it go on, cancel it, try again")
def step(request: HttpRequest, sweep_id: UUID, sent: StepIn) -> SweepOut:
    user = signed_in(request)
    sweep = access_sweep(user, sweep_id, "manage")
    require_at_work(sweep.project)
    return _out(take_step(by=user, sweep=sweep, step=sent.step))


class TakeResultIn(Message):
    """`labels`: tracks of these, by id, alone; null: all."""

    labels: list[int] | None = None


@router.post(
    "/sweeps/{sweep_id}/videos/{video_id}/take-over", response=SweepOut, summary="Copy its result into the main layer"
)
def take_over(request: HttpRequest, sweep_id: UUID, video_id: int, sent: TakeResultIn) -> SweepOut:
    user = signed_in(request)
    sweep = access_sweep(user, sweep_id, "manage")
    require_at_work(sweep.project)
    swept = sweep.videos.select_related("sweep", "video", "layer__video__project").filter(video=video_id).first()
    if swept is None:
        raise ActionError("It was applied to other videos than this one.")
    take_result_over(by=user, swept=swept, labels=sent.labels)
    return _out(sweep)


def _out(sweep: Sweep) -> SweepOut:
    standing = standing_of(sweep)
    return SweepOut(
        id=sweep.pk,
        project=sweep.project_id,
        pipeline=sweep.pipeline,
        model=sweep.model,
        model_name=catalog.name_of(sweep.model),
        finder_name=catalog.name_of(sweep.find["finder"]) if sweep.find else "",
        linked_name=linking_name(sweep.find),
        every=sweep.find["every"] if sweep.find else None,
        first=sweep.first,
        last=sweep.last,
        destination=sweep.destination,
        state=sweep.state,
        message=standing.message,
        created_at=sweep.created_at.isoformat(),
        created_by=str(sweep.created_by or ""),
        done=standing.done,
        total=standing.total,
        seconds=standing.seconds,
        videos=[_video_out(each) for each in standing.videos],
        steps=[StepOut(id=each.id, verb=each.verb) for each in steps_for(sweep)],
    )


def _video_out(each: VideoStanding) -> SweptVideoOut:
    swept = each.swept
    return SweptVideoOut(
        video=swept.video_id,
        name=swept.video.name,
        layer=swept.layer_id,
        layer_name=swept.layer.name if swept.layer is not None else "",
        state=swept.state,
        message=each.message,
        tracks=each.tracks,
        taken_over=swept.taken_over,
        may_take_over=each.tracks > 0
        and swept.layer_id is not None
        and swept.sweep.destination == Destination.LAYER
        and swept.state not in (SweptState.WAITING, SweptState.RUNNING),
        done=each.done,
        total=each.total,
        seconds=each.seconds,
    )
