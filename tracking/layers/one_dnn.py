"""Products that are fast on every CPU, for inference.

In float32 torch multiplies by MKL, which leaves AVX-512 idle on processors that aren't Intel's. oneDNN, which torch
takes for most convolutions, uses it: on Zen 5 2.3 times as fast (``python -m framewise.bench.products``).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HAS_PRODUCTS = hasattr(torch.ops.mkldnn, "_linear_pointwise") and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


class Linear(nn.Linear):
    """As ``torch.nn.Linear``."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


class Conv1x1(nn.Conv2d):
    """As ``torch.nn.Conv2d`` with a kernel of one pixel. With a single thread, torch leaves that to MKL, too."""

    def __init__(self, channels: int, out: int, stride: int = 1, *, bias: bool = True) -> None:
        super().__init__(channels, out, 1, stride, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if not _takes(x):
            return super().forward(x)
        padding, stride, dilation, groups = [0, 0], list(self.stride), [1, 1], 1
        product: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, padding, stride, dilation, groups, *NO_ACTIVATION
        )
        return product


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """``x`` (..., C) times ``weight`` (D, C), plus ``bias`` (D,): (..., D)."""
    if not _takes(x):
        return F.linear(x, weight, bias)
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, *NO_ACTIVATION)
    return product


NO_ACTIVATION: tuple[str, list[float], str] = ("none", [], "")


def _takes(x: Tensor) -> bool:
    """Whether a product with ``x`` is oneDNN's."""
    on_cpu = x.device.type == "cpu" and x.dtype is torch.float32
    return HAS_PRODUCTS and on_cpu and not torch.is_autocast_enabled("cpu")
