"""What a run has to tell arrives in order, and again after a lost connection."""

from __future__ import annotations

import json
import struct
import threading
from dataclasses import replace

import numpy as np

from tests.tracking.fakes import A, B
from tracking.outbox import ROWS_AT_ONCE, Outbox, Wire
from tracking.protocol import WORK_AHEAD
from tracking.session import LegEnd, Step, Tracked
from tracking.types import Box, ObjectId, Prediction


def rows(frame: int, *names: ObjectId) -> Step:
    return Step(tuple(Tracked(Prediction(name, frame, Box(1, 2, 3, 4), 0.5), "forward", 0) for name in names))


def read(message: Wire | None) -> tuple[str, int, list[int]]:
    """A message as (type, sequence, frames)."""
    assert message is not None
    if isinstance(message, str):
        told = json.loads(message)
        return told["type"], told.get("sequence", 0), []
    (length,) = struct.unpack_from("<I", message)
    header = json.loads(message[4 : 4 + length])
    assert len(message) == 4 + length + 20 * len(header["rows"])
    return header["type"], header["sequence"], [row["frame"] for row in header["rows"]]


def taken(outbox: Outbox) -> list[tuple[str, int, list[int]]]:
    found = []
    while (message := outbox.take()) is not None:
        found.append(read(message))
    return found


def outbox() -> Outbox:
    return Outbox("run", lambda: None)


def test_a_batch_carries_its_rows_and_their_numbers() -> None:
    box = outbox()
    box.stepped(rows(7, A, B))

    message = box.take()

    assert isinstance(message, bytes)
    (length,) = struct.unpack_from("<I", message)
    assert [row["object"] for row in json.loads(message[4 : 4 + length])["rows"]] == ["a", "b"]
    np.testing.assert_allclose(np.frombuffer(message[4 + length :], "<f4").reshape(2, 5), [[1, 2, 3, 4, 0.5]] * 2)


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

    assert taken(box) == [("batch", 1, [0, 0, 1, 1, 2, 2, 3]), ("leg.done", 1, []), ("batch", 2, [4])]


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
    box.stepped(replace(rows(0, A), note="The GPU gave out."))
    box.stepped(rows(1, A))

    assert [kind for kind, _, _ in taken(box)] == ["batch", "run.note", "batch"]


def test_a_failure_is_told_last() -> None:
    box = outbox()
    box.stepped(rows(0, A))
    box.failed("It broke.", "Traceback")

    assert [kind for kind, _, _ in taken(box)] == ["batch", "run.failed"]
