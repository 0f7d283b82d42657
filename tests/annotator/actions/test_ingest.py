"""The ingest: from a file that came in to a video that browsers play, or a message that says why not."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
import pytest
from django_tasks_db.models import DBTaskResult
from PIL import Image
from pytest_django import Settings

from annotator.actions import ingest as ingest_module
from annotator.actions.ingest import LONG, QUICK, ingest, make_quick, queue_forgotten_videos
from annotator.actions.videos import delete_video, may_retry, queue_ingest, retry_video
from annotator.config import config
from annotator.media import storage
from annotator.media import strip as strip_module
from annotator.media.frames import frame_jpeg
from annotator.media.left_out import left_out_of
from annotator.media.opening import open_video
from annotator.media.proxy import GROUP, proxy_size
from annotator.models import Layer, ProxyState, Video, VideoState
from annotator.worker.queue import take_over
from tests.media.clips import (
    B_FRAMES,
    cut,
    irregular,
    number_in,
    numbers_in,
    oriented,
    remuxed,
    with_damage,
    write_clip,
)
from tests.people import Team
from tracking.frame_index import BEGINS, DAMAGED, GAPS, HIDDEN, TWIN, UNREAD
from tracking.frames import FrameIndex, FrameReader, build_index, open_source

X265 = {"preset": "ultrafast", "x265-params": "log-level=none:bframes=3:keyint=24"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "24"}
LONG_VP9 = {**VP9, "g": "200"}
LONG_GROUPS = {"preset": "ultrafast", "g": "250"}


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def arrived(team: Team, file: Path) -> Video:
    """A video whose file has just come."""
    video = Video.objects.create(project=team.project, name=file.name, size_bytes=file.stat().st_size)
    Layer.objects.create(video=video)
    source = storage.video_file(video, storage.SOURCE)
    source.parent.mkdir(parents=True)
    source.write_bytes(file.read_bytes())
    return video


def opened(team: Team, file: Path) -> Video:
    """A video that people can work with; its proxy isn't made yet."""
    video = arrived(team, file)
    ingest.call(video.pk)
    video.refresh_from_db()
    return video


def ingested(team: Team, file: Path) -> Video:
    """A video with all that is made of it."""
    video = opened(team, file)
    make_quick.call(video.pk)
    video.refresh_from_db()
    return video


def shown_by(video: Video) -> Path:
    """What browsers play: the proxy, or the source where none is needed."""
    return storage.video_file(video, storage.SOURCE if video.proxy_state == "unneeded" else storage.PROXY)


def names(video: Video) -> list[str]:
    folder = storage.video_file(video, storage.SOURCE).parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


SOURCES: dict[str, tuple[Callable[[Path], Path], range, tuple[int, int]]] = {
    "b-frames": (lambda to: write_clip(to / "a.mp4", 40, options=B_FRAMES), range(40), (160, 96)),
    "variable rate": (
        lambda to: write_clip(to / "a.mp4", 40, options=B_FRAMES, stamps=irregular(40)),
        range(40),
        (160, 96),
    ),
    "start trimmed": (
        lambda to: remuxed(write_clip(to / "a.mp4", options=B_FRAMES), to / "b.mp4", shift_s=-1),
        range(25, 60),
        (160, 96),
    ),
    **{
        name: (lambda to, name=name: oriented(to, name, 40), range(40), size)
        for name, size in (("turned", (96, 160)), ("mirrored", (160, 96)), ("transposed", (96, 160)))
    },
    "hevc": (lambda to: write_clip(to / "a.mp4", 40, codec="libx265", options=X265), range(40), (160, 96)),
    "odd sides": (
        lambda to: write_clip(to / "a.webm", 40, codec="libvpx-vp9", options=VP9, size=(161, 97)),
        range(40),
        (161, 97),
    ),
    "wide pixels": (lambda to: write_clip(to / "a.mp4", 40, aspect=Fraction(4, 3)), range(40), (213, 96)),
    "two frames a day apart": (lambda to: write_clip(to / "a.mkv", 2, stamps=[0, 86_400_000]), range(2), (160, 96)),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_proxy_pictures_and_index_agree_on_frame_n(kind: str, team: Team, tmp_path: Path) -> None:
    make, shown, size = SOURCES[kind]
    video = ingested(team, make(tmp_path))
    assert (video.state, video.error) == (VideoState.READY, "")
    assert (video.frame_count, video.width, video.height) == (len(shown), *size)
    index = FrameIndex.load(storage.video_file(video, storage.INDEX))
    with FrameReader(storage.video_file(video, storage.SOURCE), index) as reader:
        assert numbers_in(frame.image for frame in reader.walk(0, "forward")) == list(shown)
    with open_source(shown_by(video)) as proxy:
        assert numbers_in(frame.image for frame in proxy.walk(0, "forward")) == list(shown)
    assert pictures_of(video, shown) == list(shown)


@pytest.mark.parametrize("kind", SOURCES)
def test_frame_n_is_the_same_before_there_is_a_proxy(kind: str, team: Team, tmp_path: Path) -> None:
    make, shown, size = SOURCES[kind]
    video = opened(team, make(tmp_path))
    assert (video.state, video.frame_count, video.width, video.height) == ("ready", len(shown), *size)
    assert not storage.video_file(video, storage.PROXY).exists()
    assert pictures_of(video, shown) == list(shown)


def pictures_of(video: Video, shown: range) -> list[int | None]:
    """What the frames that browsers get as images show, asked for in no order."""
    found: dict[int, int | None] = {}
    for frame in sorted(range(len(shown)), key=lambda number: number * 7 % len(shown)):
        picture = np.asarray(Image.open(io.BytesIO(frame_jpeg(video, frame))))
        assert picture.shape == (video.height, video.width, 3)
        found[frame] = number_in(picture)
    return [found[frame] for frame in range(len(shown))]


def test_frame_n_of_a_proxy_is_at_n_by_rate_and_each_group_begins_with_a_keyframe(team: Team, tmp_path: Path) -> None:
    video = ingested(team, write_clip(tmp_path / "a.mp4", 40, codec="libx265", options=X265, stamps=irregular(40)))
    index = build_index(storage.video_file(video, storage.PROXY))
    at_s = index.pts.astype(float) * float(index.time_base)
    assert np.allclose(at_s, np.arange(40) / video.fps, atol=1e-4)
    assert np.flatnonzero(index.keyframes).tolist() == list(range(0, 40, GROUP))


def test_a_proxy_can_be_written_by_a_free_encoder_and_is_the_same_frame_by_frame(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "proxy_codec", "vp9")
    clip = write_clip(tmp_path / "a.webm", 70, codec="libvpx-vp9", options=LONG_VP9, size=(161, 97))
    video = ingested(team, clip)
    path = storage.video_file(video, storage.PROXY)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, context.width, context.height) == ("vp9", "yuv420p", 162, 98)
    head = path.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")
    index = build_index(path)
    assert np.allclose(index.pts.astype(float) * float(index.time_base), np.arange(70) / video.fps, atol=1e-4)
    assert np.flatnonzero(index.keyframes).tolist() == list(range(0, 70, GROUP))
    with open_source(path) as proxy:
        assert numbers_in(frame.image for frame in proxy.walk(0, "forward")) == list(range(70))
    assert pictures_of(video, range(70)) == list(range(70))


def test_without_an_encoder_for_it_the_video_says_what_to_do(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "proxy_codec", "h264")
    monkeypatch.setattr("tracking.encoders.has_encoder", lambda name: name != "libx264")
    video = ingested(team, write_clip(tmp_path / "a.mp4", 70, options=LONG_GROUPS))
    assert (video.state, video.proxy_state) == (VideoState.READY, "failed")
    assert "the encoder libx264, which this installation's PyAV doesn't have" in video.proxy_error


def test_a_proxy_is_the_h264_that_every_browser_plays(team: Team, tmp_path: Path) -> None:
    video = ingested(team, write_clip(tmp_path / "a.webm", 70, codec="libvpx-vp9", options=LONG_VP9, size=(161, 97)))
    with av.open(str(storage.video_file(video, storage.PROXY))) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", 162, 98)
        assert not context.has_b_frames
    head = storage.video_file(video, storage.PROXY).read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p", "yuv422p10le", "yuv444p"])
@pytest.mark.parametrize("matrix", [1, 2, 6])
def test_colours_stay_what_they_are(pixels: str, matrix: int, team: Team, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "1", "preset": "ultrafast", "g": "250"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        stream.codec_context.colorspace = matrix
        image = np.full((64, 64, 3), (200, 30, 60), np.uint8)
        for _ in range(70):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    video = ingested(team, path)
    with (
        open_source(storage.video_file(video, storage.SOURCE)) as source,
        open_source(storage.video_file(video, storage.PROXY)) as proxy,
    ):
        assert proxy.frame_count == 70
        given, shown = source.read(1).image[32, 32].astype(int), proxy.read(1).image[32, 32].astype(int)
    assert np.abs(given - shown).max() <= 6, (given, shown)


def test_the_strip_shows_frames_evenly_over_the_video(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strip_module, "TILES", 12)
    video = ingested(team, write_clip(tmp_path / "a.mp4", 40))
    strip = video.strip
    assert (strip["count"], strip["columns"], strip["every"]) == (10, 10, 4)
    sheet = np.asarray(Image.open(storage.video_file(video, storage.STRIP)))
    tiles = [sheet[: strip["tile_height"], n * strip["tile_width"] :][:, : strip["tile_width"]] for n in range(10)]
    assert numbers_in(tiles) == list(range(0, 40, 4))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda to: cut(write_clip(to / "a.mp4"), to / "b.mp4", 0.6), "truncated"),
        (lambda to: (to / "a.mp4").write_text("no video") and to / "a.mp4", "no video"),
    ],
)
def test_a_file_that_is_no_video_fails_with_its_reason_and_is_not_kept(
    make: Callable[[Path], Path], message: str, team: Team, tmp_path: Path
) -> None:
    video = ingested(team, make(tmp_path))
    assert video.state == VideoState.FAILED
    assert message in video.error
    assert names(video) == []


def test_an_error_on_the_way_keeps_the_file_and_can_be_tried_again(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "open_video", raising(OSError(errno.ENOSPC, "No space left on device")))
        video = opened(team, write_clip(tmp_path / "a.mp4"))
    assert video.state == VideoState.FAILED
    assert video.error.startswith("The video could not be prepared: the server's disk is full. Try again")
    assert names(video) == ["source"]
    ingest.call(retry_video(video=video).pk)
    video.refresh_from_db()
    assert (video.state, video.error) == (VideoState.READY, "")


def test_a_fault_of_ours_is_told_without_its_words(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ingest_module, "open_video", raising(KeyError("avcodec_open2")))
    video = opened(team, write_clip(tmp_path / "a.mp4"))
    assert "avcodec" not in video.error
    assert "log says more" in video.error
    assert "avcodec_open2" in caplog.text


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def long_groups(to: Path) -> Path:
    """A clip that needs a proxy."""
    return write_clip(to / "long.mp4", 70, options=LONG_GROUPS)


def test_a_proxy_that_fails_leaves_a_video_to_work_with_and_can_be_made_again(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "make_proxy", raising(av.error.ExternalError(-542398533, "Generic error", "x264")))
        video = ingested(team, long_groups(tmp_path))
    assert (video.state, video.proxy_state, video.error) == ("ready", "failed", "")
    assert "Generic error" not in video.proxy_error
    assert video.proxy_error.startswith("The copy for quick playback could not be made: it can't be read.")
    assert len(frame_jpeg(video, 69)) > 0
    make_quick.call(retry_video(video=video).pk)
    video.refresh_from_db()
    assert (video.proxy_state, video.proxy_error) == ("ready", "")


def test_a_source_that_seeks_quickly_gets_thumbnails_and_no_proxy(team: Team, tmp_path: Path) -> None:
    video = ingested(team, write_clip(tmp_path / "a.mp4", 40, options=B_FRAMES))
    assert (video.proxy_state, video.proxy_bytes, video.strip["every"]) == ("unneeded", 0, 1)
    assert names(video) == ["index.npz", "packets.bin", "source", "strip.jpg"]
    assert not may_retry(video)


def test_thumbnails_that_fail_are_told_and_can_be_made_again_without_a_proxy(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "look_through", raising(OSError(errno.ENOSPC, "No space left on device")))
        video = ingested(team, write_clip(tmp_path / "a.mp4", 40, options=B_FRAMES))
    assert (video.state, video.proxy_state, video.strip) == ("ready", "unneeded", {})
    assert video.proxy_error.startswith("The thumbnails could not be made: the server's disk is full.")
    assert ingest_module.queue_forgotten_videos() == 0
    make_quick.call(retry_video(video=video).pk)
    video.refresh_from_db()
    assert (video.proxy_state, video.proxy_error, video.strip["every"]) == ("unneeded", "", 1)


def test_a_video_is_ready_before_its_proxy_and_says_how_far_that_is(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "REPORT_EVERY_S", 0.0)
    video = opened(team, long_groups(tmp_path))
    assert (video.state, video.proxy_state, video.strip) == ("ready", "waiting", {})
    (queued,) = DBTaskResult.objects.filter(task_path=make_quick.module_path)
    assert (queued.queue_name, queued.args_kwargs["args"]) == (LONG, [video.pk])
    told: list[tuple[str, float, int]] = []
    write = ingest_module._Reporter.write

    def noted(self: ingest_module._Reporter, **fields: object) -> None:
        write(self, **fields)
        told.append(Video.objects.values_list("proxy_state", "proxy_progress", "proxy_bytes").get(pk=video.pk))

    monkeypatch.setattr(ingest_module._Reporter, "write", noted)
    make_quick.call(video.pk)
    assert {state for state, _, _ in told[:-1]} == {"making"}
    shares = [share for _, share, _ in told]
    assert shares == sorted(shares)
    assert len(set(shares)) > 50
    assert told[-1] == ("ready", 1.0, storage.video_file(video, storage.PROXY).stat().st_size)


@pytest.mark.parametrize(
    ("make", "needed"),
    [
        (lambda to: write_clip(to / "a.mp4", 100, options=B_FRAMES), False),
        (lambda to: write_clip(to / "a.webm", 100, codec="libvpx-vp9", options=VP9), False),
        (lambda to: write_clip(to / "a.webm", 100, codec="libvpx-vp9", options=LONG_VP9), True),
        (lambda to: write_clip(to / "a.mp4", 100, options=LONG_GROUPS), True),
        (lambda to: write_clip(to / "a.mp4", 20, options=LONG_GROUPS, size=(1920, 1080)), True),
        (lambda to: write_clip(to / "a.mp4", 10, options=LONG_GROUPS, size=(1920, 1080)), False),
        (lambda to: write_clip(to / "a.mp4", 20, codec="libx265", options=X265), True),
        (lambda to: write_clip(to / "a.ts", 20), True),
        (lambda to: write_clip(to / "a.mp4", 20, pixels="yuv420p10le"), True),
        (lambda to: write_clip(to / "a.mp4", 20, pixels="yuv444p"), True),
        (lambda to: write_clip(to / "a.mp4", 20, aspect=Fraction(4, 3)), False),
        (lambda to: write_clip(to / "a.mp4", 90, options={**B_FRAMES, "x264-params": "open-gop=1:scenecut=0"}), True),
        (lambda to: oriented(to, "mirrored", 20), True),
    ],
)
def test_a_source_that_seeks_slowly_is_told_from_one_that_does_not(
    make: Callable[[Path], Path], needed: bool, tmp_path: Path
) -> None:
    assert open_video(make(tmp_path), lambda _: None).quick is not needed


@pytest.mark.parametrize(("frames", "reads"), [(300, True), (302, False)])
def test_browsers_read_no_source_in_which_only_the_server_finds_places_to_begin(
    frames: int, reads: bool, tmp_path: Path
) -> None:
    options = {"preset": "ultrafast", "x264-params": "open-gop=1:keyint=20:bframes=2:scenecut=0"}
    found = open_video(write_clip(tmp_path / "a.mp4", frames, options=options), lambda _: None)
    assert found.index.longest_group() < 30
    assert (found.packets is not None) is reads


def test_browsers_read_a_source_with_a_single_place_to_begin(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", 302, options={"preset": "ultrafast", "g": "1000"})
    found = open_video(clip, lambda _: None)
    assert found.index.longest_group() == 302
    assert found.packets is not None
    assert not found.quick


def test_a_proxy_of_noise_is_at_most_twice_its_source(team: Team, tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    random = np.random.default_rng(1)
    ground = random.integers(60, 180, (240, 400, 3), np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "medium", "crf": "26", "g": "250"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(150):
            noisy = ground[:, number % 80 : number % 80 + 320] + random.integers(0, 30, (240, 320, 1), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(noisy), format="rgb24")))
        out.mux(stream.encode(None))
    video = ingested(team, path)
    assert video.proxy_state == "ready"
    assert video.proxy_bytes <= 2 * path.stat().st_size


@pytest.mark.parametrize("size", [(1, 40), (40, 1), (1, 1), (3, 3), (20, 2000), (9000, 16), (16, 9000)])
def test_a_video_of_any_size_keeps_it(size: tuple[int, int], team: Team, tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "bgr24"
        for light in (0, 120, 240):
            image = np.full((size[1], size[0], 3), light, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    video = ingested(team, path)
    assert (video.state, video.proxy_state, video.proxy_error) == ("ready", "ready", "")
    assert (video.width, video.height, video.frame_count) == (*size, 3)
    with open_source(storage.video_file(video, storage.PROXY)) as proxy:
        assert (proxy.width, proxy.height) == proxy_size(*size)
        assert max(proxy.width, proxy.height) <= 8192
        assert [round(proxy.read(n).image.mean() / 120) for n in range(3)] == [0, 1, 2]
    picture = np.asarray(Image.open(io.BytesIO(frame_jpeg(video, 1))))
    assert picture.shape == (size[1], size[0], 3)
    assert abs(float(picture.mean()) - 120) < 6
    assert max(Image.open(storage.video_file(video, storage.STRIP)).size) <= 4000


def test_pictures_that_no_proxy_can_hold_are_refused_in_our_words(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.indexing.MOST_PX", 150)
    video = opened(team, write_clip(tmp_path / "a.mp4", 3))
    assert (video.state, video.error) == (
        "failed",
        "A video's sides may have up to 150 px, and its pictures 134 million px; this one has 160 x 96. Scale it down "
        "and upload that.",
    )


def test_damaged_frames_show_the_one_before_them_everywhere_and_are_told(team: Team, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", 100, options={**LONG_GROUPS, "bf": "0"})
    video = opened(team, with_damage(clip, tmp_path / "b.mp4", 60))
    assert (video.frame_count, video.left_out) == (100, {})
    before = [np.asarray(Image.open(io.BytesIO(frame_jpeg(video, n)))) for n in (59, 60)]
    make_quick.call(video.pk)
    video.refresh_from_db()
    assert video.left_out == {"damaged": 1}
    assert [told.text for told in left_out_of(video.left_out)] == ["1 frame is damaged and shows the one before it."]
    after = [np.asarray(Image.open(io.BytesIO(frame_jpeg(video, n)))) for n in (59, 60)]
    assert [number_in(picture) for picture in (*before, *after)] == [59] * 4


def test_what_a_file_hides_is_told(team: Team, tmp_path: Path) -> None:
    clip = remuxed(write_clip(tmp_path / "a.mp4", options=B_FRAMES), tmp_path / "b.mp4", shift_s=-1)
    (told,) = left_out_of(ingested(team, clip).left_out)
    assert (told.reason, told.frames) == ("hidden", 25)
    assert told.text == "25 frames are hidden by the file itself, as trimming does."


def test_every_reason_has_words_for_one_and_for_many() -> None:
    reasons = (HIDDEN, BEGINS, DAMAGED, TWIN, UNREAD, GAPS)
    for count, number in ((1, "1 "), (1234, "1,234 ")):
        told = left_out_of(dict.fromkeys(reasons, count))
        assert [each.reason for each in told] == list(reasons)
        assert all(number in each.text for each in told)


def test_a_second_ingest_of_a_ready_video_changes_nothing(team: Team, tmp_path: Path) -> None:
    video = ingested(team, long_groups(tmp_path))
    written = {path: path.stat().st_mtime_ns for path in storage.video_file(video, storage.SOURCE).parent.iterdir()}
    ingest.call(video.pk)
    make_quick.call(video.pk)
    assert {path: path.stat().st_mtime_ns for path in written} == written


def test_what_a_killed_worker_had_begun_does_not_stay(team: Team, tmp_path: Path) -> None:
    video = arrived(team, long_groups(tmp_path))
    for work, made in ((ingest, []), (make_quick, ["proxy.mp4", "strip.jpg"])):
        storage.video_file(video, ".arriving-half.mp4").write_bytes(b"half")
        work.call(video.pk)
        assert names(video) == sorted(["index.npz", "packets.bin", "source", *made])


@pytest.mark.parametrize("function", ["open_video", "make_proxy"])
def test_a_video_removed_while_it_is_prepared_leaves_nothing(
    function: str, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = long_groups(tmp_path)
    video = arrived(team, clip)
    folder = storage.video_file(video, storage.SOURCE).parent
    work = getattr(ingest_module, function)

    def removed_meanwhile(source: Path, *given: Any, **named: Any) -> Any:
        delete_video(by=team.mona, video=Video.objects.get(pk=video.pk))
        source.parent.mkdir(exist_ok=True)
        source.write_bytes(clip.read_bytes())
        for name in ("proxy", "strip"):
            if name in named:
                named[name].touch()
        return work(source, *given, **named)

    monkeypatch.setattr(ingest_module, function, removed_meanwhile)
    ingest.call(video.pk)
    make_quick.call(video.pk)
    assert not folder.exists()


def test_a_task_that_a_killed_worker_left_is_queued_again(team: Team, tmp_path: Path) -> None:
    queue_ingest(arrived(team, write_clip(tmp_path / "a.mp4")))
    DBTaskResult.objects.get().claim("killed")
    assert take_over([QUICK, LONG]) == 1
    assert DBTaskResult.objects.ready().count() == 1


def test_a_worker_leaves_alone_what_another_queue_does(team: Team, tmp_path: Path) -> None:
    opened(team, write_clip(tmp_path / "a.mp4"))
    DBTaskResult.objects.get(queue_name=LONG).claim("at work")
    assert take_over([QUICK]) == 0
    assert take_over([LONG]) == 1


@pytest.mark.parametrize("state", [VideoState.QUEUED, VideoState.INGESTING])
def test_a_video_that_no_task_is_to_prepare_is_queued_again(state: VideoState, team: Team, tmp_path: Path) -> None:
    video = arrived(team, write_clip(tmp_path / "a.mp4"))
    Video.objects.filter(pk=video.pk).update(state=state)
    assert queue_forgotten_videos([QUICK]) == 1
    assert DBTaskResult.objects.get().args_kwargs["args"] == [video.pk]
    assert queue_forgotten_videos([QUICK]) == 0


@pytest.mark.parametrize("state", [ProxyState.WAITING, ProxyState.MAKING, ProxyState.UNNEEDED])
def test_a_proxy_that_no_task_is_to_make_is_queued_again(state: ProxyState, team: Team, tmp_path: Path) -> None:
    video = opened(team, write_clip(tmp_path / "a.mp4"))
    Video.objects.filter(pk=video.pk).update(proxy_state=state)
    DBTaskResult.objects.all().delete()
    assert queue_forgotten_videos([QUICK]) == 0
    assert queue_forgotten_videos([LONG]) == 1
    assert queue_forgotten_videos([LONG]) == 0
    make_quick.call(video.pk)
    DBTaskResult.objects.all().delete()
    assert queue_forgotten_videos([LONG]) == 0


@pytest.mark.parametrize("work", [ingest, make_quick])
def test_a_video_that_ends_the_worker_each_time_fails(work: Any, team: Team, tmp_path: Path) -> None:
    video = arrived(team, write_clip(tmp_path / "a.mp4"))
    if work == make_quick:
        Video.objects.filter(pk=video.pk).update(state=VideoState.READY)
    work.enqueue(video.pk)
    for attempt in range(3):
        DBTaskResult.objects.get().claim(f"killed-{attempt}")
        take_over([QUICK, LONG])
    video.refresh_from_db()
    if work == ingest:
        assert (video.state, "3 times" in video.error) == ("failed", True)
    else:
        assert (video.state, video.proxy_state, "3 times" in video.proxy_error) == ("ready", "failed", True)
    assert not DBTaskResult.objects.filter(finished_at=None).exists()
