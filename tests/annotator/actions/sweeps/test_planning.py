"""Which tracks are continued, and from where."""

from __future__ import annotations

from uuid import UUID

from annotator.actions.sweeps.planning import Plan, plan_continue
from annotator.models import Track
from tests.annotator.actions.sweeps.conftest import Sweeping
from tests.annotator.worlds import create, do, draw, keyframe, put
from tests.tracking.geometry import as_kind
from tracking.shapes.chunks import Flag
from tracking.shapes.payloads import row_of
from tracking.types import Box


def plan(sweeping: Sweeping, first: int = 0, last: int = 99) -> Plan:
    return plan_continue(sweeping.world.layer, first=first, last=last, prompts=("box",))


def frames(found: Plan) -> dict[UUID, int]:
    return {track: row.frame for track, row in found.rows.items()}


def test_each_track_goes_on_from_its_last_shape_in_the_range(sweeping: Sweeping) -> None:
    late, early = draw(sweeping.world, 3, 40, 200), draw(sweeping.world, 5)
    run = sweeping.desk.start(early, frame=5, last=60)
    sweeping.desk.predict(run, early, 6, 30, done=True)

    found = plan(sweeping)

    assert list(frames(found).items()) == [(early, 30), (late, 40)]
    assert found.frames(99) == 69 + 59
    assert (found.left_out, found.told()) == ({}, "")


def test_it_is_found_across_windows_and_not_beyond_the_range(sweeping: Sweeping) -> None:
    track = draw(sweeping.world, 10, 255, 256, 700)
    assert frames(plan(sweeping, last=999)) == {track: 700}
    assert frames(plan(sweeping, last=699)) == {track: 256}
    assert frames(plan(sweeping, first=11, last=254)) == {}


def test_what_is_not_continued_is_counted_with_the_reason(sweeping: Sweeping) -> None:
    world = sweeping.world
    gone, deleted, locked, ended, busy = (draw(world, 10) for _ in range(5))
    do(world, put(gone, [keyframe(20, outside=True)]), put(ended, [keyframe(99)]))
    Track.objects.filter(pk=locked).update(locked=True)
    Track.objects.filter(pk=deleted).update(deleted_at=world.video.created_at)
    draw(world, 500)
    sweeping.desk.start(busy, frame=10)
    world.car.geometry_kinds = ["box", "points"]
    world.car.save()
    point = UUID(int=5)
    row = row_of(as_kind("points", Box(10, 10, 20, 20)), 10, Flag.KEYFRAME, 1.0)
    do(world, create(point, world.car), put(point, [row]))

    found = plan(sweeping)

    assert not found.rows
    assert found.left_out == {
        "out of the picture": 1,
        "locked": 1,
        "at the end already": 1,
        "being tracked right now": 1,
        "without a shape in these frames": 1,
        "drawn as points, which this model doesn't follow": 1,
    }
    assert found.told().startswith("Not continued: 1 at the end already, 1 being tracked right now, ")
