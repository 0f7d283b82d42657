"""Quality against gold: frames of ground-truth layers, hidden from annotators, that submitted jobs are scored against.

A score is of the frames that are both in the job and gold: HOTA and IDF1 (TrackEval, as in comparing layers), identity
switches, missed and extra boxes, and the mean overlap of those that belong together. Shapes count by their bounds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django_tasks import task
from pydantic import BaseModel

from annotator.access import may
from annotator.actions.analytics.reports import Cell, Column, Row, Table
from annotator.actions.audit import record
from annotator.actions.background import Background, Watch
from annotator.actions.comparisons import LayerBoxes
from annotator.actions.edits.shape_draft import FrameRange
from annotator.actions.edits.spans import common
from annotator.actions.errors import ActionError
from annotator.actions.issues.notify import notify_of_step, people_of
from annotator.models import (
    AuditKind,
    Gold,
    InspectionState,
    Job,
    JobScore,
    JobStep,
    Layer,
    LayerKind,
    Notification,
    Project,
    Role,
    Stage,
    User,
)

OPEN = (InspectionState.QUEUED, InspectionState.RUNNING)


class LabelScore(BaseModel):
    """Of one label (None: of all, whatever their labels). Shares in [0, 1]; None: not known, or gold has no such box.

    ``gold``: boxes of the gold; ``matched``: how many of them have a box of the job that overlaps by half or more;
    ``overlap``: mean intersection over union of these; ``missed``: gold boxes, ``extra``: the job's, without another.
    """

    label: int | None
    gold: int
    matched: int
    missed: int
    extra: int
    switches: int
    overlap: float | None
    hota: float | None
    idf1: float | None


class Report(BaseModel):
    """``frames``: how many were compared; ``note``: why there is no HOTA and IDF1, where there isn't."""

    frames: int
    revision: int
    scores: list[LabelScore]
    note: str = ""

    @property
    def whole(self) -> LabelScore:
        return self.scores[0]


# ---------------------------------------------------------------- gold


def mark_gold(*, by: User, layer: Layer, first: int, last: int) -> Gold:
    """Say that frames of a ground-truth layer are right and complete; from now on annotators don't see it.

    Raises:
        ActionError: another kind of layer, frames that the video doesn't have or that are gold already, or a video with
            gold in another layer.
    """
    if layer.kind != LayerKind.GROUND_TRUTH:
        raise ActionError(
            f"Gold lies in a ground-truth layer; “{layer.name}” is none. Make one in the editor's layer menu."
        )
    end = layer.video.frame_count - 1
    if not 0 <= first <= last <= end:
        raise ActionError(f"Gold is a range of the video's frames 0 to {end}, in order; {first} to {last} came.")
    with transaction.atomic():
        Layer.objects.select_for_update(of=("self",)).get(pk=layer.pk)
        there = list(Gold.objects.filter(layer__video=layer.video_id).select_related("layer"))
        for gold in there:
            if gold.layer_id != layer.pk:
                raise ActionError(f"The gold of a video lies in one layer; of this one that is “{gold.layer.name}”.")
            if gold.first <= last and first <= gold.last:
                raise ActionError(f"Frames {gold.first} to {gold.last} are gold already. Take them out first.")
        return Gold.objects.create(layer=layer, first=first, last=last, created_by=by)


def unmark_gold(gold: Gold) -> None:
    """Scores that were given stay; with its last range a layer is seen by everybody again."""
    gold.delete()


def set_pass_mark(project: Project, percent: int | None) -> None:
    """IDF1 that a submitted job should reach, in per cent; None: none. Raises ActionError outside of 1 to 100."""
    if percent is not None and not 1 <= percent <= 100:
        raise ActionError(f"A pass mark is a whole number from 1 to 100 per cent; {percent} came.")
    project.pass_mark = percent
    project.save(update_fields=["pass_mark"])
    said = "none" if percent is None else f"{percent} %"
    what = f"set the pass mark of the project “{project.name}”: {said}."
    record(AuditKind.SETTINGS, what, workspace=project.workspace_id)


def gold_in(job: Job) -> list[FrameRange]:
    """The frames of a job that are gold."""
    gold = Gold.objects.filter(layer__video=job.video_id).exclude(layer=job.layer_id)
    return common(list(gold.values_list("first", "last")), [(job.first, job.last)])


# ---------------------------------------------------------------- scoring


def score_later(job: Job) -> None:
    """A job was submitted: score it in the background, if there is gold in it."""
    if not gold_in(job):
        return
    score = JobScore.objects.create(job=job, person_id=job.assignee_id)
    key = str(score.pk)
    transaction.on_commit(lambda: score_job.enqueue(key))


@task()
def score_job(key: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    rows = JobScore.objects.filter(pk=key, state__in=OPEN)
    if not rows.update(state=InspectionState.RUNNING):
        return
    score = JobScore.objects.select_related("job__video", "job__layer").get(pk=key)
    watch = Watch(rows.filter(state=InspectionState.RUNNING))
    report = SCORING.attempt(
        key,
        lambda: _report(score.job, watch),
        failed="Scoring failed",
        again="Submit the job again; if it fails again, tell your admin.",
    )
    if report is None:
        return
    done = {"state": InspectionState.DONE, "progress": 1, "report": report.model_dump(mode="json")}
    with transaction.atomic():
        if rows.update(**done):
            _tell_if_below(score.job_id, report)


def _tell_if_below(job_id: int, report: Report) -> None:
    """A job in review is below the pass mark: its reviewers are told, or where it has none all who may review it."""
    job = Job.objects.select_related("video__project", "reviewer").get(pk=job_id)
    step = job.history.filter(kind=JobStep.Kind.SUBMITTED).select_related("by", "job").last()
    if job.stage != Stage.REVIEW or step is None or passes(report, job.video.project.pass_mark) is not False:
        return
    roles = [role for role in Role.values if may(role, "review")]
    everybody = people_of(job).filter(
        memberships__workspace=job.video.project.workspace_id, memberships__role__in=roles
    )
    told = job.reviewers or list(everybody.distinct())
    for user in told:
        if user.pk == job.assignee_id:
            continue
        notify_of_step(step=step, kind=Notification.Kind.BELOW_MARK, user=user)


def _report(job: Job, watch: Watch) -> Report:
    from tracking.comparing import why_no_scores

    ranges = gold_in(job)
    layer = Layer.objects.filter(gold__isnull=False, video=job.video_id).distinct().first()
    if layer is None or not ranges:
        raise ActionError("What was gold in this job isn't any more: it was not scored.")
    revision = Layer.objects.values_list("revision", flat=True).get(pk=job.layer_id)
    gold = LayerBoxes(layer).tracks.within(ranges)
    watch.show(0.2)
    work = LayerBoxes(job.layer).tracks.within(ranges)
    watch.show(0.4)
    note = why_no_scores()
    labels = sorted({*gold.label.tolist(), *work.label.tolist()})
    scores = []
    for number, label in enumerate([None, *labels]):
        watch.show(0.4 + 0.6 * number / (len(labels) + 1))
        pair = (gold, work) if label is None else (gold.of_label(label), work.of_label(label))
        scores.append(_label_score(label, *pair, frames=job.video.frame_count, note=note))
    frames = sum(last - first + 1 for first, last in ranges)
    return Report(frames=frames, revision=revision, scores=scores, note=note)


def _label_score(label: int | None, gold: Any, work: Any, *, frames: int, note: str) -> LabelScore:
    from tracking.comparing import differences, scores

    found = differences(gold, work, frames)
    shares = {} if note else scores(gold, work, frames)
    return LabelScore(
        label=label,
        gold=len(gold),
        matched=found.matched,
        # One that lies near is neither: it was found, and badly placed.
        missed=len(gold) - found.matched,
        extra=len(work) - found.matched,
        switches=found.frames["switch"],
        overlap=found.overlap,
        hota=shares.get("hota"),
        idf1=shares.get("idf1"),
    )


# ---------------------------------------------------------------- what is shown


def passes(report: Report, pass_mark: int | None) -> bool | None:
    """None: no mark is set, or it isn't known."""
    idf1 = report.whole.idf1
    return None if pass_mark is None or idf1 is None else idf1 * 100 >= pass_mark


def latest_scores(project: Project) -> list[JobScore]:
    """The latest of each job that was ever scored."""
    found = JobScore.objects.filter(job__video__project=project)
    newest = found.order_by().values("job").annotate(pk_max=Max("pk")).values("pk_max")
    return list(
        found.filter(pk__in=newest).select_related("job__video", "person").order_by("job__video__name", "job__first")
    )


def below_pass_mark(project: Project) -> dict[int, str]:
    """By job, of those in review whose latest score is below the pass mark, what it is."""
    if project.pass_mark is None:
        return {}
    found = {}
    for score in latest_scores(project):
        if score.state == InspectionState.DONE and score.job.stage == Stage.REVIEW:
            report = Report.model_validate(score.report)
            if passes(report, project.pass_mark) is False:
                found[score.job_id] = f"IDF1 {100 * (report.whole.idf1 or 0):.0f} %, below {project.pass_mark} %"
    return found


MEASURES = (
    Column("frames", "Frames compared", "count", "That are gold, and in the job."),
    Column("idf1", "IDF1", "share", "How much of it is found under one identity."),
    Column("hota", "HOTA", "share", "Detection and identity weighed alike."),
    Column("overlap", "Mean overlap", "share", "Intersection over union of boxes that belong together."),
    Column("switches", "Switches", "count", "How often an object goes on under another one."),
    Column("missed", "Missed", "count", "Gold boxes without one that overlaps by half."),
    Column("extra", "Extra", "count", "Boxes without one of the gold that overlaps by half."),
)
STATES = {"queued": "Waiting to be scored", "running": "Being scored"}


def tables(project: Project) -> list[Table]:
    """By job, person, label and video, of the latest score of each job. Several are weighed by their gold boxes, and
    overlaps by the boxes that belong together."""
    scores = latest_scores(project)
    reports = [(each, Report.model_validate(each.report)) for each in scores if each.state == InspectionState.DONE]
    labels = {label.pk: label.name for label in project.labels.all()}
    return [
        _by_job(scores, project.pass_mark),
        _grouped("people", "By person", "Person", ((str(s.person or "nobody"), r.whole, r.frames) for s, r in reports)),
        _grouped(
            "labels",
            "By label",
            "Label",
            (
                (labels.get(each.label or 0, "A deleted label"), each, r.frames)
                for _, r in reports
                for each in r.scores[1:]
            ),
        ),
        _grouped("videos", "By video", "Video", ((s.job.video.name, r.whole, r.frames) for s, r in reports)),
    ]


def _by_job(scores: Sequence[JobScore], pass_mark: int | None) -> Table:
    columns = (
        Column("job", "Job", "text"),
        Column("person", "Annotated by", "text"),
        Column("result", "Result", "text"),
        *MEASURES,
    )
    return Table("jobs", "By job", columns, [_job_row(score, pass_mark) for score in scores])


def _job_row(score: JobScore, pass_mark: int | None) -> Row:
    job = score.job
    begin: list[Cell] = [f"{job.video.name} {job.first}-{job.last}", str(score.person or "nobody")]
    href = f"/videos/{job.video_id}/edit/?job={job.pk}"
    if score.state != InspectionState.DONE:
        return Row([*begin, score.message or STATES[score.state], *[None] * len(MEASURES)], href)
    report = Report.model_validate(score.report)
    return Row([*begin, result_in_words(report, pass_mark), *_measures([(report.whole, report.frames)])], href)


def result_in_words(report: Report, pass_mark: int | None) -> str:
    """Whether a job reached the pass mark."""
    if report.note:
        return report.note
    if report.whole.idf1 is None:
        return "The gold in it has no object"
    passed = passes(report, pass_mark)
    if passed is None:
        return ""
    return f"Passed ({pass_mark} %)" if passed else f"Below the pass mark of {pass_mark} %"


def _grouped(named: Any, title: str, what: str, found: Iterable[tuple[str, LabelScore, int]]) -> Table:
    groups: defaultdict[str, list[tuple[LabelScore, int]]] = defaultdict(list)
    for name, score, frames in found:
        groups[name].append((score, frames))
    columns = (Column(named, what, "text"), Column("jobs", "Jobs", "count"), *MEASURES)
    rows = [Row([name, len(several), *_measures(several)]) for name, several in sorted(groups.items())]
    return Table(named, title, columns, rows)


def _measures(found: Sequence[tuple[LabelScore, int]]) -> Iterator[Cell]:
    scores = [score for score, _ in found]
    yield sum(frames for _, frames in found)
    yield _mean(scores, lambda score: score.idf1, lambda score: score.gold)
    yield _mean(scores, lambda score: score.hota, lambda score: score.gold)
    yield _mean(scores, lambda score: score.overlap, lambda score: score.matched)
    yield sum(score.switches for score in scores)
    yield sum(score.missed for score in scores)
    yield sum(score.extra for score in scores)


def _mean(
    scores: Sequence[LabelScore], value: Callable[[LabelScore], float | None], weight: Callable[[LabelScore], int]
) -> float | None:
    known = [(found, weight(score)) for score in scores if (found := value(score)) is not None]
    total = sum(each for _, each in known)
    return sum(found * each for found, each in known) / total if total else None


# ---------------------------------------------------------------- for the jobs worker


SCORING = Background.of_rows(
    task=score_job,
    names=lambda _: ("Scoring a job", "Mark fewer frames as gold."),
    waiting=lambda: JobScore.objects.filter(state__in=OPEN),
    key="pk",
    workspace="job__video__project__workspace_id",
    failed=InspectionState.FAILED,
)
