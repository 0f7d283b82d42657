"""Tracks of a layer that seem to be one object, or to have exchanged their identities: found in the background,
proposed to people, and changed by nobody else. What is found is kept until it is looked for again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import numpy as np
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django_tasks import task

from annotator import stored_shapes
from annotator.actions.background import Background, Watch, has_task, looking_allowance
from annotator.actions.errors import ActionError
from annotator.formats.rows import Rows
from annotator.media.frames import reading
from annotator.models import Event, JoinsState, Layer, ProposedJoins
from tracking.frames import FrameReader, MediaError
from tracking.shapes.chunks import Kind

if TYPE_CHECKING:
    from tracking.association.proposing import Proposal, Proposed, Proposing


OPEN = (JoinsState.QUEUED, JoinsState.RUNNING)
READ = 0.3
"""The share of the work that reading the tracks is taken to be."""
MOST_DISMISSED = 10_000
USUAL_RATE = 25.0
"""Frames per second where nobody knows."""


def propose_joins(layer: Layer) -> ProposedJoins:
    """Queue a search in the layer, unless one waits or runs, or there is what was found in its present state."""
    with transaction.atomic():
        found, _ = ProposedJoins.objects.select_for_update().defer("result").get_or_create(layer=layer)
        is_known = found.state == JoinsState.DONE and found.revision == layer.revision
        if is_known or (found.state in OPEN and has_task(find_joins.module_path, str(layer.pk))):
            return found
        found.state, found.progress, found.message = JoinsState.QUEUED, 0, ""
        found.save(update_fields=["state", "progress", "message"])
        key = str(layer.pk)
        transaction.on_commit(lambda: find_joins.enqueue(key))
    return found


def cancel_joins(layer: Layer) -> None:
    """End a search that waits or runs; what was found before stays."""
    ProposedJoins.objects.filter(layer=layer, state__in=OPEN).update(state=JoinsState.CANCELLED)


def dismiss_join(layer: Layer, key: str, *, dismissed: bool) -> None:
    """Show a proposal to nobody any more while its tracks stay as they are, or show it again.

    Raises:
        ActionError: nothing was proposed yet.
    """
    with transaction.atomic():
        found = ProposedJoins.objects.select_for_update().defer("result").filter(layer=layer).first()
        if found is None:
            raise ActionError("Nothing was proposed for this layer yet. Propose joins first.")
        kept = [each for each in found.dismissed if each != key]
        if dismissed:
            # What was dismissed long ago is of tracks that changed since, most likely.
            kept = [*kept, key][-MOST_DISMISSED:]
        found.dismissed = kept
        found.save(update_fields=["dismissed"])


def changed_since(layer: Layer, revision: int) -> set[str]:
    """The tracks of which anything changed after ``revision``."""
    extents = Event.objects.filter(layer=layer, revision__gt=revision).values_list("extent", flat=True)
    return {str(track) for extent in extents.iterator() for track, *_ in extent}


@task()
def find_joins(layer_id: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    waiting = ProposedJoins.objects.filter(layer_id=layer_id, state__in=OPEN)
    if not waiting.update(state=JoinsState.RUNNING, progress=0):
        return
    layer = Layer.objects.select_related("video").get(pk=layer_id)
    # Of what changes from here on the result may know or not: it is told to be of the revision before.
    result = PROPOSING.attempt(layer_id, lambda: found_in(layer, watching(layer_id).show), failed="The search failed")
    if result is None:
        return
    waiting.update(
        state=JoinsState.DONE,
        progress=1,
        revision=layer.revision,
        result=result,
        finished_at=timezone.now(),
        message="",
    )


def found_in(layer: Layer, watch: Callable[[float], None] = lambda _: None) -> bytes:
    """Look for joins in a layer. Returns the JSON of ``api.joins.ProposedOut``."""
    tracks = _Tracks(layer, lambda share: watch(READ * share))
    with ExitStack() as stack:
        reader, problem = _reader(layer, stack)
        proposed = tracks.proposing.end(reader, watch=lambda share: watch(READ + (1 - READ) * share))
    return msgspec.json.encode(
        {
            "proposals": [_as_json(one, tracks.digests) for one in proposed.proposals],
            "left_out": proposed.left_out,
            "tracks": proposed.tracks,
            "frame_tags": tracks.frame_tags,
            "compared_every": proposed.every,
            **_seen(proposed, problem),
        }
    )


def _reader(layer: Layer, stack: ExitStack) -> tuple[FrameReader | None, str]:
    """Where frames can be read; or why not."""
    try:
        return stack.enter_context(reading(layer.video)), ""
    except (Http404, MediaError, OSError) as error:
        return None, str(error)


def _seen(proposed: Proposed, problem: str) -> dict[str, Any]:
    seen = proposed.seen
    if seen is None:
        return {"frames_wanted": 0, "frames_seen": 0, "problem": problem}
    return {"frames_wanted": seen.wanted, "frames_seen": seen.looked_at, "problem": seen.problem}


def _as_json(one: Proposal, digests: Mapping[str, bytes]) -> dict[str, Any]:
    content = blake2b(f"{one.kind} {one.tracks} {one.frame}".encode(), digest_size=16)
    for track in one.tracks:
        content.update(digests[track])
    return {
        "key": content.hexdigest(),
        "kind": one.kind,
        "tracks": one.tracks,
        "frame": one.frame,
        "gap": one.gap,
        "sure": round(one.sure, 3),
        "why": one.why,
        "pictures": [(which, frame, *(round(side, 1) for side in box)) for which, frame, box in one.pictures],
    }


@dataclass
class _Tracks:
    """The tracks of a layer, as far as they are needed. ``digests``: of each, by id, what changes when it does;
    ``frame_tags``: how many say something of frames, and have no place."""

    layer: Layer
    watch: Callable[[float], None]
    digests: dict[str, bytes] = field(default_factory=dict)
    frame_tags: int = 0

    def __post_init__(self) -> None:
        from tracking.association.proposing import Proposing

        self.proposing: Proposing = Proposing(self.layer.video.fps if self.layer.video.fps > 0 else USUAL_RATE)
        tracks = self.layer.tracks.filter(deleted_at=None)
        known = {pk: (number, label) for pk, number, label in tracks.values_list("pk", "number", "label__name")}
        for done, (key, rows) in enumerate(self._rows(known)):
            self.watch(done / len(known))
            self._take(key, *known[key], rows)

    def _rows(self, known: Mapping[UUID, Any]) -> Iterator[tuple[UUID, Rows]]:
        chunks = stored_shapes.read_packed(stored_shapes.chunks_of(list(known)))
        for key, several in groupby(chunks, key=lambda chunk: chunk[0]):
            yield key, Rows.of_packed([data for _, data in several])

    def _take(self, key: UUID, number: int, label: str, rows: Rows) -> None:
        from tracking.comparing import shown

        if (rows.kinds == Kind.TAG).any():
            self.frame_tags += 1
            return
        content = blake2b(label.encode(), digest_size=16)
        for column in (rows.frames, rows.kinds, rows.flags, rows.bounds):
            content.update(np.ascontiguousarray(column).data)
        self.digests[str(key)] = content.digest()
        frames, boxes = shown(rows.frames, rows.kinds, rows.flags, rows.bounds.astype(np.float64))
        self.proposing.take(str(key), f"{label} {number}", label, frames, boxes)


def watching(layer_id: str) -> Watch:
    """Tells how far the search in a layer is."""
    return Watch(ProposedJoins.objects.filter(layer_id=layer_id, state=JoinsState.RUNNING))


PROPOSING = Background.of_rows(
    task=find_joins,
    names=lambda _: ("The search for joins", "Search in a layer with fewer tracks."),
    waiting=lambda: ProposedJoins.objects.filter(state__in=OPEN),
    key="layer_id",
    workspace="layer__video__project__workspace_id",
    failed=JoinsState.FAILED,
    allowance=lambda _: looking_allowance(),
)
