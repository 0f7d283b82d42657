"""The ingest: from a file that came in to a video that browsers play, or a message that says why not."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from django_tasks_db.models import DBTaskResult
from PIL import Image
from pytest_django import Settings

from annotator.actions import ingest as ingest_module
from annotator.actions.ingest import ingest, requeue_interrupted
from annotator.actions.videos import delete_video, queue_ingest, retry_video
from annotator.media import proxy as proxy_module
from annotator.media import storage
from annotator.media.frames import frame_jpeg
from annotator.media.proxy import GROUP
from annotator.models import Layer, Video, VideoState
from tests.media.clips import B_FRAMES, cut, irregular, number_in, numbers_in, oriented, remuxed, write_clip
from tests.people import Team
from tracking.frames import FrameIndex, FrameReader, build_index, open_source

X265 = {"preset": "ultrafast", "x265-params": "log-level=none:bframes=3:keyint=24"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "24"}


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


def ingested(team: Team, file: Path) -> Video:
    video = arrived(team, file)
    ingest.call(video.pk)
    video.refresh_from_db()
    return video


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
    with open_source(storage.video_file(video, storage.PROXY)) as proxy:
        assert numbers_in(frame.image for frame in proxy.walk(0, "forward")) == list(shown)
    for frame in {0, 1, len(shown) // 2, len(shown) - 1}:
        picture = np.asarray(Image.open(io.BytesIO(frame_jpeg(video, frame))))
        assert (number_in(picture), picture.shape) == (shown[frame], (size[1], size[0], 3))


def test_frame_n_of_a_proxy_is_at_n_by_rate_and_each_group_begins_with_a_keyframe(team: Team, tmp_path: Path) -> None:
    video = ingested(team, write_clip(tmp_path / "a.mp4", 40, options=B_FRAMES, stamps=irregular(40)))
    index = build_index(storage.video_file(video, storage.PROXY))
    at_s = index.pts.astype(float) * float(index.time_base)
    assert np.allclose(at_s, np.arange(40) / video.fps, atol=1e-4)
    assert np.flatnonzero(index.keyframes).tolist() == list(range(0, 40, GROUP))


def test_a_proxy_is_the_h264_that_every_browser_plays(team: Team, tmp_path: Path) -> None:
    video = ingested(team, write_clip(tmp_path / "a.webm", 30, codec="libvpx-vp9", options=VP9, size=(161, 97)))
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
        stream = out.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        stream.codec_context.colorspace = matrix
        image = np.full((64, 64, 3), (200, 30, 60), np.uint8)
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    video = ingested(team, path)
    with (
        open_source(storage.video_file(video, storage.SOURCE)) as source,
        open_source(storage.video_file(video, storage.PROXY)) as proxy,
    ):
        given, shown = source.read(1).image[32, 32].astype(int), proxy.read(1).image[32, 32].astype(int)
    assert np.abs(given - shown).max() <= 6, (given, shown)


def test_the_strip_shows_frames_evenly_over_the_video(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy_module, "TILES", 12)
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
    def no_room(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "make_proxy", no_room)
        video = ingested(team, write_clip(tmp_path / "a.mp4"))
    assert video.state == VideoState.FAILED
    assert "No space left" in video.error
    assert names(video) == ["source"]
    ingest.call(retry_video(video=video).pk)
    video.refresh_from_db()
    assert (video.state, video.error) == (VideoState.READY, "")


def test_a_second_ingest_of_a_ready_video_changes_nothing(team: Team, tmp_path: Path) -> None:
    video = ingested(team, write_clip(tmp_path / "a.mp4"))
    written = storage.video_file(video, storage.PROXY).stat().st_mtime_ns
    ingest.call(video.pk)
    assert storage.video_file(video, storage.PROXY).stat().st_mtime_ns == written


def test_what_a_killed_worker_had_begun_does_not_stay(team: Team, tmp_path: Path) -> None:
    video = arrived(team, write_clip(tmp_path / "a.mp4"))
    storage.video_file(video, ".arriving-half.mp4").write_bytes(b"half")
    ingest.call(video.pk)
    assert names(video) == ["index.npz", "proxy.mp4", "source", "strip.jpg"]


def test_a_video_removed_during_its_ingest_leaves_nothing(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = arrived(team, write_clip(tmp_path / "a.mp4"))
    key = video.key
    monkeypatch.setattr(ingest_module, "REPORT_EVERY_S", 0.0)
    build = ingest_module.build_index

    def removed_meanwhile(path: Path) -> FrameIndex:
        index = build(path)
        delete_video(by=team.mona, video=Video.objects.get(pk=video.pk))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((tmp_path / "a.mp4").read_bytes())
        return index

    monkeypatch.setattr(ingest_module, "build_index", removed_meanwhile)
    ingest.call(video.pk)
    assert not (storage.media_root() / "videos" / str(key)).exists()


def test_progress_names_the_stage_and_rises(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_module, "REPORT_EVERY_S", 0.0)
    told: list[tuple[str, float]] = []
    write = ingest_module._Reporter._write

    def noted(self: ingest_module._Reporter, **fields: object) -> None:
        write(self, **fields)
        told.append(Video.objects.values_list("stage", "progress").get(pk=self.video.pk))

    monkeypatch.setattr(ingest_module._Reporter, "_write", noted)
    ingested(team, write_clip(tmp_path / "a.mp4", 30))
    assert [stage for stage, _ in told[:2]] == ["Reading frames", "Preparing playback"]
    shares = [share for _, share in told[2:]]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_task_that_a_killed_worker_left_is_queued_again(team: Team, tmp_path: Path) -> None:
    queue_ingest(arrived(team, write_clip(tmp_path / "a.mp4")))
    DBTaskResult.objects.get().claim("killed")
    assert requeue_interrupted() == 1
    assert DBTaskResult.objects.ready().count() == 1


@pytest.mark.parametrize("state", [VideoState.QUEUED, VideoState.INGESTING])
def test_a_video_that_no_task_is_to_prepare_is_queued_again(state: VideoState, team: Team, tmp_path: Path) -> None:
    video = arrived(team, write_clip(tmp_path / "a.mp4"))
    Video.objects.filter(pk=video.pk).update(state=state)
    assert requeue_interrupted() == 1
    assert DBTaskResult.objects.get().args_kwargs["args"] == [video.pk]
    assert requeue_interrupted() == 0


def test_a_video_that_ends_the_worker_each_time_fails(team: Team, tmp_path: Path) -> None:
    video = arrived(team, write_clip(tmp_path / "a.mp4"))
    queue_ingest(video)
    for attempt in range(3):
        DBTaskResult.objects.get().claim(f"killed-{attempt}")
        requeue_interrupted()
    video.refresh_from_db()
    assert video.state == VideoState.FAILED
    assert "ended 3 times" in video.error
    assert not DBTaskResult.objects.filter(finished_at=None).exists()
