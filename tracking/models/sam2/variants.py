"""The published models: their files, and the sizes of their networks.

Sizes are those of the authors' settings: ``sam2/configs`` of https://github.com/facebookresearch/sam2 (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tracking.types import TrackingError

LICENCE = "Apache-2.0"
STRIDE = 16
"""Pixels of the picture per cell of the coarsest features, each way."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Px a side of the pictures that a network can look at: ``cpu`` and ``gpu`` where nobody says another, and what
    they are a multiple of, least and most."""

    cpu: int = 512
    gpu: int = 1024
    step: int = 64
    least: int = 256
    most: int = 2048


SQUARES = Sides()
"""Pictures of 512 px take a quarter of the time of 1024 px, for 1.8 J&F less (SAM 2 paper, table 10)."""


@dataclass(frozen=True, slots=True)
class Hiera:
    """The picture encoder of SAM 2. ``width``: channels of the first of four stages, doubled by each; ``depths``: their
    blocks; ``everywhere``: blocks whose attention isn't in windows; ``ground``: side of the learnt positions."""

    width: int
    heads: int
    depths: tuple[int, int, int, int]
    everywhere: tuple[int, ...]
    windows: tuple[int, int, int, int] = (8, 4, 14, 7)
    ground: int = 7


TINY = Hiera(96, 1, (1, 2, 7, 2), (5, 7, 9))
SMALL = Hiera(96, 1, (1, 2, 11, 2), (7, 10, 13))
BASE_PLUS = Hiera(112, 2, (2, 3, 16, 3), (12, 16, 20), ground=14)
LARGE = Hiera(144, 2, (2, 6, 36, 4), (23, 33, 43), (8, 4, 16, 8))


@dataclass(frozen=True, slots=True)
class Variant:
    """``file``: the authors' checkpoint, offered on ``page``; ``hub``: the same model on the Hugging Face hub;
    ``dated``: whether pointers know how old they are, and memories whether the object was hidden, as since version 2.1;
    ``licence``: of the weights.
    """

    name: str
    file: str
    hub: str
    encoder: Hiera = TINY
    dated: bool = True
    page: str = "https://github.com/facebookresearch/sam2#download-checkpoints"
    licence: str = LICENCE
    sides: Sides = SQUARES

    @property
    def folder(self) -> str:
        """What a copy of the hub's folder is called."""
        return self.hub.rpartition("/")[2]


VARIANTS = {
    "sam2.1-tiny": Variant("SAM 2.1 T", "sam2.1_hiera_tiny.pt", "facebook/sam2.1-hiera-tiny", TINY),
    "sam2.1-small": Variant("SAM 2.1 S", "sam2.1_hiera_small.pt", "facebook/sam2.1-hiera-small", SMALL),
    "sam2.1-base-plus": Variant(
        "SAM 2.1 B+", "sam2.1_hiera_base_plus.pt", "facebook/sam2.1-hiera-base-plus", BASE_PLUS
    ),
    "sam2.1-large": Variant("SAM 2.1 L", "sam2.1_hiera_large.pt", "facebook/sam2.1-hiera-large", LARGE),
    "sam2-tiny": Variant("SAM 2 T", "sam2_hiera_tiny.pt", "facebook/sam2-hiera-tiny", TINY, dated=False),
    "sam2-small": Variant("SAM 2 S", "sam2_hiera_small.pt", "facebook/sam2-hiera-small", SMALL, dated=False),
    "sam2-base-plus": Variant(
        "SAM 2 B+", "sam2_hiera_base_plus.pt", "facebook/sam2-hiera-base-plus", BASE_PLUS, dated=False
    ),
    "sam2-large": Variant("SAM 2 L", "sam2_hiera_large.pt", "facebook/sam2-hiera-large", LARGE, dated=False),
}
"""By id in the catalogue."""


def require_transformers() -> None:
    """Raises TrackingError saying how to get it where it isn't installed."""
    try:
        import transformers  # noqa: F401
    except ImportError as error:
        raise TrackingError(
            "SAM 2, SAM 3 and EdgeTAM need the package transformers; it can't be imported "
            f'({error}). Install it with: pip install "framewise[sam]"'
        ) from error


def check_side(side: int, sides: Sides = SQUARES) -> None:
    """Raises TrackingError for a picture size that the network has no grid for."""
    if side % sides.step or not sides.least <= side <= sides.most:
        raise TrackingError(
            f"image_size is a multiple of {sides.step} from {sides.least} to {sides.most} px, or 0 for {sides.cpu} on "
            f"a CPU and {sides.gpu} on a GPU; {side} came."
        )


def config_of(variant: Variant, side: int) -> Any:
    """The configuration of a variant's network for pictures of ``side`` x ``side`` px, as ``transformers`` takes it."""
    from transformers import Sam2VideoConfig

    config = Sam2VideoConfig(
        vision_config=_vision(variant.encoder),
        enable_temporal_pos_encoding_for_object_pointers=variant.dated,
        enable_occlusion_spatial_embedding=variant.dated,
    )
    return resized(config, side)


def _vision(encoder: Hiera) -> dict[str, Any]:
    widths = [encoder.width * 2**stage for stage in range(4)]
    return {
        "model_type": "sam2_vision_model",
        "backbone_channel_list": widths[::-1],
        "backbone_config": {
            "model_type": "sam2_hiera_det_model",
            "hidden_size": encoder.width,
            "num_attention_heads": encoder.heads,
            "blocks_per_stage": list(encoder.depths),
            "embed_dim_per_stage": widths,
            "num_attention_heads_per_stage": [encoder.heads * 2**stage for stage in range(4)],
            "window_size_per_stage": list(encoder.windows),
            "global_attention_blocks": list(encoder.everywhere),
            "window_positional_embedding_background_size": [encoder.ground, encoder.ground],
        },
    }


def resized(config: Any, side: int) -> Any:
    """The same configuration for pictures of ``side`` x ``side`` px; no weight depends on it."""
    cells = side // STRIDE
    config.image_size = side
    config.prompt_encoder_config.image_size = side
    config.memory_attention_rope_feat_sizes = [cells, cells]
    config.vision_config.backbone_feature_sizes = [[cells * scale, cells * scale] for scale in (4, 2, 1)]
    if hasattr(config.vision_config.backbone_config, "image_size"):
        config.vision_config.backbone_config.image_size = [side, side]
    return config


TINY_PARTS: Mapping[str, Any] = {
    "prompt_encoder_config": {"hidden_size": 128},
    "mask_decoder_config": {"hidden_size": 128, "mlp_dim": 64, "iou_head_hidden_dim": 32},
    "memory_attention_hidden_size": 128,
    "memory_attention_num_layers": 1,
    "memory_encoder_hidden_size": 128,
    "mask_downsampler_embed_dim": 128,
    "memory_fuser_embed_dim": 128,
    "memory_fuser_intermediate_dim": 64,
    "memory_fuser_num_layers": 1,
    "memory_fuser_layer_scale_init_value": 0.5,
}
"""Of a configuration as small as the layers allow: what lies behind the image encoder, alike in all of these models."""


def tiny_config(side: int) -> Any:
    """A configuration as small as the layers allow."""
    from transformers import Sam2VideoConfig

    widths = [8, 16, 32, 64]
    config = Sam2VideoConfig(
        vision_config={
            "model_type": "sam2_vision_model",
            "backbone_channel_list": widths[::-1],
            "fpn_hidden_size": 128,
            "backbone_config": {
                "model_type": "sam2_hiera_det_model",
                "hidden_size": 8,
                "num_attention_heads": 1,
                "blocks_per_stage": [1, 1, 2, 1],
                "embed_dim_per_stage": widths,
                "num_attention_heads_per_stage": [1, 1, 2, 2],
                "window_size_per_stage": [4, 4, 4, 4],
                "global_attention_blocks": [3],
                "window_positional_embedding_background_size": [4, 4],
            },
        },
        memory_attention_feed_forward_hidden_size=64,
        **TINY_PARTS,
    )
    return resized(config, side)


def enliven(network: nn.Module) -> None:
    """Random weights that let signals through at their size, with objects that are to be seen: those that
    ``transformers`` begins with are so small that every answer is nearly zero."""
    for name, values in network.named_parameters():
        if values.dim() > 1 and "norm" not in name:
            fan = values[0].numel() if values.shape[0] > 1 else values.shape[-1]
            nn.init.normal_(values, std=fan**-0.5)
    head: Any = network
    nn.init.constant_(head.mask_decoder.pred_obj_score_head.proj_out.bias, 3.0)
    with torch.no_grad():
        head.prompt_encoder.shared_embedding.positional_embedding.copy_(
            head.shared_image_embedding.positional_embedding
        )
