"""What a run has to tell arrives in order, and again after a lost connection."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.tracking.fakes import A, B
from tests.tracking.geometry import as_kind
from tracking.outbox import ROWS_AT_ONCE, Outbox, Wire
from tracking.protocol import WORK_AHEAD, FoundObject, unpacked_batch
from tracking.session import Found, LegEnd, Step, Tracked
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.payloads import payload_of, shape_of
from tracking.shapes.values import GEOMETRY_KINDS, GeometryKind, Polygon
from tracking.types import Box, ObjectId, Prediction, TrackingError


def rows(frame: int, *names: ObjectId) -> Step:
    return Step(tuple(Tracked(Prediction(name, frame, Box(1, 2, 3, 4), 0.5), "forward", 0) for name in names))


def read(message: Wire | None) -> tuple[str, int, list[int]]:
    """A message as (type, sequence, frames)."""
    assert message is not None
    if isinstance(message, str):
        told = json.loads(message)
        return told["type"], told.get("sequence", 0), []
    head, tables = unpacked_batch(message)
    return head.type, head.sequence, [frame for table in tables for frame in table.frames.tolist()]


def taken(outbox: Outbox) -> list[tuple[str, int, list[int]]]:
    found = []
    while (message := outbox.take()) is not None:
        found.append(read(message))
    return found


def outbox() -> Outbox:
    return Outbox("run", lambda: None)


def test_a_batch_carries_a_table_of_each_object() -> None:
    box = outbox()
    box.stepped(rows(7, A, B))

    message = box.take()

    assert isinstance(message, bytes)
    head, tables = unpacked_batch(message)
    assert [item.object for item in head.tables] == ["a", "b"]
    assert [table.rows() for table in tables] == [
        [Row(7, Kind.BOX, Flag.PREDICTED, pytest.approx(0.5, abs=1e-4), (1.0, 2.0, 3.0, 4.0))]
    ] * 2


@pytest.mark.parametrize("kind", GEOMETRY_KINDS)
def test_every_kind_of_geometry_travels(kind: GeometryKind) -> None:
    shape = as_kind(kind, Box(10, 20, 50, 80))
    box = outbox()
    box.stepped(Step((Tracked(Prediction(A, 300, shape, 0.5, visible=False), "forward", 2, outside=True),)))

    message = box.take()

    assert isinstance(message, bytes)
    head, (table,) = unpacked_batch(message)
    assert (head.tables[0].epoch, table.start) == (2, 256)
    assert table.row(0).flags == Flag.PREDICTED | Flag.OUTSIDE
    assert payload_of(shape_of(table.row(0))) == payload_of(shape)


def test_of_two_rows_on_a_frame_the_later_one_leaves() -> None:
    box = outbox()
    for by in (0, 5):
        box.stepped(Step((Tracked(Prediction(A, 3, Box(by, 0, by + 9, 9), 0.5), "forward", 0),)))
    message = box.take()
    assert isinstance(message, bytes)
    _, (table,) = unpacked_batch(message)
    assert table.bounds.tolist() == [[5, 0, 14, 9]]


def test_what_was_found_leaves_with_its_first_rows() -> None:
    box = outbox()
    box.stepped(replace(rows(4, B), found=(Found(B, "car", 4, "forward", 90),)))
    message = box.take()
    assert isinstance(message, bytes)
    head, _ = unpacked_batch(message)
    assert head.found == [FoundObject(object=B, label="car", frame=4, direction="forward", last=90)]


def test_messages_leave_in_order_and_batches_are_counted() -> None:
    box = outbox()
    box.stepped(rows(1, A))
    assert taken(box) == [("batch", 1, [1])]
    box.stepped(Step(rows(2, A).rows, (LegEnd(A, "forward", 0),)))
    box.done()

    assert taken(box) == [("batch", 2, [2]), ("leg.done", 2, []), ("run.done", 2, [])]


def test_it_is_finished_once_the_end_was_sent_and_everything_is_stored() -> None:
    box = outbox()
    box.stepped(rows(1, A))
    box.done()
    box.stored(1)
    assert not box.finished

    taken(box)
    assert not box.finished
    box.stored(1)
    assert box.finished


def test_what_is_not_stored_is_sent_again_counted_from_one() -> None:
    box = outbox()
    for frame in range(4):
        box.stepped(rows(frame, A))
        taken(box)
    box.stored(2)

    box.hold()
    box.stepped(rows(4, A))
    assert taken(box) == []
    box.resume()

    assert taken(box) == [("batch", 1, [2, 3, 4])]
    box.stored(1)
    box.stepped(rows(5, A))
    assert taken(box) == [("batch", 2, [5])]


def test_steps_that_wait_leave_as_one_batch() -> None:
    box = outbox()
    for frame in range(3):
        box.stepped(rows(frame, A, B))
    box.stepped(Step(rows(3, A).rows, (LegEnd(A, "forward", 0),)))
    box.stepped(rows(4, B))

    assert taken(box) == [("batch", 1, [0, 1, 2, 3, 0, 1, 2]), ("leg.done", 1, []), ("batch", 2, [4])]


def test_a_batch_does_not_grow_without_end() -> None:
    box = outbox()
    many = tuple(ObjectId(str(index)) for index in range(ROWS_AT_ONCE))
    box.stepped(rows(0, *many))
    box.stepped(rows(1, *many))

    assert [frames[0] for _, _, frames in taken(box)] == [0, 1]


def test_the_engine_waits_when_it_is_too_far_ahead() -> None:
    box = outbox()
    reached: list[int] = []
    full, ahead = threading.Event(), threading.Event()

    def work() -> None:
        for frame in range(WORK_AHEAD + 2):
            reached.append(frame)
            if frame == WORK_AHEAD - 1:
                full.set()
            box.stepped(rows(frame, A))
        ahead.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert full.wait(10)
    taken(box)
    assert not ahead.wait(0.05)
    assert reached[-1] == WORK_AHEAD - 1

    box.stored(3)

    assert ahead.wait(10)
    thread.join()


def outline(frame: int, *names: ObjectId, vertices: int = 100) -> Step:
    """Polygons of 8 bytes for each vertex."""
    shape = Polygon(np.zeros((vertices, 2), np.float32))
    return Step(tuple(Tracked(Prediction(name, frame, shape, 0.5), "forward", 0) for name in names))


def test_heavy_steps_leave_in_batches_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.outbox.BATCH_BYTES", 2000)
    box = outbox()
    for frame in range(4):
        box.stepped(outline(frame, A))
    assert [frames for _, _, frames in taken(box)] == [[0, 1], [2, 3]]


def test_a_step_that_is_too_heavy_for_one_batch_leaves_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.outbox.BATCH_BYTES", 2000)
    box = outbox()
    names = [ObjectId(str(number)) for number in range(5)]
    step = outline(7, *names)
    new = Found(names[4], "car", 7, "forward", 99)
    box.stepped(replace(step, found=(new,)))
    messages = [message for message in iter(box.take, None) if isinstance(message, bytes)]
    heads = [unpacked_batch(message)[0] for message in messages]
    assert [[item.object for item in head.tables] for head in heads] == [["0", "1"], ["2", "3"], ["4"]]
    assert [[found.object for found in head.found] for head in heads] == [[], [], ["4"]]
    assert max(map(len, messages)) < 2500

    box.done()
    taken(box)
    box.stored(2)
    assert not box.finished, "A step is stored with the last of its batches."
    box.stored(3)
    assert box.finished


def test_the_engine_waits_for_heavy_steps_before_it_is_many_steps_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.outbox.BYTES_AHEAD", 4000)
    box = outbox()
    reached: list[int] = []

    def work() -> None:
        for frame in range(8):
            reached.append(frame)
            box.stepped(outline(frame, A))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(0.2)
    assert reached == [0, 1, 2, 3, 4]
    taken(box)
    box.stored(1)
    thread.join(10)
    assert not thread.is_alive()


def test_a_shape_that_no_message_holds_is_told_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.outbox.SHAPE_BYTES", 700)
    with pytest.raises(TrackingError, match=r"the model gave one of 0\.0 MiB on frame 3"):
        outbox().stepped(outline(3, A))


def test_closing_lets_the_engine_go() -> None:
    box = outbox()
    threads = [
        threading.Thread(target=lambda: [box.stepped(rows(frame, A)) for frame in range(3 * WORK_AHEAD)])  # type: ignore[func-returns-value]
    ]
    threads[0].start()
    box.close()
    threads[0].join(10)

    assert not threads[0].is_alive()
    assert box.take() is None


def test_a_note_is_told_behind_the_rows_it_came_with() -> None:
    box = outbox()
    box.stepped(replace(rows(0, A), notes=("The GPU gave out.",)))
    box.stepped(rows(1, A))

    assert [kind for kind, _, _ in taken(box)] == ["batch", "run.note", "batch"]


def test_a_failure_is_told_last() -> None:
    box = outbox()
    box.stepped(rows(0, A))
    box.failed("It broke.", "Traceback")

    assert [kind for kind, _, _ in taken(box)] == ["batch", "run.failed"]
