"""The jobs worker counts what is new in the histories of a project's layers: analytics are sums of few rows then.

What was counted stays counted: each layer is read from the revision on to which it was counted. Active time depends on
what follows: what isn't ``IDLE_S`` ago yet is counted for now, and again the next time. All is written at the end, in
one transaction: a worker that is broken off leaves nothing half done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tasks import task
from pydantic import BaseModel

from annotator.actions.analytics.history import Change, LayerHistory, Place, predicted_of
from annotator.actions.analytics.measures import IDLE_S, Moment, Stretch, active_time, by_quarter, quarter_of
from annotator.actions.background import Background, NotWanted, Watch, has_task
from annotator.actions.edits.shape_draft import FrameRange
from annotator.actions.edits.spans import without
from annotator.models import (
    Counting,
    InspectionState,
    Job,
    Layer,
    LayerKind,
    Predicted,
    Project,
    Run,
    Stay,
    User,
    Work,
)

OPEN = (InspectionState.QUEUED, InspectionState.RUNNING)
RULES = 1
"""Grows when a measure changes its meaning: all is counted anew then."""
ROWS_AT_ONCE = 500


class Memory(BaseModel):
    """What is known when a count begins.

    ``layers``: by id, up to which revision it was counted; ``until``: up to when time is counted for good, seconds
    since 1970; ``moments``: (person, at, layer, job, label) of the changes shortly before; ``for_now``: (person, layer,
    job, label, quarter, seconds) that were counted behind ``until``; ``stays_until``: the end of the latest stay;
    ``unread``: changes that don't say what they replaced.
    """

    rules: int = RULES
    layers: dict[int, int] = {}
    until: float = 0.0
    moments: list[tuple[int, float, int, int | None, int | None]] = []
    for_now: list[tuple[int, int, int | None, int | None, int, float]] = []
    unread: int = 0
    stays_until: float = 0.0


class Key(NamedTuple):
    """Of what a row of ``Work`` is."""

    layer: int
    person: int | None
    job: int | None
    label: int | None
    model: str
    quarter: int


@dataclass(slots=True)
class Sums:
    """By key and measure; ``frames``: by key, on which frames shapes were set by hand."""

    rows: dict[Key, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    frames: dict[Key, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, key: Key, **measures: float) -> None:
        row = self.rows[key]
        for name, count in measures.items():
            row[name] += count


def begin_counting(project: Project) -> Counting:
    """Have counted what is new in a project, unless that is under way or there is nothing."""
    with transaction.atomic():
        counting, _ = Counting.objects.select_for_update().get_or_create(project=project)
        if counting.state in OPEN and has_task(count_work.module_path, str(project.pk)):
            return counting
        if counting.state == InspectionState.DONE and not is_stale(project, counting):
            return counting
        counting.state, counting.progress, counting.message = InspectionState.QUEUED, 0, ""
        counting.save(update_fields=["state", "progress", "message"])
        key = str(project.pk)
        transaction.on_commit(lambda: count_work.enqueue(key))
    return counting


def is_stale(project: Project, counting: Counting | None) -> bool:
    """Whether anything happened since."""
    if counting is None or counting.finished_at is None:
        return True
    memory = Memory.model_validate(counting.memory)
    if memory.rules != RULES:
        return True
    if any(memory.layers.get(pk, 0) != revision for pk, revision in _layers(project).values_list("pk", "revision")):
        return True
    return Stay.objects.filter(layer__video__project=project, ended__gt=_moment(memory.stays_until)).exists()


@task()
def count_work(project_id: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    waiting = Counting.objects.filter(project_id=project_id, state__in=OPEN)
    if not waiting.update(state=InspectionState.RUNNING, progress=0):
        return
    COUNTING.attempt(
        project_id,
        lambda: _count(Counting.objects.select_related("project").get(project_id=project_id)),
        failed="Counting failed",
    )


def _count(counting: Counting) -> None:
    project = counting.project
    memory = Memory.model_validate(counting.memory)
    anew = memory.rules != RULES
    if anew:
        memory = Memory()
    watch = Watch(Counting.objects.filter(pk=counting.pk, state=InspectionState.RUNNING))
    sums, runs = Sums(), set[UUID]()
    _forget_gone(memory, project)
    layers = list(_layers(project))
    now = timezone.now()
    todo = sum(layer.revision - memory.layers.get(layer.pk, 0) for layer in layers) or 1
    done = 0
    for layer in layers:
        history = LayerHistory(layer, memory.layers.get(layer.pk, 0))
        for change in history.changes():
            _add(sums, change)
            if change.person is not None:
                memory.moments.append((change.person, change.at, *change.place))
            watch.show(0.9 * (done + change.revision - history.since) / todo)
        done += layer.revision - history.since
        memory.layers[layer.pk] = layer.revision
        memory.unread += history.unread
        runs |= history.runs
    _add_time(sums, memory, project, now.timestamp())
    predicted = [row for run in Run.objects.filter(pk__in=runs) for row in _predicted(project, run)]
    with transaction.atomic():
        kept = Counting.objects.select_for_update().filter(pk=counting.pk, state=InspectionState.RUNNING)
        if not kept.exists():
            raise NotWanted
        if anew:
            Work.objects.filter(project=project).delete()
            Predicted.objects.filter(project=project).delete()
        _write(project, sums)
        Predicted.objects.filter(run__in=runs).delete()
        Predicted.objects.bulk_create(predicted, batch_size=ROWS_AT_ONCE)
        kept.update(
            state=InspectionState.DONE, progress=1, message="", finished_at=now, memory=memory.model_dump(mode="json")
        )


def _forget_gone(memory: Memory, project: Project) -> None:
    """What was deleted since is none any more in ``Work`` either."""
    layers = set(_layers(project).values_list("pk", flat=True))
    jobs = {None, *Job.objects.filter(layer__in=layers).values_list("pk", flat=True)}
    labels = {None, *project.labels.values_list("pk", flat=True)}
    named = {row[0] for row in memory.moments} | {row[0] for row in memory.for_now}
    people = set(User.objects.filter(pk__in=named).values_list("pk", flat=True))
    memory.layers = {layer: revision for layer, revision in memory.layers.items() if layer in layers}
    memory.moments = [
        (person, at, layer, job if job in jobs else None, label if label in labels else None)
        for person, at, layer, job, label in memory.moments
        if person in people and layer in layers
    ]
    memory.for_now = [
        (person, layer, job if job in jobs else None, label if label in labels else None, quarter, seconds)
        for person, layer, job, label, quarter, seconds in memory.for_now
        if person in people and layer in layers
    ]


# ---------------------------------------------------------------- changes


def _add(sums: Sums, change: Change) -> None:
    def key(job: int | None, label: int | None, model: str = "") -> Key:
        return Key(change.place.layer, change.counts_for, job, label, model, quarter_of(change.counts_at))

    here = key(change.place.job, None)._replace(person=change.person, quarter=quarter_of(change.at))
    sums.add(here, edits=change.edits, undone=change.undone, imported=change.imported)
    for (job, label), part in change.parts.items():
        sums.add(
            key(job, label),
            objects_made=change.sign * part.objects_made,
            shapes=change.sign * len(part.frames),
            accepted=change.sign * part.accepted,
            rejected=change.sign * part.rejected,
        )
        for model, count in part.corrections.items():
            counts = {"corrections": change.sign * count, "corrected": change.sign * part.corrected[model]}
            sums.add(key(job, label, model), **counts)
        if change.sign > 0:
            # Frames of several labels count once, so these are of no label.
            sums.frames[key(job, None)] += [(frame, frame) for frame in part.frames]


def _write(project: Project, sums: Sums) -> None:
    known = _known_frames(project, sums)
    for key, frames in sums.frames.items():
        sums.add(key, frames=_count_of(without(frames, known[key])))
    rows = [
        Work(
            project=project,
            layer_id=key.layer,
            person_id=key.person,
            job_id=key.job,
            label_id=key.label,
            model=key.model,
            quarter=_moment(key.quarter),
            frame_ranges=without(sums.frames[key], known[key]) if key in sums.frames else [],
            **measures,
        )
        for key, measures in sums.rows.items()
        if any(measures.values())
    ]
    Work.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)


def _known_frames(project: Project, sums: Sums) -> dict[Key, list[FrameRange]]:
    """Of the same quarters of an hour, what was counted before: a frame counts once in each."""
    found: defaultdict[Key, list[FrameRange]] = defaultdict(list)
    if sums.frames:
        since = _moment(min(key.quarter for key in sums.frames))
        rows = Work.objects.filter(project=project, quarter__gte=since).exclude(frame_ranges=[])
        columns = rows.values_list("layer_id", "person_id", "job_id", "quarter", "frame_ranges")
        for layer, person, job, quarter, ranges in columns.iterator(1000):
            key = Key(layer, person, job, None, "", int(quarter.timestamp()))
            found[key] += [(first, last) for first, last in ranges]
    return found


def _count_of(ranges: list[FrameRange]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _predicted(project: Project, run: Run) -> Iterator[Predicted]:
    quarter = _moment(quarter_of(run.created_at.timestamp()))
    for (job, label), shapes in predicted_of(run).items():
        yield Predicted(project=project, run=run, job_id=job, label_id=label, quarter=quarter, shapes=shapes)


# ---------------------------------------------------------------- time


def _add_time(sums: Sums, memory: Memory, project: Project, now: float) -> None:
    """Count active time behind ``memory.until``: up to ``IDLE_S`` ago for good, and the rest for now."""
    for person, layer, job, label, quarter, seconds in memory.for_now:
        sums.add(Key(layer, person, job, label, "", quarter), seconds=-seconds)
    settled, memory.for_now = now - IDLE_S, []
    later: defaultdict[tuple[int, int, int | None, int | None, int], float] = defaultdict(float)
    for person, stretch in _active(memory, project):
        for begin, end in ((max(stretch.begin, memory.until), min(stretch.end, settled)), _behind(stretch, settled)):
            for quarter, seconds in by_quarter(begin, end):
                sums.add(Key(stretch.place.layer, person, *stretch.place[1:], "", quarter), seconds=seconds)
                if begin >= settled:
                    later[person, *stretch.place, quarter] += seconds
    memory.for_now = [(*key, seconds) for key, seconds in later.items()]
    memory.until = settled
    memory.moments = [moment for moment in memory.moments if moment[1] >= settled - IDLE_S]


def _behind(stretch: Stretch[Place], settled: float) -> tuple[float, float]:
    return max(stretch.begin, settled), stretch.end


def _active(memory: Memory, project: Project) -> Iterator[tuple[int, Stretch[Place]]]:
    moments: defaultdict[int, list[Moment[Place]]] = defaultdict(list)
    for person, at, layer, job, label in memory.moments:
        moments[person].append(Moment(at, Place(layer, job, label)))
    stays: defaultdict[int, list[Stretch[Place]]] = defaultdict(list)
    rows = Stay.objects.filter(layer__video__project=project, ended__gte=_moment(max(memory.until - IDLE_S, 0)))
    for layer, person, job, began, ended in rows.values_list("layer_id", "person_id", "job_id", "began", "ended"):
        memory.stays_until = max(memory.stays_until, ended.timestamp())
        stays[person].append(Stretch(began.timestamp(), ended.timestamp(), Place(layer, job, None)))
    for person in moments.keys() | stays.keys():
        for stretch in active_time(moments[person], stays[person]):
            yield person, stretch


# ---------------------------------------------------------------- for the jobs worker


def _layers(project: Project) -> QuerySet[Layer]:
    """Those that people work on: what a model put into a layer of its own is nobody's work."""
    return Layer.objects.filter(video__project=project).exclude(kind=LayerKind.MODEL).order_by("pk")


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


COUNTING = Background.of_rows(
    task=count_work,
    names=lambda _: ("Counting the work", "Try again; if it ends again, tell your admin."),
    waiting=lambda: Counting.objects.filter(state__in=OPEN),
    key="project_id",
    workspace="project__workspace_id",
    failed=InspectionState.FAILED,
)
