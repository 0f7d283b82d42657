"""What can be set of each association, by the names under which it was published.

Times are in seconds: published are frames of videos with 30 frames a second. Distances and overlaps are in [0, 1] if
nothing else is said; confidences are those of the detector.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]


class Settings(BaseModel):
    """Defaults are the published ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def frames_of(seconds: float, rate: float) -> int:
    """How many frames that is, at ``rate`` frames a second."""
    return round(seconds * rate)


class DeepSortSettings(Settings):
    """Of DeepSORT (https://arxiv.org/abs/1703.07402)."""

    min_confidence: Share = Field(0.3, description="Detections below are left alone.")
    min_detection_height: float = Field(0, ge=0, description="In px; lower detections are left alone.")
    nms_max_overlap: Share = Field(1.0, description="Of two detections that overlap more the weaker goes; 1: none.")
    max_cosine_distance: float = Field(0.2, ge=0, le=4, description="Further apart two looks aren't the same object.")
    metric: Literal["cosine", "euclidean"] = Field("cosine", description="How looks are compared; euclidean: squared.")
    nn_budget: int | None = Field(100, ge=1, description="How many looks of each track are kept; none: all.")
    max_iou_distance: Share = Field(0.7, description="1 - overlap up to which a box is where a track should be.")
    max_age: Seconds = Field(1.0, description="A track not found for longer ends.")
    n_init: int = Field(3, ge=1, description="Detections in a row until a track is believed.")


class IouSettings(Settings):
    """Of the IOU tracker (https://doi.org/10.1109/AVSS.2017.8078516)."""

    sigma_l: Share = Field(0.3, description="Detections below are left alone.")
    sigma_iou: Share = Field(0.5, description="Overlap with the box before from which a detection goes on with it.")


class ByteTrackSettings(Settings):
    """Of ByteTrack (https://arxiv.org/abs/2110.06864)."""

    track_thresh: Share = Field(0.6, description="Detections from here on are linked first.")
    track_low_thresh: Share = Field(0.1, description="Detections below are left alone.")
    new_track_thresh: Share = Field(0.7, description="Detections from here on may begin a track.")
    match_thresh: Share = Field(0.8, description="1 - overlap (times confidence) up to which sure ones are linked.")
    fuse_score: bool = Field(True, description="Whether a sure detection is preferred to one that is less so.")
    track_buffer: Seconds = Field(1.0, description="A track not found for longer ends.")


class BotSortSettings(Settings):
    """Of BoT-SORT (https://arxiv.org/abs/2206.14651)."""

    track_high_thresh: Share = Field(0.6, description="Detections from here on are linked first.")
    track_low_thresh: Share = Field(0.1, description="Detections below are left alone.")
    new_track_thresh: Share = Field(0.7, description="Detections from here on may begin a track.")
    match_thresh: Share = Field(0.8, description="1 - overlap (times confidence) up to which sure ones are linked.")
    fuse_score: bool = Field(True, description="Whether a sure detection is preferred to one that is less so.")
    track_buffer: Seconds = Field(1.0, description="A track not found for longer ends.")
    cmc_method: Literal["sparseOptFlow", "ecc", "none"] = Field(
        "sparseOptFlow", description="How the camera's motion is found: by corners, by the whole picture, not at all."
    )
    with_reid: bool = Field(True, description="Whether looks are compared, where they are known.")
    proximity_thresh: Share = Field(0.5, description="1 - overlap beyond which looks don't count.")
    appearance_thresh: Share = Field(0.25, description="Half the cosine distance beyond which looks don't count.")


class McByteSettings(Settings):
    """Of McByte (https://arxiv.org/abs/2409.14220); the first six are those of BoT-SORT."""

    track_high_thresh: Share = Field(0.6, description="Detections from here on are linked first.")
    track_low_thresh: Share = Field(0.1, description="Detections below are left alone.")
    new_track_thresh: Share = Field(0.7, description="Detections from here on may begin a track.")
    match_thresh: Share = Field(0.9, description="1 - overlap (times confidence) up to which sure ones are linked.")
    fuse_score: bool = Field(True, description="Whether a sure detection is preferred to one that is less so.")
    track_buffer: Seconds = Field(1.0, description="A track not found for longer ends.")
    cmc_method: Literal["sparseOptFlow", "ecc", "none"] = Field(
        "sparseOptFlow", description="How the camera's motion is found: by corners, by the whole picture, not at all."
    )
    mask_model: str = Field("", max_length=64, description="What carries masks, by its id; empty: the default model.")
    minimum_mask_average_confidence: Share = Field(0.6, description="Less sure masks don't count.")
    minimum_mask_coverage: Share = Field(0.9, description="How much of a mask lies in the box at least.")
    minimum_mask_fill_ratio: Share = Field(0.05, description="How much of the box a mask fills at least.")
    mask_creation_bbox_overlap_threshold: Share = Field(
        0.6, description="A track gets no mask while so much of its box is behind another."
    )


class OcSortSettings(Settings):
    """Of OC-SORT (https://arxiv.org/abs/2203.14360)."""

    det_thresh: Share = Field(0.6, description="Detections below are left alone.")
    iou_threshold: Share = Field(0.3, description="Overlap from which a box is where a track should be.")
    max_age: Seconds = Field(1.0, description="A track not found for longer ends.")
    min_hits: int = Field(3, ge=1, description="Detections in a row until a track is believed.")
    delta_t: int = Field(3, ge=1, le=30, description="Frames over which the direction of a track is taken.")
    inertia: Share = Field(0.2, description="How much the direction counts beside the overlap.")
    use_byte: bool = Field(False, description="Whether unsure detections are linked too, after the others.")
