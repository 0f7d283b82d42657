"""TAP-Net's official weights: their file, their names, and how they become ours.

The authors offer a file for JAX (``tracking.haiku_arrays``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tracking import haiku_arrays
from tracking.haiku_arrays import as_torch
from tracking.models.tapnet.network import Config, TapNet
from tracking.weights import load_exactly, renamed_by, weights_path

FILE = "checkpoint.npy"
SOURCE = "https://github.com/google-deepmind/tapnet"
LICENCE = "Apache-2.0"
SCOPE = "tap_net/~"

our_key = renamed_by(
    (rf"^(params|state)/{SCOPE}/", ""),
    (r"^tsm_resnet_video/tsm_resnet_stem/", "encoder.stem/"),
    (r"^tsm_resnet_video/tsm_resnet_unit_2/block_(\d)/", r"encoder.still.\1."),
    (
        r"^tsm_resnet_video/tsm_resnet_unit_(\d)/block_(\d)/",
        lambda found: f"encoder.shifting.{2 * int(found[1]) + int(found[2])}.",
    ),
    (r"\.batch_norm/", ".norm1/"),
    (r"\.batch_norm_1/", ".norm2/"),
    (r"\.conv_0/", ".conv1/"),
    (r"\.conv_2/", ".conv2/"),
    (r"\.shortcut_conv/", ".shortcut/"),
    (r"/~/mean_ema/average$", ".running_mean"),
    (r"/~/var_ema/average$", ".running_var"),
    (r"^cost_volume_regression_1/", "search.shared/"),
    (r"^cost_volume_regression_2/", "search.heat/"),
    (r"^cost_volume_occlusion_1/", "search.reduce/"),
    (r"^cost_volume_occlusion_2/", "search.hidden/"),
    (r"^occlusion_out/", "search.answer/"),
    (r"/(w|scale)$", ".weight"),
    (r"/(b|offset)$", ".bias"),
)
"""Official key to the one in ``TapNet``."""


def load(path: Path | None = None) -> TapNet:
    """The network with the weights of ``path``, or of the official file in the weights folder."""
    path = path or weights_path(FILE, model="TAP-Net", licence=LICENCE, source=SOURCE)
    return build(Config(), read_arrays(path), path.name)


def build(config: Config, arrays: Mapping[str, Any], file: str) -> TapNet:
    """The network with ``arrays`` of ``file``, given by official key. Raises WeightsMisfit."""
    with torch.device("meta"):
        network = TapNet(config)
    tensors = {key: as_torch(key, torch.as_tensor(array)) for key, array in arrays.items()}
    load_exactly(network, tensors, file=file, rename=our_key, unused=_is_unused)
    return network


def read_arrays(path: Path) -> dict[str, Any]:
    """What the official file holds, by key. Raises WeightsError where it isn't such a file, or asks for code."""
    return haiku_arrays.read_arrays(path, "TAP-Net")


def _is_unused(key: str) -> bool:
    """What only training needs: moving averages before their correction, and how often they moved."""
    return key.endswith(("/hidden", "/counter"))
