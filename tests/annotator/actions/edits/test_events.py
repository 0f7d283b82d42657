"""Snapshot before + events = snapshot after, and ``tests/protocol/events.json``, which holds the browser to the same.

The file is a list of ``{name, before, messages, after}``. A snapshot is ``{revision, tracks, tables}``: ``tracks`` as
``TrackOut``, ``tables`` every packed table of the layer as ``{track, table}`` (base64), ordered by track and window.
``messages`` are what a browser gets in between, in order: ``EventOut`` and ``Cleared`` as they come, and predictions as
``{type: "predictions", run, tables: [{track, epoch, table}]}``, the content of a binary message.

A browser that had ``before`` and applies ``messages`` must end with ``after``: the same revision, the same tracks, the
same rows. Predictions change nothing on a frame that has a keyframe; those of an epoch below the one a ``Cleared`` told
are stale.

``WRITE_FIXTURES=1 python -m pytest tests/annotator/actions/edits/test_events.py`` writes it again.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from annotator.actions.edits.apply import apply_edit
from annotator.actions.runs.ask import correct_run, start_run
from annotator.actions.runs.store import PredictedRow, store_predictions
from annotator.announce import publish
from annotator.announce.messages import Cleared, EventOut, PromptIn, RunCorrect, RunStart
from annotator.announce.notices import ClearedNotice, EventNotice, Notice
from annotator.api.layers import tracks_out
from annotator.models import Event, Layer, TrackChunk
from annotator.operations import OPERATIONS, Operation, ShapesReplace, TrackCreate, TrackFields, TrackUpdate
from tests.annotator.worlds import (
    World,
    clear,
    create,
    edit,
    judge,
    keyframe,
    make_agent,
    make_world,
    predicted,
    put,
    update,
)
from tracking.shapes.chunks import Flag, Table, tables_of

FIXTURES = Path(__file__).parents[3] / "protocol" / "events.json"
CAR, BUS, RUN = (UUID(int=number) for number in (1, 2, 3))
Recording = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


class Story:
    """Plays a layer's life and records what a browser would get."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, capture: Recording) -> None:
        self.world = world
        self.messages: list[dict[str, Any]] = []
        self.capture = capture
        self.edits = 100
        monkeypatch.setattr(publish, "send", self._record)

    def _record(self, notice: Notice) -> None:
        match notice:
            case EventNotice():
                self.messages.append({**notice.event.model_dump(mode="json"), "at": "2026-01-01T00:00:00+00:00"})
            case ClearedNotice():
                self.messages.append(notice.cleared.model_dump(mode="json"))

    def do(self, *operations: Operation, by: str = "annotator") -> Event:
        self.edits += 1
        sent = edit(*operations, edit_id=UUID(int=self.edits))
        with self.capture(execute=True):
            return apply_edit(user=self.world.people[by], layer_id=self.world.layer.pk, edit=sent)

    def undo(self, event: Event) -> Event:
        return self.do(*OPERATIONS.validate_python(event.inverse))

    def draw(self, track: UUID, *frames: int) -> None:
        self.do(create(track, self.world.car), put(track, [keyframe(frame, frame) for frame in frames]))

    def track_from(self, track: UUID, frame: int, last: int) -> None:
        prompts = [PromptIn(track=track, frame=frame)]
        start = RunStart(id=RUN, prompts=prompts, first=0, last=last)
        with self.capture(execute=True):
            start_run(user=self.world.annotator, layer_id=self.world.layer.pk, start=start)

    def correct(self, track: UUID, frame: int) -> None:
        correct = RunCorrect(run=RUN, track=track, frame=frame)
        with self.capture(execute=True):
            correct_run(user=self.world.annotator, correct=correct)

    def predict(self, track: UUID, first: int, last: int, *, epoch: int = 0) -> list[PredictedRow]:
        """Predictions as browsers get them, before they are stored."""
        seen = Layer.objects.get(pk=self.world.layer.pk).revision
        rows = [PredictedRow(track, epoch, predicted(frame, frame / 2), seen) for frame in range(first, last + 1)]
        tables = tables_of([item.row for item in rows])
        listed = [{"track": str(track), "epoch": epoch, "table": b64encode(t.pack()).decode()} for t in tables]
        self.messages.append({"type": "predictions", "run": str(RUN), "tables": listed})
        return rows

    def store(self, rows: Sequence[PredictedRow]) -> None:
        with self.capture(execute=True):
            store_predictions(run_id=RUN, rows=rows)

    def snapshot(self) -> dict[str, Any]:
        layer = Layer.objects.get(pk=self.world.layer.pk)
        chunks = TrackChunk.objects.filter(layer=layer).order_by("track_id", "start")
        return {
            "revision": layer.revision,
            "tracks": [track.model_dump(mode="json") for track in sorted(tracks_out(layer), key=attrgetter("id"))],
            "tables": [
                {"track": str(chunk.track_id), "table": b64encode(bytes(chunk.data)).decode()} for chunk in chunks
            ],
        }


# ---------------------------------------------------------------- stories: what is there, then what happens


def nothing(story: Story) -> None:
    """An empty layer."""


def two_tracks(story: Story) -> None:
    story.draw(CAR, 0, 40, 300)
    story.draw(BUS, 10)


def a_run(story: Story) -> None:
    story.draw(CAR, 0, 40)
    story.track_from(CAR, 0, 60)


def drawing(story: Story) -> None:
    two_tracks(story)
    story.do(update(BUS, colour="#123456", locked=True), put(BUS, [keyframe(10, 99), keyframe(257, 5, outside=True)]))


def undo_and_redo(story: Story) -> None:
    changed = story.do(clear(CAR, 30, 999), update(CAR, number=7), update(BUS, deleted=True))
    undone = story.undo(changed)
    story.undo(undone)


def tracking_live(story: Story) -> None:
    for first in (1, 11, 21):
        story.store(story.predict(CAR, first, first + 9))


def a_keyframe_is_never_replaced(story: Story) -> None:
    story.do(put(CAR, [keyframe(5, 77)]))
    story.store(story.predict(CAR, 1, 10))


def an_edit_overtakes_storing(story: Story) -> None:
    rows = story.predict(CAR, 1, 20)
    story.do(clear(CAR, 8, 12, keep_keyframes=True), put(CAR, [keyframe(15, 70)]))
    story.store(rows)
    story.store(story.predict(CAR, 12, 12))


def a_correction(story: Story) -> None:
    story.store(story.predict(CAR, 1, 20))
    late = story.predict(CAR, 21, 24)
    story.do(put(CAR, [keyframe(10, 50)]))
    story.correct(CAR, 10)
    story.predict(CAR, 25, 26)
    story.store(late)
    story.store(story.predict(CAR, 11, 15, epoch=1))


def verdicts(story: Story) -> None:
    story.do(judge(CAR, 0, 300), by="reviewer")
    story.do(put(CAR, [keyframe(40, 90)]))
    story.do(judge(CAR, 20, 60, "rejected", "too far left"), judge(BUS, 10, 10), by="reviewer")


STORIES: dict[str, tuple[Callable[[Story], None], Callable[[Story], None]]] = {
    "drawing on an empty layer": (nothing, drawing),
    "undo and redo": (two_tracks, undo_and_redo),
    "predictions are stored behind": (a_run, tracking_live),
    "a keyframe is never replaced": (a_run, a_keyframe_is_never_replaced),
    "an edit overtakes the storing of predictions": (a_run, an_edit_overtakes_storing),
    "a correction makes predictions stale": (a_run, a_correction),
    "verdicts are given and reopened": (two_tracks, verdicts),
}


@pytest.fixture
def story(db: None, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Recording) -> Story:
    world = make_world()
    make_agent(world)
    return Story(world, monkeypatch, django_capture_on_commit_callbacks)


def recorded(story: Story, name: str) -> dict[str, Any]:
    prepare, happen = STORIES[name]
    prepare(story)
    before = story.snapshot()
    story.messages.clear()
    happen(story)
    case = {"name": name, "before": before, "messages": story.messages, "after": story.snapshot()}
    return _with_fixed_ids(case, story.world)


def _with_fixed_ids(case: dict[str, Any], world: World) -> dict[str, Any]:
    """Label and person as 1: the database counts on from test to test."""
    for track in [*case["before"]["tracks"], *case["after"]["tracks"]]:
        track["label"] = 1
    for span in _spans_in(case):
        for signed in filter(None, (span, span["reopened"])):
            signed |= {"by": 1, "at": "2026-01-01T00:00:00+00:00"}
    for message in case["messages"]:
        if message["type"] == "event":
            message["author"] = None if message["author"] is None else 1
            for operation in message["operations"]:
                if operation.get("fields", {}).get("label"):
                    operation["fields"]["label"] = 1
            if message["kind"] != "edit":
                message["edit"] = str(UUID(int=message["revision"]))
    return case


def _spans_in(told: Any) -> Iterator[dict[str, Any]]:
    """Every verdict in what was recorded."""
    if isinstance(told, dict) and {"first", "last", "verdict"} <= told.keys():
        yield told
    elif isinstance(told, dict | list):
        for part in told.values() if isinstance(told, dict) else told:
            yield from _spans_in(part)


@pytest.mark.parametrize("name", STORIES)
def test_the_recorded_story_is_what_happens(story: Story, name: str) -> None:
    case = recorded(story, name)
    if os.environ.get("WRITE_FIXTURES"):
        kept = json.loads(FIXTURES.read_text()) if FIXTURES.exists() else []
        cases = {**{one["name"]: one for one in kept}, name: case}
        ordered = [cases[one] for one in STORIES if one in cases]
        FIXTURES.write_text(json.dumps(ordered, indent=1) + "\n")
    assert case in json.loads(FIXTURES.read_text()), "Write the recording again with WRITE_FIXTURES=1."


@pytest.mark.parametrize("case", json.loads(FIXTURES.read_text()) if FIXTURES.exists() else [], ids=lambda c: c["name"])
def test_a_snapshot_and_its_events_give_the_next_snapshot(case: dict[str, Any]) -> None:
    replica = Replica(case["before"])
    for message in case["messages"]:
        replica.apply(message)
    assert replica.snapshot() == case["after"]


class Replica:
    """What a browser must do with what it gets, in as few lines as it takes."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.revision = snapshot["revision"]
        self.tracks = {UUID(track["id"]): dict(track) for track in snapshot["tracks"]}
        self.rows: dict[UUID, dict[int, Any]] = {track: {} for track in self.tracks}
        self.epochs: dict[UUID, int] = {}
        for item in snapshot["tables"]:
            self._put(UUID(item["track"]), item["table"])

    def apply(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "predictions":
                for item in message["tables"]:
                    if item["epoch"] >= self.epochs.get(UUID(item["track"]), 0):
                        self._put(UUID(item["track"]), item["table"], keep_keyframes=True)
            case "cleared":
                cleared = Cleared.model_validate(message)
                self.epochs[cleared.track] = cleared.epoch
                self._clear(cleared.track, cleared.ranges, keep_keyframes=True)
            case "event":
                event = EventOut.model_validate(message)
                assert event.revision == self.revision + 1
                self.revision = event.revision
                for operation in event.operations:
                    self._do(operation, event)
                for told in event.verdicts:
                    self.tracks[told.track]["verdicts"] = [span.model_dump(mode="json") for span in told.spans]

    def _do(self, operation: Operation, event: EventOut) -> None:
        match operation:
            case TrackCreate(track=track, fields=fields):
                self.rows[track] = {}
                self.tracks[track] = {
                    "id": str(track),
                    "colour": "",
                    "locked": False,
                    "attributes": {},
                    "frame_attributes": {},
                    "source": "person",
                    "verdicts": [],
                    "candidate": False,
                    "deleted": False,
                }
                self._set(track, fields)
                self.tracks[track]["number"] = event.numbers[str(track)]
            case TrackUpdate(track=track, fields=fields):
                self._set(track, fields)
            case ShapesReplace():
                self._clear(operation.track, operation.ranges, keep_keyframes=operation.keep_keyframes)
                for table in operation.tables:
                    self._put(operation.track, table)

    def _set(self, track: UUID, fields: TrackFields) -> None:
        self.tracks[track].update(fields.model_dump(mode="json"))

    def _clear(self, track: UUID, ranges: Sequence[tuple[int, int]], *, keep_keyframes: bool) -> None:
        for frame, row in list(self.rows[track].items()):
            inside = any(first <= frame <= last for first, last in ranges)
            if inside and not (keep_keyframes and row.flags & Flag.KEYFRAME):
                del self.rows[track][frame]

    def _put(self, track: UUID, table: str, *, keep_keyframes: bool = False) -> None:
        for row in Table.unpack(b64decode(table)).rows():
            there = self.rows[track].get(row.frame)
            if not (keep_keyframes and there is not None and there.flags & Flag.KEYFRAME):
                self.rows[track][row.frame] = row

    def snapshot(self) -> dict[str, Any]:
        tables = [
            {"track": str(track), "table": b64encode(table.pack()).decode()}
            for track in sorted(self.rows)
            for table in tables_of(list(self.rows[track].values()))
        ]
        tracks = [self.tracks[track] for track in sorted(self.tracks)]
        return {"revision": self.revision, "tracks": tracks, "tables": tables}
