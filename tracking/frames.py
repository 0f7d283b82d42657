"""Which picture is frame N, decided once for server, agent and command line.

Frame N is the N-th picture in presentation order whose timestamp is not negative after the container's edit list.
``FrameIndex`` lists their timestamps; nothing here trusts a header's frame count or seeks by number.
"""

from __future__ import annotations

import queue
import threading
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Protocol, Self, cast
from zipfile import BadZipFile, ZipFile

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tracking.containers import MediaError as MediaError
from tracking.containers import check_complete, open_container, video_stream
from tracking.types import Frame

Way = Literal["forward", "backward"]

BACKWARD_BYTES = 256 * 2**20
"""Decoded pictures that walking backward may hold; a longer group of pictures is decoded in several goes."""
MOST_FRAMES = 10_000_000
MOST_PX = 65_536
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The frames of one video file.

    ``pts``: (N,) int64 in units of ``time_base`` seconds, strictly rising · ``keyframes``: (N,) bool, where decoding
    may begin · ``rotation``: counterclockwise quarter turns that bring a decoded picture upright · ``width``,
    ``height``: square px, upright.
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
        """Mean frames per second, kept between 0.01 and 1000; 25 for a single picture, which has no rate."""
        span = float(self.pts[-1] - self.pts[0]) * float(self.time_base)
        return min(max((len(self) - 1) / span, 0.01), 1000.0) if span > 0 else 25.0

    @property
    def duration_s(self) -> float:
        """Time on screen, the last frame shown as long as the mean one."""
        return len(self) / self.fps

    def group_start(self, frame: int) -> int:
        """The nearest frame at or before ``frame`` where decoding may begin."""
        before = np.flatnonzero(self.keyframes[: frame + 1])
        return int(before[-1]) if len(before) else 0

    def restricted(self, numbers: Sequence[int]) -> FrameIndex:
        """Only these frames, those that decoding really gave; pictures that are damaged may never come out."""
        return replace(self, pts=self.pts[numbers], keyframes=self.keyframes[numbers])

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
            _check_archive(path)
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
        except (OSError, ValueError, KeyError, BadZipFile, ZeroDivisionError, EOFError, zlib.error) as error:
            raise MediaError("This is no frame index. Index the video again.") from error
        one_each = index.pts.ndim == 1 and index.pts.shape == index.keyframes.shape and index.pts.size > 0
        if not one_each or np.any(np.diff(index.pts) <= 0):
            raise MediaError("A frame index holds rising timestamps, one per frame; this one doesn't. Index it again.")
        if index.rotation not in range(4) or not 0 < index.width <= MOST_PX or not 0 < index.height <= MOST_PX:
            raise MediaError(f"A frame index has sides of 1..{MOST_PX} px; this one hasn't. Index the video again.")
        return index


def build_index(path: Path) -> FrameIndex:
    """Read a video's packets and list its frames. Raises MediaError when it is no usable video."""
    check_complete(path)
    with open_container(path) as container:
        pts, keys = _timestamps(container)
    if not pts:
        raise MediaError("The video holds no pictures (0 frames). Export it again.")
    order = np.argsort(pts, kind="stable")
    stamps, keyframes = np.asarray(pts, np.int64)[order], np.asarray(keys, bool)[order]
    with open_container(path) as container:
        stream = video_stream(container)
        begin, picture = _first_picture(container, stream)
        # Pictures before the first one that comes out lack what they were predicted from: the file begins mid-group.
        kept = np.concatenate([[True], np.diff(stamps) > 0]) & (stamps >= begin)
        rotation = round(picture.rotation / 90) % 4
        width, height = max(1, round(picture.width * (stream.sample_aspect_ratio or 1))), picture.height
        return FrameIndex(
            pts=stamps[kept],
            keyframes=keyframes[kept],
            time_base=Fraction(stream.time_base or Fraction(1, 1000)),
            rotation=rotation,
            width=height if rotation % 2 else width,
            height=width if rotation % 2 else height,
            codec=stream.codec_context.codec.canonical_name,
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
        self._open()
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
        if self._upcoming is None or frame < self._next or self.index.group_start(frame) > self._next:
            self._upcoming = self._from(frame)
        picture = self._taken(frame)
        if picture is None:
            # Some containers (MPEG program streams) can't be sought in exactly; from their start every frame comes.
            self._upcoming = self._from_start()
            picture = self._taken(frame)
        if picture is None:
            self._upcoming = None
            raise MediaError(f"Frame {frame} can't be decoded; the file is damaged there. Upload it again.")
        return Frame(frame, self.upright(picture))

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        self._check(first)
        if way == "forward":
            for number in range(first, self.frame_count):
                yield self.read(number)
        else:
            yield from self._backward(first)

    def pictures(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """All pictures from the first on as the decoder gives them, not yet upright, with their frame numbers."""
        self._upcoming = None
        return self._from_start()

    def upright(self, picture: av.VideoFrame) -> NDArray[np.uint8]:
        """A decoded picture as (H, W, 3) uint8 RGB, display-oriented, of the index's size."""
        turned = self.index.rotation % 2
        width, height = (self.height, self.width) if turned else (self.width, self.height)
        image = cast(NDArray[np.uint8], picture.to_ndarray(format="rgb24", width=width, height=height))
        return np.ascontiguousarray(np.rot90(image, self.index.rotation)) if self.index.rotation else image

    def _open(self) -> None:
        self._container = open_container(self.path)
        self._stream = video_stream(self._container)
        self._stream.thread_type = "AUTO"

    def _backward(self, first: int) -> Iterator[Frame]:
        at_once = max(1, BACKWARD_BYTES // max(3 * self.width * self.height, 1))
        last = first
        while last >= 0:
            start = max(self.index.group_start(last), last - at_once + 1)
            held = [self.read(number) for number in range(start, last + 1)]
            while held:
                yield held.pop()
            last = start - 1

    def _taken(self, frame: int) -> av.VideoFrame | None:
        """The picture of a frame, if it is among the upcoming ones."""
        for number, picture in self._upcoming or ():
            self._next = number + 1
            if number == frame:
                return picture
            if number > frame:
                break
        return None

    def _from(self, frame: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Numbered pictures from the group that ``frame`` lies in. A container may land early, which costs time, or
        late, which is repaired by seeking to an earlier group."""
        start = self.index.group_start(frame)
        while start > 0:
            with suppress(av.error.FFmpegError):
                self._container.seek(int(self.index.pts[start]), stream=self._stream, backward=True)
                numbered = self._numbered()
                first = next(numbered, None)
                if first is not None and first[0] <= frame:
                    return chain([first], numbered)
            start = self.index.group_start(start - 1)
        return self._from_start()

    def _from_start(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Numbered pictures from the file's first byte, which no container gets wrong."""
        self._container.close()
        self._open()
        return self._numbered()

    def _numbered(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decoded pictures that the index lists, with their numbers."""
        last = -1
        for picture in self._decoded():
            if picture.pts is None:
                continue
            number = int(np.searchsorted(self.index.pts, picture.pts))
            if last < number < self.frame_count and self.index.pts[number] == picture.pts:
                last = number
                yield number, picture

    def _decoded(self) -> Iterator[av.VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.EOFError):
                return
            except av.error.FFmpegError as error:
                raise MediaError(f"The file is damaged ({error.strerror}). Upload it again.") from error
            # One packet that can't be decoded costs its pictures, not the ones after it.
            with suppress(av.error.InvalidDataError):
                yield from packet.decode()

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


def _check_archive(path: Path) -> None:
    """Raise ValueError for an archive that would unpack to more than any index has."""
    with ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > 16 * MOST_FRAMES:
            raise ValueError("The archive holds more than a frame index.")


def _timestamps(container: av.container.InputContainer) -> tuple[list[int], list[bool]]:
    """Timestamps and keyframe marks of all packets that are shown, in the order of decoding."""
    pts: list[int] = []
    keys: list[bool] = []
    try:
        for packet in container.demux(video_stream(container)):
            stamp = packet.pts if packet.pts is not None else packet.dts
            if packet.size and not packet.is_discard and stamp is not None and stamp >= 0:
                pts.append(stamp)
                keys.append(packet.is_keyframe)
    except av.error.FFmpegError as error:
        raise MediaError(
            f"The file is damaged after {len(pts)} frames ({error.strerror}). Upload the complete file."
        ) from error
    return pts, keys


def _first_picture(container: av.container.InputContainer, stream: av.VideoStream) -> tuple[int, av.VideoFrame]:
    """The first picture that is shown, with its timestamp."""
    with suppress(av.error.FFmpegError):
        for picture in container.decode(stream):
            if picture.pts is not None and picture.pts >= 0:
                return picture.pts, picture
    raise MediaError("The video's pictures can't be decoded. Convert it to H.264 in MP4 and upload that.")
