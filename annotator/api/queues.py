"""The review queues of a project: how they stand, and having them built."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from annotator.access import access_project, hidden_layers
from annotator.actions.queues import JobQueue, LayerQueue, Left, begin_queues, cancel_queues, queues_of
from annotator.models import JobState, LayerKind, Project, Stage
from annotator.operations import Message

router = Router(tags=["queues"])

MOST_LAYERS = 10_000


class ReasonOut(Message):
    """Of so many spans, `words` are the weightiest reason to look at them."""

    words: str
    spans: int


class PlaceOut(Message):
    track: UUID
    frame: int


class ToReviewOut(Message):
    """What is left to review: `spans` of `among`. What is accepted or rejected counts no more."""

    spans: int
    among: int
    wrong: float = Field(description="Frames in them that are expected to be wrong.")
    reasons: list[ReasonOut] = Field(description="The most frequent first.")
    first: PlaceOut | None = Field(description="Where the span begins that is most likely wrong.")


class JobQueueOut(Message):
    """Of the spans that have frames in the job."""

    job: int
    first: int
    last: int
    stage: Stage
    state: JobState
    assignee: str
    left: ToReviewOut


class LayerQueueOut(Message):
    """The queue of one layer, of `state`; `message`: why it couldn't be built."""

    layer: int
    layer_name: str
    layer_kind: LayerKind
    video: int
    video_name: str
    state: Literal["none", "queued", "running", "done", "failed"]
    message: str
    built_at: str | None
    is_stale: bool = Field(description="The layer was changed by more than verdicts since it was built.")
    left: ToReviewOut | None = Field(description="null: it was never built.")
    left_out: int = Field(description="Less likely spans that the queue doesn't list.")
    reopened: int = Field(description="Spans that were changed after their verdict.")
    jobs: list[JobQueueOut]


class BuildIn(Message):
    """`layers`: those of the project to build the queues of; null: all."""

    layers: list[Annotated[int, Field(ge=1, lt=2**63)]] | None = Field(None, max_length=MOST_LAYERS)


@router.get("/{project_id}/queues", response=list[LayerQueueOut], summary="What is left to review in a project")
def list_queues(request: HttpRequest, project_id: int) -> list[LayerQueueOut]:
    """Those with most frames that are expected to be wrong come first."""
    project = access_project(request.user, project_id, "view")
    hidden = set(hidden_layers(request.user, project).values_list("pk", flat=True))
    return [queue for queue in _all(project) if queue.layer not in hidden]


@router.post("/{project_id}/queues", response=list[LayerQueueOut], summary="Build the queues that are stale")
def build(request: HttpRequest, project_id: int, wanted: BuildIn) -> list[LayerQueueOut]:
    """For reviewers; in the background: ask again until none is `queued` or `running`."""
    project = access_project(request.user, project_id, "review")
    begin_queues(project, None if wanted.layers is None else set(wanted.layers))
    return _all(project)


@router.delete("/{project_id}/queues", response=list[LayerQueueOut], summary="Build no more queues")
def cancel(request: HttpRequest, project_id: int) -> list[LayerQueueOut]:
    """For reviewers. What was built stays."""
    project = access_project(request.user, project_id, "review")
    cancel_queues(project)
    return _all(project)


def _all(project: Project) -> list[LayerQueueOut]:
    return [_out(queue) for queue in queues_of(project)]


def _out(queue: LayerQueue) -> LayerQueueOut:
    layer, inspection = queue.layer, queue.inspection
    built_at = inspection.finished_at if inspection is not None else None
    return LayerQueueOut(
        layer=layer.pk,
        layer_name=layer.name,
        layer_kind=LayerKind(layer.kind),
        video=layer.video_id,
        video_name=layer.video.name,
        state=inspection.state if inspection is not None else "none",
        message=inspection.message if inspection is not None else "",
        built_at=built_at.isoformat() if built_at is not None else None,
        is_stale=queue.is_stale,
        left=_to_review(queue.left) if queue.left is not None else None,
        left_out=queue.left_out,
        reopened=queue.reopened,
        jobs=[_job_out(each) for each in queue.jobs],
    )


def _job_out(each: JobQueue) -> JobQueueOut:
    job = each.job
    return JobQueueOut(
        job=job.pk,
        first=job.first,
        last=job.last,
        stage=Stage(job.stage),
        state=JobState(job.state),
        assignee=str(job.assignee or ""),
        left=_to_review(each.left),
    )


def _to_review(left: Left) -> ToReviewOut:
    first = left.first
    return ToReviewOut(
        spans=left.spans,
        among=left.among,
        wrong=round(left.wrong, 1),
        reasons=[ReasonOut(words=words, spans=spans) for words, spans in left.reasons],
        first=PlaceOut(track=UUID(first.track), frame=first.first) if first is not None else None,
    )
