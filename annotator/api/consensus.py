"""Consensus: the same frames annotated several times, how the copies agree, and merging them by vote."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_consensus, access_project, access_video, require_at_work
from annotator.actions.consensus.managing import (
    decide,
    left_to_decide,
    make_consensus,
    remove_consensus,
    undo_merge,
)
from annotator.actions.consensus.reports import is_current, outcome_of, report_of
from annotator.actions.consensus.working import begin_merging, begin_weighing
from annotator.actions.errors import ActionError
from annotator.api.people import signed_in
from annotator.models import Consensus, ConsensusState, User
from annotator.operations import Message

router = Router(tags=["consensus"])
of_project = Router(tags=["consensus"])


class ConsensusCopyOut(Message):
    """`counts`: it was submitted, and votes."""

    number: int
    layer: int
    job: int | None = Field(description="null: a manager removed it.")
    assignee: str
    counts: bool


class AgreementOut(Message):
    """How two copies agree, in [0, 1]; null: not known. `differences`: on how many spans of frames they don't."""

    one: int
    other: int
    idf1: float | None
    hota: float | None
    mean_iou: float | None
    differences: int


class ConflictChoiceOut(Message):
    id: str
    text: str


class VoteConflictOut(Message):
    """What the vote doesn't settle. `minority`: too few have the object; `label`: labels tie; `shape`: shapes disagree.
    `decision` is empty while nobody decided; `under`: matters only where that conflict is taken."""

    id: str
    kind: Literal["minority", "label", "shape"]
    under: str
    object: int
    label: str
    first: int
    last: int
    copies: list[int]
    least: float | None
    layer: int
    track: UUID
    choices: list[ConflictChoiceOut]
    decision: str


class MergedOut(Message):
    """What a merge brought, and what it left out."""

    layer: int | None = Field(description="null: it was deleted since.")
    edit: UUID | None
    tracks: list[UUID]
    shapes: int
    objects_left: int
    labels_left: int
    frames_left: int
    undecided: int
    outvoted: int
    attributes_open: int
    tags: int


class ConsensusOut(Message):
    """Frames `first..last`, both included. `left`: conflicts to decide, `among` how many; `is_current`: whether the
    copies are as they were compared."""

    id: int
    video: int
    first: int
    last: int
    votes: int | None = Field(description="How many copies have to show an object; null: more than half.")
    least_overlap: float
    state: ConsensusState
    progress: float
    message: str
    copies: list[ConsensusCopyOut]
    agreement: list[AgreementOut]
    conflicts: list[VoteConflictOut]
    left: int
    among: int
    is_current: bool
    merged: MergedOut | None


class ConsensusIn(Message):
    """`people`: ids of who annotates a copy each; `free`: copies for whoever takes one."""

    video: int
    first: int = Field(ge=0)
    last: int = Field(ge=0)
    people: list[int] = []
    free: int = 0
    reviewer: int | None = None
    votes: int | None = None
    least_overlap: float = 0.5


class ConsensusStepIn(Message):
    """`into`: where a merge writes: the main layer, or a new one of ground truth."""

    step: Literal["weigh", "merge", "undo"]
    into: Literal["main", "new"] = "main"


class DecisionIn(Message):
    """`choice`: one of the conflict's; empty: it is open again."""

    conflict: str
    choice: str = ""


@of_project.get("/{project_id}/consensus", response=list[ConsensusOut], summary="The consensus of a project")
def list_consensus(request: HttpRequest, project_id: int) -> list[ConsensusOut]:
    """For managers, who see all copies."""
    project = access_project(request.user, project_id, "manage")
    return [_out(each) for each in Consensus.objects.filter(video__project=project)]


@of_project.post("/{project_id}/consensus", response={201: ConsensusOut}, summary="Have frames annotated several times")
def make(request: HttpRequest, project_id: int, wanted: ConsensusIn) -> Status[ConsensusOut]:
    """Each copy is a layer with one job."""
    user = signed_in(request)
    require_at_work(access_project(user, project_id, "manage"))
    people = {person.pk: person for person in User.objects.filter(pk__in=wanted.people)}
    if missing := [key for key in wanted.people if key not in people]:
        raise ActionError(f"Nobody has the id {missing[0]}. Name members of the workspace.")
    made = make_consensus(
        by=user,
        video=access_video(user, wanted.video, "manage"),
        first=wanted.first,
        last=wanted.last,
        people=[people[key] for key in wanted.people],
        free=wanted.free,
        reviewer=User.objects.filter(pk=wanted.reviewer).first() if wanted.reviewer is not None else None,
        votes=wanted.votes,
        least_overlap=wanted.least_overlap,
    )
    return Status(201, _out(made))


@router.get("/{consensus_id}", response=ConsensusOut, summary="How a consensus stands")
def get_consensus(request: HttpRequest, consensus_id: int) -> ConsensusOut:
    """For reviewers; while it isn't merged not for those who annotate a copy of it."""
    return _out(access_consensus(request.user, consensus_id, "view"))


@router.post(
    "/{consensus_id}/steps", response=ConsensusOut, summary="Compare the copies, merge them, or take that back"
)
def take_step(request: HttpRequest, consensus_id: int, sent: ConsensusStepIn) -> ConsensusOut:
    """Comparing and merging go on in the background; copies are also compared when one is submitted."""
    user = signed_in(request)
    found = access_consensus(user, consensus_id, "manage")
    if sent.step == "weigh":
        begin_weighing(found)
    elif sent.step == "merge":
        begin_merging(by=user, consensus=found, into=sent.into)
    else:
        undo_merge(by=user, consensus=found)
    return _out(access_consensus(user, consensus_id, "view"))


@router.post("/{consensus_id}/decisions", response=ConsensusOut, summary="Decide a conflict")
def settle(request: HttpRequest, consensus_id: int, sent: DecisionIn) -> ConsensusOut:
    found = access_consensus(request.user, consensus_id, "manage")
    decide(consensus=found, conflict=sent.conflict, choice=sent.choice)
    return _out(found)


@router.delete("/{consensus_id}", response={204: None}, summary="Delete a consensus with its copies")
def delete(request: HttpRequest, consensus_id: int) -> Status[None]:
    """The copies' layers, tracks and jobs go; what was merged stays."""
    user = signed_in(request)
    remove_consensus(by=user, consensus=access_consensus(user, consensus_id, "manage"))
    return Status(204, None)


def _out(found: Consensus) -> ConsensusOut:
    report, outcome = report_of(found), outcome_of(found)
    left, among = left_to_decide(found, report) if report is not None else (0, 0)
    return ConsensusOut(
        id=found.pk,
        video=found.video_id,
        first=found.first,
        last=found.last,
        votes=found.votes,
        least_overlap=found.least_overlap,
        state=ConsensusState(found.state),
        progress=found.progress,
        message=found.message,
        copies=[
            ConsensusCopyOut(
                number=copy.number,
                layer=copy.layer_id,
                job=copy.job_id,
                assignee=str((copy.job and copy.job.assignee) or ""),
                counts=copy.counts,
            )
            for copy in found.copies.select_related("job__assignee")
        ],
        agreement=[
            AgreementOut(
                one=pair.one,
                other=pair.other,
                idf1=pair.idf1,
                hota=pair.hota,
                mean_iou=pair.overlap,
                differences=len(pair.spans) + pair.not_listed,
            )
            for pair in (report.pairs if report is not None else [])
        ],
        conflicts=[
            VoteConflictOut(decision=found.decisions.get(each.id, ""), **each.model_dump())
            for each in (report.conflicts if report is not None else [])
        ],
        left=left,
        among=among,
        is_current=report is not None and is_current(found, report),
        merged=None
        if outcome is None
        else MergedOut(layer=found.merged_into_id, edit=found.merged_edit, **outcome.model_dump(exclude={"into"})),
    )
