"""Which picture is frame N, decided once for server, agent and command line.

Frame N is the N-th picture in presentation order whose timestamp is not negative after the container's edit list.
``FrameIndex`` lists their timestamps; nothing here trusts a header's frame count or seeks by number.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Protocol, Self, cast
from zipfile import BadZipFile

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tracking.types import Frame, TrackingError

Way = Literal["forward", "backward"]

BACKWARD_BYTES = 256 * 2**20
"""Decoded pictures that walking backward may hold; a longer group of pictures is decoded in several goes."""
MOST_FRAMES = 10_000_000
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


class MediaError(TrackingError):
    """A file that is no usable video; the message says what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The frames of one video file.

    ``pts``: (N,) int64 in units of ``time_base`` seconds, strictly rising · ``keyframes``: (N,) bool, where decoding
    may begin · ``rotation``: counterclockwise quarter turns that bring a decoded picture upright · ``width``,
    ``height``: px, upright.
    """

    pts: NDArray[np.int64]
    keyframes: NDArray[np.bool_]
    time_base: Fraction
    rotation: int
    width: int
    height: int
    codec: str

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def fps(self) -> float:
        """Mean frames per second; 25 for a single picture, which has no rate."""
        span = float((self.pts[-1] - self.pts[0]) * self.time_base)
        return (len(self) - 1) / span if span > 0 else 25.0

    @property
    def duration_s(self) -> float:
        """Time on screen, the last frame shown as long as the mean one."""
        return len(self) / self.fps

    def group_start(self, frame: int) -> int:
        """The nearest frame at or before ``frame`` where decoding may begin."""
        before = np.flatnonzero(self.keyframes[: frame + 1])
        return int(before[-1]) if len(before) else 0

    def restricted(self, decoded_pts: Iterable[int]) -> FrameIndex:
        """The frames that decoding really gave: leading pictures of an open group may never come out."""
        kept = np.isin(self.pts, np.fromiter(decoded_pts, np.int64))
        if not kept.any():
            raise MediaError("None of the video's pictures can be decoded. Convert it to H.264 in MP4 and try again.")
        return replace(self, pts=self.pts[kept], keyframes=self.keyframes[kept])

    def save(self, path: Path) -> None:
        with path.open("wb") as out:
            np.savez_compressed(
                out,
                pts=self.pts,
                keyframes=self.keyframes,
                numbers=np.array(
                    [self.time_base.numerator, self.time_base.denominator, self.rotation, self.width, self.height]
                ),
                codec=np.array(self.codec),
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote. Raises MediaError for anything else; nothing in the file is run."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                numerator, denominator, rotation, width, height = (int(value) for value in stored["numbers"])
                index = cls(
                    pts=stored["pts"].astype(np.int64),
                    keyframes=stored["keyframes"].astype(bool),
                    time_base=Fraction(numerator, denominator),
                    rotation=rotation,
                    width=width,
                    height=height,
                    codec=str(stored["codec"]),
                )
        except (OSError, ValueError, KeyError, BadZipFile, ZeroDivisionError, EOFError) as error:
            raise MediaError("This is no frame index. Index the video again.") from error
        if not 0 < len(index) == len(index.keyframes) <= MOST_FRAMES or np.any(np.diff(index.pts) <= 0):
            raise MediaError("A frame index holds rising timestamps, one per frame; this one doesn't. Index it again.")
        return index


def build_index(path: Path) -> FrameIndex:
    """Read a video's packets and list its frames. Raises MediaError when it is no usable video."""
    if not path.stat().st_size:
        raise MediaError("The file is empty (0 bytes). Upload it again.")
    with _open(path) as container:
        stream = _video_stream(container)
        pts, keys, damaged = _timestamps(container, stream)
        announced = stream.frames
    if damaged or (announced and len(pts) < 0.98 * announced - 2 and not _trimmed(path)):
        raise MediaError(
            f"The file is truncated: its header announces {announced or 'more'} frames, {len(pts)} could be read. "
            "Upload the complete file."
        )
    if not pts:
        raise MediaError("The video holds no pictures (0 frames). Export it again.")
    order = np.argsort(pts, kind="stable")
    stamps, keyframes = np.asarray(pts, np.int64)[order], np.asarray(keys, bool)[order]
    first_of_each = np.concatenate([[True], np.diff(stamps) > 0])
    with _open(path) as container:
        picture = _first_picture(container)
        stream = _video_stream(container)
        rotation = round(picture.rotation / 90) % 4
        width, height = (picture.height, picture.width) if rotation % 2 else (picture.width, picture.height)
        return FrameIndex(
            pts=stamps[first_of_each],
            keyframes=keyframes[first_of_each],
            time_base=Fraction(stream.time_base or Fraction(1, 1000)),
            rotation=rotation,
            width=width,
            height=height,
            codec=stream.codec_context.name,
        )


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
    """Reads frames of a video file by its index. Not for use from several threads at once."""

    def __init__(self, path: Path, index: FrameIndex) -> None:
        self.path = path
        self.index = index
        self._container = _open(path)
        self._stream = _video_stream(self._container)
        self._stream.thread_type = "AUTO"
        self._upcoming: Iterator[tuple[int, av.VideoFrame]] | None = None
        self._next = -1

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
        """One frame; the next one after it comes without seeking."""
        self._check(frame)
        ahead = frame - self._next
        if self._upcoming is None or ahead < 0 or self.index.group_start(frame) > self._next:
            self._upcoming = self._from(frame)
        for number, picture in self._upcoming:
            self._next = number + 1
            if number == frame:
                return self._frame(number, picture)
            if number > frame:
                break
        self._upcoming = None
        raise MediaError(
            f"Frame {frame} can't be decoded; the file is damaged there. Upload it again: {self.path.name}"
        )

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        self._check(first)
        if way == "forward":
            for number in range(first, self.frame_count):
                yield self.read(number)
        else:
            yield from self._backward(first)

    def pictures(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """All pictures from the first on as the decoder gives them, not yet upright, with their pts."""
        self._upcoming = None
        self._container.seek(int(self.index.pts[0]), stream=self._stream, backward=True)
        for picture in self._decoded():
            if picture.pts is not None and picture.pts >= self.index.pts[0]:
                yield picture.pts, picture

    def upright(self, picture: av.VideoFrame) -> NDArray[np.uint8]:
        """A decoded picture as (H, W, 3) uint8 RGB, display-oriented."""
        image = cast(NDArray[np.uint8], picture.to_ndarray(format="rgb24"))
        return np.ascontiguousarray(np.rot90(image, self.index.rotation)) if self.index.rotation else image

    def _backward(self, first: int) -> Iterator[Frame]:
        at_once = max(1, BACKWARD_BYTES // max(3 * self.width * self.height, 1))
        last = first
        while last >= 0:
            start = max(self.index.group_start(last), last - at_once + 1)
            held = [self.read(number) for number in range(start, last + 1)]
            while held:
                yield held.pop()
            last = start - 1

    def _from(self, frame: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decoded pictures with their numbers, from the group that ``frame`` lies in. Containers may land late or
        early; early is skipped by timestamp, late is repaired by seeking to an earlier group."""
        start = self.index.group_start(frame)
        while True:
            self._container.seek(int(self.index.pts[start]), stream=self._stream, backward=True)
            pictures = self._decoded()
            begun = next((p for p in pictures if p.pts is not None and p.pts >= self.index.pts[0]), None)
            if begun is None or begun.pts is None or begun.pts <= self.index.pts[frame] or start == 0:
                break
            start = self.index.group_start(start - 1)
        if begun is not None:
            yield from self._numbered(begun)
        for picture in pictures:
            yield from self._numbered(picture)

    def _numbered(self, picture: av.VideoFrame) -> Iterator[tuple[int, av.VideoFrame]]:
        if picture.pts is None:
            return
        number = int(np.searchsorted(self.index.pts, picture.pts))
        if number < self.frame_count and self.index.pts[number] == picture.pts:
            yield number, picture

    def _decoded(self) -> Iterator[av.VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.EOFError):
                return
            except av.error.FFmpegError as error:
                raise MediaError(
                    f"The file is damaged ({error.strerror}). Upload it again: {self.path.name}"
                ) from error
            # One packet that can't be decoded costs its pictures, not the ones after it.
            with suppress(av.error.InvalidDataError):
                yield from packet.decode()

    def _frame(self, number: int, picture: av.VideoFrame) -> Frame:
        return Frame(number, self.upright(picture))

    def _check(self, frame: int) -> None:
        if not 0 <= frame < self.frame_count:
            raise MediaError(f"The video has frames 0..{self.frame_count - 1}; {frame} was asked for.")


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


def _open(path: Path) -> av.container.InputContainer:
    try:
        return av.open(str(path), mode="r", metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise MediaError(
            f"This is no video that can be read, or its end is missing ({error.strerror or error}). "
            f"Check that it plays, and upload the complete file: {path.name}"
        ) from error


def _video_stream(container: av.container.InputContainer) -> av.VideoStream:
    # An attached picture (the cover of an audio file) is a video stream to the container, but no video.
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        sound = " It holds only sound." if container.streams.audio else ""
        raise MediaError(f"The file holds no video stream.{sound} Choose a video file.")
    return streams[0]


def _timestamps(container: av.container.InputContainer, stream: av.VideoStream) -> tuple[list[int], list[bool], bool]:
    """Timestamps and keyframe marks of all shown packets, and whether reading broke off."""
    pts: list[int] = []
    keys: list[bool] = []
    try:
        for packet in container.demux(stream):
            if packet.size == 0 or packet.is_discard:
                continue
            if packet.is_corrupt:
                return pts, keys, True
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is not None and stamp >= 0:
                pts.append(stamp)
                keys.append(packet.is_keyframe)
    except av.error.FFmpegError:
        return pts, keys, True
    return pts, keys, False


def _trimmed(path: Path) -> bool:
    """Whether an edit list hides packets, which makes the header announce more than is shown."""
    with _open(path) as container:
        stream = _video_stream(container)
        return any(packet.is_discard or (packet.pts or 0) < 0 for packet in container.demux(stream) if packet.size)


def _first_picture(container: av.container.InputContainer) -> av.VideoFrame:
    try:
        return next(container.decode(_video_stream(container)))
    except (StopIteration, av.error.FFmpegError) as error:
        raise MediaError(
            "The video's pictures can't be decoded. Convert it to H.264 in MP4 and upload that."
        ) from error
