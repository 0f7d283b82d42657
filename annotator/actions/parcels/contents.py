"""What goes along with a project, in the order in which it is read: the one registry.

Whatever hangs on a project is in ``CONTENTS`` or in ``LEFT_OUT``, and each of its fields in its record or in
``left_out``: the tests see to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from annotator import models
from annotator.actions.parcels import records
from annotator.actions.parcels.records import Record

OF_ITS_TRACK = "is its track's"
OF_ITS_LAYER = "is its layer's"
MADE_ANEW = "is made anew from the video"


@dataclass(frozen=True, slots=True)
class Content:
    """One model whose rows go along.

    Attributes:
        member: the name of its part of the file, without ``.jsonl``.
        rows: those of a project, each before what names it.
        words: of one and of several, for people.
        left_out: fields that don't go along, with the reason.
        since: the version of the file that has it first.
    """

    model: type[Model]
    member: str
    record: type[Record]
    rows: Callable[[models.Project], QuerySet[Any]]
    words: tuple[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    since: int = 1

    @property
    def path(self) -> str:
        return f"{self.member}.jsonl"

    def counted(self, count: int) -> str:
        return f"{count:,} {self.words[0 if count == 1 else 1]}"


OWN_ID = {"id": "nothing names it"}
CONTENTS = (
    Content(
        models.Project,
        "project",
        records.ProjectRecord,
        lambda project: models.Project.objects.filter(pk=project.pk),
        ("project", "projects"),
        {"workspace": "it comes into another one", "archived_at": "it comes to be worked with"},
    ),
    Content(
        models.Label,
        "labels",
        records.LabelRecord,
        lambda project: project.labels.all(),
        ("label", "labels"),
        {"project": "there is one"},
    ),
    Content(
        models.Attribute,
        "attributes",
        records.AttributeRecord,
        lambda project: models.Attribute.objects.filter(label__project=project).order_by("label", "position", "id"),
        ("attribute", "attributes"),
    ),
    Content(
        models.Video,
        "videos",
        records.VideoRecord,
        lambda project: project.videos.all(),
        ("video", "videos"),
        {
            "project": "there is one",
            "key": "names its folder on this server",
            "awaited": "the manifest says it of each video",
            **dict.fromkeys(
                (
                    "state",
                    "error",
                    "progress",
                    "stage",
                    "proxy_state",
                    "proxy_progress",
                    "proxy_bytes",
                    "proxy_error",
                    "direct",
                    "left_out",
                    "strip",
                ),
                MADE_ANEW,
            ),
        },
    ),
    Content(
        models.Layer,
        "layers",
        records.LayerRecord,
        lambda project: models.Layer.objects.filter(video__project=project),
        ("layer", "layers"),
        {"seen_from": "what was seen elsewhere isn't known: it is the revision that the layer comes with"},
    ),
    Content(
        models.Track,
        "tracks",
        records.TrackRecord,
        lambda project: models.Track.objects.filter(layer__video__project=project).order_by("layer", "number"),
        ("object", "objects"),
    ),
    Content(
        models.TrackChunk,
        "shapes",
        records.ChunkRecord,
        lambda project: models.TrackChunk.objects.filter(layer__video__project=project).order_by(
            "layer", "track", "start"
        ),
        ("stretch of shapes", "stretches of shapes"),
        {
            **OWN_ID,
            "layer": OF_ITS_TRACK,
            **dict.fromkeys(
                (
                    "first",
                    "last",
                    "rows",
                    "keyframes",
                    "predicted",
                    "outside",
                    "doubtful",
                    "lowest_confidence",
                ),
                "is counted in its data",
            ),
        },
    ),
    Content(
        models.Run,
        "runs",
        records.RunRecord,
        lambda project: models.Run.objects.filter(layer__video__project=project),
        ("run", "runs"),
        {
            **dict.fromkeys(("agent", "machine"), "machines are of their server"),
            "swept": "sweeps don't go along",
            **dict.fromkeys(
                ("options", "model_settings", "objects_state", "search", "tries", "waiting"), "is for going on with it"
            ),
        },
    ),
    Content(
        models.Event,
        "events",
        records.EventRecord,
        lambda project: models.Event.objects.filter(layer__video__project=project).order_by("layer", "revision"),
        ("change of the history", "changes of the history"),
        OWN_ID,
    ),
    Content(
        models.VerdictSpan,
        "verdicts",
        records.VerdictRecord,
        lambda project: models.VerdictSpan.objects.filter(layer__video__project=project),
        ("verdict", "verdicts"),
        {**OWN_ID, "layer": OF_ITS_TRACK},
    ),
    Content(
        models.ClickedMask,
        "clicked",
        records.ClickedRecord,
        lambda project: models.ClickedMask.objects.filter(track__layer__video__project=project).order_by(
            "track", "frame", "digest"
        ),
        ("mask that was clicked", "masks that were clicked"),
        OWN_ID,
        since=2,
    ),
    Content(
        models.Issue,
        "issues",
        records.IssueRecord,
        lambda project: models.Issue.objects.filter(layer__video__project=project).order_by("layer", "number"),
        ("issue", "issues"),
    ),
    Content(
        models.Comment,
        "comments",
        records.CommentRecord,
        lambda project: models.Comment.objects.filter(issue__layer__video__project=project),
        ("comment", "comments"),
    ),
    Content(
        models.Job,
        "jobs",
        records.JobRecord,
        lambda project: models.Job.objects.filter(video__project=project).order_by("pk"),
        ("job", "jobs"),
        {"video": OF_ITS_LAYER, "co_reviewers": "has records of its own"},
    ),
    Content(
        models.Job.co_reviewers.through,
        "job_reviewers",
        records.ReviewerRecord,
        lambda project: models.Job.co_reviewers.through.objects.filter(job__video__project=project).order_by("pk"),
        ("further reviewer of a job", "further reviewers of jobs"),
        OWN_ID,
    ),
    Content(
        models.JobStep,
        "job_steps",
        records.StepRecord,
        lambda project: models.JobStep.objects.filter(job__video__project=project),
        ("step of a job", "steps of jobs"),
        OWN_ID,
    ),
    Content(
        models.Gold,
        "gold",
        records.GoldRecord,
        lambda project: models.Gold.objects.filter(layer__video__project=project),
        ("stretch of gold", "stretches of gold"),
        OWN_ID,
    ),
    Content(
        models.JobScore,
        "scores",
        records.ScoreRecord,
        lambda project: models.JobScore.objects.filter(
            job__video__project=project, state=models.InspectionState.DONE
        ).order_by("pk"),
        ("score of a job", "scores of jobs"),
        {**OWN_ID, **dict.fromkeys(("state", "progress", "message"), "only those that were computed go along")},
    ),
    Content(
        models.Consensus,
        "consensuses",
        records.ConsensusRecord,
        lambda project: models.Consensus.objects.filter(video__project=project),
        ("consensus", "consensuses"),
        dict.fromkeys(
            ("task", "asked_by", "state", "progress", "message", "report", "decisions"),
            "is of a comparison of the copies, which is made anew",
        ),
    ),
    Content(
        models.ConsensusCopy,
        "consensus_copies",
        records.CopyRecord,
        lambda project: models.ConsensusCopy.objects.filter(consensus__video__project=project),
        ("copy of a consensus", "copies of consensuses"),
        OWN_ID,
    ),
    Content(
        models.Stay,
        "stays",
        records.StayRecord,
        lambda project: models.Stay.objects.filter(layer__video__project=project),
        ("stay in the editor", "stays in the editor"),
        OWN_ID,
    ),
)

LEFT_OUT: Mapping[type[Model], str] = {
    models.Comparison: "is computed anew when it is asked for",
    models.Counting: "the work is counted anew from the history",
    models.Inspection: "is computed anew when it is asked for",
    models.LegPrompt: "is for going on with a run",
    models.Notification: "was told on the server that it comes from",
    models.Parcel: "is a file of this server",
    models.Predicted: "the work is counted anew from the history",
    models.Preview: "is kept for an hour",
    models.ProposedJoins: "is computed anew when it is asked for",
    models.Seen: "is of what people had on screen on the server that it comes from",
    models.Sweep: "is work of machines of its server",
    models.SweptVideo: "is work of machines of its server",
    models.Transfer: "is a file of this server",
    models.Upload: "hasn't come yet",
    models.Delivery: "tells servers of what happened here",
    models.Webhook: "has a secret, and tells servers of what happens here",
    models.Work: "the work is counted anew from the history",
}
"""What hangs on a project and stays behind, with the reason."""
