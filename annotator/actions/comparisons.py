"""Two layers of a video compared: how well they agree, and where they differ. Computed in the background, and
kept until one of them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django_tasks import task

from annotator import stored_shapes
from annotator.actions.background import Background, NotWanted, Watch
from annotator.actions.errors import ActionError
from annotator.formats.rows import Rows
from annotator.models import Comparison, Layer, TransferState, User
from tracking.shapes.chunks import Kind

if TYPE_CHECKING:
    from tracking.comparing import Differences, Tracks


OPEN = (TransferState.QUEUED, TransferState.RUNNING)
MOST_LISTED = 5_000
"""Differences that are listed; of more, how many there are is told."""


def begin_comparison(*, user: User, reference: Layer, compared: Layer) -> Comparison:
    """The comparison of two layers as they are now: the one that was made, or is being made, or a new one.

    Args:
        user: theirs are both layers.
        reference: what is taken as true.

    Raises:
        ActionError: layers of different videos, or the same twice.
    """
    if reference.pk == compared.pk:
        raise ActionError("Two layers are compared; this one was named twice. Choose another one.")
    if reference.video_id != compared.video_id:
        raise ActionError("Layers of one video are compared; these are of two.")
    with transaction.atomic():
        found, made = (
            Comparison.objects.select_for_update(of=("self",))
            .defer("report")
            .get_or_create(reference=reference, compared=compared, defaults={"created_by": user})
        )
        if not made and (found.state in OPEN or (found.state == TransferState.DONE and is_current(found))):
            return found
        found.state, found.progress, found.message = TransferState.QUEUED, 0, ""
        found.created_by, found.created_at = user, timezone.now()
        found.save(update_fields=["state", "progress", "message", "created_by", "created_at"])
        # The queue is in the same database: it is there when the transaction is.
        carry_out_comparison.enqueue(str(found.pk))
    return found


def find_comparison(*, reference: Layer, compared: Layer) -> Comparison | None:
    """The latest of two layers; None: they were never compared so."""
    return Comparison.objects.filter(reference=reference, compared=compared).first()


def comparisons_of(layers: QuerySet[Layer]) -> QuerySet[Comparison]:
    """Those of which there is a report, both of whose layers are among ``layers``: the latest first. ``overall``: the
    report's scores of all labels together; None where there were none."""
    found = Comparison.objects.filter(reference__in=layers, compared__in=layers, finished_at__isnull=False)
    found = found.select_related("reference", "compared", "created_by").annotate(overall=F("report__scores__0"))
    return found.defer("report").order_by("-finished_at")


def cancel_comparison(*, reference: Layer, compared: Layer) -> None:
    """End one that waits or is under way; what was found before stays."""
    waiting = Comparison.objects.filter(reference=reference, compared=compared, state__in=OPEN)
    waiting.update(state=TransferState.CANCELLED, progress=0)


def changed_since(comparison: Comparison) -> list[int]:
    """The layers that aren't as they were compared any more; none where they weren't compared yet."""
    if comparison.finished_at is None:
        return []
    then = {
        comparison.reference_id: comparison.reference_revision,
        comparison.compared_id: comparison.compared_revision,
    }
    now = dict(Layer.objects.filter(pk__in=then).values_list("pk", "revision"))
    return [layer for layer, revision in then.items() if now.get(layer) != revision]


def is_current(comparison: Comparison) -> bool:
    """Whether both layers still are as they were compared."""
    return comparison.finished_at is not None and not changed_since(comparison)


@task()
def carry_out_comparison(key: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    found = Comparison.objects.filter(pk=key, state__in=OPEN).defer("report").first()
    if found is None:
        return
    Comparison.objects.filter(pk=key).update(state=TransferState.RUNNING, progress=0)
    COMPARING.attempt(key, lambda: _compare(found), failed="The comparison failed")


def _compare(found: Comparison) -> None:
    from tracking.comparing import differences

    layers = {layer.pk: layer for layer in Layer.objects.filter(pk__in=[found.reference_id, found.compared_id])}
    if len(layers) < 2:
        raise NotWanted
    watch = Watch(Comparison.objects.filter(pk=found.pk, state=TransferState.RUNNING))
    reference = LayerBoxes(layers[found.reference_id], watch.within(0, 0.1))
    compared = LayerBoxes(layers[found.compared_id], watch.within(0.1, 0.2))
    frames = layers[found.reference_id].video.frame_count
    result = differences(reference.tracks, compared.tracks, frames, watch=watch.within(0.2, 0.6))
    scores, note = _scores(reference.tracks, compared.tracks, frames, watch.within(0.6, 1.0))
    report = {
        "scores": scores,
        "scores_missing": note,
        **_listed(result, reference, compared),
        "by_bounds": reference.by_bounds + compared.by_bounds,
        "frame_tags": reference.frame_tags + compared.frame_tags,
    }
    Comparison.objects.filter(pk=found.pk, state=TransferState.RUNNING).update(
        state=TransferState.DONE,
        progress=1,
        report=report,
        finished_at=timezone.now(),
        reference_revision=layers[found.reference_id].revision,
        compared_revision=layers[found.compared_id].revision,
    )


class LayerBoxes:
    """Of a layer, read whole, what is compared. ``keys``: the ids of its tracks, by their numbers in ``tracks``;
    ``names``: the label and the number of each; ``by_bounds``: how many tracks have shapes that aren't boxes;
    ``frame_tags``: how many say something of frames, and aren't compared.

    Args:
        watch: is told from time to time which share is read, in [0, 1].
    """

    def __init__(self, layer: Layer, watch: Callable[[float], None] = lambda _: None) -> None:
        from tracking.comparing import Tracks

        self.keys: list[UUID] = []
        self.by_bounds = self.frame_tags = 0
        known = layer.tracks.filter(deleted_at=None).values_list("pk", "label_id", "number")
        self.names = {key: (label, number) for key, label, number in known}
        self.tracks = Tracks.joined(list(self._parts(watch)))

    def _parts(self, watch: Callable[[float], None]) -> Iterator[tuple[int, int, Any, Any]]:
        from tracking.comparing import shown

        chunks = stored_shapes.read_packed(stored_shapes.chunks_of(self.names))
        for count, (key, several) in enumerate(groupby(chunks, key=lambda chunk: chunk[0])):
            watch(count / len(self.names))
            rows = Rows.of_packed([data for _, data in several])
            if (rows.kinds == Kind.TAG).any():
                self.frame_tags += 1
                continue
            self.by_bounds += bool((rows.kinds != Kind.BOX).any())
            self.keys.append(key)
            yield (
                len(self.keys) - 1,
                self.names[key][0],
                *shown(rows.frames, rows.kinds, rows.flags, rows.bounds.astype(np.float64)),
            )


def _scores(
    reference: Tracks, compared: Tracks, frames: int, watch: Callable[[float], None]
) -> tuple[list[dict[str, Any]], str]:
    """Of all labels together (null), then of each that either has; and why there are none, where there aren't."""
    from tracking.comparing import why_no_scores

    if missing := why_no_scores():
        return [], missing
    labels = sorted({*np.unique(reference.label).tolist(), *np.unique(compared.label).tolist()})
    rows = []
    for number, label in enumerate([None, *labels]):
        watch(number / (len(labels) + 1))
        if label is None:
            rows.append(_row(None, reference, compared, frames))
        else:
            rows.append(_row(label, reference.of_label(label), compared.of_label(label), frames))
    return rows, ""


def _row(label: int | None, reference: Tracks, compared: Tracks, frames: int) -> dict[str, Any]:
    from tracking.comparing import scores

    counts = {"reference_boxes": len(reference), "compared_boxes": len(compared)}
    return {"label": label, **counts, **scores(reference, compared, frames)}


def _listed(result: Differences, reference: LayerBoxes, compared: LayerBoxes) -> dict[str, Any]:
    listed = [
        {
            "kind": each.kind,
            "first": each.first,
            "last": each.last,
            "reference": None if each.reference < 0 else str(reference.keys[each.reference]),
            "compared": None if each.compared < 0 else str(compared.keys[each.compared]),
            "overlap": round(each.overlap, 3),
        }
        for each in result.found[:MOST_LISTED]
    ]
    named = {each[side] for each in listed for side in ("reference", "compared")}
    names = {**reference.names, **compared.names}
    return {
        "differences": listed,
        "tracks": {
            str(key): {"label": label, "number": number} for key, (label, number) in names.items() if str(key) in named
        },
        "not_listed": len(result.found) - len(listed),
        "boxes": result.frames,
        "chart": result.chart,
    }


# ------------------------------------------------------------------ for the jobs worker


COMPARING = Background.of_rows(
    task=carry_out_comparison,
    names=lambda key: ("The comparison", "Compare layers with fewer tracks."),
    waiting=lambda: Comparison.objects.filter(state__in=OPEN),
    key="pk",
    workspace="reference__video__project__workspace_id",
    failed=TransferState.FAILED,
)
