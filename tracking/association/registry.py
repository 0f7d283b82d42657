"""Every association Framewise knows, listed without importing any of them.

Adding one is a module here, its settings in ``settings.py``, and one line in ``ASSOCIATIONS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from typing import cast

from pydantic import ValidationError

from tracking.association.contract import Association
from tracking.association.settings import (
    BotSortSettings,
    ByteTrackSettings,
    DeepSortSettings,
    IouSettings,
    McByteSettings,
    OcSortSettings,
    Settings,
)
from tracking.types import TrackingError


@dataclass(frozen=True, slots=True)
class AssociationEntry:
    """``factory``: ``"module:callable"``, called with the settings and the frames a second. ``looks``: whether it
    compares what detections look like, where that is known. ``pictures``: whether it looks at frames. ``waits``:
    whether it goes on with objects that were hidden, and believes in those alone that were seen more than once.
    ``masks``: whether a model of the catalogue carries masks for it, its setting ``mask_model``. ``cost``: what a
    person should know of how long it takes before they choose it; empty: little beside the detector."""

    id: str
    name: str
    summary: str
    paper: str
    settings: type[Settings]
    factory: str
    looks: bool = False
    pictures: bool = False
    waits: bool = True
    masks: bool = False
    cost: str = ""


ASSOCIATIONS: tuple[AssociationEntry, ...] = (
    AssociationEntry(
        id="bytetrack",
        name="ByteTrack",
        summary="By motion alone; unsure detections continue tracks, and begin none.",
        paper="https://arxiv.org/abs/2110.06864",
        settings=ByteTrackSettings,
        factory="tracking.association.bytetrack:ByteTrack",
    ),
    AssociationEntry(
        id="botsort",
        name="BoT-SORT",
        summary="ByteTrack for a camera that moves; looks help where they are known.",
        paper="https://arxiv.org/abs/2206.14651",
        settings=BotSortSettings,
        factory="tracking.association.botsort:BotSort",
        looks=True,
        pictures=True,
    ),
    AssociationEntry(
        id="ocsort",
        name="OC-SORT",
        summary="By motion alone, for objects that look alike and change direction.",
        paper="https://arxiv.org/abs/2203.14360",
        settings=OcSortSettings,
        factory="tracking.association.ocsort:OcSort",
    ),
    AssociationEntry(
        id="mcbyte",
        name="McByte",
        summary="Each track carries a mask, which tells objects apart that overlap; slow, as masks are followed.",
        paper="https://arxiv.org/abs/2409.14220",
        settings=McByteSettings,
        factory="tracking.association.mcbyte:McByte",
        pictures=True,
        masks=True,
        cost="Linking takes 45 to 85 times as long as by BoT-SORT: about 0.3 to 0.6 s a frame for eight people by "
        "Framewise Mask without a GPU, and more with more objects or a larger model of masks.",
    ),
    AssociationEntry(
        id="deepsort",
        name="DeepSORT",
        summary="By looks among what motion allows; finds objects again after they were hidden.",
        paper="https://arxiv.org/abs/1703.07402",
        settings=DeepSortSettings,
        factory="tracking.association.deepsort:DeepSort",
        looks=True,
    ),
    AssociationEntry(
        id="iou",
        name="IoU",
        summary="The detector alone: a box goes on with the one before that it overlaps, or is a track of its own.",
        paper="https://doi.org/10.1109/AVSS.2017.8078516",
        settings=IouSettings,
        factory="tracking.association.iou:Iou",
        waits=False,
    ),
)

DEFAULT_ASSOCIATION = "botsort"


def find(association: str) -> AssociationEntry:
    """The entry of that id. Raises TrackingError naming the known ids when there is none."""
    for entry in ASSOCIATIONS:
        if entry.id == association:
            return entry
    known = ", ".join(entry.id for entry in ASSOCIATIONS)
    raise TrackingError(f"Detections are linked by one of: {known}; {association!r} came.")


def name_of(association: str) -> str:
    """What people call it; the id itself where there is none of it (any more)."""
    return next((entry.name for entry in ASSOCIATIONS if entry.id == association), association)


def wants_masks(association: str) -> bool:
    """Whether a model carries masks for it; no, where there is none of that id."""
    return any(entry.masks for entry in ASSOCIATIONS if entry.id == association)


def checked_settings(entry: AssociationEntry, settings: Mapping[str, object]) -> Settings:
    """All settings of an association, given some of them. Raises TrackingError naming what doesn't fit."""
    try:
        return entry.settings.model_validate(dict(settings))
    except ValidationError as error:
        problems = "; ".join(_problem(entry, dict(one)) for one in error.errors())
        raise TrackingError(f"Settings of {entry.name}: {problems}.") from None


def _problem(entry: AssociationEntry, error: Mapping[str, object]) -> str:
    name = ".".join(map(str, cast("tuple[object, ...]", error["loc"])))
    if error["type"] == "extra_forbidden":
        return f"{name!r} is none of {', '.join(entry.settings.model_fields)}"
    return f"{name}: {str(error['msg'])[:1].lower()}{str(error['msg'])[1:]}; {error['input']!r} came"


def create(association: str, rate: float, settings: Mapping[str, object] | None = None) -> Association:
    """A fresh association.

    Args:
        rate: of the frames that it is going to be given, in 1/s: the video's, or where only every k-th frame is looked
            at a k-th of it.

    Raises:
        TrackingError: there is none of that id, or a setting or the rate doesn't fit.
    """
    entry = find(association)
    if not (isfinite(rate) and rate > 0):
        raise TrackingError(f"The rate of a video is above 0 frames a second; {rate!r} came.")
    module, _, name = entry.factory.partition(":")
    return cast(Association, getattr(import_module(module), name)(checked_settings(entry, settings or {}), rate))
