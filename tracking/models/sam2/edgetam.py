"""EdgeTAM: SAM 2 for small machines, with a mobile encoder and memories of 512 tokens.

Zhou et al. 2025, *EdgeTAM: On-Device Track Anything Model* (https://arxiv.org/abs/2501.07256). Its layers are those of
``transformers`` but for the encoder, which there needs ``timm`` and torchvision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tracking.models.sam2.repvit import OFFICIAL, RepViT, Shape, joined
from tracking.models.sam2.tracker import Sam2Tracker, created, shared
from tracking.models.sam2.variants import TINY_PARTS, Variant, enliven, resized
from tracking.models.sam2.weights import ENTRY, TENSORS, config_in, filled, join_points, transformers_key
from tracking.weights import read_tensors, renamed_by

PAGE = "https://github.com/facebookresearch/EdgeTAM"
VARIANT = Variant("EdgeTAM", "edgetam.pt", "yonigozlan/EdgeTAM-hf", page=PAGE)

_names = renamed_by(
    (r"^vision_encoder\.backbone\.body\.", "vision_encoder.backbone."),
    (r"^(memory_attention\.layers\.\d+)\.linear1\.", r"\1.mlp.up_proj."),
    (r"^(memory_attention\.layers\.\d+)\.linear2\.", r"\1.mlp.down_proj."),
    (r"^spatial_perceiver\.latents$", "spatial_perceiver.latents_1d"),
    (r"^spatial_perceiver\.norm\.", "spatial_perceiver.layer_norm."),
    (r"^(spatial_perceiver\.layers\.\d+)\.attn\.norm_x\.", r"\1.layer_norm_input."),
    (r"^(spatial_perceiver\.layers\.\d+)\.attn\.norm_latents\.", r"\1.layer_norm_latents."),
    (r"^(spatial_perceiver\.layers\.\d+)\.self_attn\.norm\.", r"\1.layer_norm_self."),
    (r"^(spatial_perceiver\.layers\.\d+)\.attn\.", r"\1.cross_attention."),
    (r"^(spatial_perceiver\.layers\.\d+)\.self_attn\.", r"\1.self_attention."),
    (r"^(spatial_perceiver\.layers\.\d+)\.ff\.", r"\1.mlp."),
    (r"^(spatial_perceiver\.layers\.\d+)\.self_ff\.", r"\1.self_mlp."),
    (r"^(spatial_perceiver\..*mlp)\.0\.", r"\1.layer_norm."),
    (r"^(spatial_perceiver\..*mlp)\.1\.", r"\1.up_proj."),
    (r"^(spatial_perceiver\..*mlp)\.3\.", r"\1.down_proj."),
    (r"^(spatial_perceiver\..*_attention)\.to_([qkv])\.", r"\1.\2_proj."),
    (r"^(spatial_perceiver\..*_attention)\.to_out\.", r"\1.o_proj."),
    *OFFICIAL,
)
_hub_names = renamed_by((r"^vision_encoder\.backbone\.timm_model\.", "vision_encoder.backbone."), *OFFICIAL)
BOTH = ".to_kv.weight"


def our_key(official: str) -> str:
    """The name here of what the authors call ``official``."""
    return _names(transformers_key(official))


@dataclass
class Seen:
    """As ``transformers`` hands on what an encoder saw."""

    fpn_hidden_states: Any
    fpn_position_encoding: Any


class Encoder(nn.Module):
    """A picture's features at three sizes, finest first."""

    def __init__(self, config: Any, shape: Shape) -> None:
        from transformers.models.sam2.modeling_sam2 import Sam2VisionNeck

        super().__init__()
        self.backbone = RepViT(shape)
        self.neck = Sam2VisionNeck(config)
        self.levels = int(config.num_feature_levels)

    def forward(self, pixel_values: Tensor, return_dict: bool = True) -> Seen:
        """Args: pixel_values: (N, 3, S, S), normalised."""
        features, places = self.neck([level.permute(0, 2, 3, 1) for level in self.backbone(pixel_values)])
        return Seen(features[-self.levels :][::-1], places[-self.levels :][::-1])


def blank(side: int, shape: Shape | None = None, **sizes: object) -> nn.Module:
    """EdgeTAM without weights, for pictures of ``side`` x ``side`` px. ``sizes``: other settings of ``transformers``
    than the authors'."""
    from transformers import EdgeTamVideoConfig, EdgeTamVideoModel

    shape = shape or Shape()
    vision = {
        "model_type": "sam2_vision_model",
        "backbone_channel_list": list(shape.widths[::-1]),
        "fpn_hidden_size": sizes.pop("fpn_hidden_size", 256),
        # Takes the place of ours until it is there.
        "backbone_config": {
            "model_type": "sam2_hiera_det_model",
            "hidden_size": 8,
            "blocks_per_stage": [1, 1, 1, 1],
            "embed_dim_per_stage": [8, 16, 32, 64],
            "num_attention_heads_per_stage": [1, 1, 1, 1],
            "global_attention_blocks": [],
        },
    }
    config = EdgeTamVideoConfig(
        vision_config=vision,
        enable_temporal_pos_encoding_for_object_pointers=False,
        enable_occlusion_spatial_embedding=False,
        **sizes,
    )
    network = EdgeTamVideoModel(resized(config, side))
    network.vision_encoder = Encoder(config.vision_config, shape)
    return network


def from_official(side: int, tensors: Mapping[str, Tensor], file: str) -> nn.Module:
    """The network as it was trained, with the authors' ``tensors``, by official key. Raises WeightsMisfit."""
    with torch.device("meta"):
        network = blank(side)
    return filled(network, _apart(join_points(tensors)), file, our_key)


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The authors keep keys and values in one matrix; here each has its own."""
    apart: dict[str, Tensor] = {}
    for key, value in tensors.items():
        if key.endswith(BOTH):
            apart[key.replace("to_kv", "to_k")], apart[key.replace("to_kv", "to_v")] = value.chunk(2)
        else:
            apart[key] = value
    return apart


def from_folder(folder: Path, side: int) -> nn.Module:
    """The network as it was trained, from a folder as on the hub.

    Raises:
        WeightsError: it lacks a file, or is of another kind of model.
    """
    config_in(folder, "edgetam_video")
    with torch.device("meta"):
        network = blank(side)
    return filled(network, read_tensors(folder / TENSORS), f"{folder.name}/{TENSORS}", _hub_names)


def load(side: int, path: Path) -> nn.Module:
    """EdgeTAM from the authors' file or a folder as on the hub, for use alone. Raises WeightsError."""
    trained = from_folder(path, side) if path.is_dir() else from_official(side, read_tensors(path, ENTRY), path.name)
    encoder: Any = trained.vision_encoder
    with torch.no_grad():
        joined(encoder.backbone)
    return trained.requires_grad_(False)


create = partial(created, VARIANT, load)


def tiny(*, distractor_aware: bool = False, device: str = "cpu", precision: str = "auto") -> Sam2Tracker:
    """A very small EdgeTAM with fixed random weights: for trying the machinery, not for finding anything."""
    return Sam2Tracker(
        partial(shared, ("tiny-edgetam",), tiny_network),
        distractors=distractor_aware,
        device=device,
        precision=precision,
    )


def tiny_network() -> nn.Module:
    """Its network, with weights lively enough for masks that differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = blank(
            256,
            Shape((8, 16, 32, 64), (1, 1, 2, 1)),
            fpn_hidden_size=128,
            memory_attention_mlp_hidden_size=64,
            **TINY_PARTS,
            perceiver_resampler_num_latents=16,
            perceiver_resampler_num_latents_2d=16,
            memory_attention_rope_k_sizes=[4, 4],
        )
        enliven(network)
    return network.requires_grad_(False).eval()
