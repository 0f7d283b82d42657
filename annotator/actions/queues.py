"""The review queues of a project: what is left to review in each of its layers and jobs, and checking many at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from django.db.models import Q, QuerySet

from annotator.actions.edits.past import is_changed_since
from annotator.actions.edits.shape_draft import FrameRange
from annotator.actions.edits.spans import without
from annotator.actions.edits.verdicts import Settled, read_settled
from annotator.actions.inspecting import OPEN, begin_inspection, cancel_inspection
from annotator.models import Inspection, Job, Layer, LayerKind, Project, VideoState

CLOSE = "Two objects come close: one may have been taken for the other."
NOTHING = "Nothing is unusual."


class Item(msgspec.Struct):
    """A span of a queue, as far as it is counted here; see ``api.inspections.QueueItemOut``."""

    track: str
    other: str
    first: int
    last: int
    wrong: float
    reasons: list[str]

    @property
    def reason(self) -> str:
        """The weightiest, in words that are the same for all spans of a kind."""
        if self.other:
            return CLOSE
        return self.reasons[0] if self.reasons else NOTHING


class _Result(msgspec.Struct):
    queue: list[Item]
    queue_left_out: int


_RESULT = msgspec.json.Decoder(_Result)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to review: ``spans`` of ``among``. ``wrong``: frames in them that are expected to be wrong;
    ``reasons``: in words, of how many spans each is the weightiest, the most frequent first; ``first``: the span that
    is most likely wrong."""

    spans: int
    among: int
    wrong: float
    reasons: Sequence[tuple[str, int]]
    first: Item | None


@dataclass(frozen=True, slots=True)
class JobQueue:
    job: Job
    left: Left


@dataclass(frozen=True, slots=True)
class LayerQueue:
    """How the queue of a layer stands. ``left`` None: it was never checked; ``left_out``: spans behind those that are
    kept; ``is_stale``: the layer was changed by more than verdicts since; ``reopened``: spans that were changed after
    their verdict."""

    layer: Layer
    inspection: Inspection | None
    left: Left | None
    left_out: int
    is_stale: bool
    reopened: int
    jobs: Sequence[JobQueue]


def queues_of(project: Project) -> list[LayerQueue]:
    """Of every main layer, and of others that were checked or have jobs: those with most to review first."""
    layers = list(_layers(project).select_related("video", "inspection"))
    settled = read_settled(layers)
    jobs: defaultdict[int, list[Job]] = defaultdict(list)
    for job in Job.objects.filter(layer__in=layers).select_related("assignee"):
        jobs[job.layer_id].append(job)
    found = [_queue(layer, settled[layer.pk], jobs[layer.pk]) for layer in layers]
    return sorted(found, key=lambda one: -one.left.wrong if one.left is not None else 0.0)


def queue_of_job(job: Job) -> LayerQueue | None:
    """The queue of a job's layer, with that job alone; None where the layer was never checked."""
    queue = _queue(job.layer, read_settled([job.layer])[job.layer_id], [job])
    return queue if queue.left is not None else None


def begin_queues(project: Project, layers: Collection[int] | None) -> None:
    """Check those layers of a project whose queues are stale. ``layers``: only these; None: all."""
    for layer in _layers(project):
        if layers is None or layer.pk in layers:
            begin_inspection(layer)


def cancel_queues(project: Project) -> None:
    """Check no more layers of a project: what was found before stays."""
    for inspection in Inspection.objects.filter(layer__in=_layers(project), state__in=OPEN).defer("result"):
        cancel_inspection(inspection)


def _layers(project: Project) -> QuerySet[Layer]:
    ready = Layer.objects.filter(video__project=project, video__state=VideoState.READY)
    wanted = Q(kind=LayerKind.MAIN) | Q(inspection__isnull=False) | Q(jobs__isnull=False)
    return ready.filter(wanted).order_by("video__name", "pk").distinct()


def _queue(layer: Layer, settled: Settled, jobs: Sequence[Job]) -> LayerQueue:
    inspection = getattr(layer, "inspection", None)
    if inspection is None or not inspection.result:
        return LayerQueue(layer, inspection, None, 0, inspection is None, settled.reopened, ())
    result = _RESULT.decode(inspection.result)
    spans = [(item, _is_open(item, settled)) for item in result.queue]
    return LayerQueue(
        layer=layer,
        inspection=inspection,
        left=_left(spans),
        left_out=result.queue_left_out,
        is_stale=is_changed_since(layer, inspection.revision or 0),
        reopened=settled.reopened,
        jobs=[JobQueue(job, _left(_within(spans, (job.first, job.last)))) for job in jobs],
    )


def _within(spans: Iterable[tuple[Item, bool]], frames: FrameRange) -> list[tuple[Item, bool]]:
    first, last = frames
    return [(item, is_open) for item, is_open in spans if item.first <= last and first <= item.last]


def _left(spans: Sequence[tuple[Item, bool]]) -> Left:
    left = [item for item, is_open in spans if is_open]
    return Left(
        spans=len(left),
        among=len(spans),
        wrong=sum(item.wrong for item in left),
        reasons=Counter(item.reason for item in left).most_common(),
        first=left[0] if left else None,
    )


def _is_open(item: Item, settled: Settled) -> bool:
    """Whether something of a span, or of the other track where two come close, is neither accepted nor rejected."""
    frames = [(item.first, item.last)]
    return any(without(frames, settled.ranges.get(track, ())) for track in (item.track, item.other) if track)
