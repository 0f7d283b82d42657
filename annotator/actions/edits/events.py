"""Every change of a layer is an event with its next revision."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from annotator.actions.edits.verdicts import Back, settle
from annotator.announce.outgoing import is_heavy
from annotator.announce.publish import publish_on_commit
from annotator.models import Event, EventKind, Layer, Run, User
from annotator.operations import Conflict, Operation, ShapesReplace

Extent = tuple[uuid.UUID, int | None, int | None]
"""A track that a change touched, with its first and last frame; None: only what is said of the track changed."""


def lock_layer(layer_id: int) -> Layer:
    """The layer, locked until the transaction ends: whoever writes to a layer holds this.

    On SQLite the transaction itself is the lock (``transaction_mode: IMMEDIATE``).
    """
    return Layer.objects.select_for_update(of=("self",)).select_related("video__project").get(pk=layer_id)


def append_event(
    layer: Layer,
    *,
    kind: EventKind,
    operations: Sequence[Operation] = (),
    inverse: Sequence[Operation] | None = None,
    author: User | None = None,
    run: Run | None = None,
    edit_id: uuid.UUID | None = None,
    undoes: uuid.UUID | None = None,
    summary: str = "",
    numbers: Mapping[uuid.UUID, int] | None = None,
    touched: Sequence[tuple[uuid.UUID, int, int]] = (),
    extent: Iterable[Extent] | None = None,
    conflicts: Sequence[Conflict] = (),
) -> Event:
    """Give a locked layer its next revision and tell everybody watching once it is committed.

    The change itself is written already. Verdicts on what it touches are settled here: no change gets around it.

    Args:
        layer: from ``lock_layer``; its ``next_number`` is saved too.
        inverse: what takes the change back; None: nothing does.
        numbers: those given to created tracks.
        touched: (track, first, last) where predictions were stored.
        conflicts: where it met what others had done.
        extent: what changed; None: what the operations and ``touched`` name.

    Raises:
        PermissionDenied: it changes accepted spans that are locked for its author.
    """
    done = as_json(operations)
    # What a person did is kept whole; what came out of the log can be taken from it again.
    heavy = kind != EventKind.EDIT and is_heavy(done)
    layer.revision += 1
    layer.save(update_fields=["revision", "next_number"])
    verdicts = settle(
        layer,
        operations=operations,
        inverse=inverse or (),
        author=author,
        run=run,
        how=summary,
        back=_looks_back(kind, undoes),
    )
    event = Event.objects.create(
        layer=layer,
        revision=layer.revision,
        author=author,
        run=run,
        kind=kind,
        edit_id=edit_id or uuid.uuid4(),
        undoes=undoes,
        summary=summary,
        payload={
            "operations": [_without_tables(operation) for operation in done] if heavy else done,
            **({"told": False} if heavy else {}),
            "numbers": {str(track): number for track, number in (numbers or {}).items()},
            "touched": [[str(track), first, last] for track, first, last in touched],
            **({"verdicts": [each.model_dump(mode="json") for each in verdicts]} if verdicts else {}),
            **({"conflicts": [conflict.model_dump(mode="json") for conflict in conflicts]} if conflicts else {}),
        },
        inverse=None if inverse is None else as_json(inverse),
        extent=[[str(track), first, last] for track, first, last in extent or extent_of(operations, touched)],
    )
    publish_on_commit(event)
    return event


def _looks_back(kind: EventKind, undoes: uuid.UUID | None) -> Back:
    if kind in (EventKind.RESTORE, EventKind.RUN):
        return "everywhere"
    if undoes is not None:
        return "there"
    return "reopened" if kind == EventKind.EDIT else ""


def _without_tables(operation: dict[str, Any]) -> dict[str, Any]:
    return {**operation, "tables": []} if "tables" in operation else operation


def extent_of(operations: Iterable[Operation], touched: Iterable[tuple[uuid.UUID, int, int]] = ()) -> list[Extent]:
    """The tracks that a change names, each once, with the frames from the first to the last of it."""
    frames: dict[uuid.UUID, list[int]] = {}
    for operation in operations:
        ranges = operation.ranges if isinstance(operation, ShapesReplace) else []
        frames.setdefault(operation.track, []).extend(frame for ends in ranges for frame in ends)
    for track, first, last in touched:
        frames.setdefault(track, []).extend((first, last))
    return [(track, min(ends, default=None), max(ends, default=None)) for track, ends in frames.items()]


def as_json(operations: Iterable[Operation]) -> list[dict[str, Any]]:
    """As events keep operations, and messages carry them."""
    return [operation.model_dump(mode="json") for operation in operations]
