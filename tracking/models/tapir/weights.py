"""TAPIR's official weights: their files, their key names, and how they become ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tracking.models.tapir.network import Config, Tapir
from tracking.weights import load_exactly, read_tensors, renamed_by, weights_path

SOURCE = "https://github.com/google-deepmind/tapnet"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Variant:
    """One of the official networks: its name, its file, and its shape."""

    name: str
    file: str
    config: Config


VARIANTS = {
    "tapir": Variant("TAPIR", "tapir_checkpoint_panning.pt", Config(pooled=0, neck_blocks=0)),
    "bootstapir": Variant("BootsTAPIR", "bootstapir_checkpoint_v2.pt", Config()),
    # The same keys and shapes as BootsTAPIR's: only its name tells the file from that one.
    "online": Variant("Online BootsTAPIR", "causal_bootstapir_checkpoint.pt", Config(causal=True)),
}

our_key = renamed_by(
    (r"^resnet_torch\.initial_conv\.", "encoder.stem."),
    (r"^resnet_torch\.block_groups\.(\d)\.blocks\.", r"encoder.stages.\1."),
    (r"\.proj_conv\.", ".shortcut."),
    (r"\.bn_(\d)\.", lambda found: f".norm{int(found[1]) + 1}."),
    (r"\.conv_0\.", ".conv1."),
    (r"^(encoder\..*)\.conv_1\.", r"\1.conv2."),
    (r"^extra_convs\.blocks\.(\d)\.layer_norm\.", r"encoder.neck.\1.norm."),
    (r"^extra_convs\.blocks\.(\d)\.conv\.", r"encoder.neck.\1.expand."),
    (r"^extra_convs\.blocks\.(\d)\.conv_1\.", r"encoder.neck.\1.contract."),
    (r"^torch_cost_volume_track_mods\.hid1\.", "search.shared."),
    (r"^torch_cost_volume_track_mods\.hid2\.", "search.heat."),
    (r"^torch_cost_volume_track_mods\.hid3\.", "search.reduce."),
    (r"^torch_cost_volume_track_mods\.hid4\.", "search.hidden."),
    (r"^torch_cost_volume_track_mods\.occ_out\.", "search.answer."),
    (r"^torch_pips_mixer\.linear\.", "mixer.enter."),
    (r"^torch_pips_mixer\.layer_norm\.", "mixer.norm."),
    (r"^torch_pips_mixer\.linear_1\.", "mixer.leave."),
    (r"^torch_pips_mixer\.blocks\.", "mixer.blocks."),
    (r"^(mixer\.blocks\.\d+)\.layer_norm\.", r"\1.norm_frames."),
    (r"^(mixer\.blocks\.\d+)\.layer_norm_1\.", r"\1.norm_channels."),
    (r"\.mlp1_up\.", ".expand_frames."),
    (r"\.mlp1_up_1\.", ".contract_frames."),
    (r"\.conv_channels_mixer\.mlp2_up\.", ".expand_channels."),
    (r"\.conv_channels_mixer\.mlp2_down\.", ".contract_channels."),
)
"""Official key to the one in ``Tapir``."""


def load(variant: Variant, path: Path | None = None) -> Tapir:
    """The network with the weights of ``path``, or of the variant's official file in the weights folder."""
    path = path or weights_path(variant.file, model=variant.name, licence=LICENCE, source=SOURCE)
    return build(variant.config, read_tensors(path), path.name)


def build(config: Config, tensors: Mapping[str, Tensor], file: str) -> Tapir:
    """The network with ``tensors``, given by official key and read from ``file``. Raises WeightsMisfit."""
    with torch.device("meta"):
        network = Tapir(config)
    load_exactly(network, tensors, file=file, rename=our_key)
    return network
