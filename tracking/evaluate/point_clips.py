"""Clips with known points.

- *TAP-Vid*: ``*.pkl``, a dictionary of clips by name or a list of them, each with ``video`` (T, H, W, 3) or T encoded
  pictures, ``points`` (N, T, 2) from 0 to 1 and ``occluded`` (N, T).
- *joints*: a folder with ``tracks.json`` (``joints``, ``frames``, ``points`` [joint][frame] x, y in px whose centres
  are whole numbers, ``visible`` [joint][frame]), a video, and a mask of the object for every frame in
  ``Annotations/``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracking.array_pickles import DamagedPickle, UnsafePickle, load_plain
from tracking.evaluate.sequences import PICTURES, VIDEOS, Skipped
from tracking.frames import Way
from tracking.pictures import DecodedVideo
from tracking.types import Frame, TrackingError


@dataclass(frozen=True, slots=True)
class TapClip:
    """``pictures``: (T, H, W, 3) RGB, or T encoded ones. ``xy``: (N, T, 2) shares of the picture's size, 0 its left or
    upper edge. ``occluded``: (N, T)."""

    name: str
    pictures: Any
    xy: NDArray[np.float64]
    occluded: NDArray[np.bool_]

    def frames(self, way: Way = "forward") -> Iterator[Frame]:
        count = self.length
        for number in range(count) if way == "forward" else range(count - 1, -1, -1):
            yield Frame(number, _picture(self.pictures[number], self.name))

    @property
    def length(self) -> int:
        return int(self.occluded.shape[1])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px."""
        height, width = _picture(self.pictures[0], self.name).shape[:2]
        return width, height


@dataclass(frozen=True, slots=True)
class JointClip:
    """``labelled``: the K frames that show joints by hand; ``xy``: (J, K, 2) px; ``visible``: (J, K); ``areas``: (K,)
    px² of the object's mask."""

    name: str
    video: Path
    labelled: tuple[int, ...]
    xy: NDArray[np.float64]
    visible: NDArray[np.bool_]
    areas: tuple[float, ...]

    def frames(self, first: int) -> Iterator[Frame]:
        """From ``first`` to the last labelled one."""
        with closing(DecodedVideo(self.video).walk(first, "forward")) as walk:
            for frame in walk:
                if frame.number > self.labelled[-1]:
                    return
                yield frame

    @property
    def length(self) -> int:
        return self.labelled[-1] - self.labelled[0] + 1


PointClip = TapClip | JointClip


@dataclass(frozen=True, slots=True)
class PointClips:
    """What was found below a folder."""

    clips: tuple[PointClip, ...]
    skipped: tuple[Skipped, ...]

    def only(self, part: str) -> PointClips:
        """Those whose names contain ``part``."""
        return PointClips(
            tuple(clip for clip in self.clips if part in clip.name),
            tuple(skipped for skipped in self.skipped if part in skipped.name),
        )

    def first(self, frames: int) -> PointClips:
        """The same, each for its first ``frames`` frames."""
        return PointClips(tuple(_shortened(clip, frames) for clip in self.clips), self.skipped)


class _Unusable(Exception):
    """Ground truth that can't be used; the message says why."""


def find_clips(root: Path) -> PointClips:
    """Every clip below ``root`` with known points, by name, and what looks like one but can't be used.

    Raises:
        TrackingError: there is neither.
    """
    items: list[PointClip | Skipped] = []
    for path in sorted(root.rglob("*.pkl")):
        items += _read(path.name, lambda path=path: _tap_clips(path))
    for path in sorted(root.rglob("tracks.json")):
        items += _read(path.parent.name, lambda path=path: [_joints(path)])
    if not items:
        raise TrackingError(
            "Evaluation of points needs clips whose points are known (TAP-Vid's .pkl, or tracks.json beside a video "
            f"and Annotations/); none was found. Check the folder: {root}"
        )
    return PointClips(
        tuple(item for item in items if not isinstance(item, Skipped)),
        tuple(item for item in items if isinstance(item, Skipped)),
    )


def _read(name: str, read: Any) -> list[PointClip | Skipped]:
    try:
        return list(read())
    except (_Unusable, UnsafePickle, DamagedPickle) as error:
        return [Skipped(name, f"It {error}.")]
    except (TrackingError, OSError, ValueError, KeyError, TypeError) as error:
        return [Skipped(name, f"It can't be read: {error}")]


def _tap_clips(path: Path) -> list[PointClip | Skipped]:
    found = load_plain(path.read_bytes())
    if isinstance(found, list):
        found = {f"{path.stem}/{number}": each for number, each in enumerate(found)}
    if not isinstance(found, dict) or not found:
        raise _Unusable("holds neither a dictionary of clips nor a list of them")
    items: list[PointClip | Skipped] = []
    for name, each in found.items():
        items += _read(str(name), lambda name=name, each=each: [_tap_clip(str(name), each)])
    return items


def _tap_clip(name: str, each: Any) -> TapClip:
    if not isinstance(each, Mapping) or not {"video", "points", "occluded"} <= each.keys():
        raise _Unusable("lacks video, points or occluded")
    xy, occluded = np.asarray(each["points"], np.float64), np.asarray(each["occluded"], np.bool_)
    if xy.ndim != 3 or xy.shape[-1] != 2 or occluded.shape != xy.shape[:2]:
        raise _Unusable(f"has points of the shape {xy.shape} and occlusions of {occluded.shape}")
    if len(each["video"]) != xy.shape[1]:
        raise _Unusable(f"has points on {xy.shape[1]} frames of {len(each['video'])}")
    if occluded[:, :-1].all():
        raise _Unusable("shows no point before its last frame")
    if not np.isfinite(xy[~occluded]).all():
        raise _Unusable("has visible points that are nowhere")
    return TapClip(name, each["video"], xy, occluded)


def _joints(path: Path) -> JointClip:
    told = json.loads(path.read_text())
    xy, visible = np.asarray(told["points"], np.float64), np.asarray(told["visible"], np.bool_)
    labelled = tuple(int(frame) for frame in told["frames"])
    if xy.shape != (*visible.shape, 2) or visible.shape[1] != len(labelled):
        raise _Unusable(f"has joints of the shape {xy.shape}, {visible.shape} marks and {len(labelled)} frames")
    if len(labelled) < 2 or list(labelled) != sorted(set(labelled)) or labelled[0] < 0:
        raise _Unusable("needs at least two labelled frames, rising")
    if not visible[:, 0].any():
        raise _Unusable("shows no joint on its first labelled frame")
    video = next((file for file in sorted(path.parent.iterdir()) if file.suffix.lower() in VIDEOS), None)
    if video is None:
        raise _Unusable("has no video beside tracks.json")
    masks = [file for file in sorted((path.parent / "Annotations").glob("*")) if file.suffix.lower() in PICTURES]
    if len(masks) <= labelled[-1]:
        raise _Unusable(
            f"has {len(masks)} masks in Annotations/ for frames up to {labelled[-1]}: how large is it there?"
        )
    areas = tuple(_area(masks[frame]) for frame in labelled)
    if not all(areas):
        raise _Unusable("has an empty mask on a labelled frame")
    return JointClip(path.parent.name, video, labelled, xy + 0.5, visible, areas)


def _area(mask: Path) -> float:
    with Image.open(mask) as image:
        return float(np.count_nonzero(np.asarray(image if image.mode in ("P", "L") else image.convert("L"))))


def _shortened(clip: PointClip, frames: int) -> PointClip:
    if isinstance(clip, TapClip):
        return replace(clip, xy=clip.xy[:, :frames], occluded=clip.occluded[:, :frames])
    kept = [number for number, frame in enumerate(clip.labelled) if frame < clip.labelled[0] + frames]
    kept = kept if len(kept) > 1 else [0, 1]
    return replace(
        clip,
        labelled=tuple(clip.labelled[number] for number in kept),
        xy=clip.xy[:, kept],
        visible=clip.visible[:, kept],
        areas=tuple(clip.areas[number] for number in kept),
    )


def _picture(given: Any, name: str) -> NDArray[np.uint8]:
    if isinstance(given, bytes):
        decoded = cv2.imdecode(np.frombuffer(given, np.uint8), cv2.IMREAD_COLOR_RGB)
        if decoded is None:
            raise TrackingError(f"Frames must be readable pictures; one of {name} isn't. Get the clip again.")
        return np.asarray(decoded, np.uint8)
    picture = np.ascontiguousarray(given)
    if picture.ndim != 3 or picture.shape[-1] != 3 or picture.dtype != np.uint8:
        raise TrackingError(f"Frames are (H, W, 3) bytes; {name} has {picture.shape} of {picture.dtype}.")
    return picture
