"""However shapes are split into stretches, what is read is what was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator import stored_shapes
from annotator.actions.edits import shape_draft
from annotator.actions.edits.shape_draft import ShapeDraft, free_spans, split
from annotator.models import Layer, TrackChunk
from tests.annotator.worlds import do, draw, keyframe, make_world, put, rows_of
from tracking.shapes.chunks import WINDOW, Flag, Kind, Row, Table, tables_of

pytestmark = pytest.mark.django_db
FRAMES = 700
MOST_BYTES = 500


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few dozen points are heavy here."""
    monkeypatch.setattr(shape_draft, "MOST_BYTES", MOST_BYTES)


def shape(frame: int, size: int, *, key: bool = False, mark: int = 0) -> Row:
    flags = Flag.KEYFRAME if key else Flag.PREDICTED
    kind = Kind.POLYGON if size else Kind.BOX
    return Row(frame, kind, flags, 1.0, (mark, 0, mark + 9, 9), bytes([mark % 256]) * size)


@dataclass
class Model:
    """Rows by track and frame, as anybody would keep them."""

    tracks: dict[UUID, dict[int, Row]] = field(default_factory=dict)

    def replace(self, track: UUID, ranges: list[tuple[int, int]], rows: list[Row], keep: bool) -> list[Row]:
        mine = self.tracks.setdefault(track, {})
        former = [row for at, row in sorted(mine.items()) if any(first <= at <= last for first, last in ranges)]
        for row in former:
            if not (keep and row.flags & Flag.KEYFRAME):
                del mine[row.frame]
        mine.update({row.frame: row for row in rows})
        return former


def check(track: UUID) -> None:
    """The stretches of a track are as ``stored_shapes.py`` says, and their summaries true."""
    end = 0
    for chunk in TrackChunk.objects.filter(track=track).order_by("start"):
        table = Table.unpack(bytes(chunk.data))
        assert chunk.span in (1, 2, 4, 8, 16, 32, 64, 128, 256)
        assert chunk.start % chunk.span == 0
        assert chunk.start >= end
        end = chunk.start + chunk.span
        assert chunk.start <= chunk.first == table.frames[0]
        assert table.frames[-1] == chunk.last < end
        assert chunk.rows == len(table) > 0
        assert chunk.span == 1 or len(chunk.data) <= MOST_BYTES
        assert table.start == chunk.start - chunk.start % WINDOW


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


frames = st.integers(0, FRAMES - 1)
ranges = st.lists(st.tuples(frames, st.integers(0, 300)), max_size=3).map(
    lambda pairs: [(first, min(first + length, FRAMES - 1)) for first, length in pairs]
)
rows = st.lists(
    st.builds(shape, frames, st.sampled_from([0, 0, 8, 80, 240, 800]), key=st.booleans(), mark=st.integers(0, 200)),
    max_size=40,
    unique_by=lambda row: row.frame,
)
changes = st.tuples(st.integers(0, 1), ranges, rows, st.booleans())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(changes, min_size=1, max_size=3), max_size=6))
def test_drafts_leave_what_a_plain_dictionary_would_hold(drafts: list[list[tuple[int, list, list[Row], bool]]]) -> None:  # type: ignore[type-arg]
    with undone():
        world = make_world(FRAMES)
        tracks = [draw(world), draw(world)]
        model = Model()
        for changes in drafts:
            draft = ShapeDraft(world.layer.pk)
            for which, ranges, rows, keep in changes:
                track = tracks[which]
                former = draft.replace(track, ranges, tables_of(rows), keep_keyframes=keep)
                assert [row for table in former for row in table.rows()] == model.replace(track, ranges, rows, keep)
                everything = sorted(
                    (row.frame for of, table in draft.everything([track]) for row in table.rows() if of == track)
                )
                assert everything == sorted(model.tracks[track])
            draft.save()
            for track in tracks:
                check(track)
                assert rows_of(track) == [row for _, row in sorted(model.tracks.get(track, {}).items())]


@given(frames, st.lists(st.tuples(frames, st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))))
def test_a_free_stretch_holds_its_frame_overlaps_none_and_is_as_long_as_can_be(
    frame: int, wished: list[tuple[int, int]]
) -> None:
    start = frame - frame % WINDOW
    taken: list[tuple[int, int]] = []
    for at, length in wished:
        span = (at - at % length, length)
        others = [*taken, (frame, 1)]
        if start <= span[0] < start + WINDOW and not any(overlap(span, other) for other in others):
            taken.append(span)
    ((first, length),) = free_spans([frame], taken)
    assert first <= frame < first + length
    assert not any(overlap((first, length), other) for other in taken)
    twice = (frame - frame % (2 * length), 2 * length)
    assert length == WINDOW or any(overlap(twice, other) for other in taken)


def test_a_stretch_is_named_once_however_many_of_its_frames_are_asked_for() -> None:
    taken = [(64, 64)]
    assert free_spans([3, 5, 60, 130, 200, WINDOW, WINDOW + 9], taken) == [(0, 64), (128, 128), (WINDOW, WINDOW)]


def test_however_many_stretches_lie_beside_new_rows_one_tells_of_those_before_and_one_of_those_behind() -> None:
    world = make_world(FRAMES)
    track = draw(world)
    filled = ShapeDraft(world.layer.pk)
    heavy = [shape(frame, 600) for frame in (*range(1, 100), 104, *range(110, 200))]
    filled.replace(track, [], tables_of(heavy))
    filled.save()
    draft = ShapeDraft(world.layer.pk)
    draft.replace(track, [], tables_of([shape(frame, 600) for frame in (103, 106)]))
    beside = shape_draft._taken_in([track], 0, (103, 106))
    assert sorted(beside) == [(track, (0, 100)), (track, (104, 1)), (track, (110, WINDOW - 110))]
    draft.save()
    check(track)
    assert [row.frame for row in rows_of(track)] == [*range(1, 100), 103, 104, 106, *range(110, 200)]


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return not (sum(one) <= other[0] or sum(other) <= one[0])


def test_a_stretch_is_split_until_each_part_is_light() -> None:
    table = Table.of(0, [shape(frame, 200) for frame in range(5)])
    parts = list(split(table, (0, 256)))
    assert [span for span, _ in parts] == [(0, 2), (2, 2), (4, 4)]
    assert [row for _, part in parts for row in part.rows()] == table.rows()
    assert list(split(Table.empty(0), (0, 256))) == []


def test_one_shape_that_is_too_large_by_itself_has_a_stretch_of_its_own() -> None:
    parts = list(split(Table.of(256, [shape(300, 4000), shape(301, 0)]), (256, 256)))
    assert [span for span, _ in parts] == [(300, 1), (301, 1)]


def test_boxes_take_one_chunk_for_a_window() -> None:
    world = make_world(FRAMES)
    shape_draft.MOST_BYTES = 32 * 1024  # As it really is; the fixture puts it back.
    track = draw(world)
    do(world, put(track, [keyframe(frame) for frame in range(FRAMES)]))
    assert list(TrackChunk.objects.values_list("start", "span")) == [(0, 256), (256, 256), (512, 256)]


def test_what_lies_beside_a_change_is_neither_read_nor_written(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(FRAMES)
    track = draw(world)
    filled = ShapeDraft(world.layer.pk)
    filled.replace(track, [], [Table.of(0, [shape(frame, 400) for frame in range(100)])])
    filled.save()
    before = dict(TrackChunk.objects.values_list("start", "pk"))
    unpacked: list[int] = []
    unpack = Table.unpack
    monkeypatch.setattr(Table, "unpack", lambda data: unpacked.append(len(data)) or unpack(data))
    draft = ShapeDraft(world.layer.pk)
    draft.replace(track, [(50, 50)], [Table.of(0, [shape(50, 480)])])
    draft.save()
    after = dict(TrackChunk.objects.values_list("start", "pk"))
    assert len(unpacked) == 1
    assert {start for start in after if after[start] != before.get(start)} <= {50}


def test_a_long_range_of_many_tracks_is_read_with_few_queries(django_assert_max_num_queries: object) -> None:
    world = make_world(FRAMES)
    tracks = [draw(world, frame) for frame in range(0, 400, 20)]
    draft = ShapeDraft(world.layer.pk)
    with django_assert_max_num_queries(1):  # type: ignore[operator]
        draft.load((track, 20 * index, FRAMES - index) for index, track in enumerate(tracks))
    assert [
        [row.frame for table in draft.tables_in(track, 0, 399) for row in table.rows()] for track in tracks[1:2]
    ] == [[20]]


@pytest.mark.django_db(transaction=True)
def test_heavy_chunks_of_an_older_version_are_kept_and_split_when_they_change() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("annotator", "0004_chunk_doubtful")])
    try:
        old = executor.loader.project_state([("annotator", "0004_chunk_doubtful")]).apps
        track, rows = _as_it_was(old)
    finally:
        executor.loader.build_graph()
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert rows_of(track) == rows
    assert TrackChunk.objects.get().span == 256

    draft = ShapeDraft(Layer.objects.get().pk)
    draft.replace(track, [], [Table.of(0, [shape(7, 8)])])
    draft.save()

    check(track)
    assert [row.frame for _, table in stored_shapes.read(stored_shapes.chunks_of([track])) for row in table.rows()] == [
        *range(40)
    ]


def _as_it_was(old: object) -> tuple[UUID, list[Row]]:
    """A heavy chunk among the models of an older version."""
    model = old.get_model  # type: ignore[attr-defined]
    workspace = model("annotator", "Workspace").objects.create(name="Traffic")
    project = model("annotator", "Project").objects.create(workspace=workspace, name="Crossing")
    video = model("annotator", "Video").objects.create(project=project, name="a.mp4", frame_count=FRAMES)
    layer = model("annotator", "Layer").objects.create(video=video)
    label = model("annotator", "Label").objects.create(project=project, name="car", colour="#ff0000")
    track = model("annotator", "Track").objects.create(id=uuid4(), layer=layer, number=1, label=label)
    rows = [shape(frame, 100, mark=frame) for frame in range(40)]
    data = Table.of(0, rows).pack()
    chunk = {"start": 0, "data": data, "first": 0, "last": 39, "rows": 40, "predicted": 40}
    model("annotator", "TrackChunk").objects.create(layer=layer, track=track, **chunk)
    return track.pk, rows
