"""Single frames as pictures, for browsers that can't decode video exactly."""

from __future__ import annotations

import threading
from collections import OrderedDict
from uuid import UUID

from django.http import Http404

from annotator.media import storage
from annotator.media.proxy import jpeg, proxy_index
from annotator.models import Video, VideoState
from tracking.frames import FrameReader

OPEN_VIDEOS = 8
"""Readers kept open. Neighbouring frames asked for one after the other then cost one decoding step each."""


class _Readers:
    """Open readers of the proxies asked for last, each used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[UUID, tuple[threading.Lock, FrameReader]] = OrderedDict()

    def jpeg(self, video: Video, frame: int) -> bytes:
        lock, reader = self._reader(video)
        with lock:
            picture = reader.read(frame).image
        return jpeg(picture[: video.height, : video.width])

    def _reader(self, video: Video) -> tuple[threading.Lock, FrameReader]:
        with self._lock:
            if video.key not in self._open:
                self._open[video.key] = (threading.Lock(), _proxy_reader(video))
            self._open.move_to_end(video.key)
            if len(self._open) > OPEN_VIDEOS:
                # Whoever still reads from it holds a reference; it closes when they are done.
                self._open.popitem(last=False)
            return self._open[video.key]


_readers = _Readers()


def frame_jpeg(video: Video, frame: int) -> bytes:
    """Frame ``frame`` of a ready video. Raises Http404 when there is none."""
    if video.state != VideoState.READY or not 0 <= frame < video.frame_count:
        raise Http404(f"The video has frames 0..{max(video.frame_count - 1, 0)}; {frame} was asked for.")
    return _readers.jpeg(video, frame)


def _proxy_reader(video: Video) -> FrameReader:
    path = storage.video_file(video, storage.PROXY)
    try:
        return FrameReader(path, proxy_index(path, frame_count=video.frame_count))
    except FileNotFoundError as error:
        raise Http404("This video was removed.") from error
