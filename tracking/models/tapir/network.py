"""The network of TAPIR (Doersch et al.: *TAPIR: Tracking Any Point with per-frame Initialization and temporal
Refinement*, ICCV 2023, https://arxiv.org/abs/2306.08637) and of BootsTAPIR (Doersch et al. 2024,
https://arxiv.org/abs/2402.00847): each frame is searched for each point, then the paths are refined several times.

Positions are shares of a picture's size: (0, 0) its top-left corner, (1, 1) its bottom-right one. So they hold for
every size that a picture is looked at in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.heat import hottest
from tracking.layers.one_dnn import Conv1x1, Linear
from tracking.layers.patches import correlation, sample

STRIDE = 8
"""Of the coarse features; sizes of pictures are multiples of it."""
RADIUS = 3
"""Of the window in which a look is compared with its surroundings, in cells."""
TEMPERATURE = 20.0
HEAD_CHANNELS = 16
SPREAD = 4
"""Channels of the mixer's depthwise products for each of its own."""
KERNEL = 3


@dataclass(frozen=True)
class Config:
    """``widths``: channels of the stages at 1/2, 1/4, 1/8 and 1/8 of the size; the second and the last give the fine
    and the coarse features. ``pooled``: how many coarser levels a look is compared in as well. ``neck_blocks``:
    convolutions behind the coarse features (BootsTAPIR's). ``causal``: whether a frame sees only those before it.
    ``base``: side of the picture that points are searched in, px. ``iterations``: how often each size refines."""

    pooled: int = 1
    neck_blocks: int = 5
    causal: bool = False
    widths: tuple[int, int, int, int] = (64, 128, 256, 256)
    stem: int = 64
    neck_spread: int = 4
    mixer_channels: int = 512
    mixer_blocks: int = 12
    base: int = 256
    iterations: int = 4

    @property
    def fine(self) -> int:
        return self.widths[1]

    @property
    def coarse(self) -> int:
        return self.widths[3]

    @property
    def carried(self) -> int:
        """Numbers that the mixer changes per point and frame: x, y, occlusion, distance, and the look."""
        return 4 + self.fine + self.coarse

    @property
    def inputs(self) -> int:
        """Numbers per point and frame that the mixer takes."""
        return self.carried + (2 + self.pooled) * (2 * RADIUS + 1) ** 2


@dataclass
class Features:
    """Of T frames at one size, each of length 1 along its channels. ``fine``: (T, C, H/4, W/4); ``coarse``: (T, C, H/8,
    W/8)."""

    fine: Tensor
    coarse: Tensor

    def to(self, device: torch.device) -> Features:
        return Features(self.fine.to(device, torch.float32), self.coarse.to(device, torch.float32))


@dataclass
class Looks:
    """What N points look like at one size: ``fine`` and ``coarse``, (N, C) each."""

    fine: Tensor
    coarse: Tensor

    def to(self, device: torch.device) -> Looks:
        return Looks(self.fine.to(device, torch.float32), self.coarse.to(device, torch.float32))


@dataclass
class Paths:
    """Of N points through T frames. ``xy``: (N, T, 2) shares. ``hidden``, ``off``: (N, T) logits of being occluded, and
    of being far from the truth."""

    xy: Tensor
    hidden: Tensor
    off: Tensor

    def seen(self) -> Tensor:
        """(N, T) probabilities of being visible, and where ``xy`` says."""
        return torch.sigmoid(-self.hidden) * torch.sigmoid(-self.off)

    @classmethod
    def mean(cls, several: Sequence[Paths]) -> Paths:
        return cls(
            torch.stack([paths.xy for paths in several]).mean(0),
            torch.stack([paths.hidden for paths in several]).mean(0),
            torch.stack([paths.off for paths in several]).mean(0),
        )


Memory = list[list[Tensor]]
"""What the mixer keeps of the frames before: per refinement, its blocks' inputs, two per block, (N, 2, channels)."""


class Tapir(nn.Module):
    """Encodes frames one by one, searches them for points, and refines the points' paths."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.search = Search()
        self.mixer = Mixer(config)

    def encode(self, frames: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Features]:
        """RGB (T, 3, H, W) in [0, 255] to features at each of ``sizes`` (height, width)."""
        frames = frames / 255 * 2 - 1
        found: list[Features] = []
        for number, size in enumerate(sizes):
            if size in sizes[:number]:
                found.append(found[sizes.index(size)])
                continue
            same = tuple(frames.shape[-2:]) == size
            picture = frames if same else F.interpolate(frames, size, mode="bilinear", align_corners=False)
            found.append(self.encoder(picture))
        return found

    def begin(self, features: Sequence[Features], frames: Tensor, xy: Tensor) -> list[Looks]:
        """What points at ``xy`` (N, 2) on ``frames`` (N,), indices into ``features``, look like at each size."""
        return [
            Looks(
                sample(each.fine, frames, cells(xy, each.fine)),
                sample(each.coarse, frames, cells(xy, each.coarse)),
            )
            for each in features
        ]

    def follow(
        self,
        features: Sequence[Features],
        looks: Sequence[Looks],
        *,
        known: tuple[Tensor, Tensor] | None = None,
        memory: Memory | None = None,
    ) -> tuple[list[Paths], Memory]:
        """The paths of N points through T frames that follow one another.

        Args:
            features: those of the frames at ``base``, then at each size to refine at.
            looks: those of the points, in the same order.
            known: (N,) frames on which points are known, or -1, and (N, 2) where they are there; refinement begins
                there, but may leave it.
            memory: that of the frames before, for a causal network; nothing: these are the first.

        Returns: paths after the search and after each refinement (``settled`` makes the answer of them), and the memory
        for the frames that come next, empty if the network isn't causal.
        """
        first = self.search(features[0].coarse, looks[0].coarse)
        if known is not None:
            frames, xy = known
            here = frames[:, None] == torch.arange(first.xy.shape[1], device=xy.device)
            first.xy = torch.where(here[..., None], xy[:, None], first.xy)
        paths = [first]
        kept: Memory = []
        for each, look in zip(features[1:], looks[1:], strict=True):
            now, carried = Paths(paths[-1].xy, first.hidden, first.off), None
            for _ in range(self.config.iterations):
                before = None if memory is None else memory[len(kept)]
                now, carried, after = self._refined(each, look, now, carried, before)
                paths.append(now)
                kept.append(after)
        return paths, kept if self.config.causal else []

    def settled(self, paths: Sequence[Paths]) -> Paths:
        """The answer of what ``follow`` returns: the mean of what each size ended in."""
        return Paths.mean(paths[self.config.iterations :: self.config.iterations])

    def _refined(
        self, features: Features, looks: Looks, paths: Paths, carried: Tensor | None, memory: list[Tensor] | None
    ) -> tuple[Paths, Tensor, list[Tensor]]:
        """Paths after one refinement, the looks (N, T, C) as they are carried to the next, and the mixer's memory."""
        points, frames = paths.xy.shape[:2]
        if carried is None:
            carried = torch.cat([looks.fine, looks.coarse], -1)[:, None].expand(points, frames, -1)
        fine, coarse = torch.split(carried, [self.config.fine, self.config.coarse], -1)
        index = torch.arange(frames, device=carried.device).expand(points, frames)
        likeness, level = [_likeness(features.fine, index, paths.xy, fine)], features.coarse
        likeness.append(_likeness(level, index, paths.xy, coarse))
        for _ in range(self.config.pooled):
            level = F.avg_pool2d(level, 2)
            likeness.append(_likeness(level, index, paths.xy, coarse))
        # The network was trained with zeros where a position could stand.
        state = torch.stack([torch.zeros_like(paths.hidden)] * 2 + [paths.hidden, paths.off], -1)
        change, memory = self.mixer(torch.cat([state, carried, *likeness], -1), memory)
        height, width = (STRIDE * side for side in features.coarse.shape[-2:])
        xy = paths.xy + change[..., :2] / change.new_tensor([width, height])
        return Paths(xy, paths.hidden + change[..., 2], paths.off + change[..., 3]), carried + change[..., 4:], memory


def cells(xy: Tensor, features: Tensor) -> Tensor:
    """Shares of a picture to cells of its features, whose centres are at whole numbers."""
    height, width = features.shape[-2:]
    return xy * xy.new_tensor([width, height]) - 0.5


def _likeness(features: Tensor, frames: Tensor, xy: Tensor, wanted: Tensor) -> Tensor:
    """(N, T, 49) products around each position, along y outermost, as the mixer takes them."""
    found = correlation(features, frames, cells(xy, features), wanted, RADIUS)
    side = 2 * RADIUS + 1
    return found.view(*found.shape[:-1], side, side).transpose(-1, -2).flatten(-2)


def refined_sizes(height: int, width: int, base: int) -> list[tuple[int, int]]:
    """The sizes (height, width) that a picture is refined at: ``base`` squared, and evenly spaced up to its own on a
    logarithmic scale, each less than twice the one before, rounded down to multiples of ``STRIDE``."""
    levels = max(math.ceil(math.log2(max(height, width) / base)) + 1, 1)
    if levels == 1:
        return [(base, base)]
    shares = [level / (levels - 1) for level in range(levels)]
    return [(_spaced(base, height, share), _spaced(base, width, share)) for share in shares]


def _spaced(base: int, side: int, share: float) -> int:
    return int(base * (side / base) ** share // STRIDE) * STRIDE


class Encoder(nn.Module):
    """Pictures (T, 3, H, W) in [-1, 1] to ``Features``: a residual network whose norms come first (He et al. 2016,
    https://arxiv.org/abs/1603.05027) and are over each picture's channel, with no pooling."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, config.stem, 7, stride=2, bias=False)
        strides = (1, 2, 2, 1)
        self.stages = nn.ModuleList(
            nn.Sequential(Block(before, width, stride), Block(width, width))
            for (before, width), stride in zip(pairwise((config.stem, *config.widths)), strides, strict=True)
        )
        self.neck = nn.ModuleList(NeckBlock(config.coarse, config.neck_spread) for _ in range(config.neck_blocks))

    def forward(self, pictures: Tensor) -> Features:
        x = self.stem(F.pad(pictures, (2, 4, 2, 4)))
        found = []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        for block in self.neck:
            x = block(x)
        return Features(_unit(found[1]), _unit(x))


def _unit(features: Tensor) -> Tensor:
    """Of length 1 along the channels."""
    return features * features.square().sum(1, keepdim=True).clamp(min=1e-12).rsqrt()


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the first block of a stage projects it from the normalised input."""

    def __init__(self, before: int, width: int, stride: int | None = None) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.InstanceNorm2d(before, affine=True), nn.InstanceNorm2d(width, affine=True)
        self.conv1 = nn.Conv2d(before, width, 3, stride=stride or 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.shortcut = None if stride is None else Conv1x1(before, width, stride, bias=False)
        # All that is missing is added at the far ends where the stride is 2.
        self.padding = (0, 2, 0, 2) if stride == 2 else (1, 1, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(x))
        shortcut = x if self.shortcut is None else self.shortcut(y)
        y = self.conv1(F.pad(y, self.padding))
        return shortcut + self.conv2(F.relu(self.norm2(y)))


class NeckBlock(nn.Module):
    """Two convolutions beside what goes into them: that is the normalised input, not the input."""

    def __init__(self, channels: int, spread: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Conv2d(channels, spread * channels, 3, padding=1)
        self.contract = nn.Conv2d(spread * channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + self.contract(F.gelu(self.expand(x), approximate="tanh"))


class Search(nn.Module):
    """Where points are on each frame, by their looks alone (TAP-Net's head; section 3.1)."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Conv2d(1, HEAD_CHANNELS, 3, padding=1)
        self.heat = nn.Conv2d(HEAD_CHANNELS, 1, 3, padding=1)
        self.reduce = nn.Conv2d(HEAD_CHANNELS, 2 * HEAD_CHANNELS, 3, stride=2)
        self.hidden = nn.Linear(2 * HEAD_CHANNELS, HEAD_CHANNELS)
        self.answer = nn.Linear(HEAD_CHANNELS, 2)

    def forward(self, features: Tensor, looks: Tensor) -> Paths:
        """From (T, C, h, w) features and (N, C) looks."""
        points, frames = len(looks), len(features)
        alike = torch.einsum("nc,tchw->nthw", looks, features).flatten(0, 1)[:, None]
        shared = F.relu(self.shared(alike))
        xy = hottest(self.heat(shared).squeeze(1) * TEMPERATURE)
        judged = F.relu(self.reduce(F.pad(shared, (0, 2, 0, 2)))).mean((-1, -2))
        logits = self.answer(F.relu(self.hidden(judged))).view(points, frames, 2)
        return Paths(xy.view(points, frames, 2), logits[..., 0], logits[..., 1])


class Mixer(nn.Module):
    """Mixes over time, then over channels, many times: (N, T, inputs) to (N, T, carried), what is to be added."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.enter = Linear(config.inputs, config.mixer_channels)
        self.blocks = nn.ModuleList(
            MixerBlock(config.mixer_channels, causal=config.causal) for _ in range(config.mixer_blocks)
        )
        self.norm = nn.LayerNorm(config.mixer_channels, bias=False)
        self.leave = Linear(config.mixer_channels, config.carried)

    def forward(self, x: Tensor, memory: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """``memory``: as in ``Memory``, for one refinement."""
        x, kept = self.enter(x), []
        for number, block in enumerate(self.blocks):
            before = (None, None) if memory is None else (memory[2 * number], memory[2 * number + 1])
            x, *after = block(x, *before)
            kept.extend(after)
        return self.leave(self.norm(x)), kept


class MixerBlock(nn.Module):
    """Over time each channel by itself, through ``SPREAD`` of its own; then channels of each frame."""

    def __init__(self, channels: int, *, causal: bool) -> None:
        super().__init__()
        self.norm_frames = nn.LayerNorm(channels, bias=False)
        self.expand_frames = OverTime(channels, SPREAD * channels, causal=causal)
        self.contract_frames = OverTime(SPREAD * channels, SPREAD * channels, causal=causal)
        self.norm_channels = nn.LayerNorm(channels, bias=False)
        self.expand_channels, self.contract_channels = Linear(channels, 4 * channels), Linear(4 * channels, channels)

    def forward(self, x: Tensor, first: Tensor | None, second: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        y, first = self.expand_frames(self.norm_frames(x), first)
        y, second = self.contract_frames(F.gelu(y, approximate="tanh"), second)
        x = x + y.view(*x.shape, SPREAD).sum(-1)
        y = F.gelu(self.expand_channels(self.norm_channels(x)), approximate="tanh")
        return x + self.contract_channels(y), first, second


class OverTime(nn.Module):
    """Weighs each frame with its neighbours, or with the ones before it, channel by channel; (N, T, C) to (N, T, D),
    where each channel of C becomes D / C that follow one another."""

    def __init__(self, channels: int, out: int, *, causal: bool) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(out, 1, KERNEL)), nn.Parameter(torch.zeros(out))
        nn.init.normal_(self.weight, std=KERNEL**-0.5)
        self.channels, self.causal = channels, causal

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        """``before``: (N, 2, C), the two frames before ``x``; nothing: zeros. Returns those of the next ``x``, too."""
        frames = x.shape[1]
        if self.causal:
            x = F.pad(x, (0, 0, KERNEL - 1, 0)) if before is None else torch.cat([before, x], 1)
            kept = x[:, -(KERNEL - 1) :]
        else:
            x = F.pad(x, (0, 0, KERNEL // 2, KERNEL // 2))
            kept = x[:, :0]
        taps = self.weight.view(self.channels, -1, KERNEL)
        found = self.bias.view(self.channels, -1).expand(len(x), frames, -1, -1)
        for number in range(KERNEL):
            found = torch.addcmul(found, x[:, number : number + frames, :, None], taps[..., number])
        return found.flatten(2), kept
