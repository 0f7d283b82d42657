"""Store what trackers predicted, behind what everybody has seen already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotator.actions.edits.events import append_event, lock_layer
from annotator.actions.edits.layer_draft import FrameRange, LayerDraft, stretches, within
from annotator.actions.edits.verdicts import locked_frames
from annotator.actions.runs.check import begin_checks, mark_doubtful
from annotator.actions.runs.dispatch import dispatch, finish, queue
from annotator.actions.runs.found import FoundTrack, confirm, take_found
from annotator.actions.runs.open_run import OpenRun
from annotator.actions.runs.rejoin import Junction, find_junction, put_back
from annotator.actions.runs.sentences import one_each
from annotator.announce.progress import ObjectState, Way
from annotator.announce.publish import announce_cleared, announce_run, tell_agent
from annotator.models import Event, EventKind, Layer, Run, RunState
from annotator.operations import OPERATIONS, ShapesReplace
from tracking.protocol import Correct
from tracking.shapes.chunks import Flag, Row, Table, tables_of


@dataclass(frozen=True, slots=True)
class PredictedRow:
    """One row of a run, as it was sent to everybody watching.

    ``seen_after``: the layer's revision that had gone out before it; None: nobody's order is to be kept. Edits with a
    higher one came later, so what they replaced stays replaced. ``check``: it was shown to nobody, and is only compared
    with what is stored.
    """

    track: UUID
    epoch: int
    row: Row
    seen_after: int | None = None
    check: bool = False


@dataclass(frozen=True, slots=True)
class EndedLeg:
    """An agent says that an object's leg is done. ``problem``: why it could not begin; empty: it did."""

    track: UUID
    way: Way
    epoch: int
    problem: str = ""


def store_predictions(
    *,
    run_id: UUID,
    agent_id: int | None = None,
    rows: Sequence[PredictedRow] = (),
    found: Sequence[FoundTrack] = (),
    ended: Sequence[EndedLeg] = (),
    notes: Sequence[str] = (),
    searched: int | None = None,
    done: bool = False,
) -> Run:
    """Put predictions into the chunks and move the run's progress, in one transaction with one event.

    A keyframe is never replaced, rows that a later correction does again are dropped, and of a frame that was told
    before only what is still there as predicted is bettered. ``found``: objects whose
    first rows are among ``rows``; their tracks are made in an event of their own, which undo takes back. ``notes``:
    what the person should know. ``agent_id``: who found it; from another than the run's own nothing is taken.
    ``searched``: the frame up to which new objects were looked for.
    ``done``: the agent says that the run has ended; legs that a person has changed meanwhile go on.

    Raises:
        Run.DoesNotExist: it was deleted with its video.
    """
    layer_id = Run.objects.values_list("layer_id", flat=True).get(pk=run_id)
    with transaction.atomic():
        layer = lock_layer(layer_id)
        opened = OpenRun.get(run_id)
        run, objects = opened.run, opened.objects
        before = opened.way()
        if agent_id is not None and run.agent_id != agent_id:
            return run
        left_out = take_found(opened, layer, found)
        if searched is not None and opened.search is not None:
            opened.search.advance(searched)
        fresh = [item for item in rows if _is_fresh(item, objects, layer)]
        junctions = list(_junctions(layer, [item for item in fresh if not item.check], objects))
        fresh = [item for item in fresh if not any(_is_beyond(item, junction) for junction in junctions)]
        better = {
            (item.track, item.row.frame)
            for item in fresh
            if objects[str(item.track)].has_told(item.row.frame, item.epoch)
        }
        touched, former, gone, locked = _merge(layer, [item for item in fresh if not item.check], better)
        for track_id, ranges in gone:
            announce_cleared(run, track=track_id, epoch=objects[str(track_id)].epoch, ranges=ranges)
        for item in fresh:
            objects[str(item.track)].advance(item.row.frame)
            is_new = not item.check and (item.track, item.row.frame) not in better
            objects[str(item.track)].seen += is_new and not item.row.flags & (Flag.OCCLUDED | Flag.OUTSIDE)
        restarted = {track for leg in ended if (track := _end(leg, objects)) is not None}
        for track in restarted:
            objects[track].epoch += 1
        if touched:
            append_event(layer, kind=EventKind.PREDICTIONS, run=run, touched=touched, inverse=former)
        confirm(opened, layer, {item.track for item in fresh})
        for junction in junctions:
            put_back(run, layer, objects[str(junction.track)], junction)
            restarted.add(str(junction.track))
        mark_doubtful(run, layer, [(item.track, item.row) for item in fresh if item.check])
        if run.options.get("check_both_ways") and run.state == RunState.RUNNING:
            restarted |= begin_checks(opened, {str(leg.track) for leg in ended})
        if opened.way() != before:
            run.tries = 0
        run.message = one_each(run.message, [*left_out, *notes, *(leg.problem for leg in ended)])
        run.message = with_locked(run.message, locked)
        opened.save(["tries", "message"])
        if run.state == RunState.RUNNING:
            _go_on(opened, restarted, done=done)
    return run


LOCKED = re.compile(r"^([0-9]+) (shapes?) .* accepted and locked[.]$", re.MULTILINE)


def with_locked(message: str, count: int) -> str:
    """What the person reads of a run, with so many more shapes that weren't stored as what lies there is accepted."""
    if not count:
        return message
    before = LOCKED.search(message)
    total = count + (int(before[1]) if before else 0)
    those = "shapes were left as they are" if total > 1 else "shape was left as it is"
    sentence = f"{total} {those}: there the objects are accepted and locked."
    return LOCKED.sub(sentence, message, count=1) if before else "\n".join(filter(None, [message, sentence]))


def fail_run(*, run_id: UUID, message: str) -> None:
    """The run can't go on; what it stored stays."""
    with transaction.atomic():
        lock_layer(Run.objects.values_list("layer_id", flat=True).get(pk=run_id))
        run = OpenRun.get(run_id).run
        if run.state in (RunState.QUEUED, RunState.RUNNING):
            finish(run, RunState.FAILED, one_each("", message.split("\n")))


def begin_again(*, run_id: UUID, agent_id: int, why: str) -> None:
    """What carried a run out at its agent is gone: the run goes on from what is stored, there or elsewhere.

    Args:
        agent_id: who says so; of another than the run's own nobody takes it.
        why: for the run's card.
    """
    with transaction.atomic():
        lock_layer(Run.objects.values_list("layer_id", flat=True).get(pk=run_id))
        run = OpenRun.get(run_id).run
        if (run.state, run.agent_id) == (RunState.RUNNING, agent_id):
            why = one_each("", why.split("\n"))
            queue(run, why)
            dispatch(OpenRun.of(run), why=why)


def _is_fresh(item: PredictedRow, objects: dict[str, ObjectState], layer: Layer) -> bool:
    state = objects.get(str(item.track))
    return (
        state is not None
        and not state.is_stale(item.row.frame, item.epoch)
        and 0 <= item.row.frame < layer.video.frame_count
    )


def _junctions(layer: Layer, items: Sequence[PredictedRow], objects: dict[str, ObjectState]) -> Iterator[Junction]:
    """Where legs that redo something join what was there before."""
    for track in {item.track for item in items}:
        for leg in objects[str(track)].unfinished:
            rows = {item.row.frame: item.row for item in items if item.track == track and leg.is_beyond(item.row.frame)}
            if leg.former and rows:
                junction = find_junction(layer, track, leg, [rows[frame] for frame in sorted(rows)[:: leg.step]])
                if junction is not None:
                    yield junction


def _is_beyond(item: PredictedRow, junction: Junction) -> bool:
    leg = junction.leg
    return item.track == junction.track and (item.row.frame - junction.frame) * leg.step > 0


def _end(leg: EndedLeg, objects: dict[str, ObjectState]) -> str | None:
    """Note that a leg ended. Returns its track when it has to go on, because its end was moved meanwhile."""
    state = objects.get(str(leg.track))
    kept = state.leg(leg.way) if state is not None and state.epoch == leg.epoch else None
    if kept is None or kept.ended:
        return None
    short = (kept.last - kept.head) * kept.step > 0
    if short and kept.grown:
        kept.grown = False
        return str(leg.track)
    kept.ended, kept.left = True, short
    return None


def _go_on(opened: OpenRun, restarted: Collection[str], *, done: bool) -> None:
    run = opened.run
    if done and opened.is_unfinished:
        # A correction or a new end crossed the agent's last word on the way.
        queue(run, "")
        dispatch(opened)
    elif done:
        finish(run, RunState.DONE, run.message)
    else:
        legs_of = opened.agent_legs(restarted) if restarted else {}
        for track, legs in legs_of.items():
            assert run.agent_id is not None  # noqa: S101 (a running run has an agent)
            tell_agent(run.agent_id, Correct(run=str(run.pk), object=track, legs=legs), layer_id=run.layer_id)
        announce_run(run)


Touched = list[tuple[UUID, int, int]]
Gone = list[tuple[UUID, list[FrameRange]]]


def _merge(
    layer: Layer, items: Sequence[PredictedRow], better: Collection[tuple[UUID, int]]
) -> tuple[Touched, list[ShapesReplace], Gone, int]:
    """Write rows where no keyframe is, and those of the (track, frame) in ``better`` only where one that was predicted
    is. Returns the stretches of frames that were written, by track, the inverse, where nothing was to be bettered
    any more, as a person took it away, and how many rows would have changed what is accepted and locked."""
    replaced = _replaced_since(layer, items)
    by_track: dict[UUID, list[Row]] = {}
    for item in items:
        if not _was_replaced(item, replaced):
            by_track.setdefault(item.track, []).append(item.row)
    there = set(layer.tracks.filter(pk__in=by_track, deleted_at=None).values_list("pk", flat=True))
    draft = LayerDraft(layer)
    draft.load_shapes((track, row.frame, row.frame) for track in there for row in by_track[track])
    locked = locked_frames(layer, there)
    touched: Touched = []
    former: list[ShapesReplace] = []
    gone: Gone = []
    left = 0
    for track in sorted(there):
        newest = {row.frame: row for row in by_track[track]}
        for coming in tables_of(list(newest.values())):
            flags = _flags(draft, track, coming)
            keyframe = (flags & Flag.KEYFRAME) != 0
            missing = (flags == 0) & [(track, frame) in better for frame in coming.frames.tolist()]
            kept = within(coming, locked.get(track, ())) & ~keyframe
            left += int((kept & ~missing).sum())
            missing |= kept & (flags == 0)
            if missing.any():
                gone.append((track, stretches(coming.frames[missing].tolist())))
            written = coming.take(~keyframe & ~missing & ~kept)
            if len(written):
                ranges = stretches(written.frames.tolist())
                former.append(draft.replace_shapes(track, ranges, [written]))
                touched += ((track, first, last) for first, last in ranges)
    draft.save()
    return touched, former, gone, left


def _flags(draft: LayerDraft, track: UUID, coming: Table) -> NDArray[np.uint8]:
    """The flags of what a track has on each frame of ``coming``; 0 where it has nothing."""
    found = np.zeros(len(coming), np.uint8)
    for there in draft.tables_in(track, int(coming.frames[0]), int(coming.frames[-1])):
        held = np.isin(coming.frames, there.frames)
        found[held] = there.flags[np.isin(there.frames, coming.frames)]
    return found


def _replaced_since(layer: Layer, items: Iterable[PredictedRow]) -> list[tuple[int, UUID, list[FrameRange]]]:
    """(revision, track, ranges) that were replaced after the oldest of the rows had been seen."""
    seen = [item.seen_after for item in items if item.seen_after is not None]
    if not seen or min(seen) == layer.revision:
        return []
    later = Event.objects.filter(
        layer=layer, revision__gt=min(seen), kind__in=(EventKind.EDIT, EventKind.RUN, EventKind.RESTORE)
    ).values_list("revision", "payload")
    return [
        (revision, operation.track, list(operation.ranges))
        for revision, payload in later
        for operation in OPERATIONS.validate_python(payload["operations"])
        if isinstance(operation, ShapesReplace)
    ]


def _was_replaced(item: PredictedRow, replaced: Sequence[tuple[int, UUID, list[FrameRange]]]) -> bool:
    return item.seen_after is not None and any(
        revision > item.seen_after
        and track == item.track
        and any(first <= item.row.frame <= last for first, last in ranges)
        for revision, track, ranges in replaced
    )
