"""What reviewers say of spans, and what opens it again."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from annotator.actions.edits.apply import apply_edit
from annotator.actions.edits.former import former_rows
from annotator.actions.edits.layer_draft import decoded
from annotator.actions.edits.restore import Scope, restore
from annotator.actions.edits.spans import united
from annotator.actions.edits.verdicts import read_verdicts
from annotator.actions.errors import ActionError
from annotator.actions.projects import lock_accepted
from annotator.actions.verdicts import Judged, give_verdict
from annotator.announce.outgoing import event_out
from annotator.models import Attribute, Event, EventKind, Label, Layer, Project, Run, VerdictSpan
from annotator.operations import (
    OPERATIONS,
    Operation,
    ShapesReplace,
    SpanVerdict,
    TrackFields,
    VerdictsReplace,
)
from tests.annotator.desk import Desk
from tests.annotator.worlds import (
    World,
    clear,
    create,
    do,
    draw,
    edit,
    judge,
    keyframe,
    predicted,
    put,
    rows_of,
    spans_of,
    update,
)

pytestmark = pytest.mark.django_db
ACCEPTED_ALL = [("accepted", 0, 40)]


@pytest.fixture
def world(desk: Desk) -> World:
    return desk.world


def moving(world: World) -> UUID:
    """A track that moves one px a frame: keyframes on 0, 10, … 40."""
    track = uuid4()
    rows = [keyframe(frame, left=frame) for frame in range(0, 41, 10)]
    do(world, create(track, world.car), put(track, rows))
    return track


def accepted(world: World) -> UUID:
    track = moving(world)
    do(world, judge(track, 0, 40), by="reviewer")
    return track


def undo(world: World, event: Event, by: str = "annotator") -> Event:
    operations = OPERATIONS.validate_python(event.inverse)
    sent = edit(*operations, undoes=event.edit_id)
    return apply_edit(user=world.people[by], layer_id=world.layer.pk, edit=sent)


def lock(world: World) -> None:
    lock_accepted(by=world.people["manager"], project=Project.objects.get(pk=world.project.pk), locks=True)


def reopened(track: UUID) -> list[tuple[int, int]]:
    return [(first, last) for verdict, first, last in spans_of(track) if verdict == "reopened"]


# ---------------------------------------------------------------- giving


def test_a_verdict_is_signed_by_who_gives_it(world: World) -> None:
    track = moving(world)
    event = do(world, judge(track, 5, 20, "rejected", " too wide "), by="reviewer")
    span = VerdictSpan.objects.get()
    assert (span.verdict, span.first, span.last, span.reason) == ("rejected", 5, 20, "too wide")
    assert (span.by, span.revision, span.reopened) == (world.people["reviewer"], event.revision, None)
    (told,) = event_out(event).verdicts
    assert (told.track, [(each.by_name, each.revision) for each in told.spans]) == (
        track,
        [("reviewer", event.revision)],
    )


@pytest.mark.parametrize("role", ["viewer", "annotator"])
def test_a_verdict_is_a_reviewers_to_give(world: World, role: str) -> None:
    track = moving(world)
    with pytest.raises(PermissionDenied):
        do(world, judge(track, 0, 40), by=role)
    with pytest.raises(PermissionDenied):
        give_verdict(user=world.people[role], layer_id=world.layer.pk, spans=[Judged(track)], verdict="accepted")
    assert not VerdictSpan.objects.exists()


def test_a_stranger_gives_no_verdict(world: World) -> None:
    track = moving(world)
    with pytest.raises(Http404):
        do(world, judge(track, 0, 40), by="stranger")


@pytest.mark.parametrize("role", ["reviewer", "manager", "admin"])
def test_all_of_a_track_is_from_its_first_to_its_last_shape(world: World, role: str) -> None:
    track = moving(world)
    give_verdict(user=world.people[role], layer_id=world.layer.pk, spans=[Judged(track)], verdict="accepted")
    assert spans_of(track) == ACCEPTED_ALL


def test_a_new_verdict_replaces_what_was_said_of_its_frames_alone(world: World) -> None:
    track = accepted(world)
    do(world, judge(track, 10, 19, "rejected", "a shadow"), by="manager")
    assert spans_of(track) == [("accepted", 0, 9), ("rejected", 10, 19), ("accepted", 20, 40)]
    give_verdict(user=world.people["reviewer"], layer_id=world.layer.pk, spans=[Judged(track, [(15, 25)])], verdict="")
    assert spans_of(track) == [("accepted", 0, 9), ("rejected", 10, 14), ("accepted", 26, 40)]


@pytest.mark.parametrize(
    ("ranges", "spans", "why"),
    [
        ([(0, 9)], [(0, 10, "accepted", "")], "lies in the ranges"),
        ([(0, 9)], [(0, 5, "accepted", ""), (5, 9, "check", "")], "overlap"),
        ([(0, 9)], [(0, 9, "rejected", "  ")], "says what is wrong"),
        ([(0, 5000)], [], "Frames of a range"),
    ],
)
def test_a_verdict_that_makes_no_sense_is_refused_in_words(
    world: World, ranges: list[tuple[int, int]], spans: list[tuple[int, int, str, str]], why: str
) -> None:
    track = moving(world)
    names = ("first", "last", "verdict", "reason")
    given = [SpanVerdict.model_validate(dict(zip(names, span, strict=True))) for span in spans]
    with pytest.raises(ActionError, match=why):
        do(world, VerdictsReplace(track=track, ranges=ranges, spans=given), by="reviewer")


def test_nobody_signs_for_somebody_else(world: World) -> None:
    track = moving(world)
    forged = SpanVerdict(first=0, last=9, verdict="accepted", by=world.people["admin"].pk, by_name="admin", revision=1)
    do(world, VerdictsReplace(track=track, ranges=[(0, 9)], spans=[forged]), by="reviewer")
    assert VerdictSpan.objects.get().by == world.people["reviewer"]


# ---------------------------------------------------------------- what reopens

Change = Callable[[World, UUID], list[Operation]]
CHANGES: dict[str, tuple[Change, list[tuple[int, int]]]] = {
    "a keyframe moves": (lambda _, track: [put(track, [keyframe(20, left=25)])], [(11, 29)]),
    "the first keyframe moves": (lambda _, track: [put(track, [keyframe(0, left=5)])], [(0, 9)]),
    "the last keyframe goes": (lambda _, track: [clear(track, 40, 40)], [(31, 40)]),
    "a keyframe off the line comes": (lambda _, track: [put(track, [keyframe(15, left=17)])], [(11, 19)]),
    "a keyframe on the line comes": (lambda _, track: [put(track, [keyframe(15, left=15)])], []),
    "a keyframe on the line goes": (lambda _, track: [clear(track, 20, 20)], []),
    "the object leaves": (lambda _, track: [put(track, [keyframe(20, outside=True)])], [(11, 29)]),
    "a prediction is confirmed": (lambda _, track: [put(track, [keyframe(20, left=20)])], []),
    "two changes at once": (
        lambda _, track: [put(track, [keyframe(10, left=12)]), put(track, [keyframe(30, left=32)])],
        [(1, 19), (21, 39)],
    ),
    "changed and changed back": (
        lambda _, track: [put(track, [keyframe(10, left=12)]), put(track, [keyframe(10, left=10)])],
        [],
    ),
    "the track goes on": (lambda _, track: [put(track, [keyframe(60, left=60)])], []),
    "another label": (lambda world, track: [update(track, label=_bus(world).pk)], [(0, 40)]),
    "deleted": (lambda _, track: [update(track, deleted=True)], [(0, 40)]),
    "a constant attribute": (
        lambda world, track: [update(track, attributes={_attribute(world): "red"})],
        [(0, 40)],
    ),
    "an attribute by frame": (
        lambda world, track: [
            update(track, frame_attributes={_attribute(world, per_frame=True): [(5, "red"), (9, None)]})
        ],
        [(5, 8)],
    ),
    "another number": (lambda _, track: [update(track, number=77)], []),
    "another colour": (lambda _, track: [update(track, colour="#00ff00")], []),
    "locked": (lambda _, track: [update(track, locked=True)], []),
    "another track": (lambda world, _: [create(uuid4(), world.car)], []),
}


def _bus(world: World) -> Label:
    return Label.objects.create(project=world.project, name="bus", colour="#00ff00")


def _attribute(world: World, *, per_frame: bool = False) -> str:
    made = Attribute.objects.create(
        label=world.car, name="paint", kind="select", per_frame=per_frame, choices=["red", "blue"]
    )
    return str(made.pk)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_reopens_exactly_the_frames_that_it_changes_and_its_undo_closes_them(world: World, name: str) -> None:
    change, expected = CHANGES[name]
    track = accepted(world)
    event = do(world, *change(world, track))
    assert reopened(track) == expected
    assert [told.track for told in event_out(event).verdicts] == ([track] if expected else [])
    undone = undo(world, event)
    assert spans_of(track) == ACCEPTED_ALL
    undo(world, undone)
    assert reopened(track) == expected


CHANGES_OF_SEVERAL: dict[str, Change] = {
    "keyframes in one operation": lambda _, track: [
        put(track, [keyframe(10, left=12), keyframe(20, left=25), keyframe(30, left=32)])
    ],
    "keyframes in several operations": lambda _, track: [
        put(track, [keyframe(10, left=12)]), put(track, [keyframe(30, left=32)])
    ],
    "keyframes that go": lambda _, track: [clear(track, 0, 0), clear(track, 20, 40)],
    "a keyframe and the label": lambda world, track: [
        put(track, [keyframe(20, left=25)]), update(track, label=_bus(world).pk)
    ],
    "a value by frame and a keyframe": lambda world, track: [
        update(track, frame_attributes={_attribute(world, per_frame=True): [(5, "red"), (9, None)]}),
        put(track, [keyframe(30, left=32)]),
    ],
    "shapes and that it is there": lambda _, track: [put(track, [keyframe(20, left=25)]), update(track, deleted=True)],
}  # fmt: skip


def parts_of(event: Event) -> list[Operation]:
    """What takes a change back, cut up as far as it can be: each frame's shape by itself."""
    found: list[Operation] = []
    for operation in OPERATIONS.validate_python(event.inverse):
        if not isinstance(operation, ShapesReplace):
            found.append(operation)
            continue
        rows = [row for text in operation.tables for row in decoded(text).rows()]
        for first, last in operation.ranges:
            for frame in range(first, last + 1):
                there = [row for row in rows if row.frame == frame]
                found.append(put(operation.track, there) if there else clear(operation.track, frame, frame))
    return found


@pytest.mark.parametrize("by_hand", [False, True], ids=["as undo", "by hand"])
@pytest.mark.parametrize("name", CHANGES_OF_SEVERAL)
def test_a_change_that_is_undone_in_parts_closes_all_that_it_reopened(world: World, name: str, by_hand: bool) -> None:
    track = accepted(world)
    event = do(world, *CHANGES_OF_SEVERAL[name](world, track))
    assert reopened(track)
    # On what is deleted nobody draws: that comes first.
    parts = sorted(parts_of(event), key=lambda part: isinstance(part, ShapesReplace))
    for part in parts:
        sent = edit(part, undoes=None if by_hand else event.edit_id)
        apply_edit(user=world.annotator, layer_id=world.layer.pk, edit=sent)
    assert spans_of(track) == ACCEPTED_ALL


def test_while_a_part_is_not_undone_it_stays_open(world: World) -> None:
    track = accepted(world)
    do(world, put(track, [keyframe(10, left=12)]), put(track, [keyframe(30, left=32)]))
    do(world, put(track, [keyframe(10, left=10)]))
    assert spans_of(track) == [("accepted", 0, 20), ("reopened", 21, 39), ("accepted", 40, 40)]


@pytest.mark.parametrize("backwards", [False, True], ids=["the first one first", "the last one first"])
def test_two_changes_undone_one_after_the_other_close_what_each_reopened(world: World, backwards: bool) -> None:
    track = accepted(world)
    events = [do(world, put(track, [keyframe(frame, left=frame + 4)])) for frame in (10, 30)]
    for event in reversed(events) if backwards else events:
        undo(world, event)
    assert spans_of(track) == ACCEPTED_ALL


def test_a_change_undone_in_parts_by_several_people_closes_what_was_judged_at_several_times(world: World) -> None:
    track = moving(world)
    for first in range(0, 40, 4):
        do(world, judge(track, first, first + 3 + (first == 36)), by="reviewer")
    event = do(world, put(track, [keyframe(10, left=12), keyframe(30, left=32)]))
    for part, by in zip(parts_of(event), ("annotator", "manager"), strict=True):
        sent = edit(part, undoes=event.edit_id)
        apply_edit(user=world.people[by], layer_id=world.layer.pk, edit=sent)
    assert reopened(track) == []


def test_a_reopened_span_says_what_was_changed_and_who_did(world: World) -> None:
    track = accepted(world)
    event = apply_edit(
        user=world.annotator,
        layer_id=world.layer.pk,
        edit=edit(put(track, [keyframe(20, left=25)])).model_copy(update={"summary": "Moved a box"}),
    )
    span = read_verdicts(world.layer, [track])[track][1]
    assert (span.first, span.last, span.verdict, span.by_name) == (11, 29, "check", "reviewer")
    news = span.reopened
    assert news is not None
    assert (news.was, news.by_name, news.how, news.revision) == ("accepted", "annotator", "Moved a box", event.revision)


def test_what_a_rejected_span_was_rejected_for_is_kept_when_it_is_mended(world: World) -> None:
    track = moving(world)
    do(world, judge(track, 0, 40, "rejected", "too wide"), by="reviewer")
    do(world, put(track, [keyframe(20, left=25)]))
    assert spans_of(track) == [("rejected", 0, 10), ("reopened", 11, 29), ("rejected", 30, 40)]
    assert set(VerdictSpan.objects.values_list("reason", flat=True)) == {"too wide"}


def test_an_undo_brings_no_verdict_back_where_something_else_changed_meanwhile(world: World) -> None:
    track = accepted(world)
    moved = do(world, put(track, [keyframe(20, left=25)]))
    do(world, put(track, [keyframe(22, left=40)]), by="manager")
    undo(world, moved)
    assert united(reopened(track)) == [(21, 29)]


def test_a_change_and_its_verdict_in_one_edit_leave_it_accepted(world: World) -> None:
    track = accepted(world)
    do(world, put(track, [keyframe(20, left=25)]), judge(track, 0, 40), by="reviewer")
    assert spans_of(track) == ACCEPTED_ALL


def test_going_back_to_an_earlier_state_reopens_and_closes_too(world: World) -> None:
    track = moving(world)
    drawn = Layer.objects.get(pk=world.layer.pk).revision
    do(world, put(track, [keyframe(20, left=25)]))
    do(world, judge(track, 0, 40), by="reviewer")
    seen = Layer.objects.get(pk=world.layer.pk).revision
    back(world, drawn)
    assert reopened(track) == [(11, 29)]
    back(world, seen)
    assert spans_of(track) == ACCEPTED_ALL


def back(world: World, revision: int) -> None:
    manager = world.people["manager"]
    restore(user=manager, layer_id=world.layer.pk, scope=Scope(revision), edit_id=uuid4(), summary="Back")


# ---------------------------------------------------------------- taking verdicts back


def test_an_undone_verdict_gives_back_the_former_one_with_its_signature(world: World) -> None:
    track = accepted(world)
    rejected = do(world, judge(track, 10, 20, "rejected", "too wide"), by="manager")
    undo(world, rejected, by="manager")
    assert spans_of(track) == ACCEPTED_ALL
    assert VerdictSpan.objects.get().by == world.people["reviewer"]


def test_an_undone_verdict_leaves_what_was_said_and_changed_since(world: World) -> None:
    track = accepted(world)
    rejected = do(world, judge(track, 0, 40, "rejected", "too wide"), by="manager")
    do(world, put(track, [keyframe(20, left=25)]))
    undo(world, rejected, by="manager")
    assert spans_of(track) == [("accepted", 0, 10), ("reopened", 11, 29), ("accepted", 30, 40)]


def test_a_verdict_that_comes_back_after_its_span_changed_is_to_be_checked(world: World) -> None:
    track = accepted(world)
    cleared = do(world, VerdictsReplace(track=track, ranges=[(0, 40)], spans=[]), by="reviewer")
    do(world, put(track, [keyframe(20, left=25)]))
    undo(world, cleared, by="reviewer")
    assert spans_of(track) == [("accepted", 0, 10), ("reopened", 11, 29), ("accepted", 30, 40)]


def test_an_undo_of_a_verdict_that_was_overruled_is_refused(world: World) -> None:
    track = accepted(world)
    event = Event.objects.order_by("revision").last()
    assert event is not None
    do(world, judge(track, 0, 40, "rejected", "no"), by="manager")
    with pytest.raises(ActionError, match="can't be taken back"):
        undo(world, event, by="reviewer")


# ---------------------------------------------------------------- before and after


def test_what_was_accepted_is_told_beside_what_there_is_now(world: World) -> None:
    track = accepted(world)
    at = VerdictSpan.objects.get().revision
    do(world, put(track, [keyframe(20, left=25)]))
    tables, exact = former_rows(world.layer, track, at, 12, 18)
    assert exact
    assert [(row.frame, row.bounds[0]) for table in tables for row in table.rows()] == [(10, 10), (20, 20)]


# ---------------------------------------------------------------- runs


def test_predictions_reopen_what_they_change_as_one_span_however_many_moments_they_come_in(
    world: World, desk: Desk
) -> None:
    track = accepted(world)
    other = draw(world, 0)
    run = desk.start(track, other, last=99)
    Run.objects.filter(pk=run.pk).update(created_by=world.annotator)
    for frame in range(1, 9):
        desk.predict(run, track, frame, frame, by=7)
    assert reopened(track) == [(1, 9)]
    span = read_verdicts(world.layer, [track])[track][1]
    assert span.reopened is not None
    assert (span.reopened.by, span.reopened.by_name) == (None, "annotator")
    assert span.reopened.how == f"Tracked with {run.model}"
    # Those of a frame that say the same as what was there reopen nothing.
    assert Event.objects.filter(kind=EventKind.PREDICTIONS).count() == 8


def test_predictions_that_say_the_same_reopen_nothing(world: World, desk: Desk) -> None:
    track = uuid4()
    do(world, create(track, world.car), put(track, [keyframe(0), *(predicted(frame) for frame in range(1, 20))]))
    do(world, judge(track, 0, 19), by="reviewer")
    run = desk.start(track, last=19)
    desk.predict(run, track, 1, 19, done=True)
    same = {row.bounds[0] for row in rows_of(track)} == {10.0}
    assert (reopened(track) == []) == same


def test_runs_leave_what_is_accepted_and_locked_and_say_how_much(world: World, desk: Desk) -> None:
    track = moving(world)
    do(world, judge(track, 5, 14), by="reviewer")
    lock(world)
    run = desk.start(track, last=99, options={"until_keyframe": False})
    before = rows_of(track)
    for frame in range(1, 30):
        desk.predict(run, track, frame, frame, by=7)
    # 5..14 is interpolated from 0, 10 and 20: rows between these would move it.
    assert [row.frame for row in rows_of(track) if row not in before] == list(range(21, 30))
    assert spans_of(track) == [("accepted", 5, 14)]
    assert "18 shapes were left as they are: there the objects are accepted and locked." in _now(run).message


def test_a_correction_takes_no_locked_predictions_away(world: World, desk: Desk) -> None:
    track = draw(world, 0)
    run = desk.start(track, last=30)
    desk.predict(run, track, 1, 30)
    do(world, judge(track, 15, 20), by="reviewer")
    lock(world)
    do(world, put(track, [keyframe(5, left=30)]))
    desk.correct(run, track, 5)
    assert [row.frame for row in rows_of(track)] == [0, 1, 2, 3, 4, 5, *range(15, 21)]
    assert spans_of(track) == [("accepted", 15, 20)]


def _now(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


# ---------------------------------------------------------------- locks


@pytest.mark.parametrize("name", [name for name, (_, ranges) in CHANGES.items() if ranges])
def test_an_annotator_does_not_change_what_is_accepted_and_locked(world: World, name: str) -> None:
    change, (first, *_) = CHANGES[name]
    track = accepted(world)
    lock(world)
    before = rows_of(track)
    with pytest.raises(PermissionDenied, match=rf"accepted and locked on frames {first[0]}\.\.{first[1]}"):
        do(world, *change(world, track))
    assert (spans_of(track), rows_of(track)) == (ACCEPTED_ALL, before)


@pytest.mark.parametrize("role", ["reviewer", "manager", "admin"])
def test_reviewers_change_what_is_locked(world: World, role: str) -> None:
    track = accepted(world)
    lock(world)
    do(world, put(track, [keyframe(20, left=25)]), by=role)
    assert reopened(track) == [(11, 29)]


def test_what_is_reopened_or_rejected_is_not_locked(world: World) -> None:
    track = moving(world)
    do(world, judge(track, 0, 40, "rejected", "too wide"), by="reviewer")
    lock(world)
    do(world, put(track, [keyframe(20, left=25)]))
    assert reopened(track) == [(11, 29)]


# ---------------------------------------------------------------- many


def test_old_changes_that_spoke_of_a_verdict_can_still_be_read() -> None:
    assert TrackFields.model_validate({"colour": "#00ff00", "verdict": "accepted"}).colour == "#00ff00"
