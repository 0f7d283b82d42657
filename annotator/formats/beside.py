"""What our own archives say beside pictures and lines that have no place for it: one JSON file, which others pass over.

``framewise.json``::

    {"format": "davis", "video": {"name", "width", "height", "frames", "fps"}, "folder": "street", "first": 0,
     "labels": [{"name", "colour", "skeleton", "value": 1}],
     "tracks": [{"value": 1, "number": 7, "label": "car", "source", "colour", "verdict"}]}

``value``: the number by which the file calls a label or a track; ``first``: that of the first frame.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from annotator.formats.archive import Archive
from annotator.formats.base import FormatError, LabelInfo, TrackData, VideoInfo
from annotator.formats.bounds import MOST_LABELS, MOST_TRACKS
from annotator.refusals import problem_of
from tracking.shapes.skeletons import Skeleton

NAME = "framewise.json"
LARGEST = 16 * 2**20
HIGHEST = 2**31
COLOUR = r"^(#[0-9a-fA-F]{6})?$"


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore")


class VideoTold(_Told):
    name: str
    width: int = Field(ge=0, le=HIGHEST)
    height: int = Field(ge=0, le=HIGHEST)
    frames: int = Field(ge=0, le=HIGHEST)
    fps: float = Field(ge=0, le=1e6)

    def info(self) -> VideoInfo:
        return VideoInfo(self.name, self.width, self.height, self.frames, self.fps)


class LabelTold(_Told):
    name: str = Field(min_length=1, max_length=80)
    colour: str = Field("", pattern=COLOUR)
    skeleton: Skeleton | None = None
    value: int = Field(0, ge=0, le=HIGHEST)

    def info(self) -> LabelInfo:
        return LabelInfo(self.name, self.colour, (), self.skeleton)


class TrackTold(_Told):
    value: int = Field(ge=0, le=HIGHEST)
    number: int = Field(ge=1, le=HIGHEST)
    label: str = Field(min_length=1)
    source: str = "person"
    colour: str = Field("", pattern=COLOUR)
    verdict: Literal["", "accepted", "rejected"] = ""


class Told(_Told):
    format: str
    video: VideoTold
    folder: str = ""
    first: int = Field(0, ge=0, le=HIGHEST)
    labels: list[LabelTold] = Field([], max_length=MOST_LABELS)
    tracks: list[TrackTold] = Field([], max_length=MOST_TRACKS)


def video_told(video: VideoInfo) -> VideoTold:
    # A name may have halves of characters, which no file holds.
    name = video.name.encode(errors="replace").decode()
    return VideoTold(name=name, width=video.width, height=video.height, frames=video.frame_count, fps=video.fps)


def label_told(label: LabelInfo, value: int = 0) -> LabelTold:
    return LabelTold(name=label.name, colour=label.colour, skeleton=label.skeleton, value=value)


def track_told(track: TrackData, value: int) -> TrackTold:
    told = {name: getattr(track, name) for name in ("number", "label", "source", "colour", "verdict")}
    return TrackTold(value=value, **told)


def told_in(archive: Archive, format_id: str) -> Told | None:
    """What our own archives say; None in those of others. Raises FormatError where it isn't as we write it."""
    if NAME not in archive.paths:
        return None
    with archive.read(NAME) as content:
        data = content.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise FormatError(f"{NAME} has at most {LARGEST / 2**20:.0f} MiB; this one goes on. Export again.")
    try:
        told = Told.model_validate_json(data)
    except ValidationError as error:
        raise FormatError(f"{NAME} is not as it was written: {problem_of(error)}") from error
    if told.format != format_id:
        raise FormatError(f"The archive was exported as {told.format[:40]!r}. Choose that format.")
    return told
