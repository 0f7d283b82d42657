"""CoTracker 3's official weights: their files, their key names, and how they become ours.

The authors offer ``scaled_online.pth`` and ``scaled_offline.pth`` (https://huggingface.co/facebook/cotracker3), flat
dictionaries of tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from tracking.models.cotracker.network import Config, CoTracker
from tracking.weights import load_exactly, read_tensors, renamed_by, weights_path

FILES = {"online": "scaled_online.pth", "offline": "scaled_offline.pth"}
CONFIGS = {"online": Config(window=16), "offline": Config(window=60)}
SOURCE = "https://huggingface.co/facebook/cotracker3"
LICENCE = "CC-BY-NC-4.0, not for commercial use"

VIRTUAL_KEY = "updateformer.virual_tracks"
"""Spelt so in the official files: (1, 64, 1, 384)."""
our_key = renamed_by(
    (r"^fnet\.layer(\d)\.", lambda found: f"encoder.stages.{int(found[1]) - 1}."),
    (r"^fnet\.", "encoder."),
    (r"\.downsample\.0\.", ".shortcut."),
    (r"^time_emb$", "times"),
    (r"^corr_mlp\.fc1\.", "likeness.expand."),
    (r"^corr_mlp\.fc2\.", "likeness.contract."),
    (r"^updateformer\.input_transform\.", "transformer.enter."),
    (r"^updateformer\.virual_tracks$", "transformer.virtual"),
    (r"^updateformer\.flow_head\.", "transformer.place."),
    (r"^updateformer\.vis_conf_head\.", "transformer.sight."),
    (r"^updateformer\.time_blocks\.", "transformer.over_time."),
    (r"^updateformer\.space_virtual2point_blocks\.", "transformer.from_points."),
    (r"^updateformer\.space_virtual_blocks\.", "transformer.among_virtual."),
    (r"^updateformer\.space_point2virtual_blocks\.", "transformer.to_points."),
    (r"\.(cross_)?attn\.to_q\.", ".query."),
    (r"\.(cross_)?attn\.to_kv\.", ".key_value."),
    (r"\.(cross_)?attn\.to_out\.", ".leave."),
    (r"\.mlp\.fc1\.", ".expand."),
    (r"\.mlp\.fc2\.", ".contract."),
)
"""Official key to the one in ``CoTracker``."""


def load(variant: str, path: Path | None = None) -> CoTracker:
    """The network with the weights of ``path``, or of the ``variant``'s official file in the weights folder."""
    path = path or weights_path(FILES[variant], model=f"CoTracker 3 {variant}", licence=LICENCE, source=SOURCE)
    return build(variant, read_tensors(path), path.name)


def build(variant: str, tensors: Mapping[str, Tensor], file: str) -> CoTracker:
    """The network with ``tensors``, given by official key and read from ``file``. Raises WeightsMisfit."""
    with torch.device("meta"):
        network = CoTracker(CONFIGS[variant])
    shaped = {
        key: tensor.squeeze(0) if key == VIRTUAL_KEY and tensor.ndim == 4 else tensor for key, tensor in tensors.items()
    }
    load_exactly(network, shaped, file=file, rename=our_key)
    return network
