"""Which picture is frame N, decided once for server, agent and command line.

Frame N is the N-th picture in presentation order that the file doesn't hide by an edit list. ``FrameIndex`` lists them;
nothing here trusts a header's frame count or seeks by number. A frame that can't be decoded shows the one before it.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, cast

import av
import av.error
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tracking.containers import MediaError as MediaError
from tracking.containers import in_words, open_container, video_stream
from tracking.decoding import PacketNumbers, make_ready, numbered_pictures
from tracking.frame_index import FrameIndex as FrameIndex
from tracking.indexing import build_index as build_index
from tracking.types import Frame

if TYPE_CHECKING:
    from tracking.decoding import VideoPacket

Way = Literal["forward", "backward"]

BACKWARD_BYTES = 256 * 2**20
"""Decoded pictures that walking backward may hold; a longer group of pictures is decoded in several goes."""
SEEKS = 8
"""How many groups are tried, each before the other, before a file is read from its start."""
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


class Source(Protocol):
    """Numbered pictures of one size: a video file or a folder of images. Close it by leaving its ``with``."""

    @property
    def frame_count(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def fps(self) -> float: ...

    def read(self, frame: int) -> Frame:
        """One frame. Raises MediaError when it can't be decoded."""
        ...

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        """Frames one after the other from ``first`` to the video's end in that direction, decoded once each."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...


class FrameReader:
    """Reads frames of a video file by its index. Not for use from several threads at once.

    ``keep``: how many pictures that were passed last stay decoded, so that going back among them costs nothing.
    """

    def __init__(self, path: Path, index: FrameIndex, *, keep: int = 1) -> None:
        self.path = path
        self.index = index
        self._numbers = PacketNumbers(index.stamps, index.positions)
        self._open()
        self._upcoming: Iterator[tuple[int, av.VideoFrame]] | None = None
        self._next = -1
        # From this frame on nothing is missing among the upcoming ones but what is damaged.
        self._whole_from = 0
        self._passed: deque[tuple[int, av.VideoFrame]] = deque(maxlen=keep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._container.close()

    @property
    def frame_count(self) -> int:
        return len(self.index)

    @property
    def width(self) -> int:
        return self.index.width

    @property
    def height(self) -> int:
        return self.index.height

    @property
    def fps(self) -> float:
        return self.index.fps

    def read(self, frame: int) -> Frame:
        """One frame; the next one after it comes without seeking. One that is damaged shows the picture before it.

        Raises:
            MediaError: when there is no such frame, or nothing up to it can be decoded.
        """
        self._check(frame)
        for number, passed in self._passed:
            if number == frame:
                return Frame(frame, upright_image(passed, self.index))
        if self._upcoming is None or frame < self._next or self.index.group_start(frame) > self._next:
            self._seek(frame)
        picture, is_it = self._taken(frame)
        if not is_it and frame < self._whole_from:
            # Some containers (MPEG program streams) can't be sought in exactly; from their start every frame comes.
            self._restart()
            picture, _ = self._taken(frame)
        if picture is None:
            self._upcoming = None
            raise MediaError(f"Frame {frame} can't be decoded; the file is damaged there. Upload it again.")
        return Frame(frame, upright_image(picture, self.index))

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        self._check(first)
        if way == "forward":
            for number in range(first, self.frame_count):
                yield self.read(number)
        else:
            yield from self._backward(first)

    def pictures(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """All pictures from the first on as the decoder gives them, not yet upright, with their frame numbers; those
        that are damaged lack."""
        self._restart()
        upcoming, self._upcoming = self._upcoming, None
        yield from upcoming or ()

    def _open(self) -> None:
        self._container = open_container(self.path)
        self._stream = video_stream(self._container)
        make_ready(self._stream)

    def _backward(self, first: int) -> Iterator[Frame]:
        at_once = max(1, BACKWARD_BYTES // max(3 * self.width * self.height, 1))
        last = first
        while last >= 0:
            start = max(self.index.group_start(last), last - at_once + 1)
            held = [self.read(number) for number in range(start, last + 1)]
            while held:
                yield held.pop()
            last = start - 1

    def _taken(self, frame: int) -> tuple[av.VideoFrame | None, bool]:
        """The picture of a frame, or the last one before it among the upcoming ones; and whether it is its own."""
        for number, picture in self._upcoming or ():
            if number > frame:
                self._upcoming = chain([(number, picture)], self._upcoming or ())
                break
            self._passed.append((number, picture))
            self._next = number + 1
            if number == frame:
                return picture, True
        self._next = frame + 1
        return (self._passed[-1][1] if self._passed else None), False

    def _seek(self, frame: int) -> None:
        """Let the pictures from the group that ``frame`` lies in be the upcoming ones. A container may land early,
        which costs time, or late, which is repaired by seeking to an earlier group."""
        start = self.index.group_start(frame)
        for _ in range(SEEKS):
            if start == 0:
                break
            with suppress(av.error.FFmpegError):
                self._container.seek(int(self.index.stamps[start]), stream=self._stream, backward=True)
                numbered = self._numbered()
                first = next(numbered, None)
                if first is not None and first[0] <= frame:
                    later = np.flatnonzero(self.index.keyframes[first[0] + 1 :])
                    self._whole_from = first[0] + 1 + int(later[0]) if len(later) else self.frame_count
                    self._passed.clear()
                    self._upcoming, self._next = chain([first], numbered), first[0]
                    return
            start = self.index.group_start(start - 1)
        self._restart()

    def _restart(self) -> None:
        """Let the upcoming pictures be all, from the file's first byte, which no container gets wrong."""
        self._container.close()
        self._open()
        self._passed.clear()
        self._upcoming, self._next, self._whole_from = self._numbered(), 0, 0

    def _numbered(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decoded pictures that the index lists, with their numbers."""
        last = -1
        for number, picture in numbered_pictures(self._packets(), self._stream, self._numbers.of):
            if number > last:
                last = number
                yield number, picture

    def _packets(self) -> Iterator[VideoPacket]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.EOFError):
                return
            except av.error.FFmpegError as error:
                raise MediaError(f"The file is damaged: {in_words(error, self.path)}. Upload it again.") from error
            yield packet

    def _check(self, frame: int) -> None:
        if not 0 <= frame < self.frame_count:
            raise MediaError(f"The video has frames 0..{self.frame_count - 1}; {frame} was asked for.")


def upright_image(picture: av.VideoFrame, index: FrameIndex) -> NDArray[np.uint8]:
    """A decoded picture as (H, W, 3) uint8 RGB, display-oriented, of the index's size.

    Raises:
        MediaError: the machine lacks memory or threads to convert it.
    """
    orientation = index.orientation
    width, height = (index.height, index.width) if orientation.swaps_sides else (index.width, index.height)
    try:
        image = cast(NDArray[np.uint8], picture.to_ndarray(format="rgb24", width=width, height=height))
    except av.error.FFmpegError as error:
        raise MediaError(f"A frame of {width} x {height} px can't be converted: {error.strerror}.") from error
    return image if orientation.is_upright else orientation.upright(image)


class ImageFolder:
    """A folder of images as a video: frame N is the N-th file by name. All must have one size."""

    fps = 25.0

    def __init__(self, folder: Path) -> None:
        self.files = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
        if not self.files:
            raise MediaError(f"The folder holds no images ({', '.join(IMAGE_SUFFIXES)}): {folder}")
        self.height, self.width = self._image(0).shape[:2]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing stays open."""

    @property
    def frame_count(self) -> int:
        return len(self.files)

    def read(self, frame: int) -> Frame:
        if not 0 <= frame < self.frame_count:
            raise MediaError(f"The folder has frames 0..{self.frame_count - 1}; {frame} was asked for.")
        return Frame(frame, self._image(frame))

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        numbers = range(first, self.frame_count) if way == "forward" else range(first, -1, -1)
        for number in numbers:
            yield self.read(number)

    def _image(self, frame: int) -> NDArray[np.uint8]:
        try:
            with Image.open(self.files[frame]) as image:
                return np.asarray(image.convert("RGB"))
        except (OSError, UnidentifiedImageError) as error:
            raise MediaError(f"This image can't be read; replace it: {self.files[frame]}") from error


def open_source(path: Path, index: FrameIndex | None = None) -> Source:
    """A video file or a folder of images. Raises MediaError when it is neither."""
    if path.is_dir():
        return ImageFolder(path)
    if not path.exists():
        raise MediaError(f"There is no such file or folder: {path}")
    return FrameReader(path, index or build_index(path))


class DecodeAhead:
    """Decodes in a thread of its own, up to ``ahead`` frames before they are asked for.

    Iterating gives the frames of ``frames()``; leaving the ``with`` ends the thread, wherever it is.
    """

    _END = object()

    def __init__(self, frames: Callable[[], Generator[Frame, None, None]], ahead: int = 8) -> None:
        self._frames = frames
        self._queue: queue.Queue[Any] = queue.Queue(maxsize=ahead)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="decode", daemon=True)

    def __enter__(self) -> Iterator[Frame]:
        self._thread.start()
        return self._taken()

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        # The thread may wait to put; a free place lets it notice.
        with suppress(queue.Empty):
            self._queue.get_nowait()
        self._thread.join()

    def _taken(self) -> Iterator[Frame]:
        while (item := self._queue.get()) is not self._END:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _work(self) -> None:
        frames = self._frames()
        try:
            for frame in frames:
                self._put(frame)
                if self._stopped.is_set():
                    return
            self._put(self._END)
        except BaseException as error:  # handed to whoever waits for the frame
            self._put(error)
        finally:
            frames.close()

    def _put(self, item: object) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._queue.put(item, timeout=0.1)
                return
