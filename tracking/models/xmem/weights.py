"""XMem's official weights: their files, their key names, and how they become ours.

Both files are flat dictionaries of tensors. The authors' code, where they lie, is MIT (since February 2024; GPL-3.0
before); nothing separate is said about the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from tracking.models.xmem.network import Config, XMem
from tracking.weights import WeightsError, load_exactly, read_tensors, renamed_by, weights_path

FILE = "XMem.pth"
SOURCE = "https://github.com/hkchengrex/XMem/releases/tag/v1.0"
LICENCE = "MIT"

our_key = renamed_by(
    (r"^key_encoder\.res2\.", "key_encoder.layer1."),
    (r"^key_proj\.key_proj\.", "projection.key."),
    (r"^key_proj\.d_proj\.", "projection.shrinkage."),
    (r"^key_proj\.e_proj\.", "projection.selection."),
    (r"^value_encoder\.hidden_reinforce\.", "value_encoder.renewal."),
    (r"^decoder\.hidden_update\.g(\d+)_conv\.", r"decoder.update.from\1."),
    (r"^decoder\.hidden_update\.transform\.", "decoder.update.renewal.transform."),
    (r"^decoder\.up_\d+_(\d)\.skip_conv\.", r"decoder.up\1.skip."),
    (r"^decoder\.up_\d+_(\d)\.out_conv\.", r"decoder.up\1.block."),
    (r"^decoder\.pred\.", "decoder.predict."),
    (r"\.ChannelGate\.mlp\.1\.", ".contract."),
    (r"\.ChannelGate\.mlp\.3\.", ".expand."),
    (r"\.SpatialGate\.spatial\.conv\.", ".places."),
    (r"\.(block\d?)\.downsample\.", r".\1.shortcut."),
)
"""Official key to the one in ``XMem``."""

KEY, VALUE, HIDDEN = (
    "key_proj.key_proj.weight",
    "value_encoder.fuser.block2.conv2.weight",
    "decoder.hidden_update.transform.weight",
)
"""Tensors whose outputs tell the sizes of the network."""
VALUE_INPUT = "value_encoder.conv1.weight"
MOST_CHANNELS = 4096
"""No network of theirs has more; a small file can claim any number."""


def load(path: Path | None = None, *, file: str = FILE) -> XMem:
    """The network with the weights of ``path``, or of the official ``file`` in the weights folder."""
    path = path or weights_path(file, model="XMem", licence=LICENCE, source=SOURCE)
    return build(read_tensors(path), path.name)


def build(tensors: Mapping[str, Tensor], file: str) -> XMem:
    """The network that fits ``tensors``, given by official key and read from ``file``; weights of a network for single
    objects get a channel for the others that says nothing. Raises WeightsMisfit."""
    key, value, hidden = (_outputs(tensors, name) for name in (KEY, VALUE, HIDDEN))
    if not 0 < key <= MOST_CHANNELS or not 0 < value <= MOST_CHANNELS or hidden > 3 * MOST_CHANNELS:
        raise WeightsError(f"XMem's weights have key and value projections; {file} has none. Check that it is {FILE}.")
    config = Config(key=key, value=value, hidden=hidden // 3)
    with torch.device("meta"):
        network = XMem(config)
    load_exactly(network, _for_several(tensors), file=file, rename=our_key)
    return network


def _outputs(tensors: Mapping[str, Tensor], name: str) -> int:
    """Channels that a convolution gives; 0 where there is none."""
    tensor = tensors.get(name)
    return len(tensor) if tensor is not None and tensor.ndim == 4 else 0


def _for_several(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    given = dict(tensors)
    first = given.get(VALUE_INPUT)
    if first is not None and first.ndim == 4 and first.shape[1] == 4:
        given[VALUE_INPUT] = F.pad(first, (0, 0, 0, 0, 0, 1))
    return given
