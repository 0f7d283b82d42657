"""The network of TAP-Net (Doersch et al.: *TAP-Vid: A Benchmark for Tracking Any Point in a Video*, NeurIPS 2022,
https://arxiv.org/abs/2211.03726, section 4): each frame is searched for each point by its look.

Positions are shares of a picture's size, as in TAPIR, which begins with the same search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.frozen_batch_norm import FrozenBatchNorm
from tracking.layers.heat import hottest
from tracking.layers.patches import sample

SIZE_PX = 256
"""Side of the pictures that it was trained on."""
TEMPERATURE = 10.0
SHIFTED = 8
"""One in so many channels of a block is taken from the frame after, and one in so many from the frame before."""


@dataclass(frozen=True)
class Config:
    """``widths``: channels of the units at 1/4, 1/8 and 1/8 of the size."""

    widths: tuple[int, int, int] = (64, 128, 256)
    stem: int = 64
    head: int = 16


class TapNet(nn.Module):
    """Its encoder looks a few frames back and ahead, and so encodes a ``Stream`` of frames."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.search = Search(config.head)

    def look(self, features: Tensor, xy: Tensor) -> Tensor:
        """What points at ``xy`` (N, 2) look like, (N, C), on the frame of ``features`` (1, C, h, w)."""
        height, width = features.shape[-2:]
        cells = xy * xy.new_tensor([width, height]) - 0.5
        return sample(features, torch.zeros(len(xy), dtype=torch.long, device=xy.device), cells)


class Encoder(nn.Module):
    """A residual network whose norms come first, with shifts over time (Lin et al. 2019,
    https://arxiv.org/abs/1811.08383) in its first two units."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        first, second, third = config.widths
        self.stem = nn.Conv2d(3, config.stem, 7, stride=2, bias=False)
        self.shifting = nn.ModuleList(
            [Block(config.stem, first, 1), Block(first, first), Block(first, second, 2), Block(second, second)]
        )
        self.still = nn.ModuleList([Block(second, third, 1, shifts=False), Block(third, third, shifts=False)])

    def enter(self, picture: Tensor) -> Tensor:
        """RGB (1, 3, H, W) in [0, 255] to (1, C, H/4, W/4)."""
        # What is missing is added at the far ends, as everywhere here.
        x = self.stem(F.pad(picture / 255 * 2 - 1, (2, 3, 2, 3)))
        return F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=float("-inf")), 3, 2)

    def leave(self, x: Tensor) -> Tensor:
        """What the shifting blocks end in to features of length 1 along the channels, (1, C, H/8, W/8)."""
        for block in self.still:
            assert isinstance(block, Block)  # noqa: S101 (for the type checker)
            x = block(x, block.activated(x), None, None)
        return x * x.square().sum(1, keepdim=True).clamp(min=1e-12).rsqrt()


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the first block of a unit projects it from the normalised input."""

    def __init__(self, before: int, width: int, stride: int | None = None, *, shifts: bool = True) -> None:
        super().__init__()
        self.norm1, self.norm2 = FrozenBatchNorm(before), FrozenBatchNorm(width)
        self.conv1 = nn.Conv2d(before, width, 3, stride=stride or 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.shortcut = None if stride is None else nn.Conv2d(before, width, 1, stride=stride, bias=False)
        self.shifts = shifts
        self.padding = (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1)

    def activated(self, x: Tensor) -> Tensor:
        """A frame's input as it is convolved, and as its neighbours see it."""
        return F.relu(self.norm1(x))

    def forward(self, x: Tensor, y: Tensor, before: Tensor | None, after: Tensor | None) -> Tensor:
        """From a frame's input ``x``, its ``y``, ``activated``, and that of the frames before and after, if any."""
        shortcut = x if self.shortcut is None else self.shortcut(y)
        y = self.conv1(F.pad(_shifted(y, before, after) if self.shifts else y, self.padding))
        return shortcut + self.conv2(F.relu(self.norm2(y)))


def _shifted(y: Tensor, before: Tensor | None, after: Tensor | None) -> Tensor:
    """The first channels are the last ones of the frame after, the last ones the first ones of the frame before."""
    count = y.shape[1] // SHIFTED
    none = torch.zeros_like(y[:, :count])
    first = none if after is None else after[:, -count:]
    last = none if before is None else before[:, :count]
    return torch.cat([first, y[:, count:-count], last], dim=1)


@dataclass(frozen=True)
class Pending:
    """A frame in a block until the next one comes: its input, that activated, and that of the frame before."""

    x: Tensor
    y: Tensor
    before: Tensor | None

    def to(self, device: torch.device) -> Pending:
        before = None if self.before is None else self.before.to(device, torch.float32)
        return Pending(self.x.to(device, torch.float32), self.y.to(device, torch.float32), before)


class Stream:
    """Frames that follow one another through an encoder, each computed once: features come out as many frames later as
    there are shifting blocks. ``pending``: of each block the frame in it; it is replaced, never changed in place."""

    def __init__(self, encoder: Encoder) -> None:
        self.go_on_with(encoder)
        self.pending: list[Pending | None] = [None] * len(encoder.shifting)

    def go_on_with(self, encoder: Encoder) -> None:
        """The same encoder on another device; ``pending`` has to follow."""
        self.encoder = encoder
        self._blocks = [block for block in encoder.shifting if isinstance(block, Block)]

    def push(self, picture: Tensor) -> Tensor | None:
        """Take the next frame, (1, 3, H, W) in [0, 255]. Returns features of an earlier one, if any, as ``leave``."""
        return self._through(self.encoder.enter(picture), 0)

    def flush(self) -> Iterator[Tensor]:
        """The features of the frames that are left, when no more come."""
        for number, block in enumerate(self._blocks):
            held = self.pending[number]
            if held is not None:
                self._put(number, None)
                found = self._through(block(held.x, held.y, held.before, None), number + 1)
                if found is not None:
                    yield found

    def _through(self, x: Tensor, first: int) -> Tensor | None:
        for number, block in enumerate(self._blocks):
            if number < first:
                continue
            held, y = self.pending[number], block.activated(x)
            self._put(number, Pending(x, y, None if held is None else held.y))
            if held is None:
                return None
            x = block(held.x, held.y, held.before, y)
        return self.encoder.leave(x)

    def _put(self, number: int, pending: Pending | None) -> None:
        self.pending = [*self.pending[:number], pending, *self.pending[number + 1 :]]


class Search(nn.Module):
    """Where points are on a frame, by their looks alone, and whether they show."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shared = nn.Conv2d(1, channels, 3, padding=1)
        self.heat = nn.Conv2d(channels, 1, 3, padding=1)
        self.reduce = nn.Conv2d(channels, 2 * channels, 3, stride=2)
        self.hidden = nn.Linear(2 * channels, channels)
        self.answer = nn.Linear(channels, 1)

    def forward(self, features: Tensor, looks: Tensor) -> tuple[Tensor, Tensor]:
        """From (1, C, h, w) features and (N, C) looks to (N, 2) shares, and (N,) logits of being occluded."""
        alike = torch.einsum("nc,chw->nhw", looks, features[0])[:, None]
        shared = F.relu(self.shared(alike))
        xy = hottest(self.heat(shared).squeeze(1) * TEMPERATURE)
        judged = self.reduce(F.pad(shared, (0, 1, 0, 1))).mean((-1, -2))
        return xy, self.answer(F.relu(self.hidden(judged))).squeeze(-1)
