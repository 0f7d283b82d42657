"""What the jobs worker does for a consensus, and asking for it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django_tasks import task

from annotator import access
from annotator.actions.background import Background, Watch
from annotator.actions.consensus.merging import CHANGED, merge
from annotator.actions.consensus.reports import counted, is_current, report_of
from annotator.actions.consensus.weighing import weigh
from annotator.actions.errors import ActionError
from annotator.actions.issues.notify import notify_of_step
from annotator.actions.layers import check_whole
from annotator.models import (
    Consensus,
    ConsensusCopy,
    ConsensusState,
    Job,
    JobStep,
    LayerKind,
    Notification,
    User,
)

OPEN = (ConsensusState.QUEUED, ConsensusState.RUNNING)


def weigh_later(job: Job, step: JobStep) -> None:
    """A job was submitted: if it is a copy of a consensus that has two or more now, compare them in the background; who
    made the consensus is told when it was the last one."""
    copy = ConsensusCopy.objects.filter(job=job, consensus__merged_at=None).select_related("consensus").first()
    if copy is None:
        return
    consensus = copy.consensus
    waiting = [each for each in consensus.copies.select_related("job") if each.job is not None and not each.counts]
    if len(counted(consensus)) >= 2 and not _is_merging(consensus):
        _enqueue(consensus, Consensus.Task.WEIGH)
    if not waiting and (maker := consensus.created_by) is not None:
        notify_of_step(step=step, kind=Notification.Kind.CONSENSUS, user=maker)


def begin_weighing(consensus: Consensus) -> None:
    """Compare the copies as they are now. Raises ActionError where fewer than two are submitted, or it is merged."""
    with transaction.atomic():
        found = _locked(consensus)
        if found.state in OPEN:
            return
        if found.merged_at is not None:
            raise ActionError("This consensus is merged already. Undo the merge first.")
        if (ready := len(counted(found))) < 2:
            raise ActionError(f"A vote takes two copies that are submitted; {ready} of this consensus are.")
        _enqueue(found, Consensus.Task.WEIGH)


def begin_merging(*, by: User, consensus: Consensus, into: str = Consensus.Into.MAIN) -> None:
    """Merge in the background, as votes and decisions are now.

    Args:
        by: whose access to the consensus was checked; whether they may change all of the main layer is checked here.

    Raises:
        PermissionDenied: the main layer isn't theirs to change.
        ActionError: it is merged already, is being worked on, or its copies changed since they were compared.
    """
    if into not in Consensus.Into.values:
        raise ActionError(f"A consensus is merged into {' or '.join(Consensus.Into.values)}; {into!r} came.")
    main = consensus.video.layers.filter(kind=LayerKind.MAIN).first()
    if main is None:
        raise ActionError("This video has no main layer. Try to prepare it again.")
    check_whole(by, main, "Merging")
    with transaction.atomic():
        found = _locked(consensus)
        if found.merged_at is not None:
            raise ActionError("This consensus is merged already. Undo the merge first.")
        if found.state in OPEN:
            raise ActionError("This consensus is being worked on. Try again when that is done.")
        report = report_of(found)
        if report is None or not is_current(found, report):
            raise ActionError(CHANGED)
        found.asked_by, found.into = by, into
        _enqueue(found, Consensus.Task.MERGE)


def _locked(consensus: Consensus) -> Consensus:
    rows = Consensus.objects.select_for_update(of=("self",)).select_related("video__project")
    return rows.get(pk=consensus.pk)


def _is_merging(consensus: Consensus) -> bool:
    return consensus.state in OPEN and consensus.task == Consensus.Task.MERGE


def _enqueue(consensus: Consensus, what: Consensus.Task) -> None:
    consensus.task, consensus.state, consensus.progress, consensus.message = what, ConsensusState.QUEUED, 0, ""
    consensus.save(update_fields=["task", "state", "progress", "message", "asked_by", "into"])
    key = str(consensus.pk)
    transaction.on_commit(lambda: work_on_consensus.enqueue(key))


@task()
def work_on_consensus(key: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    rows = Consensus.objects.filter(pk=key, state__in=OPEN)
    if not rows.update(state=ConsensusState.RUNNING, progress=0):
        return
    found = Consensus.objects.select_related("video__project", "asked_by").get(pk=key)
    watch = Watch(rows.filter(state=ConsensusState.RUNNING))
    merges = found.task == Consensus.Task.MERGE
    WORKING.attempt(
        key,
        lambda: _merge(found, watch) if merges else _weigh(found, watch),
        failed="Merging failed" if merges else "Comparing the copies failed",
    )


def _weigh(found: Consensus, watch: Watch) -> None:
    report = weigh(found, watch)
    watch.rows.update(state=ConsensusState.DONE, progress=1, report=report.model_dump(mode="json"))


def _merge(found: Consensus, watch: Watch) -> None:
    try:
        access.require_at_work(found.video.project)
    except PermissionDenied as error:
        raise ActionError(str(error)) from error
    merge(found, watch)


WORKING = Background.of_rows(
    task=work_on_consensus,
    names=lambda _: ("Working on the consensus", "Make a consensus of fewer frames."),
    waiting=lambda: Consensus.objects.filter(state__in=OPEN),
    key="pk",
    workspace="video__project__workspace_id",
    failed=ConsensusState.FAILED,
)
