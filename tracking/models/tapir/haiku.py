"""TAPIR's official weights as its authors trained them, in JAX: by the key names of their files for PyTorch."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from tracking.haiku_arrays import as_torch, read_arrays
from tracking.weights import renamed_by

MODEL = "TAPIR"

official_key = renamed_by(
    (r"^params/tapir/~/", ""),
    (r"^resnet/~/initial_conv/", "resnet_torch.initial_conv."),
    (r"^resnet/~/block_group_(\d)/~/block_(\d)/~/", r"resnet_torch.block_groups.\1.blocks.\2."),
    (r"\.shortcut_conv/", ".proj_conv."),
    (r"\.instancenorm_(\d)/", r".bn_\1."),
    (r"\.conv_(\d)/", r".conv_\1."),
    (r"^cost_volume_regression_1/", "torch_cost_volume_track_mods.hid1."),
    (r"^cost_volume_regression_2/", "torch_cost_volume_track_mods.hid2."),
    (r"^cost_volume_occlusion_1/", "torch_cost_volume_track_mods.hid3."),
    (r"^cost_volume_occlusion_2/", "torch_cost_volume_track_mods.hid4."),
    (r"^occlusion_out/", "torch_cost_volume_track_mods.occ_out."),
    # Haiku numbers what has one name from the second on.
    (r"^pips_mlp_mixer/block/", "pips_mlp_mixer/block_0/"),
    (r"^pips_mlp_mixer/block_(\d+)/", r"torch_pips_mixer.blocks.\1."),
    (r"^pips_mlp_mixer/", "torch_pips_mixer."),
    (r"\.(mlp2_\w+)/", r".conv_channels_mixer.\1."),
    (r"^extra_convs/(layer_norm|conv2_d)/", r"extra_convs/\1_0/"),
    (r"^extra_convs/layer_norm_(\d+)/", r"extra_convs.blocks.\1.layer_norm."),
    (r"^extra_convs/conv2_d_(\d+)/", lambda found: _neck_block(int(found[1]))),
    (r"/", "."),
    (r"\.(w|scale)$", ".weight"),
    (r"\.(b|offset)$", ".bias"),
)
"""Their key in JAX to their key in PyTorch."""


def _neck_block(convolution: int) -> str:
    """Each block of the neck has two, one after the other."""
    return f"extra_convs.blocks.{convolution // 2}.{('conv', 'conv_1')[convolution % 2]}."


def tensors(path: Path) -> dict[str, Tensor]:
    """The parameters in a file for JAX, as the one for PyTorch holds them. Raises WeightsError where it isn't such a
    file, or asks for code; whether they fit a network isn't looked at."""
    return {official_key(key): as_torch(key, torch.as_tensor(array)) for key, array in read_arrays(path, MODEL).items()}
