"""How a detector and an association are set together. What they have in common is how sure detections must be: the
published thresholds of associations are for detectors that were trained on the very data they are judged on; those of
the catalogue were trained on COCO, and are sure of less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LOW = 0.1
"""Least confidence of what continues a track that was found surely before (ByteTrack, BoT-SORT, as published)."""


@dataclass(frozen=True, slots=True)
class Preset:
    """``least``: confidence from which the detector tells of anything. ``settings``: of the association, by its names;
    the others are its published ones."""

    least: float
    settings: Mapping[str, object] = field(default_factory=dict)


def preset_of(association: str, sure: float) -> Preset:
    """A preset for an association and a detector that is asked for what is at least so sure.

    ByteTrack, BoT-SORT and McByte are set as those who link what COCO's detectors see have them: high and new 0.25, low
    0.1 (Ultralytics, cfg/trackers), where 0.25 is what YOLOX and YOLOv5 are asked for. Detectors with scores on another
    scale, such as DETRs, have another ``sure``. OC-SORT, DeepSORT and IoU have one threshold.

    Args:
        sure: in [0, 1], what begins a track: the detector's own least confidence, or what a person wants.
    """
    match association:
        case "bytetrack":
            low = min(LOW, sure)
            return Preset(low, {"track_thresh": sure, "new_track_thresh": sure, "track_low_thresh": low})
        case "botsort" | "mcbyte":
            low = min(LOW, sure)
            return Preset(low, {"track_high_thresh": sure, "new_track_thresh": sure, "track_low_thresh": low})
        case "ocsort":
            return Preset(sure, {"det_thresh": sure})
        case "iou":
            return Preset(sure, {"sigma_l": sure})
        case "deepsort":
            return Preset(sure, {"min_confidence": sure})
        case _:
            return Preset(sure)
