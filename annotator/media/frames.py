"""Single frames as pictures, for browsers that can't decode video exactly."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import Http404

from annotator.media import storage
from annotator.media.proxy import is_scaled, jpeg, proxy_index
from annotator.models import ProxyState, Video, VideoState
from tracking.frames import FrameIndex, FrameReader, MediaError

OPEN_VIDEOS = 8
"""Readers kept open. Neighbouring frames asked for one after the other then cost one decoding step each."""
KEPT_BYTES = 48 * 2**20
"""Of decoded pictures, for each of them: browsers ask for neighbours at once, and get them in any order."""


class _Slot:
    def __init__(self, which: str) -> None:
        self.which = which
        self.lock = threading.Lock()
        self.reader: FrameReader | None = None


class _Readers:
    """Open readers of the videos asked for last, each used by one thread at a time: of the proxy, or of the source as
    long as there is none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[UUID, str], _Slot] = OrderedDict()

    def jpeg(self, video: Video, frame: int) -> bytes:
        slot = self._slot(video)
        with slot.lock:
            if slot.reader is None:
                slot.reader = _opened(video, slot.which)
            picture = slot.reader.read(frame).image
        return jpeg(picture[: video.height, : video.width])

    def _slot(self, video: Video) -> _Slot:
        which = storage.PROXY if has_whole_proxy(video) else storage.SOURCE
        key = (video.key, which)
        with self._lock:
            if key not in self._open:
                # Opened by whoever reads from it first: a copy from a bucket keeps nobody else waiting.
                self._open[key] = _Slot(which)
            self._open.move_to_end(key)
            if len(self._open) > OPEN_VIDEOS:
                # Whoever still reads from it holds a reference; it closes when they are done.
                self._open.popitem(last=False)
            return self._open[key]


_readers = _Readers()


def frame_jpeg(video: Video, frame: int) -> bytes:
    """Frame ``frame`` of a ready video. Raises Http404 when there is none."""
    if video.state != VideoState.READY or not 0 <= frame < video.frame_count:
        raise Http404(f"The video has frames 0..{max(video.frame_count - 1, 0)}; {frame} was asked for.")
    return _readers.jpeg(video, frame)


@contextmanager
def reading(video: Video) -> Iterator[FrameReader]:
    """Frames of a ready video as they are decoded, for one who reads many: of the proxy where it is whole, else of the
    source. Raises Http404 when there is none, and MediaError when it can't be read."""
    if video.state != VideoState.READY:
        raise Http404("This video has no frames yet.")
    with _opened(video, storage.PROXY if has_whole_proxy(video) else storage.SOURCE) as reader:
        yield reader


def has_whole_proxy(video: Video) -> bool:
    """Whether there is a proxy that has all pixels of the source."""
    return video.proxy_state == ProxyState.READY and not is_scaled(video.width, video.height)


def _opened(video: Video, which: str) -> FrameReader:
    path = storage.video_file(video, which)
    try:
        copy = storage.Copy(path)
    except FileNotFoundError as error:
        raise Http404("This video was removed.") from error
    try:
        if which == storage.PROXY:
            index = proxy_index(copy.path, frame_count=video.frame_count)
        else:
            with storage.at_hand(storage.video_file(video, storage.INDEX)) as at_hand:
                index = FrameIndex.load(at_hand)
        reader = FrameReader(copy.path, index, keep=max(2, KEPT_BYTES // (2 * video.width * video.height)))
    except BaseException as error:
        copy.close()
        if isinstance(error, FileNotFoundError | MediaError) and not storage.exists(path):
            raise Http404("This video was removed.") from error
        raise
    weakref.finalize(reader, copy.close)
    return reader
