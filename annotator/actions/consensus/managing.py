"""Consensus made, decided, undone and removed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from django.db import transaction

from annotator.actions.audit import record
from annotator.actions.consensus.merging import show_copies
from annotator.actions.consensus.reports import Report, matters, outcome_of, report_of, undecided
from annotator.actions.consensus.working import OPEN
from annotator.actions.edits.apply import apply_edit
from annotator.actions.errors import ActionError
from annotator.actions.jobs import assign
from annotator.actions.layers import delete_layer, free_name, make_layer
from annotator.announce.messages import Edit
from annotator.models import (
    AuditKind,
    Consensus,
    ConsensusCopy,
    ConsensusState,
    Job,
    LayerKind,
    User,
    Video,
    VideoState,
)
from annotator.operations import Operation, TrackFields, TrackUpdate

MOST_COPIES = 20


def make_consensus(
    *,
    by: User,
    video: Video,
    first: int,
    last: int,
    people: Sequence[User],
    free: int = 0,
    reviewer: User | None = None,
    votes: int | None = None,
    least_overlap: float = 0.5,
) -> Consensus:
    """Have frames ``first..last`` annotated several times: each copy is a layer with one job; all of it, or nothing.

    Args:
        people: who annotate a copy each; ``free``: how many more copies there are for who takes one first.
        reviewer: of all copies; None: anybody who may.
        votes: how many copies have to show an object; None: more than half.
        least_overlap: agreement of shapes below which frames are in conflict, in [0, 1].

    Raises:
        ActionError: what was asked for can't be.
    """
    copies = len(people) + free
    if video.state != VideoState.READY:
        raise ActionError("A consensus is made of a video that is ready. Its project page shows how far it is.")
    if not 0 <= first <= last < video.frame_count:
        raise ActionError(
            f"A consensus is of the video's frames 0 to {video.frame_count - 1}, in order; {first} to {last} came."
        )
    if free < 0 or not 2 <= copies <= MOST_COPIES:
        raise ActionError(f"A consensus has 2 to {MOST_COPIES} copies; {copies} came. Name more people, or fewer.")
    if len({person.pk for person in people}) < len(people):
        raise ActionError("Each person annotates one copy of a consensus; somebody was named twice.")
    if votes is not None and not 1 <= votes <= copies:
        raise ActionError(f"An object needs 1 to {copies} votes here, as there are {copies} copies; {votes} came.")
    if not 0 <= least_overlap <= 1:
        raise ActionError(f"Shapes agree by 0 to 100 per cent; {least_overlap * 100:g} came.")
    if free and not video.project.lets_take_jobs:
        raise ActionError(
            "In this project people don't take jobs themselves: name everybody, or allow it in the project's settings."
        )
    with transaction.atomic():
        made = Consensus.objects.create(
            video=video, first=first, last=last, votes=votes, least_overlap=least_overlap, created_by=by
        )
        for number, person in enumerate([*people, *[None] * free], 1):
            name = free_name(video, f"Consensus {made.pk}, copy {number}")
            layer = make_layer(video=video, kind=LayerKind.REPLICA, name=name, owner=None)
            job = Job.objects.create(video=video, layer=layer, first=first, last=last)
            ConsensusCopy.objects.create(consensus=made, number=number, layer=layer, job=job)
            assign(by=by, job=job, assignee=person, reviewer=reviewer)
    return made


def decide(*, consensus: Consensus, conflict: str, choice: str) -> Report:
    """Settle one conflict; an empty choice opens it again.

    Raises:
        ActionError: there is no such conflict or choice, or it is merged or being merged already.
    """
    with transaction.atomic():
        found = _to_decide(consensus)
        report = _report(found)
        about = next((each for each in report.conflicts if each.id == conflict), None)
        if about is None:
            raise ActionError("This conflict isn't there any more: the copies changed. Reload to see what is left.")
        if choice and choice not in (each.id for each in about.choices):
            raise ActionError(
                f"This conflict is decided by {', '.join(each.id for each in about.choices)}; {choice!r} came."
            )
        if choice:
            found.decisions[conflict] = choice
        else:
            found.decisions.pop(conflict, None)
        found.save(update_fields=["decisions"])
    consensus.decisions = found.decisions
    return report


def decide_rest(*, consensus: Consensus, choice: str) -> int:
    """Take, or leave out, all that is undecided; of labels that tie none is taken so. Returns how many were decided."""
    if choice not in ("take", "leave"):
        raise ActionError(f"What is left is decided by take or leave; {choice!r} came.")
    count = 0
    with transaction.atomic():
        found = _to_decide(consensus)
        report = _report(found)
        # What is taken may bring others that matter then.
        while rest := [
            each
            for each in undecided(report.conflicts, found.decisions)
            if any(offered.id == choice for offered in each.choices)
        ]:
            found.decisions |= {each.id: choice for each in rest}
            count += len(rest)
        found.save(update_fields=["decisions"])
    consensus.decisions = found.decisions
    return count


def left_to_decide(consensus: Consensus, report: Report) -> tuple[int, int]:
    """How many conflicts are undecided, of how many that matter."""
    mattering = [each for each in report.conflicts if matters(each, consensus.decisions)]
    return len(undecided(mattering, consensus.decisions)), len(mattering)


def _to_decide(consensus: Consensus) -> Consensus:
    found = Consensus.objects.select_for_update(of=("self",)).get(pk=consensus.pk)
    if found.merged_at is not None:
        raise ActionError("This consensus is merged already. Undo the merge to decide otherwise.")
    if found.state in OPEN:
        raise ActionError("This consensus is being worked on. Try again when that is done.")
    return found


def _report(found: Consensus) -> Report:
    report = report_of(found)
    if report is None:
        raise ActionError("The copies weren't compared yet: there is nothing to decide.")
    return report


def undo_merge(*, by: User, consensus: Consensus) -> int:
    """Take back what a merge brought, as far as it is still there: one more edit of the layer. What was changed of it
    since goes with it. Returns how many tracks went."""
    with transaction.atomic():
        found = Consensus.objects.select_for_update(of=("self",)).get(pk=consensus.pk)
        outcome = outcome_of(found)
        if outcome is None:
            raise ActionError("This consensus isn't merged: there is nothing to take back.")
        there = found.merged_into.tracks.filter(pk__in=outcome.tracks, deleted_at=None) if found.merged_into else []
        operations: list[Operation] = [TrackUpdate(track=each.pk, fields=TrackFields(deleted=True)) for each in there]
        if operations and found.merged_into_id is not None:
            undone = Edit(
                id=uuid4(), operations=operations, undoes=found.merged_edit, summary=f"Took back the {found}"[:200]
            )
            apply_edit(user=by, layer_id=found.merged_into_id, edit=undone)
        found.merged_at = found.merged_by = found.merged_into = found.merged_edit = None
        found.outcome, found.state = {}, ConsensusState.DONE
        found.save()
        show_copies(found, why=f"{by} took back the merge of the {found}.")
    return len(operations)


def remove_consensus(*, by: User, consensus: Consensus) -> int:
    """Delete a consensus with its copies: their layers, tracks and jobs. What was merged stays. Returns how many copies
    went. Raises ActionError while it is being worked on."""
    with transaction.atomic():
        found = Consensus.objects.select_for_update(of=("self",)).get(pk=consensus.pk)
        if found.state in OPEN:
            raise ActionError("This consensus is being worked on. Try again when that is done.")
        layers = [copy.layer for copy in found.copies.select_related("layer__video__project")]
        for layer in layers:
            delete_layer(by=by, layer=layer, revision=layer.revision)
        what = f"removed the {found} with its {len(layers)} copies."
        record(AuditKind.DELETED, what, workspace=found.video.project.workspace_id, by=by)
        found.delete()
    return len(layers)
