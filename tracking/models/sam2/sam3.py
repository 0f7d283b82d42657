"""SAM 3's tracker: SAM 2's memory and decoder on the picture encoder that SAM 3 finds objects by words with.

Carion et al. 2025, *SAM 3: Segment Anything with Concepts* (https://arxiv.org/abs/2511.16719). The layers are those of
``transformers`` (Apache-2.0). The weights come under Meta's SAM License, and from the hub only to who accepted it
there: a folder as on the hub is read, which holds the tracker beside the detector, or the tracker alone.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tracking.models.sam2.tracker import Sam2Tracker, created, shared
from tracking.models.sam2.variants import TINY_PARTS, Sides, Variant, enliven
from tracking.models.sam2.weights import TENSORS, config_in, filled
from tracking.weights import WeightsError, read_tensors, renamed_by

LICENCE = "SAM License (Meta)"
PAGE = "https://huggingface.co/facebook/sam3"
CELL, WINDOW = 14, 24
"""Pixels of the picture for each cell, and cells of a window that its encoder attends in, each way."""
SIDES = Sides(cpu=2 * WINDOW * CELL, gpu=3 * WINDOW * CELL, step=WINDOW * CELL, least=WINDOW * CELL, most=2016)
"""Whole windows, as it was trained with 3 x 3 of them; no figures for less are published."""
VARIANT = Variant("SAM 3", f"sam3/{TENSORS}", "facebook/sam3", page=PAGE, licence=LICENCE, sides=SIDES)

TRACKER, WITH_DETECTOR = "sam3_tracker_video", "sam3_video"
"""Kinds of folders: of the tracker alone, and of all of SAM 3."""

our_key = renamed_by(
    (r"^tracker_model\.", ""),
    (r"^detector_model\.vision_encoder\.backbone\.", "vision_encoder.backbone."),
    (r"^tracker_neck\.", "vision_encoder.neck."),
)
"""Key of a hub's folder to the tracker's own; a tracker that is saved alone has the first before the others, too."""
_of_the_detector = re.compile(r"^detector_model\.(?!vision_encoder\.backbone\.)")


def from_folder(folder: Path, side: int) -> nn.Module:
    """The tracker's network of a folder as on the hub, for pictures of ``side`` x ``side`` px. What the folder holds of
    the detector isn't read.

    Raises:
        WeightsError: it lacks a file, or is of another kind of model.
    """
    from transformers import Sam3TrackerVideoConfig, Sam3TrackerVideoModel

    told = config_in(folder, WITH_DETECTOR, TRACKER)
    ours = told if told["model_type"] == TRACKER else told.get("tracker_config")
    try:
        config = Sam3TrackerVideoConfig.from_dict(ours)
    except Exception as error:  # The library checks what it is given in many ways.
        raise WeightsError(
            f"config.json of {folder.name} describes no tracker of SAM 3 ({error}). Get it again."
        ) from error
    config.image_size = side
    with torch.device("meta"):
        network = Sam3TrackerVideoModel(config)
    tensors = read_tensors(folder / TENSORS, needed=lambda key: not _of_the_detector.match(key))
    return with_places(filled(network, tensors, f"{folder.name}/{TENSORS}", our_key))


def with_places(network: nn.Module) -> nn.Module:
    """``network``, built on no device, with the positions that its picture encoder computes for itself."""
    encoder: Any = network.vision_encoder
    with torch.device("cpu"):
        for layer in encoder.backbone.layers:
            layer.rotary_emb = type(layer.rotary_emb)(layer.config)
            places = layer.precompute_positions(layer.config, layer.window_size)
            layer.position_ids = nn.Buffer(places, persistent=False)
    return network


def load(side: int, path: Path) -> nn.Module:
    """SAM 3's tracker from a folder as on the hub. Raises WeightsError."""
    if not path.is_dir():
        raise WeightsError(f"SAM 3 is read from a folder as on {PAGE}; {path.name} is a file. Give its folder.")
    return from_folder(path, side)


create = partial(created, VARIANT, load)

TINY_SIDE = 112


def tiny(*, distractor_aware: bool = False, device: str = "cpu", precision: str = "auto") -> Sam2Tracker:
    """A very small tracker of SAM 3 with fixed random weights: for trying the machinery, not for finding anything."""
    return Sam2Tracker(
        partial(shared, ("tiny-sam3",), tiny_network),
        distractors=distractor_aware,
        device=device,
        precision=precision,
    )


def tiny_config() -> Any:
    """A configuration as small as the layers allow."""
    from transformers import Sam3TrackerVideoConfig

    config = Sam3TrackerVideoConfig(
        vision_config=tiny_vision(),
        memory_attention_feed_forward_hidden_size=64,
        **TINY_PARTS,
    )
    config.image_size = TINY_SIDE
    return config


def tiny_vision() -> dict[str, Any]:
    """Its picture encoder: windows of 4 x 4 cells, and one layer that looks everywhere."""
    return {
        "model_type": "sam3_vision_model",
        "fpn_hidden_size": 128,
        "backbone_config": {
            "model_type": "sam3_vit_model",
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "window_size": 4,
            "global_attn_indexes": [1],
            "pretrain_image_size": 56,
            "image_size": TINY_SIDE,
        },
    }


def tiny_network() -> nn.Module:
    """Its network, as ``transformers`` builds it, with weights lively enough for masks that differ."""
    from transformers import Sam3TrackerVideoModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Sam3TrackerVideoModel(tiny_config())
        enliven(network)
    return network.requires_grad_(False).eval()
