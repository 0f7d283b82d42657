"""Runs, people, undo and readers at once: what is stored stays what a plain dictionary would hold."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.actions.edits import shape_draft
from annotator.actions.edits.restore import Scope, restore
from annotator.actions.runs import ask, store
from annotator.actions.runs.condense import join_predictions
from annotator.actions.runs.store import PredictedRow, store_predictions
from annotator.announce.messages import PromptIn, RunStart
from annotator.api import layers
from annotator.api.layer_schemas import WindowOut
from annotator.models import Agent, Event, Layer, Run, RunState, TrackChunk
from annotator.operations import OPERATIONS
from tests.annotator.desk import Desk
from tests.annotator.worlds import FRAMES, clear, do, draw, keyframe, put, rows_of
from tests.tracking.fakes import EVERY_KIND
from tracking.shapes.chunks import Flag, Kind, Row, Table

pytestmark = pytest.mark.django_db
Rows = dict[int, Row]


def polygon(frame: int, corners: int, flags: Flag, mark: int) -> Row:
    """A box without corners; otherwise a polygon of 8 bytes for each."""
    if not corners:
        return Row(frame, Kind.BOX, flags, 1.0, (mark, 20, mark + 30, 60))
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    points = np.stack([mark + 40 + 30 * np.cos(turns), 60 + 30 * np.sin(turns)], axis=1).astype("<f4")
    (x1, y1), (x2, y2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Row(frame, Kind.POLYGON, flags, 1.0, (x1, y1, x2, y2), points.tobytes())


@dataclass
class Story:
    """Two tracks, played in the product and beside it in a dictionary."""

    desk: Desk
    tracks: list[UUID] = field(default_factory=list)
    rows: dict[UUID, Rows] = field(default_factory=dict)
    run: Run | None = None
    was: dict[int, dict[UUID, Rows]] = field(default_factory=dict)
    undoable: list[tuple[Event, dict[UUID, tuple[list[tuple[int, int]], Rows]]]] = field(default_factory=list)

    def begin(self) -> None:
        self.tracks = [draw(self.desk.world, 0), draw(self.desk.world, 0)]
        self.rows = {track: {0: keyframe(0)} for track in self.tracks}
        self._note()

    def _start(self) -> Run | None:
        """A run of every track from where it is first shown; None where no track shows anything."""
        prompts = [PromptIn(track=track, frame=min(rows)) for track, rows in self.rows.items() if rows]
        if not prompts:
            return None
        start = RunStart(id=uuid4(), model=EVERY_KIND.id, prompts=prompts, first=0, last=FRAMES - 1)
        return ask.start_run(user=self.desk.world.annotator, layer_id=self.desk.world.layer.pk, start=start)

    def predict(self, which: int, first: int, count: int, corners: int, mark: int) -> None:
        track = self.tracks[which]
        if self.run is None:
            self.run = self._start()
        if self.run is None or str(track) not in Run.objects.get(pk=self.run.pk).objects_state:
            return  # Nothing is shown of it that a run could go on from.
        coming = [polygon(frame, corners, Flag.PREDICTED, mark) for frame in range(first, min(first + count, FRAMES))]
        told = self._told(self.run, track)
        store_predictions(run_id=self.run.pk, rows=[PredictedRow(track, 0, row) for row in coming])
        mine = self.rows[track]
        # Of a frame that was told before nothing is bettered that isn't there any more.
        taken = [row for row in coming if row.frame in mine or row.frame not in told]
        mine |= {row.frame: row for row in taken if not mine.get(row.frame, row).flags & Flag.KEYFRAME}
        self._note()

    @staticmethod
    def _told(run: Run, track: UUID) -> range:
        """The frames that the run's one leg of a track has told of."""
        (leg,) = Run.objects.get(pk=run.pk).objects_state[str(track)]["legs"]
        return range(leg["origin"] + 1, (leg["origin"] if leg["at"] is None else leg["at"]) + 1)

    def set(self, which: int, first: int, corners: int, mark: int) -> None:
        track, row = self.tracks[which], polygon(first, corners, Flag.KEYFRAME, mark)
        self._edit(track, [(first, first)], put(track, [row]), [row], keep=False)

    def clear(self, which: int, first: int, count: int, keep: bool) -> None:
        track, last = self.tracks[which], min(first + count, FRAMES - 1)
        self._edit(track, [(first, last)], clear(track, first, last, keep_keyframes=keep), [], keep=keep)

    def _edit(self, track: UUID, ranges: list[tuple[int, int]], operation: Any, coming: list[Row], keep: bool) -> None:
        event = do(self.desk.world, operation)
        former = self._replace(track, ranges, {row.frame: row for row in coming}, keep)
        self.undoable.append((event, {track: (ranges, former)}))
        self._note()

    def _replace(self, track: UUID, ranges: list[tuple[int, int]], coming: Rows, keep: bool) -> Rows:
        mine = self.rows[track]
        former = {at: row for at, row in mine.items() if any(first <= at <= last for first, last in ranges)}
        for at, row in former.items():
            if not (keep and row.flags & Flag.KEYFRAME):
                del mine[at]
        mine |= coming
        return former

    def undo(self) -> None:
        if self.undoable:
            event, inverse = self.undoable.pop()
            do(self.desk.world, *OPERATIONS.validate_python(event.inverse))
            for track, (ranges, former) in inverse.items():
                self._replace(track, ranges, former, keep=False)
            self._note()

    def end(self) -> None:
        if self.run is not None:
            self.desk.stop(self.run)
            assert Run.objects.get(pk=self.run.pk).state == RunState.STOPPED
            join_predictions.call(str(self.run.pk))
            self.run = None

    def restore(self, share: float) -> None:
        self.end()
        there = set(Event.objects.values_list("revision", flat=True))
        known = sorted(revision for revision in self.was if revision in there)
        to = known[int(share * (len(known) - 1))]
        if self.was[to] != self.rows:
            who = self.desk.world.people["manager"]
            restore(user=who, layer_id=self.desk.world.layer.pk, scope=Scope(to), edit_id=uuid4(), summary="Back")
            self.rows = {track: dict(rows) for track, rows in self.was[to].items()}
            self.undoable.clear()
            self._note()

    def die(self, which: int, first: int, corners: int) -> None:
        """The process ends after the shapes were written and before the event that says so was."""

        class Killed(BaseException):
            pass

        def kill(*_: object, **__: object) -> None:
            raise Killed

        track = self.tracks[which]
        if self.run is None:
            return
        rows = [PredictedRow(track, 0, polygon(at, corners, Flag.PREDICTED, 1)) for at in range(first, first + 9)]
        written = store.append_event
        store.append_event = kill  # type: ignore[assignment]
        try:
            with transaction.atomic():
                store_predictions(run_id=self.run.pk, rows=rows)
        except Killed:
            pass
        finally:
            store.append_event = written

    def read(self, first: int, count: int) -> None:
        last = min(first + count, FRAMES - 1)
        layer = Layer.objects.get(pk=self.desk.world.layer.pk)
        for track in self.tracks:
            assert window(layer, track, first, last) == {
                at: row for at, row in self.rows[track].items() if first <= at <= last
            }

    def _note(self) -> None:
        revision = Layer.objects.get(pk=self.desk.world.layer.pk).revision
        self.was[revision] = {track: dict(rows) for track, rows in self.rows.items()}

    def check(self) -> None:
        for track in self.tracks:
            assert rows_of(track) == [row for _, row in sorted(self.rows[track].items())]
            chunks = list(TrackChunk.objects.filter(track=track).order_by("start"))
            assert all(one.start + one.span <= other.start for one, other in pairwise(chunks))
            assert all(chunk.start <= chunk.first <= chunk.last < chunk.start + chunk.span for chunk in chunks)


def window(layer: Layer, track: UUID, first: int, last: int) -> Rows:
    """The rows of a track in ``first..last``, as a browser gets them: in as many parts as it takes, each whole."""
    found: Rows = {}
    at = first
    while at <= last:
        body = layers.pack_window(layer, at, last, tracks=False, only=[track])
        (length,) = struct.unpack_from("<I", body)
        header = WindowOut.model_validate_json(body[4 : 4 + length])
        assert header.first == at <= header.last <= last
        place = 4 + length
        for chunk in header.chunks:
            rows = Table.unpack(body[place : place + chunk.bytes]).rows()
            assert all(chunk.first <= row.frame <= chunk.last for row in rows)
            found |= {row.frame: row for row in rows if header.first <= row.frame <= header.last}
            place += chunk.bytes
        at = header.last + 1
    return found


which = st.integers(0, 1)
frame = st.integers(0, FRAMES - 1)
near = st.integers(0, 300)
count = st.integers(1, 40)
corners = st.sampled_from([0, 0, 3, 10, 60, 200])
mark = st.integers(0, 100)
steps: dict[Callable[..., None], tuple[st.SearchStrategy[Any], ...]] = {
    Story.predict: (which, near, count, corners, mark),
    Story.set: (which, near, corners, mark),
    Story.clear: (which, frame, st.integers(0, 400), st.booleans()),
    Story.undo: (),
    Story.end: (),
    Story.restore: (st.floats(0, 1),),
    Story.die: (which, near, corners),
    Story.read: (frame, st.integers(0, 600)),
}
# Running is what happens most.
chosen = [Story.predict, Story.predict, Story.predict, *steps]
stories = st.lists(
    st.sampled_from(chosen).flatmap(lambda step: st.tuples(st.just(step), *steps[step])), min_size=1, max_size=14
)


def test_any_story_ends_with_what_a_dictionary_would_hold(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")
    Agent.objects.update(info={"models": [EVERY_KIND.id]})
    monkeypatch.setattr(shape_draft, "MOST_BYTES", 600)
    monkeypatch.setattr(layers, "MOST_BYTES", 4000)
    desk.world.car.geometry_kinds = ["box", "polygon"]
    desk.world.car.save()

    @settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
    @given(stories)
    def play(story: list[tuple[Any, ...]]) -> None:
        with transaction.atomic():
            desk.notices.clear()
            told = Story(desk)
            told.begin()
            for step, *values in story:
                step(told, *values)
                told.check()
            transaction.set_rollback(True)

    play()
