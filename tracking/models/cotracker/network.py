"""The network of CoTracker 3 (Karaev, Makarov, Wang, Neverova, Vedaldi, Rupprecht: *CoTracker3: Simpler and Better
Point Tracking by Pseudo-Labelling Real Videos*, 2024, https://arxiv.org/abs/2410.11831): many points through a window
of frames, placed together, several times over.

Positions are in cells of the features, ``STRIDE`` px apart; 0 is the centre of the first cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.one_dnn import Linear
from tracking.layers.patches import patches, pyramid
from tracking.layers.point_encoder import STRIDE, PointEncoder

RADIUS = 3
"""Of the patches that are compared, in cells of each level."""
PATCH = (2 * RADIUS + 1) ** 2
LEVELS = 4
MOTION_SCALE = (512 / STRIDE, 384 / STRIDE)
"""Cells that count as one in the motion, whatever the picture's size."""
MOTION_RATES = 10
COMPARED_AT_ONCE = 512
"""Patches whose likeness lies in memory together."""


@dataclass(frozen=True)
class Config:
    """``window``: frames that have a time of their own; for another number of frames times lie between these.
    ``virtual``: tokens through which points hear of each other."""

    window: int = 16
    channels: int = 128
    widths: tuple[int, ...] = (64, 64, 96, 128, 128)
    likeness: tuple[int, int] = (384, 256)
    dim: int = 384
    heads: int = 8
    depth: int = 3
    virtual: int = 64

    @property
    def inputs(self) -> int:
        """Numbers per point and frame that the transformer takes: visibility, confidence, likeness, motion."""
        return 2 + LEVELS * self.likeness[1] + 4 * (1 + 2 * MOTION_RATES)


@dataclass
class Tracks:
    """Of N points through S frames. ``xy``: (N, S, 2) cells; ``visible``, ``confident``: (N, S) logits."""

    xy: Tensor
    visible: Tensor
    confident: Tensor


class CoTracker(nn.Module):
    """Encodes frames one by one, and refines tracks through windows of them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = PointEncoder(config.channels, config.widths)
        self.likeness = Likeness(config)
        self.transformer = Transformer(config)
        self.times = nn.Parameter(torch.zeros(1, config.window, config.inputs))

    def encode(self, frames: Tensor) -> list[Tensor]:
        """RGB (T, 3, H, W) in [0, 255] to features of unit length (T, C, H/4, W/4), and coarser levels of them."""
        features = self.encoder(2 * (frames / 255) - 1)
        length = features.square().sum(dim=1, keepdim=True).clamp(min=1e-12).sqrt()
        return pyramid(features / length, LEVELS)

    def begin(self, levels: Sequence[Tensor], frames: Tensor, xy: Tensor) -> Tensor:
        """What points look like: (N, LEVELS, PATCH, C) around ``xy`` (N, 2) on ``frames`` (N,), indices into the
        levels' features."""
        return torch.stack([looked_at(level, frames, xy / 2**number) for number, level in enumerate(levels)], dim=1)

    def refine(
        self, levels: Sequence[Tensor], frames: Tensor, looks: Tensor, tracks: Tracks, iterations: int
    ) -> Iterator[Tracks]:
        """Yield the tracks after each iteration.

        Args:
            levels: features as ``encode`` makes them.
            frames: (S,) indices into them: the window.
            looks: (N, LEVELS, PATCH, C) from ``begin``; zeros for a point that hasn't been looked at yet.
            tracks: where to begin.
            iterations: how often to refine; the authors use 6.
        """
        times = self._times(len(frames))
        for _ in range(iterations):
            alike = self._alike(levels, frames, looks, tracks.xy)
            state = torch.stack([tracks.visible, tracks.confident], dim=-1)
            tokens = torch.cat([state, alike, embedded(motion(tracks.xy))], dim=-1)  # (N, S, inputs)
            change = self.transformer(tokens + times)
            tracks = Tracks(
                tracks.xy + change[..., :2],
                tracks.visible + change[..., 2],
                tracks.confident + change[..., 3],
            )
            yield tracks

    def _alike(self, levels: Sequence[Tensor], frames: Tensor, looks: Tensor, xy: Tensor) -> Tensor:
        """(N, S, ...) how alike the points' looks and their surroundings on each frame are, at all levels."""
        at_once = max(1, COMPARED_AT_ONCE // len(frames))
        found = []
        for start in range(0, len(xy), at_once):
            some_looks, some_xy = looks[start : start + at_once], xy[start : start + at_once]
            at = frames.expand(some_xy.shape[:2])
            found.append(
                torch.cat(
                    [
                        self.likeness(looked_at(level, at, some_xy / 2**number), some_looks[:, number])
                        for number, level in enumerate(levels)
                    ],
                    dim=-1,
                )
            )
        return torch.cat(found)

    def _times(self, count: int) -> Tensor:
        """(1, count, inputs): what says how late a frame is."""
        if count == self.config.window:
            return self.times
        return F.interpolate(self.times.transpose(1, 2), count, mode="linear").transpose(1, 2)


def looked_at(level: Tensor, frames: Tensor, xy: Tensor) -> Tensor:
    """(..., PATCH, C) features around positions ``xy`` (..., 2) in cells of ``level``, offsets along x outermost."""
    return patches(level, frames, xy, RADIUS).flatten(-3, -2)


def motion(xy: Tensor) -> Tensor:
    """(N, S, 2) positions to (N, S, 4): how far it is from the next frame's and from the last one's."""
    step = (xy[:, :-1] - xy[:, 1:]) / xy.new_tensor(MOTION_SCALE)
    return torch.cat([F.pad(step, (0, 0, 0, 1)), F.pad(-step, (0, 0, 1, 0))], dim=-1)


def embedded(numbers: Tensor) -> Tensor:
    """(..., 4) to (..., 84): the numbers, then their sines and then their cosines at rates that double (Mildenhall et
    al. 2020, https://arxiv.org/abs/2003.08934, equation 4)."""
    rates = 2.0 ** torch.arange(MOTION_RATES, device=numbers.device)
    angles = (numbers[..., None, :] * rates[:, None]).flatten(-2)  # rate by rate
    return torch.cat([numbers, angles.sin(), (angles + math.pi / 2).sin()], dim=-1)


class Likeness(nn.Module):
    """What is to be said of two patches: a perceptron over the products of all their cells."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        hidden, out = config.likeness
        self.expand, self.contract = Linear(PATCH * PATCH, hidden), Linear(hidden, out)

    def forward(self, around: Tensor, look: Tensor) -> Tensor:
        """``around`` (N, S, PATCH, C) and ``look`` (N, PATCH, C): (N, S, out)."""
        products = torch.einsum("nsac,nbc->nsab", around, look)
        return self.contract(F.gelu(self.expand(products.flatten(-2))))


class Transformer(nn.Module):
    """(N, S, inputs) to (N, S, 4): what is to be added to positions, visibility and confidence.

    In turn each point hears of its other frames, and on each frame of the other points, through a few virtual points.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.enter = Linear(config.inputs, config.dim)
        self.virtual = nn.Parameter(torch.zeros(config.virtual, 1, config.dim))
        self.over_time = _blocks(config)
        self.from_points = _blocks(config, crossing=True)
        self.among_virtual = _blocks(config)
        self.to_points = _blocks(config, crossing=True)
        self.place, self.sight = Linear(config.dim, 2), Linear(config.dim, 2)
        nn.init.normal_(self.virtual)

    def forward(self, x: Tensor) -> Tensor:
        count, frames = x.shape[:2]
        x = torch.cat([self.enter(x), self.virtual.expand(-1, frames, -1)])
        rounds = zip(self.over_time, self.from_points, self.among_virtual, self.to_points, strict=True)
        for over_time, from_points, among_virtual, to_points in rounds:
            x = over_time(x).transpose(0, 1)  # (S, N + virtual, dim)
            points, virtual = x[:, :count], x[:, count:]
            virtual = among_virtual(from_points(virtual, points))
            points = to_points(points, virtual)
            x = torch.cat([points, virtual], dim=1).transpose(0, 1)
        points = x[:count]
        return torch.cat([self.place(points), self.sight(points)], dim=-1)


def _blocks(config: Config, *, crossing: bool = False) -> nn.ModuleList:
    return nn.ModuleList(Block(config.dim, config.heads, crossing=crossing) for _ in range(config.depth))


class Block(nn.Module):
    """Attention, then a perceptron, each beside a shortcut and behind a norm (Vaswani et al. 2017,
    https://arxiv.org/abs/1706.03762). ``crossing``: attends to something else, which has a norm with parameters."""

    def __init__(self, dim: int, heads: int, *, crossing: bool) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value, self.leave = Linear(dim, dim), Linear(dim, 2 * dim), Linear(dim, dim)
        self.expand, self.contract = Linear(dim, 4 * dim), Linear(4 * dim, dim)
        self.norm_context = nn.LayerNorm(dim) if crossing else None

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """``x`` (B, L, dim) attends to itself, or to ``context`` (B, M, dim)."""
        asking = _normed(x)
        asked = asking if self.norm_context is None else self.norm_context(context)
        query = self._heads(self.query(asking))
        key, value = map(self._heads, self.key_value(asked).chunk(2, dim=-1))
        found = F.scaled_dot_product_attention(query, key, value)
        x = x + self.leave(found.transpose(1, 2).flatten(2))
        return x + self.contract(F.gelu(self.expand(_normed(x)), approximate="tanh"))

    def _heads(self, x: Tensor) -> Tensor:
        """(B, L, dim) -> (B, heads, L, dim / heads)."""
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


def _normed(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], eps=1e-6)
