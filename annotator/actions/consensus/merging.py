"""The copies of a consensus merged into one layer: one event, which one undo takes back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from annotator.actions.background import NotWanted, Watch
from annotator.actions.consensus.ballots import (
    Contested,
    ReadCopy,
    contested,
    decided_label,
    minority_id,
    shape_id,
    vote_on,
)
from annotator.actions.consensus.reports import TAKE, Outcome, is_current, report_of, undecided
from annotator.actions.consensus.weighing import read_copies
from annotator.actions.edits.events import append_event, lock_layer
from annotator.actions.edits.layer_draft import LayerDraft
from annotator.actions.edits.shape_draft import write_new
from annotator.actions.errors import ActionError
from annotator.actions.layers import MOST_TAKEN, free_name, make_layer
from annotator.actions.webhooks.telling import tell_merged
from annotator.announce.publish import announce_rights
from annotator.models import Consensus, ConsensusState, EventKind, Layer, LayerKind, Track
from annotator.operations import TrackFields, TrackUpdate
from tracking.shapes.chunks import Row, Table, tables_of

CHANGED = "The copies changed since they were compared: look at how they agree now, and merge them then."


@dataclass(slots=True)
class _Merged:
    """What comes into the layer, and what is left out (``reports.Outcome``)."""

    tracks: list[tuple[Track, list[Table]]] = field(default_factory=list)
    weight: int = 0
    shapes: int = 0
    objects_left: int = 0
    labels_left: int = 0
    frames_left: int = 0
    outvoted: int = 0
    attributes_open: int = 0

    def add(self, track: Track, rows: Sequence[Row]) -> None:
        tables = tables_of(rows)
        self.weight += sum(table.packed_bytes for table in tables)
        if self.weight > MOST_TAKEN:
            raise ActionError(
                f"At once {MOST_TAKEN // 2**20} MiB of shapes are merged, and these copies hold more. "
                "Make a consensus of fewer frames."
            )
        self.shapes += len(rows)
        self.tracks.append((track, tables))


def merge(consensus: Consensus, watch: Watch) -> None:
    """Write what was voted and decided as new tracks; what is in the layer already stays as it is.

    Raises:
        ActionError: copies changed since they were compared, or nothing is left to merge.
    """
    report = report_of(consensus)
    if report is None or not is_current(consensus, report):
        raise ActionError(CHANGED)
    copies = read_copies(consensus)
    watch.show(0.2)
    merged = _Merged()
    for found in contested(copies, report.votes, consensus.last + 1):
        _take(consensus, copies, found, merged)
        watch.show(0.5)
    if not merged.tracks:
        raise ActionError("Nothing would come of this merge: no object has enough votes, and none was taken.")
    outcome = Outcome(
        tracks=[track.pk for track, _ in merged.tracks],
        shapes=merged.shapes,
        objects_left=merged.objects_left,
        labels_left=merged.labels_left,
        frames_left=merged.frames_left,
        undecided=len(undecided(report.conflicts, consensus.decisions)),
        outvoted=merged.outvoted,
        attributes_open=merged.attributes_open,
        tags=sum(copy.tags for copy in copies),
        into="",
    )
    with transaction.atomic():
        running = Consensus.objects.select_for_update(of=("self",)).filter(
            pk=consensus.pk, state=ConsensusState.RUNNING
        )
        if not running.exists():
            raise NotWanted
        list(Layer.objects.select_for_update(of=("self",)).filter(consensus_copy__consensus=consensus).order_by("pk"))
        if not is_current(consensus, report):
            raise ActionError(CHANGED)
        layer, edit = _write(consensus, merged)
        Consensus.objects.filter(pk=consensus.pk).update(
            state=ConsensusState.DONE,
            progress=1,
            merged_at=timezone.now(),
            merged_by=consensus.asked_by,
            merged_into=layer,
            merged_edit=edit,
            outcome=outcome.model_copy(update={"into": layer.name}).model_dump(mode="json"),
        )
        tell_merged(consensus, into=layer, tracks=len(outcome.tracks), undecided=outcome.undecided)
        show_copies(consensus, why=f"{consensus.asked_by} merged the {consensus}: everybody sees its copies now.")


def show_copies(consensus: Consensus, why: str) -> None:
    """Who sees the copies has changed."""
    for layer in consensus.copies.values_list("layer", flat=True):
        announce_rights(layer=layer, why=why)


def _take(consensus: Consensus, copies: Sequence[ReadCopy], found: Contested, merged: _Merged) -> None:
    """One object, as far as it was voted or decided for."""
    from tracking.consensus import LEFT

    decisions = consensus.decisions
    if not found.wins and decisions.get(minority_id(found)) != TAKE:
        merged.objects_left += 1
        return
    label = decided_label(found, decisions)
    if label is None:
        merged.labels_left += 1
        return
    voted = vote_on(consensus, found)
    people = {f"copy:{copies[place].copy.number}": place for place in found.copies}
    decided = []
    for each in voted.disputes:
        choice = decisions.get(shape_id(found, each.first, each.last), "")
        if choice != TAKE:
            decided.append((each.first, each.last, people.get(choice, LEFT)))
    final = vote_on(consensus, found, decided) if decided else voted
    merged.frames_left += voted.frames - final.frames
    merged.outvoted += voted.outvoted
    if not final.rows:
        merged.objects_left += 1
        return
    of_label = [track for track in found.tracks if track.label_id == label]
    constant, left_open = _constant(track.attributes for track in of_label)
    merged.attributes_open += left_open
    merged.add(
        Track(
            id=uuid4(),
            number=0,
            label_id=label,
            attributes=constant,
            frame_attributes=_by_frame([track.frame_attributes for track in of_label], consensus.first, consensus.last),
            source="consensus",
        ),
        final.rows,
    )


def _write(consensus: Consensus, merged: _Merged) -> tuple[Layer, UUID]:
    user = consensus.asked_by
    layer = lock_layer(_target(consensus).pk)
    draft = LayerDraft(layer, user)
    for track, _ in merged.tracks:
        track.layer, track.created_by = layer, user
        draft.add_track(track)
    draft.save()
    write_new(layer.pk, ((track.pk, table) for track, tables in merged.tracks for table in tables))
    count = len(merged.tracks)
    event = append_event(
        layer,
        kind=EventKind.IMPORT,
        inverse=[TrackUpdate(track=track.pk, fields=TrackFields(deleted=True)) for track, _ in merged.tracks],
        author=user,
        edit_id=uuid4(),
        summary=f"Merged {count} track{'' if count == 1 else 's'} of the {consensus}"[:200],
        extent=[(track.pk, int(tables[0].frames[0]), int(tables[-1].frames[-1])) for track, tables in merged.tracks],
    )
    return layer, event.edit_id


def _target(consensus: Consensus) -> Layer:
    video = consensus.video
    if consensus.into == Consensus.Into.NEW:
        name = free_name(video, f"Consensus of {consensus.first} to {consensus.last}")
        return make_layer(video=video, kind=LayerKind.GROUND_TRUTH, name=name, owner=consensus.asked_by)
    return video.layers.get(kind=LayerKind.MAIN)


# ------------------------------------------------------------------ attributes


def _constant(values: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], int]:
    """Of each attribute the value that more say than any other; and of how many there is none."""
    said: dict[str, list[Any]] = {}
    for each in values:
        for key, value in each.items():
            said.setdefault(key, []).append(value)
    voted = {key: _most(several) for key, several in said.items()}
    return {key: value for key, value in voted.items() if value is not None}, sum(v is None for v in voted.values())


def _by_frame(values: Sequence[Mapping[str, Any]], first: int, last: int) -> dict[str, list[list[Any]]]:
    """Of each attribute that changes, on each frame on which anybody's does, the value that more have than any other;
    where there is none it goes on as it was."""
    voted: dict[str, list[list[Any]]] = {}
    for key in dict.fromkeys(key for each in values for key in each):
        series = [each[key] for each in values if key in each]
        steps: list[list[Any]] = []
        for frame in sorted({max(at, first) for pairs in series for at, _ in pairs if at <= last}):
            now = [pairs_before[-1][1] for pairs in series if (pairs_before := [p for p in pairs if p[0] <= frame])]
            value = _most(now)
            if value is not None and (not steps or steps[-1][1] != value):
                steps.append([frame, value])
        if steps:
            voted[key] = steps
    return voted


def _most(values: Sequence[Any]) -> Any:
    """What more of them are than anything else; None: as many are something else."""
    counts = Counter(json.dumps(value, sort_keys=True) for value in values).most_common(2)
    if not counts or (len(counts) > 1 and counts[0][1] == counts[1][1]):
        return None
    return json.loads(counts[0][0])
