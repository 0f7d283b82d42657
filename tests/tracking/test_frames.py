"""Frame N is the same picture whatever file it comes from, and whatever way it is read."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media.clips import (
    B_FRAMES,
    ORIENTATIONS,
    begun_at,
    ended_early,
    irregular,
    joined,
    number_in,
    numbers_in,
    oriented,
    picture,
    remuxed,
    write_clip,
)
from tracking import frame_index as frame_index_module
from tracking import frames as frames_module
from tracking.frames import DecodeAhead, FrameIndex, FrameReader, MediaError, build_index, open_source
from tracking.orientation import Orientation
from tracking.types import Frame

X265 = {"preset": "ultrafast", "x265-params": "log-level=none:bframes=3:keyint=24"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "24"}
AV1 = {"preset": "8", "crf": "10", "svtav1-params": "keyint=24"}
SLOW = [2000 * number for number in range(60)]
WRAP_S = 2**33 / 90_000
"""When the clock of an MPEG transport stream begins anew."""
OPEN_GROUPS = {**B_FRAMES, "x264-params": "b-adapt=0:scenecut=0:open-gop=1"}

# Each makes a file in a folder; the frames that it shows.
SOURCES: dict[str, tuple[Callable[[Path], Path], range]] = {
    "b-frames.mp4": (lambda to: write_clip(to / "a.mp4", options=B_FRAMES), range(60)),
    "matroska": (lambda to: write_clip(to / "a.mkv", options=B_FRAMES), range(60)),
    "fragmented": (
        lambda to: write_clip(to / "a.mp4", options=B_FRAMES, container={"movflags": "frag_keyframe+empty_moov"}),
        range(60),
    ),
    "variable rate": (lambda to: write_clip(to / "a.mp4", options=B_FRAMES, stamps=irregular(60)), range(60)),
    "start offset": (
        lambda to: write_clip(to / "a.mp4", options=B_FRAMES, stamps=[1500 + 40 * n for n in range(60)]),
        range(60),
    ),
    "start trimmed inside a group": (
        lambda to: remuxed(write_clip(to / "a.mp4", options=B_FRAMES), to / "b.mp4", shift_s=-1),
        range(25, 60),
    ),
    "end trimmed": (lambda to: ended_early(write_clip(to / "a.mp4", options=B_FRAMES), to / "b.mp4", 1.0), range(25)),
    "begins inside a group": (
        lambda to: remuxed(write_clip(to / "a.ts", options=B_FRAMES), to / "b.ts", skip=7),
        range(24, 60),
    ),
    "begins with an open group": (
        lambda to: remuxed(write_clip(to / "a.mp4", options=OPEN_GROUPS), to / "b.mkv", skip=24),
        range(48, 60),
    ),
    "transport stream": (lambda to: write_clip(to / "a.ts", options=B_FRAMES), range(60)),
    "program stream": (
        lambda to: write_clip(to / "a.mpg", codec="mpeg2video", options={"bf": "2", "g": "12", "b": "2M"}),
        range(60),
    ),
    "avi": (
        lambda to: write_clip(to / "a.avi", codec="mpeg4", options={"bf": "2", "q:v": "3", "g": "12"}),
        range(60),
    ),
    "flash": (lambda to: write_clip(to / "a.flv", options=B_FRAMES), range(60)),
    "motion jpeg": (
        lambda to: write_clip(to / "a.avi", codec="mjpeg", pixels="yuvj420p", options={}),
        range(60),
    ),
    **{name: (lambda to, name=name: oriented(to, name, options=B_FRAMES), range(60)) for name in ORIENTATIONS},
    "transport stream before zero": (
        lambda to: begun_at(write_clip(to / "a.mp4", options=B_FRAMES), to / "b.ts", -1.2),
        range(60),
    ),
    "transport stream whose clock wraps": (
        lambda to: begun_at(write_clip(to / "a.mp4", options=B_FRAMES), to / "b.ts", WRAP_S - 1.2),
        range(60),
    ),
    "transport stream whose clock wraps late": (
        lambda to: begun_at(write_clip(to / "a.mp4", options=B_FRAMES, stamps=SLOW), to / "b.ts", WRAP_S - 90),
        range(60),
    ),
    "two transport streams in one": (
        lambda to: joined(
            to / "b.ts", *(write_clip(to / f"{n}.ts", 30, options=B_FRAMES, start=30 * n) for n in (0, 1))
        ),
        range(60),
    ),
    "a transport stream before an earlier one": (
        lambda to: joined(
            to / "b.ts",
            begun_at(write_clip(to / "a.mp4", 30, options=B_FRAMES), to / "a.ts", 100),
            write_clip(to / "c.ts", 30, options=B_FRAMES, start=30),
        ),
        range(60),
    ),
    "matroska before zero": (
        lambda to: begun_at(write_clip(to / "a.mp4", options=B_FRAMES), to / "b.mkv", -1),
        range(60),
    ),
    "flash before zero": (
        lambda to: begun_at(write_clip(to / "a.mp4", options=B_FRAMES), to / "b.flv", -1),
        range(60),
    ),
    "mp4 without an edit list before zero": (
        lambda to: remuxed(
            write_clip(to / "a.mp4", options=B_FRAMES),
            to / "b.mp4",
            container={"movflags": "negative_cts_offsets", "use_editlist": "0"},
        ),
        range(60),
    ),
    "fragmented and trimmed": (
        lambda to: remuxed(
            write_clip(to / "a.mp4", options=B_FRAMES),
            to / "b.mp4",
            shift_s=-1,
            container={"movflags": "frag_keyframe+empty_moov+delay_moov", "avoid_negative_ts": "disabled"},
        ),
        range(25, 60),
    ),
    "avi that tells no order": (lambda to: write_clip(to / "a.avi", options=B_FRAMES), range(60)),
    "hevc": (lambda to: write_clip(to / "a.mp4", codec="libx265", options=X265), range(60)),
    "vp9": (lambda to: write_clip(to / "a.webm", codec="libvpx-vp9", options=VP9), range(60)),
    "av1": (lambda to: write_clip(to / "a.mp4", 30, codec="libsvtav1", options=AV1), range(30)),
    "ten bits": (lambda to: write_clip(to / "a.mp4", pixels="yuv420p10le"), range(60)),
    "odd sides": (lambda to: write_clip(to / "a.webm", codec="libvpx-vp9", options=VP9, size=(161, 97)), range(60)),
    "wide pixels": (lambda to: write_clip(to / "a.mp4", aspect=Fraction(4, 3)), range(60)),
    "one frame": (lambda to: write_clip(to / "a.mp4", 1), range(1)),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_way_of_reading_gives_frame_n(kind: str, tmp_path: Path) -> None:
    make, shown = SOURCES[kind]
    path = make(tmp_path)
    index = build_index(path)
    expected = list(shown)
    shuffled = random.Random(1).sample(range(len(index)), len(index))
    with FrameReader(path, index) as reader:
        assert numbers_in(frame.image for frame in reader.walk(0, "forward")) == expected
        backward = numbers_in(frame.image for frame in reader.walk(len(index) - 1, "backward"))
        assert backward[::-1] == expected
        assert {n: number_in(reader.read(n).image) for n in shuffled} == dict(enumerate(expected))


def test_a_turned_video_has_the_size_it_is_shown_in(tmp_path: Path) -> None:
    path = oriented(tmp_path, "turned", 3)
    index = build_index(path)
    with FrameReader(path, index) as reader:
        assert (index.width, index.height) == (reader.read(0).width, reader.read(0).height) == (96, 160)


def test_pixels_that_are_wider_than_high_are_made_square(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", 3, aspect=Fraction(4, 3))
    with open_source(path) as source:
        assert (source.width, source.height) == (213, 96)
        assert source.read(1).image.shape == (96, 213, 3)


def test_an_index_knows_rate_length_and_codec(tmp_path: Path) -> None:
    index = build_index(write_clip(tmp_path / "a.mp4", 50, codec="libx265", options=X265))
    assert (len(index), index.fps, index.duration_s, index.codec) == (50, 25.0, 2.0, "hevc")


def test_an_index_survives_being_saved(tmp_path: Path) -> None:
    index = build_index(write_clip(tmp_path / "a.mp4", stamps=irregular(60)))
    index.save(tmp_path / "index.npz")
    loaded = FrameIndex.load(tmp_path / "index.npz")
    assert np.array_equal(loaded.pts, index.pts)
    assert np.array_equal(loaded.keyframes, index.keyframes)
    assert (loaded.time_base, loaded.orientation, loaded.width, loaded.height, loaded.codec) == (
        *(index.time_base, index.orientation, index.width, index.height),
        "h264",
    )


class Evil:
    """Pickled, it would make a file when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def _stored(**arrays: object) -> Callable[[Path], None]:
    whole = {
        "pts": np.arange(3),
        "keyframes": np.ones(3, bool),
        "numbers": np.array([1, 25, 0, 160, 96]),
        "codec": np.array("h264"),
    }
    return lambda path: np.savez(path.open("wb"), **{**whole, **arrays})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04 but no archive"),
        lambda path: np.save(path.open("wb"), np.arange(3)),
        _stored(pts=np.array([0, 2, 1])),
        _stored(pts=np.arange(4)),
        _stored(pts=np.zeros((3, 3))),
        _stored(pts=np.array([], np.int64), keyframes=np.array([], bool)),
        _stored(numbers=np.array([1, 0, 0, 160, 96])),
        _stored(numbers=np.array([1, 25, 7, 160, 96])),
        _stored(numbers=np.array([1, 25, 0, 10**9, 96])),
        _stored(numbers=np.array([1])),
    ],
)
def test_what_is_no_index_is_refused(write: Callable[[Path], object], tmp_path: Path) -> None:
    write(tmp_path / "index.npz")
    with pytest.raises(MediaError, match="index"):
        FrameIndex.load(tmp_path / "index.npz")


def test_nothing_in_an_index_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    _stored(pts=np.array([Evil(mark)], object))(tmp_path / "index.npz")
    with pytest.raises(MediaError):
        FrameIndex.load(tmp_path / "index.npz")
    assert not mark.exists()


def test_an_index_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_index_module, "MOST_FRAMES", 10)
    np.savez_compressed((tmp_path / "index.npz").open("wb"), pts=np.zeros(1000, np.int64))
    with pytest.raises(MediaError, match="no frame index"):
        FrameIndex.load(tmp_path / "index.npz")


@pytest.mark.parametrize("frame", [-1, 60])
def test_a_frame_beyond_the_video_is_refused(frame: int, tmp_path: Path) -> None:
    with open_source(write_clip(tmp_path / "a.mp4")) as source, pytest.raises(MediaError, match=r"frames 0\.\.59"):
        source.read(frame)


def test_walking_backward_through_one_long_group_holds_few_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "a.mp4", 60, options={**B_FRAMES, "g": "250"})
    monkeypatch.setattr(frames_module, "BACKWARD_BYTES", 7 * 160 * 96 * 3)
    with open_source(path) as source:
        assert numbers_in(frame.image for frame in source.walk(59, "backward")) == list(range(59, -1, -1))


def test_a_folder_of_images_is_a_video_in_the_order_of_names(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        Image.fromarray(picture(number)).save(tmp_path / f"{number:04}.png")
    (tmp_path / "notes.txt").write_text("no image")
    with open_source(tmp_path) as source:
        assert (source.frame_count, source.width, source.height) == (3, 160, 96)
        assert numbers_in(frame.image for frame in source.walk(2, "backward")) == [2, 1, 0]


def test_a_folder_without_images_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="holds no images"):
        open_source(tmp_path)


def test_an_image_that_is_damaged_is_named(tmp_path: Path) -> None:
    Image.fromarray(picture(0)).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(b"no image")
    with open_source(tmp_path) as source, pytest.raises(MediaError, match=r"1\.png"):
        source.read(1)


def _counting(produced: list[int], count: int) -> Generator[Frame, None, None]:
    for number in range(count):
        produced.append(number)
        yield Frame(number, picture(number))


def test_decoding_ahead_gives_all_frames_in_order() -> None:
    with DecodeAhead(lambda: _counting([], 20), ahead=3) as frames:
        assert [frame.number for frame in frames] == list(range(20))


def test_decoding_ahead_stays_within_its_bound_and_ends_when_left() -> None:
    produced: list[int] = []
    with DecodeAhead(lambda: _counting(produced, 1000), ahead=3) as frames:
        assert next(frames).number == 0
    assert len(produced) <= 6
    assert not [thread for thread in threading.enumerate() if thread.name == "decode"]


def test_an_error_while_decoding_ahead_reaches_the_reader() -> None:
    def failing() -> Generator[Frame, None, None]:
        yield Frame(0, picture(0))
        raise MediaError("broken")

    with DecodeAhead(failing) as frames:
        assert next(frames).number == 0
        with pytest.raises(MediaError, match="broken"):
            next(frames)


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50)])
def test_the_rate_of_evenly_spaced_frames_is_exact(rate: Fraction) -> None:
    for count in (2, 3, 7, 50, 7201):
        pts = np.arange(count, dtype=np.int64) * int(90000 / rate)
        index = FrameIndex(pts, np.ones(count, bool), Fraction(1, 90000), Orientation(), 640, 360, "h264")
        assert (index.fps, index.duration_s) == (float(rate), count / float(rate))
