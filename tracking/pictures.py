"""Videos as a session reads them: every walk has a decoder of its own, and a thread that decodes ahead of the model."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx

from tracking.cache import VideoCache
from tracking.frames import DecodeAhead, FrameIndex, Source, Way, build_index, open_source
from tracking.protocol import VideoAccess
from tracking.types import Frame, TrackingError


class DecodedVideo:
    """A video file or a folder of images; see ``tracking.session.Pictures``.

    Raises:
        MediaError: when it is neither, or can't be decoded.
    """

    def __init__(self, path: Path, index: FrameIndex | None = None) -> None:
        self._path = path
        self._index = index or (build_index(path) if path.is_file() else None)
        with self._source() as source:
            self.frame_count, self.fps = source.frame_count, source.fps
            self.width, self.height = source.width, source.height

    def _source(self) -> Source:
        return open_source(self._path, self._index)

    def read(self, frame: int) -> Frame:
        with self._source() as source:
            return source.read(frame)

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        with self._source() as source, DecodeAhead(lambda: source.walk(first, way)) as frames:
            yield from frames


FETCH_TIMEOUT_S = 30.0


def videos_from(
    server: str, folder: Path, limit: int
) -> Callable[[VideoAccess, Callable[[], bool]], AbstractContextManager[DecodedVideo]]:
    """As ``videos_of``, for a process that keeps nothing else of the server: its address, and the cache's folder and
    bytes."""
    http = httpx.Client(base_url=server, timeout=FETCH_TIMEOUT_S, follow_redirects=True)
    return videos_of(VideoCache(folder, limit, http))


def videos_of(cache: VideoCache) -> Callable[[VideoAccess, Callable[[], bool]], AbstractContextManager[DecodedVideo]]:
    """Opens a server's videos through the cache (``engine.OpenVideo``)."""

    @contextmanager
    def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> Iterator[DecodedVideo]:
        urls = {"source": access.source, "index": access.index}
        with cache.video(access.key, urls, cancelled) as files:
            video = DecodedVideo(files["source"], FrameIndex.load(files["index"]))
            if (video.frame_count, video.width, video.height) != (access.frame_count, access.width, access.height):
                raise TrackingError(
                    f"The agent must see the video as the server does: {access.frame_count} frames of {access.width}x"
                    f"{access.height}; it sees {video.frame_count} of {video.width}x{video.height}. Upload it again."
                )
            yield video

    return open_video
