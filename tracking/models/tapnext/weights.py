"""TAPNext++'s official weights: their files, their key names, and how they become ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tracking.models.tapnext.network import Config, TapNext
from tracking.weights import load_exactly, read_tensors, renamed_by, weights_path

SOURCE = "https://github.com/google-deepmind/tapnet"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Variant:
    """One of the official files: the network's name, and the ``size`` px of the pictures it was trained further on."""

    name: str
    file: str
    size: int


VARIANTS = {
    "256": Variant("TAPNext++", "tapnextpp_ckpt.pt", 256),
    "512": Variant("TAPNext++ (512 px)", "tapnextpp_512.ckpt", 512),
}

our_key = renamed_by(
    (r"^tapnext\.", ""),  # of the file that their training wrote
    (r"^lin_proj\.", "patches."),
    (r"^image_pos_emb$", "grid"),
    (r"^mask_token$", "going"),
    (r"^unknown_token$", "waiting"),
    (r"^point_query_token$", "here"),
    (r"^encoder_norm\.", "norm."),
    (r"^visible_head\.", "visible."),
    (r"^coordinate_head\.", "place."),
    (r"\.ssm_block\.temporal_pre_norm\.", ".norm_time."),
    (r"\.ssm_block\.channel_pre_norm\.", ".norm_gated."),
    (r"\.ssm_block\.recurrent_block\.", ".time."),
    (r"\.time\.linear_y\.", ".time.gate."),
    (r"\.time\.linear_x\.", ".time.enter."),
    (r"\.time\.linear_out\.", ".time.leave."),
    (r"\.time\.conv_1d\.w$", ".time.taps"),
    (r"\.time\.conv_1d\.b$", ".time.taps_bias"),
    (r"\.time\.rg_lru\.a_param$", ".time.decay"),
    (r"\.time\.rg_lru\.input_gate\.", ".time.gate_input."),
    (r"\.time\.rg_lru\.a_gate\.", ".time.gate_decay."),
    (r"\.ssm_block\.mlp_block\.ffw_up\.", ".gated.expand."),
    (r"\.ssm_block\.mlp_block\.ffw_down\.", ".gated.contract."),
    (r"\.vit_block\.ln_1\.", ".norm_rows."),
    (r"\.vit_block\.ln_2\.", ".norm_mlp."),
    (r"\.vit_block\.self_attention\.in_proj_", ".rows.project."),
    (r"\.vit_block\.self_attention\.out_proj\.", ".rows.leave."),
    (r"\.vit_block\.mlp\.0\.", ".expand."),
    (r"\.vit_block\.mlp\.3\.", ".contract."),
    (r"\.w$", ".weight"),
    (r"\.b$", ".bias"),
)
"""Official key to the one in ``TapNext``."""


def load(variant: Variant, path: Path | None = None) -> TapNext:
    """The network with the weights of ``path``, or of the variant's official file in the weights folder."""
    path = path or weights_path(variant.file, model=variant.name, licence=LICENCE, source=SOURCE)
    return build(Config(), read_tensors(path, "state_dict", optional=True), path.name)


def build(config: Config, tensors: Mapping[str, Tensor], file: str) -> TapNext:
    """The network with ``tensors``, given by official key and read from ``file``. Raises WeightsMisfit."""
    with torch.device("meta"):
        network = TapNext(config)
    ours = {key: _as_ours(key, tensor) for key, tensor in tensors.items()}
    load_exactly(network, ours, file=file, rename=our_key, unused=_is_unused)
    return network


def _as_ours(key: str, tensor: Tensor) -> Tensor:
    """The two products of a gated layer, (2, in, out), as one, (2 out, in)."""
    if key.endswith(".ffw_up.w"):
        return tensor.transpose(1, 2).flatten(0, 1).contiguous()
    return tensor.flatten() if key.endswith(".ffw_up.b") else tensor


def _is_unused(key: str) -> bool:
    """The table of waves that a prompt's place is looked up in: we compute them."""
    return key.endswith("query_pos_embed")
