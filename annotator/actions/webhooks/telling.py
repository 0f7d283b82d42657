"""What is told of each kind of thing: the fields of ``data`` (``docs/webhooks.md``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annotator.actions.webhooks.record import record
from annotator.models import (
    Comment,
    Consensus,
    Happening,
    Issue,
    Job,
    Layer,
    Parcel,
    ParcelState,
    Run,
    RunState,
    Transfer,
    TransferState,
    User,
    Video,
)
from annotator.operations import VerdictsReplace

MOST_SPANS = 1000
"""Spans of a verdict that are named; more are counted."""


def tell_job(job: Job, *, by: User, step: str, reason: str = "") -> None:
    data = {
        "job": {
            "id": job.pk,
            "first": job.first,
            "last": job.last,
            "stage": job.stage,
            "state": job.state,
            "assignee": _name(job.assignee),
            "reviewer": _name(job.reviewer),
        },
        "step": step,
        "reason": reason,
        "layer": job.layer_id,
        "video": _video(job.video),
    }
    record(Happening.JOB_MOVED, project=job.video.project, by=by, data=data)


def tell_verdicts(layer: Layer, *, by: User, revision: int, given: Sequence[VerdictsReplace]) -> None:
    """``given``: what was said of each track; where nothing is said any more, ``verdict`` is empty."""
    spans = [
        {
            "track": str(each.track),
            "first": span.first,
            "last": span.last,
            "verdict": span.verdict,
            "reason": span.reason,
        }
        for each in given
        for span in each.spans
    ]
    taken = [
        {"track": str(each.track), "first": first, "last": last, "verdict": "", "reason": ""}
        for each in given
        if not each.spans
        for first, last in each.ranges
    ]
    every = [*spans, *taken]
    data = {
        "layer": layer.pk,
        "revision": revision,
        "spans": every[:MOST_SPANS],
        "spans_in_all": len(every),
        "video": _video(layer.video),
    }
    record(Happening.VERDICT_GIVEN, project=layer.video.project, by=by, data=data)


def tell_comment(comment: Comment) -> None:
    issue = comment.issue
    data = {**_issue(issue), "comment": {"id": str(comment.pk), "text": comment.text}}
    record(Happening.COMMENT_ADDED, project=issue.layer.video.project, by=comment.author, data=data)


def tell_settled(issue: Issue, *, by: User) -> None:
    record(Happening.ISSUE_SETTLED, project=issue.layer.video.project, by=by, data=_issue(issue))


def tell_run(run: Run) -> None:
    """Of one that is done or failed; what somebody stopped is theirs to know."""
    kinds = {RunState.DONE: Happening.RUN_DONE, RunState.FAILED: Happening.RUN_FAILED}
    happening = kinds.get(RunState(run.state))
    if happening is None:
        return
    video = run.layer.video
    told = {
        "id": str(run.pk),
        "model": run.model,
        "first": run.first,
        "last": run.last,
        "state": run.state,
        "message": run.message,
        "frames_done": run.frames_done,
    }
    data = {"run": told, "layer": run.layer_id, "video": _video(video)}
    record(happening, project=video.project, by=run.created_by, data=data)


def tell_transfer(transfer: Transfer) -> None:
    """Of one that is done or failed."""
    is_export = transfer.kind == Transfer.Kind.EXPORT
    ready = is_export and transfer.state == TransferState.DONE
    told = {
        "id": str(transfer.pk),
        "format": transfer.format,
        "state": transfer.state,
        "message": transfer.message,
        "file_name": transfer.file_name,
        "file": f"/api/transfers/{transfer.pk}/file" if ready else "",
    }
    layer = transfer.layer
    data = {"transfer": told, "layer": transfer.layer_id, "video": _video(layer.video) if layer is not None else None}
    happening = Happening.EXPORT_FINISHED if is_export else Happening.IMPORT_FINISHED
    record(happening, project=transfer.whose, by=transfer.created_by, data=data)


def tell_project_exported(parcel: Parcel) -> None:
    """Of a whole project's export that is done or failed."""
    if parcel.project is None:
        return
    told = {
        "id": str(parcel.pk),
        "state": parcel.state,
        "message": parcel.message,
        "with_media": parcel.with_media,
        "file": f"/api/parcels/{parcel.pk}/file" if parcel.state == ParcelState.DONE else "",
    }
    record(Happening.PROJECT_EXPORTED, project=parcel.project, by=parcel.created_by, data={"export": told})


def tell_merged(consensus: Consensus, *, into: Layer, tracks: int, undecided: int) -> None:
    told = {
        "id": consensus.pk,
        "first": consensus.first,
        "last": consensus.last,
        "tracks": tracks,
        "undecided": undecided,
    }
    data = {"consensus": told, "layer": into.pk, "video": _video(consensus.video)}
    record(Happening.CONSENSUS_MERGED, project=consensus.video.project, by=consensus.asked_by, data=data)


def tell_video(video: Video, *, ready: bool) -> None:
    more: dict[str, Any] = (
        {"frame_count": video.frame_count, "width": video.width, "height": video.height, "fps": video.fps}
        if ready
        else {"error": video.error}
    )
    happening = Happening.VIDEO_READY if ready else Happening.VIDEO_FAILED
    record(happening, project=video.project, by=video.created_by, data={"video": {**_video(video), **more}})


def _video(video: Video) -> dict[str, Any]:
    return {"id": video.pk, "name": video.name}


def _name(user: User | None) -> str:
    return user.username if user is not None else ""


def _issue(issue: Issue) -> dict[str, Any]:
    told = {
        "id": str(issue.pk),
        "number": issue.number,
        "first": issue.first,
        "last": issue.last,
        "track": str(issue.track_id) if issue.track_id else None,
        "resolved": issue.resolved_at is not None,
    }
    return {"issue": told, "layer": issue.layer_id, "video": _video(issue.layer.video)}
