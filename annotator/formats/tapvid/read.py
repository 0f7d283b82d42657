"""Reads what a TAP-Vid pickle holds, trusting nothing in it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from annotator.formats import geometry
from annotator.formats.base import Dataset, FormatError, LabelInfo, Part, Report, TrackData, VideoInfo
from annotator.formats.bounds import MOST_LABELS, MOST_ROWS, MOST_TRACKS, check_count
from annotator.formats.mot.limits import gapped
from annotator.formats.rows import Rows
from annotator.refusals import problem_of
from tracking.shapes.checks import FARTHEST_PX
from tracking.shapes.chunks import Flag, Kind
from tracking.shapes.skeletons import MOST_JOINTS, Skeleton
from tracking.shapes.values import ABSENT, OCCLUDED, VISIBLE

ALIEN = "This is no TAP-Vid pickle"
LABEL = "point"
"""Of points whose file has no labels."""
LARGEST_SIDE = 65_536


class _In(BaseModel):
    model_config = ConfigDict(extra="ignore")


class LabelIn(_In):
    name: str = Field(min_length=1, max_length=80)
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$")
    skeleton: Skeleton | None = None


class TrackIn(_In):
    number: int = Field(ge=1, le=2**31)
    label: str = Field(min_length=1)
    kind: Literal["points", "skeleton"]
    points: int = Field(ge=1)
    source: str = "tapvid"
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$")
    verdict: Literal["", "accepted", "rejected"] = ""


_LABELS = TypeAdapter(list[LabelIn])
_TRACKS = TypeAdapter(list[TrackIn])


@dataclass(frozen=True)
class Clip:
    """``xy``: (N, T, 2) px, NaN where a point is nowhere; ``occluded``: (N, T)."""

    xy: NDArray[np.float64]
    occluded: NDArray[np.bool_]
    width: int
    height: int
    fps: float


def parts_of(found: Any, name: str) -> list[Part]:
    """The videos of what was unpickled; ``name``: of those that a list doesn't name. Raises FormatError."""
    if isinstance(found, list):
        found = {f"{name}_{number}" if len(found) > 1 else name: each for number, each in enumerate(found)}
    if not isinstance(found, dict):
        raise FormatError(f"{ALIEN}: it holds neither a dictionary of videos nor a list of them.")
    if {"points", "occluded"} <= found.keys():
        found = {name: found}
    check_count("videos", len(found), MOST_TRACKS)
    return [_part(str(key), each) for key, each in found.items()]


def _part(name: str, each: Any) -> Part:
    if not isinstance(each, Mapping) or not {"points", "occluded"} <= each.keys():
        raise FormatError(f"{ALIEN}: points and occluded are needed of {name[:80] or 'a video'}.")
    report = Report()
    clip = _clip(name, each)
    labels, told = _told(each, len(clip.xy))
    if told is None:
        labels, told = [LabelIn(name=LABEL)], _single(len(clip.xy))
        # What stands for a point that isn't shown; ours are nowhere.
        clip.xy[np.logical_and(clip.occluded, ~clip.xy.any(axis=-1))] = np.nan
    tracks = list(_tracks(clip, told, report))
    video = VideoInfo(name, clip.width, clip.height, clip.xy.shape[1], clip.fps)
    infos = [LabelInfo(label.name, label.colour, (), label.skeleton) for label in labels]
    return Part((name,) if name else (), Dataset(video, infos, tracks, len(tracks)), report)


def _clip(name: str, each: Mapping[str, Any]) -> Clip:
    xy, occluded = each["points"], each["occluded"]
    if not isinstance(xy, np.ndarray) or xy.ndim != 3 or xy.shape[2] != 2 or xy.dtype.kind not in "fiu":
        raise FormatError(f"{ALIEN}: the points of {name[:80]} are not x and y by point and frame.")
    if not isinstance(occluded, np.ndarray) or occluded.shape != xy.shape[:2] or occluded.dtype.kind not in "biuf":
        raise FormatError(f"{ALIEN}: occluded of {name[:80]} is not of the points' shape.")
    check_count("points", len(xy), MOST_TRACKS)
    check_count("shapes", occluded.size, MOST_ROWS)
    height, width = _size(name, each)
    scaled = xy.astype(np.float64) * (width, height)
    if (np.abs(scaled) > FARTHEST_PX).any() or np.isinf(scaled).any():
        raise FormatError(f"Coordinates lie within ±{FARTHEST_PX:,.0f} px; some of {name[:80]} don't.")
    fps = each.get("fps", 0.0)
    fps = float(fps) if isinstance(fps, int | float) and 0 <= fps < 1e6 else 0.0
    return Clip(scaled, occluded.astype(np.bool_), width, height, fps)


def _size(name: str, each: Mapping[str, Any]) -> tuple[int, int]:
    size, video = each.get("size"), each.get("video")
    if isinstance(size, tuple | list) and len(size) == 2 and all(type(side) is int for side in size):
        height, width = size
    elif isinstance(video, np.ndarray) and video.ndim == 4:
        height, width = video.shape[1:3]
    elif isinstance(video, list) and video and isinstance(video[0], bytes):
        height, width = _size_of_picture(video[0], name)
    else:
        raise FormatError(
            f"TAP-Vid's points are shares of the picture's size; the file holds neither the pictures of {name[:80]} as "
            "video (T, H, W, 3) nor their size (height, width). Add one of them."
        )
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise FormatError(f"Pictures have sides of 1 to {LARGEST_SIDE:,} px; {width} x {height} came.")
    return int(height), int(width)


def _size_of_picture(data: bytes, name: str) -> tuple[int, int]:
    """Height and width of an encoded picture; only its head is read."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.height, image.width
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise FormatError(f"{ALIEN}: the first picture of {name[:80]} can't be read.") from error


def _told(each: Mapping[str, Any], count: int) -> tuple[list[LabelIn], list[TrackIn] | None]:
    """What our own files say of labels and tracks; None where a file says nothing of tracks."""
    if not isinstance(each.get("tracks"), list):
        return [], None
    check_count("labels", len(each.get("labels", ())), MOST_LABELS)
    try:
        labels, tracks = _LABELS.validate_python(each.get("labels", [])), _TRACKS.validate_python(each["tracks"])
    except ValidationError as error:
        raise FormatError(f"{ALIEN}: {problem_of(error)}") from error
    if sum(track.points for track in tracks) != count:
        raise FormatError(f"{ALIEN}: its tracks have {sum(track.points for track in tracks)} points, it has {count}.")
    if any(track.kind == "skeleton" and track.points > MOST_JOINTS for track in tracks):
        raise FormatError(f"A skeleton has at most {MOST_JOINTS} joints.")
    return labels, tracks


def _single(count: int) -> list[TrackIn]:
    return [TrackIn(number=number, label=LABEL, kind="points", points=1) for number in range(1, count + 1)]


def _tracks(clip: Clip, told: list[TrackIn], report: Report) -> Iterator[TrackData]:
    first, seen_numbers = 0, set[int]()
    for each in told:
        part = slice(first, first := first + each.points)
        rows = _rows(Kind[each.kind.upper()], clip.xy[part], clip.occluded[part])
        if not len(rows):
            report.lose("points that are on no frame were left out", each.points)
            continue
        number = each.number
        if number in seen_numbers:
            report.lose("tracks got new numbers, because the file repeats some")
            number = 0
        seen_numbers.add(number)
        report.tracks += 1
        report.shapes += int(rows.shown.sum())
        yield TrackData(number, each.label, rows, each.colour.lower(), each.source[:80], each.verdict)


def _rows(kind: Kind, xy: NDArray[np.float64], occluded: NDArray[np.bool_]) -> Rows:
    """Of n points through T frames, those on which any of them is somewhere."""
    nowhere = np.isnan(xy[..., 0]) | np.isnan(xy[..., 1])
    states = np.where(nowhere, ABSENT, np.where(occluded, OCCLUDED, VISIBLE)).T
    places = np.where(nowhere[..., None], 0.0, xy).transpose(1, 0, 2)
    frames = np.flatnonzero(~nowhere.all(axis=0)).tolist()
    return gapped(
        Rows.of(
            geometry.point_row(kind, frame, Flag.KEYFRAME, 1.0, places[frame].tolist(), states[frame].tolist())
            for frame in frames
        )
    )
