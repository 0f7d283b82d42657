"""What is left to do in a job."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from annotator.actions.queues import LayerQueue, queue_of_job
from annotator.models import Issue, Job
from annotator.stored_shapes import around, holding, read
from tracking.shapes.chunks import Flag


@dataclass(frozen=True, slots=True)
class JobReport:
    """``frames``: of the job; ``empty``: those of them that show no object; ``objects``: that are on any of them;
    ``open_issues``: that touch it; ``queue``: the layer's review queue with the job's part of it, None where there is
    none yet."""

    frames: int
    empty: int
    objects: int
    open_issues: int
    queue: LayerQueue | None

    @property
    def share(self) -> int:
        """Of the frames that show an object, in percent; 100 only for all of them."""
        return 100 * (self.frames - self.empty) // self.frames

    @property
    def rest(self) -> int:
        """What is missing from all, in percent."""
        return 100 - self.share


def report_on(job: Job) -> JobReport:
    """Count what is in a job now."""
    shown, objects = shown_frames(job)
    issues = Issue.objects.filter(layer=job.layer_id, resolved_at=None, first__lte=job.last, last__gte=job.first)
    return JobReport(
        frames=len(shown),
        empty=int(np.count_nonzero(~shown)),
        objects=objects,
        open_issues=issues.count(),
        queue=queue_of_job(job),
    )


def shown_frames(job: Job) -> tuple[NDArray[np.bool_], int]:
    """Which frames of a job show an object: from each shape to the next of its track, but not behind one that is
    outside. The second value is how many objects that are."""
    live = job.layer.chunks.filter(track__deleted_at=None)
    within = live.filter(holding(job.first, job.last))
    sides = {key for frame in (job.first, job.last) for key in around(live, frame).values_list("pk", flat=True)}
    keys = {*within.values_list("pk", flat=True), *sides}
    frames: defaultdict[UUID, list[NDArray[np.int64]]] = defaultdict(list)
    seen: defaultdict[UUID, list[NDArray[np.bool_]]] = defaultdict(list)
    for track, table in read(live.filter(pk__in=keys)):
        frames[track].append(table.frames)
        seen[track].append((table.flags & Flag.OUTSIDE) == 0)
    size = job.last - job.first + 1
    depth = np.zeros(size + 1, np.int64)
    objects = 0
    for track, parts in frames.items():
        starts = np.concatenate(parts)
        ends = np.append(starts[1:], starts[-1] + 1)
        visible = np.concatenate(seen[track])
        starts = np.clip(starts[visible] - job.first, 0, size)
        ends = np.clip(ends[visible] - job.first, 0, size)
        objects += bool(np.any(ends > starts))
        np.add.at(depth, starts, 1)
        np.subtract.at(depth, ends, 1)
    return np.cumsum(depth)[:size] > 0, objects
