"""RepViT, the picture encoder of EdgeTAM: a mobile network of convolutions alone.

Wang et al. 2023, *RepViT: Revisiting Mobile CNN From ViT Perspective* (https://arxiv.org/abs/2307.09283), in the form
of its first version (M1), whose parallel branches become one convolution each once they are trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """``widths``: channels of the four stages, at a 4th, 8th, 16th and 32nd of the picture's side; ``depths``: their
    blocks."""

    widths: tuple[int, int, int, int] = (48, 96, 192, 384)
    depths: tuple[int, int, int, int] = (2, 2, 14, 2)


class ConvNorm(nn.Sequential):
    """A convolution and its batch norm."""

    def __init__(self, channels: int, width: int, kernel: int = 1, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, width, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def joined(self) -> nn.Conv2d:
        """One convolution that computes the same."""
        old, norm = self.convolution, self.norm
        assert norm.running_mean is not None and norm.running_var is not None  # noqa: S101 (for the type checker)
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        return _with(old, old.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale)


def _with(like: nn.Conv2d, weight: Tensor, bias: Tensor) -> nn.Conv2d:
    """A convolution as ``like``, with a bias."""
    made = copy(like)
    made._parameters = {"weight": nn.Parameter(weight.detach()), "bias": nn.Parameter(bias.detach())}
    return made


class Mixer(nn.Module):
    """What is around each place: a convolution of 3 x 3, one of 1 x 1 and the place itself, added up."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.around = ConvNorm(width, width, 3, groups=width)
        self.here = ConvNorm(width, width, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        return self.around(x) + self.here(x) + x

    def joined(self) -> nn.Conv2d:
        """One convolution that computes the same."""
        around, here = self.around.joined(), self.here.joined()
        assert around.bias is not None and here.bias is not None  # noqa: S101 (for the type checker)
        centre = F.pad(here.weight + 1.0, (1, 1, 1, 1))
        return _with(around, around.weight + centre, around.bias + here.bias)


class Attention(nn.Module):
    """Weighs channels by what is in the whole picture (squeeze and excitation)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = max(8, (width // 4 + 4) // 8 * 8)
        self.squeeze = nn.Conv2d(width, narrow, 1)
        self.excite = nn.Conv2d(narrow, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.excite(F.relu(self.squeeze(x.mean((2, 3), keepdim=True)))).sigmoid()


class Channels(nn.Module):
    """A perceptron over the channels of each place, beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.expand = ConvNorm(width, 2 * width)
        self.contract = ConvNorm(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.contract(F.gelu(self.expand(x)))


class Block(nn.Module):
    """First what is around, then the channels."""

    def __init__(self, width: int, *, weighs: bool) -> None:
        super().__init__()
        self.mixer = Mixer(width)
        self.attention = Attention(width) if weighs else nn.Identity()
        self.channels = Channels(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.channels(self.attention(self.mixer(x)))


class Downsample(nn.Module):
    """To half the side, and to more channels."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.block = Block(channels, weighs=False)
        self.smaller = ConvNorm(channels, channels, 3, stride=2, groups=channels)
        self.wider = ConvNorm(channels, width)
        self.channels = Channels(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.channels(self.wider(self.smaller(self.block(x))))


class Stage(nn.Module):
    def __init__(self, channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.downsample = nn.Identity() if channels == width else Downsample(channels, width)
        self.blocks = nn.Sequential(*(Block(width, weighs=number % 2 == 0) for number in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.downsample(x))


class RepViT(nn.Module):
    """Picture to features at four sizes."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        first = shape.widths[0]
        self.stem = nn.Sequential(
            ConvNorm(3, first // 2, 3, stride=2), nn.GELU(), ConvNorm(first // 2, first, 3, stride=2)
        )
        widths = (first, *shape.widths)
        self.stages = nn.ModuleList(map(Stage, widths[:-1], shape.widths, shape.depths))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Args: x: (N, 3, S, S), normalised. Returns: (N, width, s, s) for s = S/4, S/8, S/16, S/32."""
        found, x = [], self.stem(x)
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found


def joined(network: nn.Module) -> nn.Module:
    """Let every branch and norm in ``network`` become part of a convolution, in place: the same function, in a third of
    the passes. Returns ``network``."""
    replacements = [(name, part.joined()) for name, part in network.named_modules() if isinstance(part, Mixer)]
    inside = tuple(f"{name}." for name, _ in replacements)
    replacements += [
        (name, part.joined())
        for name, part in network.named_modules()
        if isinstance(part, ConvNorm) and not name.startswith(inside)
    ]
    for name, made in replacements:
        network.set_submodule(name, made)
    return network


OFFICIAL: Sequence[tuple[str, str]] = (
    (r"^(.*\bbackbone)\.stem\.conv1\.", r"\1.stem.0."),
    (r"^(.*\bbackbone)\.stem\.conv2\.", r"\1.stem.2."),
    (r"^(.*\bbackbone)\.stages_(\d)\.", r"\1.stages.\2."),
    (r"^(.*\bbackbone\..*)\.pre_block\.", r"\1.block."),
    (r"^(.*\bbackbone\..*)\.token_mixer\.conv\.", r"\1.mixer.around."),
    (r"^(.*\bbackbone\..*)\.token_mixer\.conv1\.", r"\1.mixer.here."),
    (r"^(.*\bbackbone\..*)\.se\.fc1\.", r"\1.attention.squeeze."),
    (r"^(.*\bbackbone\..*)\.se\.fc2\.", r"\1.attention.excite."),
    (r"^(.*\bbackbone\..*)\.spatial_downsample\.", r"\1.smaller."),
    (r"^(.*\bbackbone\..*)\.channel_downsample\.", r"\1.wider."),
    (r"^(.*\bbackbone\..*)\.(?:channel_mixer|ffn)\.conv1\.", r"\1.channels.expand."),
    (r"^(.*\bbackbone\..*)\.(?:channel_mixer|ffn)\.conv2\.", r"\1.channels.contract."),
    (r"^(.*\bbackbone\..*)\.c\.", r"\1.convolution."),
    (r"^(.*\bbackbone\..*)\.bn\.", r"\1.norm."),
)
"""Names of ``timm``, which the authors of EdgeTAM took, to those here."""
