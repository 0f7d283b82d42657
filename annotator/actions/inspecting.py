"""Layers are checked in the background: by the rules of ``tracking/review``, of which the result is kept."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import numpy as np
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django_tasks import task
from numpy.typing import NDArray

from annotator.actions.background import Background, has_task, looking_allowance
from annotator.actions.edits.layer_draft import decoded
from annotator.actions.layer_datasets import count_shapes, dataset_of
from annotator.actions.seen import Origins
from annotator.config import config
from annotator.formats.checkable import facts_of, tracks_of
from annotator.media.frames import reading
from annotator.models import Event, EventKind, Inspection, InspectionState, Layer
from tracking.frames import MediaError
from tracking.review.check import Check, Checked
from tracking.review.layer import Track
from tracking.review.queue import Queue, Ranked
from tracking.review.rules import RULES
from tracking.shapes.chunks import Flag, Kind

OPEN = (InspectionState.QUEUED, InspectionState.RUNNING)
EVENTS_AT_ONCE = 50
MOST_LOOKED_AT = 300_000
"""Of a layer with more shapes no pictures are decoded: they are too many, and few would be seen."""


def begin_inspection(layer: Layer) -> Inspection:
    """Queue a check of the layer, unless one waits or runs that will see its present state, or there is its result."""
    with transaction.atomic():
        inspection, _ = Inspection.objects.select_for_update().defer("result").get_or_create(layer=layer)
        is_known = inspection.state == InspectionState.DONE and inspection.revision == layer.revision
        if is_known or (inspection.state in OPEN and has_task(inspect.module_path, str(layer.pk))):
            return inspection
        inspection.state, inspection.message = InspectionState.QUEUED, ""
        inspection.save(update_fields=["state", "message"])
        key = str(layer.pk)
        transaction.on_commit(lambda: inspect.enqueue(key))
    return inspection


def cancel_inspection(inspection: Inspection) -> None:
    """Take back what was asked for: a jobs worker that is at it ends. What an earlier check found stays."""
    open_ones = Inspection.objects.filter(pk=inspection.pk, state__in=OPEN)
    if inspection.revision is None:
        open_ones.delete()
    else:
        open_ones.update(state=InspectionState.DONE, message="")


@task()
def inspect(layer_id: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    waiting = Inspection.objects.filter(layer_id=layer_id, state__in=OPEN)
    if not waiting.update(state=InspectionState.RUNNING):
        return
    layer = Layer.objects.select_related("video__project").get(pk=layer_id)
    # Of what changes from here on the result may know or not: it is told to be of the revision before.
    result = INSPECTING.attempt(layer_id, lambda: inspected(layer), failed="The check failed")
    if result is None:
        return
    waiting.update(
        state=InspectionState.DONE, revision=layer.revision, result=result, finished_at=timezone.now(), message=""
    )


def inspected(layer: Layer) -> bytes:
    """Check a layer. Returns the JSON of ``api.inspections.ResultOut``."""
    began = time.monotonic()
    dataset = dataset_of(layer, judged=False)
    keys = {number: str(key) for key, number in layer.tracks.filter(deleted_at=None).values_list("pk", "number")}
    checking = Check(facts_of(dataset, kinds=_kinds(layer), replaced=_replaced_by_machines(layer)))
    queue = Queue(checking.facts)
    tracks: Iterable[Track] = Origins.of(layer).told(tracks_of(dataset, keys))
    looks = _Looks(problem=f"The layer has more than {MOST_LOOKED_AT:,} shapes.")
    if count_shapes(layer) <= MOST_LOOKED_AT:
        tracks = list(tracks)
        looks = _looked_at(layer, tracks)
    for track in tracks:
        checking.take(track)
        queue.take(track, looks.values.get(track.key))
    checked = checking.end()
    return _packed(checked, queue.end(checked.whole), looks, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Looks:
    """As ``tracking.association.unlike.Unlike``."""

    values: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    wanted: int = 0
    looked_at: int = 0
    problem: str = ""


def _looked_at(layer: Layer, tracks: Sequence[Track]) -> _Looks:
    """How unlike what machines made looks to what was drawn, or why nobody knows."""
    from tracking.association.unlike import unlike

    if not any(track.predicted.any() for track in tracks):
        return _Looks()
    if not config.review_looks_s:
        return _Looks(problem="That is switched off on this server.")
    try:
        with reading(layer.video) as source:
            found = unlike(tracks, source, most_s=config.review_looks_s)
    except (Http404, MediaError, OSError) as error:
        return _Looks(problem=str(error))
    return _Looks(found.values, found.wanted, found.looked_at, found.problem)


def _packed(checked: Checked, ranked: Ranked, looks: _Looks, seconds: float) -> bytes:
    return msgspec.json.encode(
        {
            "queue": ranked.items,
            "queue_left_out": ranked.left_out,
            "looks": {"frames_wanted": looks.wanted, "frames_seen": looks.looked_at, "problem": looks.problem},
            "findings": checked.findings,
            "left_out": checked.left_out,
            "rules": [{"id": rule.id, "title": rule.title, "says": rule.says} for rule in RULES],
            "tracks": checked.tracks,
            "shapes": checked.rows,
            "compared_every": checked.every,
            "seconds": round(seconds, 3),
        }
    )


def _kinds(layer: Layer) -> dict[str, frozenset[Kind]]:
    labels = layer.video.project.labels.values_list("name", "geometry_kinds")
    return {name: frozenset(Kind[kind.upper()] for kind in kinds) for name, kinds in labels}


def _replaced_by_machines(layer: Layer) -> dict[str, list[int]]:
    """By track, the frames on which runs replaced or took away keyframes: none, unless something is very wrong."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for track, frames in _keyframes_that_runs_replaced(layer):
        found[str(track)] += frames
    return dict(found)


def _keyframes_that_runs_replaced(layer: Layer) -> Iterator[tuple[UUID, list[int]]]:
    events = Event.objects.filter(layer=layer, kind__in=(EventKind.PREDICTIONS, EventKind.RUN)).exclude(inverse=None)
    for inverse in events.order_by("revision").values_list("inverse", flat=True).iterator(EVENTS_AT_ONCE):
        for operation in inverse or ():
            for text in operation.get("tables", ()):
                table = decoded(text)
                keyframes = (table.flags & int(Flag.KEYFRAME)) != 0
                if keyframes.any():
                    yield UUID(operation["track"]), table.frames[keyframes].tolist()


INSPECTING = Background.of_rows(
    task=inspect,
    names=lambda _: ("The check", "Export the layer and check the file with “framewise check”."),
    waiting=lambda: Inspection.objects.filter(state__in=OPEN),
    key="layer_id",
    workspace="layer__video__project__workspace_id",
    failed=InspectionState.FAILED,
    allowance=lambda _: looking_allowance(),
)
