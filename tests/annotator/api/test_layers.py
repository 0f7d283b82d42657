from __future__ import annotations

import json
import struct
from itertools import accumulate
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from annotator.actions.edits import shape_draft
from annotator.api import layers
from annotator.api.layer_schemas import HistoryOut, OverviewOut, TracksOut, WindowOut
from annotator.models import Role
from tests.annotator.worlds import World, do, draw, keyframe, make_world, predicted, put, rows_of, update
from tracking.shapes.chunks import Flag, Kind, Row, Table

pytestmark = pytest.mark.django_db
ENDPOINTS = ("window?first=0&last=9", "overview", "tracks", "events")


@pytest.fixture
def world() -> World:
    return make_world(2000)


def get(world: World, path: str, by: str = "viewer") -> Any:
    client = Client()
    client.force_login(world.people[by])
    return client.get(f"/api/layers/{world.layer.pk}/{path}")


def window(world: World, first: int, last: int, tracks: int = 0) -> tuple[WindowOut, dict[UUID, list[Row]]]:
    return unpacked(get(world, f"window?first={first}&last={last}&tracks={tracks}").content)


def unpacked(body: bytes) -> tuple[WindowOut, dict[UUID, list[Row]]]:
    (length,) = struct.unpack_from("<I", body)
    header = WindowOut.model_validate_json(body[4 : 4 + length])
    rows: dict[UUID, list[Row]] = {}
    at = 4 + length
    for chunk in header.chunks:
        rows.setdefault(chunk.track, []).extend(Table.unpack(body[at : at + chunk.bytes]).rows())
        at += chunk.bytes
    assert at == len(body)
    return header, rows


@pytest.mark.parametrize("path", ENDPOINTS)
def test_members_may_look_and_strangers_find_nothing(world: World, path: str) -> None:
    assert [get(world, path, role).status_code for role in Role.values] == [200] * len(Role.values)
    assert get(world, path, "stranger").status_code == 404
    assert Client().get(f"/api/layers/{world.layer.pk}/{path}").status_code == 401


def test_a_window_holds_what_is_shown_there(world: World) -> None:
    track = draw(world, 5, 100)
    header, rows = window(world, 0, 255, tracks=1)
    assert header.revision == 1
    assert [item.number for item in header.tracks or ()] == [1]
    assert rows == {track: rows_of(track)}
    assert window(world, 0, 255)[0].tracks is None


def test_a_window_reaches_to_the_rows_that_its_frames_are_interpolated_from(world: World) -> None:
    wide = draw(world, 5, 600, 700, 1900)
    do(world, put(wide, [keyframe(1000)]))
    _, rows = window(world, 1200, 1300)
    assert [row.frame for row in rows[wide]] == [1000, 1900]
    _, rows = window(world, 800, 810)
    assert sorted(row.frame for row in rows[wide]) == [600, 700, 1000]


def test_a_window_leaves_out_tracks_that_are_over_or_yet_to_come(world: World) -> None:
    draw(world, 5, 20)
    draw(world, 1500, 1600)
    assert window(world, 800, 810)[1] == {}


def test_a_window_of_named_tracks_leaves_the_others_out(world: World) -> None:
    wide, _other = draw(world, 5, 600), draw(world, 5, 600)
    body = get(world, f"window?first=0&last=255&only={wide}").content
    (length,) = struct.unpack_from("<I", body)
    chunks = WindowOut.model_validate_json(body[4 : 4 + length]).chunks
    assert [chunk.track for chunk in chunks] == [wide, wide]


def test_neighbours_are_only_sent_where_they_are_needed(world: World) -> None:
    dense = draw(world, 0)
    do(world, put(dense, [predicted(frame) for frame in range(1, 2000)]))
    _, rows = window(world, 900, 910)
    assert [row.frame for row in rows[dense]] == list(range(768, 1024))


def test_a_window_has_a_limit(world: World) -> None:
    for path in ("window?first=0&last=8192", "window?first=5&last=4", "window?first=-1&last=4"):
        answer = get(world, path)
        assert (answer.status_code, "window has 1..8192 frames" in answer.json()["message"]) == (400, True)


def heavy(world: World, frames: range) -> UUID:
    """A new track with a shape on each of ``frames``, of 800 bytes."""
    world.car.geometry_kinds = ["box", "polyline"]
    world.car.save()
    track = draw(world, frames[0])
    line = np.column_stack([np.arange(100), np.arange(100)]).astype("<f4").tobytes()
    do(world, put(track, [Row(at, Kind.POLYLINE, Flag.KEYFRAME, 1.0, (0, 0, 99, 99), line) for at in frames]))
    return track


def test_heavy_shapes_are_answered_in_parts_around_the_frame_that_matters(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "MOST_BYTES", 50_000)
    monkeypatch.setattr(shape_draft, "MOST_BYTES", 4000)
    track = heavy(world, range(256))
    body = get(world, "window?first=0&last=255&at=100").content
    assert len(body) < 52_000
    header, rows = unpacked(body)
    assert 0 < header.first < 80
    assert 120 < header.last < 255
    held = {row.frame for row in rows[track]}
    assert held >= set(range(header.first, header.last + 1))
    first, _ = window(world, 0, 255)
    assert (first.first, first.last < 80) == (0, True)


def test_chunks_say_of_which_frames_they_have_every_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape_draft, "MOST_BYTES", 4000)
    heavy(world, range(10, 20))
    header, rows = window(world, 0, 255)
    assert [(chunk.first, chunk.last) for chunk in header.chunks] == [(8, 11), (12, 15), (16, 31)]
    assert [row.frame for those in rows.values() for row in those] == list(range(10, 20))


def test_the_frame_that_matters_is_one_that_is_asked_for(world: World) -> None:
    answer = get(world, "window?first=5&last=9&at=10")
    assert (answer.status_code, "one of 5..9" in answer.json()["message"]) == (400, True)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 50)), max_size=30),
    st.integers(0, 99),
    st.integers(0, 400),
)
@example([(99, 1), (1, 1), (1, 1)], 0, 0)
def test_as_many_frames_are_answered_as_the_bytes_allow(steps: list[tuple[int, int]], at: int, most: int) -> None:
    ends = list(accumulate((length for length, _ in steps), initial=0))
    weights = [
        (begin, end - 1, size) for begin, end, (_, size) in zip(ends, ends[1:], steps, strict=False) if begin <= 99
    ]

    def weight(first: int, last: int) -> int:
        return sum(size for begin, end, size in weights if begin <= last and end >= first)

    first, last = layers.reach_of(weights, 0, 99, at, most)
    assert 0 <= first <= at <= last <= 99
    assert weight(first, last) <= max(most, weight(at, at))
    # One more, ahead or behind, would be too much.
    assert last == 99 or weight(first, last + 1) > most
    assert first == 0 or weight(first - 1, last) > most or weight(first - 1, at) > most - (most - weight(at, at)) // 2


def test_reading_is_repeated_when_something_was_committed_meanwhile(world: World) -> None:
    track = draw(world, 5)
    moments = iter((6, 7))

    def read() -> int:
        if (frame := next(moments, None)) is not None:
            do(world, put(track, [keyframe(frame)]))
        return len(rows_of(track))

    assert layers.consistently(world.layer, read) == (3, 3)


def test_the_overview_joins_windows_to_bins(world: World) -> None:
    track = draw(world, 5, 300, 1900)
    do(world, put(track, [predicted(301, confidence=0.25, doubtful=True), keyframe(302, outside=True)]))
    fine = OverviewOut.model_validate_json(get(world, "overview").content)
    assert (fine.frames_per_bin, fine.revision) == (256, 2)
    assert fine.tracks == {
        str(track): [(5, 5, 1, 1, 0, 0, 1, 0), (300, 302, 3, 2, 1, 1, 0.25, 1), (1900, 1900, 1, 1, 0, 0, 1, 0)]
    }
    coarse = OverviewOut.model_validate_json(get(world, "overview?bins=2").content)
    assert (coarse.frames_per_bin, coarse.tracks[str(track)][0]) == (1024, (5, 302, 4, 3, 1, 1, 0.25, 1))


def test_deleted_tracks_are_listed_but_not_drawn(world: World) -> None:
    track = draw(world, 5)
    do(world, update(track, deleted=True))
    assert [item.deleted for item in TracksOut.model_validate_json(get(world, "tracks").content).tracks] == [True]
    assert OverviewOut.model_validate_json(get(world, "overview").content).tracks == {}


def test_history_comes_newest_first_in_pages_with_inverses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "PAGE", 2)
    track = draw(world, 5)
    do(world, update(track, locked=True))
    do(world, update(track, locked=False), by="manager")
    page = HistoryOut.model_validate_json(get(world, "events").content)
    assert [(event.revision, event.author_name) for event in page.events] == [(3, "manager"), (2, "annotator")]
    assert (page.events[0].inverse, page.before) == ([update(track, locked=True)], 2)
    last = HistoryOut.model_validate_json(get(world, "events?before=2").content)
    assert ([event.revision for event in last.events], last.before) == ([1], None)
    mine = json.loads(get(world, "events?mine=1", "annotator").content)
    assert [event["revision"] for event in mine["events"]] == [2, 1]


def test_the_catalogue_says_what_a_model_lacks(world: World) -> None:
    client = Client()
    client.force_login(world.people["viewer"])
    models = {model["id"]: model for model in client.get(f"/api/models/?workspace={world.workspace.pk}").json()}
    assert (models["framewise-cf"]["available"], models["framewise-cf"]["default"]) == (True, True)
    lacking = [model for model in models.values() if not model["available"]]
    assert lacking
    assert [model["why"] for model in lacking if not model["why"].startswith("Needs ")] == []
    client.force_login(world.people["stranger"])
    assert client.get(f"/api/models/?workspace={world.workspace.pk}").status_code == 404
