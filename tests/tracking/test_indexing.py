"""Whatever of a file is no frame is counted, and times run on however the file's clock does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.clips import (
    B_FRAMES,
    FPS,
    begun_at,
    ended_early,
    irregular,
    joined,
    numbers_in,
    oriented,
    remuxed,
    with_damage,
    write_clip,
)
from tests.tracking.test_frames import SLOW, SOURCES, WRAP_S
from tracking import indexing
from tracking.containers import MediaError, has_edit_list
from tracking.frame_index import FrameIndex
from tracking.frames import FrameReader, build_index, open_source
from tracking.indexing import in_gaps, lost_from

VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "24"}
VP8 = {"deadline": "realtime", "cpu-used": "8", "g": "24"}


def shown_numbers(path: Path, index: FrameIndex) -> list[int | None]:
    with FrameReader(path, index) as reader:
        return numbers_in(frame.image for frame in reader.walk(0, "forward"))


def damaged(to: Path, *packets: int, codec: str = "libx264", suffix: str = ".mp4", **options: str) -> Path:
    clip = write_clip(to / f"a{suffix}", 100, codec=codec, options=options or B_FRAMES)
    return with_damage(clip, to / f"b{suffix}", *packets)


LEFT_OUT: dict[str, tuple[Callable[[Path], Path], dict[str, int]]] = {
    "whole": (lambda to: write_clip(to / "a.mp4", options=B_FRAMES), {}),
    "start trimmed": (
        lambda to: remuxed(write_clip(to / "a.mp4", options=B_FRAMES), to / "b.mp4", shift_s=-1),
        {"hidden": 25},
    ),
    "end trimmed": (lambda to: ended_early(write_clip(to / "a.mp4"), to / "b.mp4", 1.0), {"hidden": 35}),
    "begins inside a group": (
        lambda to: remuxed(write_clip(to / "a.ts", options=B_FRAMES), to / "b.ts", skip=7),
        {"begins": 17},
    ),
    "first group damaged": (lambda to: damaged(to, 0), {"begins": 24}),
    "ends where a block is damaged": (lambda to: damaged(to, 30, suffix=".mkv", preset="ultrafast"), {"unread": 70}),
    "leaps to the next cluster": (lambda to: damaged(to, 30, suffix=".mkv"), {"gaps": 63}),
    "leaps over damaged blocks": (lambda to: damaged(to, 30, codec="libvpx-vp9", suffix=".webm", **VP9), {"gaps": 66}),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_of_a_file_is_no_frame_is_counted_by_reason(kind: str, tmp_path: Path) -> None:
    make, left_out = LEFT_OUT[kind]
    assert build_index(make(tmp_path)).left_out == left_out


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind not in ("variable rate", "av1", "one frame")])
def test_the_clock_of_a_recording_runs_on(kind: str, tmp_path: Path) -> None:
    index = build_index(SOURCES[kind][0](tmp_path))
    assert index.fps == pytest.approx(0.5 if kind.endswith("wraps late") else FPS, rel=0.01)


def test_a_clock_that_wraps_hides_nothing_in_between(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", options=B_FRAMES, stamps=SLOW)
    for before_s in (1, 59, 61, 90, 119):
        index = build_index(begun_at(clip, tmp_path / "b.ts", WRAP_S - before_s))
        seconds = np.diff(index.pts) * float(index.time_base)
        assert len(index) == 60
        assert seconds == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("parts", [2, 5])
def test_recordings_that_were_joined_follow_each_other(parts: int, tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{n}.ts", 40, options=B_FRAMES, start=40 * n) for n in range(parts)]
    path = joined(tmp_path / "b.ts", *clips)
    index = build_index(path)
    assert shown_numbers(path, index) == list(range(40 * parts))
    assert np.diff(index.pts) * float(index.time_base) == pytest.approx(1 / FPS, abs=0.001)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_a_frame_that_cannot_be_decoded_shows_the_one_before_it(codec: str, tmp_path: Path) -> None:
    options = {
        "libx264": B_FRAMES,
        "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:bframes=0:keyint=24"},
        "mpeg4": {"g": "24", "q:v": "3"},
    }[codec]
    suffix = ".avi" if codec == "mpeg4" else ".mp4"
    path = damaged(tmp_path, 70, codec=codec, suffix=suffix, **options)
    index = build_index(path)
    assert len(index) == 100
    with FrameReader(path, index) as reader:
        came = [number for number, _ in reader.pictures()]
        (lost, *_) = sorted(set(range(100)) - set(came))
        pictures = [frame.image for frame in reader.walk(0, "forward")]
        assert np.array_equal(pictures[lost], pictures[lost - 1])
        assert not np.array_equal(pictures[lost - 1], pictures[lost - 2])
        assert numbers_in(pictures)[: lost - 1] == list(range(lost - 1))
        # Whichever way it is come to.
        assert np.array_equal(reader.read(lost).image, pictures[lost])
        backward = [frame.image for frame in reader.walk(99, "backward")][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(pictures, backward, strict=True))


def test_a_picture_that_is_only_predicted_from_is_no_frame(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.webm", 60, codec="libvpx", options=VP8)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        for packet in packets[10:50:10]:
            at = data.index(bytes(packet))
            # RFC 6386, 9.1: the frame isn't shown.
            data[at] &= ~0x10
    path.write_bytes(data)
    index = build_index(path)
    assert (len(index), index.left_out) == (56, {})
    assert shown_numbers(path, index) == [n for n in range(60) if n not in (10, 20, 30, 40)]


def test_fields_that_make_one_picture_in_two_packets_are_not_told_as_lost() -> None:
    assert lost_from(np.arange(0, 100, 2), 100) == {}
    assert lost_from(np.delete(np.arange(100), [50, 51]), 100) == {"begins": 0, "damaged": 2}
    assert lost_from(np.arange(7, 100), 100) == {"begins": 7, "damaged": 0}


def test_gaps_are_told_of_recordings_of_constant_rate_only() -> None:
    even = np.concatenate([np.arange(50), 200 + np.arange(50)])
    assert in_gaps(even, Fraction(1, 25)) == 150
    assert in_gaps(np.array(irregular(100)) * 100, Fraction(1, 1000)) == 0
    assert in_gaps(np.array([0]), Fraction(1, 25)) == 0


def test_an_index_without_times_for_its_packets_counts_them_evenly(tmp_path: Path) -> None:
    path = begun_at(write_clip(tmp_path / "a.mp4", options=B_FRAMES), tmp_path / "b.mkv", -1)
    with av.open(str(path)) as container:
        assert next(container.demux(video=0)).pts is None
    index = build_index(path)
    assert np.diff(index.pts).tolist() == [40] * 59
    index.save(tmp_path / "index.npz")
    assert shown_numbers(path, FrameIndex.load(tmp_path / "index.npz")) == list(range(60))


def test_an_index_keeps_its_orientation_and_what_was_left_out(tmp_path: Path) -> None:
    index = build_index(oriented(tmp_path, "transposed", 3))
    index.left_out["hidden"] = 7
    index.save(tmp_path / "index.npz")
    loaded = FrameIndex.load(tmp_path / "index.npz")
    assert (loaded.orientation, loaded.left_out) == (index.orientation, {"hidden": 7})
    assert loaded.orientation.mirrored


def test_an_index_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    np.savez(
        (tmp_path / "index.npz").open("wb"),
        pts=np.arange(3),
        keyframes=np.ones(3, bool),
        numbers=np.array([1, 25, 3, 96, 160]),
        codec=np.array("h264"),
    )
    index = FrameIndex.load(tmp_path / "index.npz")
    assert (index.orientation.turns, index.orientation.mirrored, index.left_out) == (3, False, {})
    assert index.stamps.tolist() == [0, 1, 2]


def test_an_edit_list_counts_only_for_its_own_track(tmp_path: Path) -> None:
    path = remuxed(write_clip(tmp_path / "a.mp4", options=B_FRAMES), tmp_path / "b.mp4", shift_s=-1)
    assert has_edit_list(path, 1)
    assert not has_edit_list(path, 2)
    assert not has_edit_list(write_clip(tmp_path / "c.mp4", 3, container={"use_editlist": "0"}), 1)


@pytest.mark.parametrize(("limit", "most"), [("MOST_PIXELS", 15_000), ("MOST_PX", 150)])
def test_a_picture_that_is_too_large_is_refused_with_its_size(
    limit: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, limit, most)
    with pytest.raises(MediaError, match=r"this one has 160 x 96\. Scale it down"):
        build_index(write_clip(tmp_path / "a.mp4", 3))


def test_a_file_damaged_between_its_packets_says_so_in_our_words(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(write_clip(tmp_path / "b.mkv", 3).read_bytes()[:200] + bytes(5000))
    with pytest.raises(MediaError) as raised, open_source(path):
        pass
    assert "Errno" not in str(raised.value)
    assert "Invalid data" not in str(raised.value)
