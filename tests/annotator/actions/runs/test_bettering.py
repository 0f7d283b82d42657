"""A model that looks at several frames at once betters what it has told: never over what a person did meanwhile."""

from __future__ import annotations

from uuid import UUID

import pytest

from annotator.announce.notices import ClearedNotice
from annotator.models import Run
from tests.annotator.desk import Desk
from tests.annotator.worlds import clear, do, draw, frames_of, keyframe, put, rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(desk: Desk) -> tuple[Run, UUID]:
    """A run that has told the frames 1 to 16, unhindered."""
    track = draw(desk.world, 0)
    run = desk.start(track, last=60)
    desk.predict(run, track, 1, 16)
    return run, track


def lefts(track: UUID) -> dict[int, float]:
    return {row.frame: row.bounds[0] for row in rows_of(track)}


def cleared(desk: Desk) -> list[tuple[int, int]]:
    return [frames for one in desk.notices if isinstance(one, ClearedNotice) for frames in one.cleared.ranges]


def test_the_later_word_on_a_frame_counts(desk: Desk, told: tuple[Run, UUID]) -> None:
    run, track = told
    desk.predict(run, track, 9, 24, by=5)
    assert frames_of(track) == list(range(25))
    assert [lefts(track)[frame] for frame in (8, 9, 16, 24)] == [8, 14, 21, 29]
    assert Run.objects.get(pk=run.pk).frames_done == 24
    assert cleared(desk) == []


def test_a_keyframe_stays(desk: Desk, told: tuple[Run, UUID]) -> None:
    run, track = told
    do(desk.world, put(track, [keyframe(12, left=70)]))
    desk.predict(run, track, 9, 24, by=5)
    assert [lefts(track)[frame] for frame in (11, 12, 13)] == [16, 70, 18]
    assert cleared(desk) == []


def test_what_a_person_took_away_does_not_come_back_and_goes_from_the_screens(
    desk: Desk, told: tuple[Run, UUID]
) -> None:
    run, track = told
    do(desk.world, clear(track, 10, 12))
    desk.predict(run, track, 9, 24, by=5)
    assert frames_of(track) == [*range(10), *range(13, 25)]
    assert cleared(desk) == [(10, 12)]


def test_what_is_behind_a_correction_and_was_on_its_way_still_counts(desk: Desk, told: tuple[Run, UUID]) -> None:
    run, track = told
    desk.correct(run, track, 14)
    do(desk.world, clear(track, 3, 3))
    desk.predict(run, track, 13, 13, by=5)
    assert lefts(track)[13] == 18


def test_rows_that_come_again_do_not_count_twice_as_agreeing(desk: Desk, told: tuple[Run, UUID]) -> None:
    run, track = told
    desk.predict(run, track, 17, 60, done=True)
    desk.correct(run, track, 5)
    desk.predict(run, track, 6, 12, epoch=1)
    desk.predict(run, track, 8, 14, epoch=1)
    assert frames_of(track)[-1] == 14
    desk.predict(run, track, 15, 15, epoch=1)
    assert frames_of(track)[-1] == 60
