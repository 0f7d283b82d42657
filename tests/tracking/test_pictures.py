"""Sessions read real files: each walk by itself, decoded ahead."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from PIL import Image

from tests.tracking.fakes import A, Drifting, leg, play
from tracking.cache import VideoCache
from tracking.frames import MediaError, build_index
from tracking.pictures import DecodedVideo, videos_of
from tracking.protocol import VideoAccess
from tracking.session import TrackingSession
from tracking.types import TrackingError

COUNT = 30


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frame N is grey 8 * N."""
    path = tmp_path_factory.mktemp("clips") / "grey.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "10", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(COUNT):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 8 * number, np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def number_of(image: np.ndarray) -> int:  # type: ignore[type-arg]
    return round(float(image.mean()) / 8)


def test_two_walks_do_not_disturb_each_other(clip: Path) -> None:
    video = DecodedVideo(clip)
    pairs = zip(video.walk(3, "forward"), video.walk(20, "backward"), strict=False)

    seen = [(number_of(one.image), number_of(other.image)) for one, other in pairs]

    assert seen == [(3 + step, 20 - step) for step in range(21)]


def test_closing_a_walk_ends_its_thread(clip: Path) -> None:
    before = threading.active_count()
    walk = DecodedVideo(clip).walk(0, "forward")
    next(walk)
    assert threading.active_count() > before

    walk.close()
    assert threading.active_count() == before


def test_a_session_runs_over_a_file(clip: Path) -> None:
    video = DecodedVideo(clip)

    story = play(TrackingSession(lambda: nullcontext(video), Drifting, [leg(A, last=500), leg(A, way="backward")]))
    assert story.frames(A) == list(range(COUNT))


def test_a_folder_of_images_is_a_video(tmp_path: Path) -> None:
    for number in range(3):
        Image.new("RGB", (20, 10), (8 * number,) * 3).save(tmp_path / f"{number:05}.png")

    video = DecodedVideo(tmp_path)

    assert (video.frame_count, video.width, video.height) == (3, 20, 10)
    assert [number_of(frame.image) for frame in video.walk(2, "backward")] == [2, 1, 0]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no such file"):
        DecodedVideo(tmp_path / "missing.mp4")


def access(clip: Path, **differs: int) -> VideoAccess:
    size = {"width": 64, "height": 48, "frame_count": COUNT} | differs
    return VideoAccess(key="clip", source="/source", index="/index", **size)


def server_of(clip: Path, folder: Path) -> VideoCache:
    build_index(clip).save(folder / "index.npz")
    files = {"/source": clip, "/index": folder / "index.npz"}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(files[request.url.path].read_bytes()))

    return VideoCache(
        folder / "cache", 1 << 30, httpx.Client(transport=httpx.MockTransport(answer), base_url="http://server")
    )


def test_an_agent_reads_the_servers_video(clip: Path, tmp_path: Path) -> None:
    with videos_of(server_of(clip, tmp_path))(access(clip), lambda: False) as video:
        assert [number_of(frame.image) for frame in video.walk(27, "forward")] == [27, 28, 29]


def test_an_agent_that_counts_other_frames_refuses(clip: Path, tmp_path: Path) -> None:
    opening = videos_of(server_of(clip, tmp_path))(access(clip, frame_count=31), lambda: False)
    with pytest.raises(TrackingError, match="it sees 30"), opening:
        pass
