"""The network of TAPNext (Zholus et al.: *TAPNext: Tracking Any Point (TAP) as Next Token Prediction*, 2025,
https://arxiv.org/abs/2504.05579) and of TAPNext++ (Jung et al. 2026, https://arxiv.org/abs/2604.10582): a TRecViT
(Pătrăucean et al. 2024, https://arxiv.org/abs/2412.14294) whose rows are the patches of a frame and the points.

Each block first takes every row on from the frame before, by itself (the gated linear recurrence of Griffin, De et al.
2024, https://arxiv.org/abs/2402.19427), then lets all rows of the frame look at each other. A point's row says where it
is. So one frame at a time is all that is ever needed, and what is remembered has a fixed size.

Positions are shares of a picture's size: (0, 0) its top-left corner, (1, 1) its bottom-right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.attention import split_heads
from tracking.layers.one_dnn import Linear

BINS = 256
"""Places along each axis between which a point is told."""
NEAR_BINS = 20
"""A point is the mean of the places no farther than this from the likeliest one."""
SHARPNESS = 0.5
SURE_BINS = 8
"""A point counts as well told by as much as lies this near to where it is said to be."""
HEAD_CHANNELS = 256
TAPS = 4
"""Frames that the convolution over time looks at."""
DECAY = 8.0
LONGEST_WAVE = 10_000.0
RMS_EPS, ATTENTION_EPS = 1e-6, 1e-6


@dataclass(frozen=True)
class Config:
    """``side``: of the picture that the network was first trained on, px; ``patch``: of a patch, px."""

    width: int = 768
    heads: int = 12
    depth: int = 12
    side: int = 256
    patch: int = 8

    @property
    def grid(self) -> int:
        """Patches along a side of that picture."""
        return self.side // self.patch


@dataclass
class Carried:
    """What R rows take from frame to frame. ``state``: per block (R, C), float32; ``last``: per block what its
    convolution over time saw of the last frames, the latest at the end, (R, C) each; ``fresh``: (R,) whether a row has
    seen no frame yet."""

    state: list[Tensor]
    last: list[tuple[Tensor, ...]]
    fresh: Tensor

    @classmethod
    def none(cls, rows: int, config: Config, device: torch.device) -> Carried:
        """Of rows that have seen nothing."""
        zeros = torch.zeros(rows, config.width, device=device)
        return cls(
            [zeros] * config.depth,
            [(zeros,) * (TAPS - 1)] * config.depth,
            torch.ones(rows, dtype=torch.bool, device=device),
        )

    @classmethod
    def joined(cls, several: Sequence[Carried]) -> Carried:
        """Their rows, one after the other."""
        first = several[0]
        return cls(
            [torch.cat(each) for each in zip(*(one.state for one in several), strict=True)],
            [
                tuple(torch.cat([a.to(first.last[0][0]) for a in each]) for each in zip(*blocks, strict=True))
                for blocks in zip(*(one.last for one in several), strict=True)
            ],
            torch.cat([one.fresh for one in several]),
        )

    def rows(self, which: Sequence[int] | slice) -> Carried:
        """A copy of some rows."""
        at = list(range(len(self.fresh))[which]) if isinstance(which, slice) else list(which)
        index = torch.tensor(at, dtype=torch.long, device=self.fresh.device)
        return Carried(
            [each[index] for each in self.state],
            [tuple(each[index] for each in block) for block in self.last],
            self.fresh[index],
        )

    def to(self, device: torch.device) -> Carried:
        """On ``device``, in float32."""
        return Carried(
            [each.to(device, torch.float32) for each in self.state],
            [tuple(each.to(device, torch.float32) for each in block) for block in self.last],
            self.fresh.to(device),
        )


@dataclass
class Places:
    """Of N points on a frame. ``xy``: (N, 2) shares; ``seen``: (N,) logits of being visible; ``sure``: (N,) how much of
    what is likely lies near ``xy``, in [0, 1]; ``logits``: (N, 2, BINS), along y, then along x."""

    xy: Tensor
    seen: Tensor
    sure: Tensor
    logits: Tensor


class TapNext(nn.Module):
    """Takes patches and points on from frame to frame."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.patches = nn.Conv2d(3, width, config.patch, config.patch)
        self.grid = nn.Parameter(torch.zeros(1, config.grid**2, width))
        self.going = nn.Parameter(torch.zeros(1, 1, 1, width))
        """Stands for a point that is known from frames before; ``waiting`` for one nobody has asked for yet."""
        self.waiting = nn.Parameter(torch.zeros(1, 1, width))
        self.here = nn.Parameter(torch.zeros(1, 1, 1, width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width)
        self.visible = _head(width, 1)
        self.place = _head(width, 2 * BINS)

    def look(self, picture: Tensor) -> Tensor:
        """A square RGB picture (3, S, S) in [0, 255], S a multiple of ``patch``, as rows (P, C)."""
        found = self.patches(picture[None] / 127.5 - 1)
        side = found.shape[-1]
        grid: Tensor = self.grid
        if side != self.config.grid:
            native = grid.transpose(1, 2).reshape(1, -1, self.config.grid, self.config.grid)
            larger = F.interpolate(native.float(), (side, side), mode="bicubic", align_corners=False)
            grid = larger.flatten(2).transpose(1, 2)
        rows: Tensor = (found.flatten(2).transpose(1, 2) + grid)[0]
        return rows

    def asked(self, xy: Tensor) -> Tensor:
        """Rows (N, C) for points that are prompted on this frame at ``xy`` (N, 2)."""
        along, inside = zip(*(self._waves(xy[:, axis] * self.config.side) for axis in (0, 1)), strict=True)
        return self.here[0, 0] + torch.cat([along[0] * inside[1], along[1] * inside[0]], 1)

    def _waves(self, px: Tensor) -> tuple[Tensor, Tensor]:
        """Sines and cosines (N, C/2) at (N,) positions along an axis, and (N, 1) how much of each position lies between
        the centres of pixels. The authors interpolate a table of pixels' waves; so do we, without the table."""
        quarter = self.config.width // 4
        speed = LONGEST_WAVE ** -(torch.arange(quarter, dtype=torch.float64, device=px.device) / (quarter - 1))
        first = torch.floor(px - 0.5)
        found, inside = px.new_zeros(len(px), 2 * quarter), px.new_zeros(len(px), 1)
        for step in (0, 1):
            pixel = first + step
            share = (1 - (px - 0.5 - pixel).abs()) * ((pixel >= 0) & (pixel < self.config.side))
            angle = pixel[:, None].double() * speed
            found = found + torch.cat([angle.sin(), angle.cos()], 1).to(px) * share[:, None]
            inside = inside + share[:, None]
        return found, inside

    def waiting_for(self, count: int) -> Tensor:
        """Rows (count, C) of points that nobody has asked for yet."""
        return self.waiting[0].expand(count, -1)

    def following(self, count: int) -> Tensor:
        """Rows (count, C) of points that are known from before."""
        return self.going[0, 0].expand(count, -1)

    def step(self, rows: Tensor, carried: Carried, *, points: int, watching: int = 0) -> tuple[Places, Carried]:
        """Take (R, C) rows of one frame on.

        Args:
            rows: those of the picture, then of points, then some that only watch: no other row looks at them.
            carried: of the same rows, from the frame before.
            points: how many are of points, those that watch not counted.
            watching: how many only watch.

        Returns: where the points are, and what is carried on.
        """
        x, state, last = rows, [], []
        for number, block in enumerate(self.blocks):
            x, one, kept = block(x, carried.state[number], carried.last[number], carried.fresh, watching)
            state.append(one)
            last.append(kept)
        told = self.norm(x[len(x) - watching - points : len(x) - watching])
        return self._told(told), Carried(state, last, torch.zeros_like(carried.fresh))

    def _told(self, rows: Tensor) -> Places:
        logits = self.place(rows.float()).float().reshape(len(rows), 2, BINS)
        bins = torch.arange(BINS, device=rows.device)
        near = (bins - logits.argmax(2, keepdim=True)).abs() <= NEAR_BINS
        likely = torch.softmax(logits * SHARPNESS, 2) * near
        yx = (likely * bins).sum(2) / likely.sum(2) + 0.5
        around = (bins + 0.5 - yx[..., None]).abs() <= SURE_BINS
        sure = (torch.softmax(logits, 2) * around).sum(2).prod(1)
        return Places(yx.flip(1) / BINS, self.visible(rows)[:, 0].float(), sure, logits)


def _head(width: int, out: int) -> nn.Sequential:
    middle = HEAD_CHANNELS
    return nn.Sequential(
        Linear(width, middle),
        nn.LayerNorm(middle),
        nn.GELU(),
        Linear(middle, middle),
        nn.LayerNorm(middle),
        nn.GELU(),
        Linear(middle, out),
    )


class Block(nn.Module):
    """Over time, then over the rows of the frame."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm_time = RmsNorm(config.width)
        self.time = Recurrence(config)
        self.norm_gated = RmsNorm(config.width)
        self.gated = Gated(config.width, 4 * config.width)
        self.norm_rows = nn.LayerNorm(config.width, eps=ATTENTION_EPS)
        self.rows = WatchedAttention(config.width, config.heads)
        self.norm_mlp = nn.LayerNorm(config.width, eps=ATTENTION_EPS)
        self.expand = Linear(config.width, 4 * config.width)
        self.contract = Linear(4 * config.width, config.width)

    def forward(
        self, x: Tensor, state: Tensor, last: tuple[Tensor, ...], fresh: Tensor, watching: int
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        change, state, last = self.time(self.norm_time(x), state, last, fresh)
        x = x + change
        x = x + self.gated(self.norm_gated(x))
        x = x + self.rows(self.norm_rows(x), watching)
        return x + self.contract(F.gelu(self.expand(self.norm_mlp(x)))), state, last


class RmsNorm(nn.Module):
    """To a mean square of 1, times 1 + ``scale`` (Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], 1 + self.scale, RMS_EPS)


class Recurrence(nn.Module):
    """A row of this frame beside what it carries: a convolution over its last frames, and a linear recurrence whose
    decay and input it gates itself (section 2.4 of Griffin)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.width
        self.gate = Linear(width, width)
        self.enter = Linear(width, width)
        self.leave = Linear(width, width)
        self.taps = nn.Parameter(torch.zeros(TAPS, width))
        self.taps_bias = nn.Parameter(torch.zeros(width))
        self.decay = nn.Parameter(torch.zeros(width))
        self.gate_input = HeadLinear(width, config.heads)
        self.gate_decay = HeadLinear(width, config.heads)

    def forward(
        self, x: Tensor, state: Tensor, last: tuple[Tensor, ...], fresh: Tensor
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        gate = F.gelu(self.gate(x), approximate="tanh")
        entered = self.enter(x)
        seen = (*last, entered)
        mixed = self.taps_bias + sum(tap * each for tap, each in zip(self.taps, seen, strict=True))
        log_decay = -DECAY * torch.sigmoid(self.gate_decay(mixed).float()) * F.softplus(self.decay)
        taken = mixed * torch.sigmoid(self.gate_input(mixed))
        # What enters is scaled so that the state keeps its size; a row's first frame enters whole.
        share = torch.sqrt(-torch.expm1(2 * log_decay)).masked_fill(fresh[:, None], 1.0)
        state = torch.exp(log_decay) * state + share * taken
        return self.leave(state.to(gate.dtype) * gate), state, seen[1:]


class HeadLinear(nn.Module):
    """A product for each head's channels alone."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(heads, width // heads, width // heads))
        self.bias = nn.Parameter(torch.zeros(heads, width // heads))

    def forward(self, x: Tensor) -> Tensor:
        heads = x.reshape(len(x), *self.bias.shape).transpose(0, 1)
        return (torch.matmul(heads, self.weight) + self.bias[:, None]).transpose(0, 1).flatten(1)


class Gated(nn.Module):
    """Two products of which one gates the other (GeGLU, Shazeer 2020, https://arxiv.org/abs/2002.05202)."""

    def __init__(self, width: int, expanded: int) -> None:
        super().__init__()
        self.expand = Linear(width, 2 * expanded)
        self.contract = Linear(expanded, width)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.expand(x).chunk(2, -1)
        found: Tensor = self.contract(F.gelu(gate, approximate="tanh") * value)
        return found


class WatchedAttention(nn.Module):
    """Attention among (R, C) rows, the last few of which look at all others, while nothing looks at them."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = Linear(width, 3 * width)
        self.leave = Linear(width, width)

    def forward(self, x: Tensor, watching: int) -> Tensor:
        query, key, value = (split_heads(each[None], self.heads) for each in self.project(x).chunk(3, -1))
        many = len(x) - watching
        found = F.scaled_dot_product_attention(query, key[:, :, :many], value[:, :, :many])
        left: Tensor = self.leave(found.transpose(1, 2).flatten(2)[0])
        return left
