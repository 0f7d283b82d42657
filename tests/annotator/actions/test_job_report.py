from __future__ import annotations

from uuid import uuid4

import pytest

from annotator.actions.issues.issues import Place, open_issue
from annotator.actions.job_report import report_on
from annotator.models import Track, TrackChunk
from tests.people import Team
from tracking.shapes.chunks import Flag, Kind, Row, tables_of


def draw(team: Team, *frames: tuple[int, Flag]) -> None:
    """An object with shapes on some frames."""
    track = Track.objects.create(layer=team.layer, number=Track.objects.count() + 1, label=team.car)
    rows = [Row(frame, Kind.BOX, flag, 1.0, (1.0, 1.0, 9.0, 9.0)) for frame, flag in frames]
    for table in tables_of(rows):
        first, last = int(table.frames[0]), int(table.frames[-1])
        TrackChunk.objects.create(
            layer=team.layer, track=track, start=table.start, first=first, last=last, rows=len(table), data=table.pack()
        )


KEY, OUT = Flag.KEYFRAME, Flag.KEYFRAME | Flag.OUTSIDE


@pytest.mark.parametrize(
    ("rows", "frames", "empty", "objects"),
    [
        ([], (10, 19), 10, 0),
        ([(12, KEY)], (10, 19), 9, 1),
        ([(12, KEY), (15, KEY)], (10, 19), 6, 1),
        ([(12, KEY), (15, OUT), (18, KEY)], (10, 19), 6, 1),
        ([(2, KEY), (290, KEY)], (10, 19), 0, 1),
        ([(2, OUT), (290, KEY)], (10, 19), 10, 0),
        ([(2, KEY), (9, KEY)], (10, 19), 10, 0),
        ([(19, KEY), (30, KEY)], (10, 19), 9, 1),
    ],
)
def test_frames_that_show_nothing_are_counted(
    team: Team, rows: list[tuple[int, Flag]], frames: tuple[int, int], empty: int, objects: int
) -> None:
    team.job.first, team.job.last = frames
    if rows:
        draw(team, *rows)
    report = report_on(team.job)
    assert (report.frames, report.empty, report.objects) == (10, empty, objects)


def test_open_comments_of_its_frames_are_counted(team: Team) -> None:
    team.job.first, team.job.last = 10, 19
    for first, last in ((0, 9), (5, 10), (19, 40)):
        open_issue(
            user=team.rita,
            layer_id=team.layer.pk,
            issue_id=uuid4(),
            comment_id=uuid4(),
            place=Place(first, last),
            text="Look.",
        )
    assert report_on(team.job).open_issues == 2
