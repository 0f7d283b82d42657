"""The network of PIPs (Harley, Fang, Fragkiadaki: *Particle Video Revisited*, ECCV 2022,
https://arxiv.org/abs/2204.04153): paths of points through eight frames, refined several times.

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
from tracking.layers.patches import correlation, pyramid, sample
from tracking.layers.point_encoder import PointEncoder

RADIUS = 3
"""Of the window in which a feature is compared with its surroundings, in cells of each level."""
LEVELS = 4
TIME_SPAN = 8.0
"""The frames of a window lie evenly on [0, TIME_SPAN], both ends included, as they did in training."""
MOTION_CHANNELS = 64
MOTION_RATE = 1000.0


@dataclass(frozen=True)
class Config:
    """``window``: frames that are looked at together; the mixer mixes over exactly that many."""

    window: int = 8
    channels: int = 128
    widths: tuple[int, ...] = (64, 64, 96, 128, 128)
    mixer_channels: int = 512
    mixer_blocks: int = 12

    @property
    def inputs(self) -> int:
        """Numbers per point and frame that the mixer takes: feature, correlations, motion."""
        return self.channels + LEVELS * (2 * RADIUS + 1) ** 2 + 3 * MOTION_CHANNELS + 3


@dataclass
class Paths:
    """Of N points through S frames. ``xy``: (N, S, 2) cells; ``features``: (N, S, C)."""

    xy: Tensor
    features: Tensor


class Pips(nn.Module):
    """Encodes frames one by one, and refines paths through windows of them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = PointEncoder(config.channels, config.widths)
        self.mixer = Mixer(config)
        self.norm = nn.LayerNorm(config.channels)
        self.update = Linear(config.channels, config.channels)
        self.visibility = Linear(config.channels, 1)

    def encode(self, frames: Tensor) -> Tensor:
        """RGB (T, 3, H, W) in [0, 255] to features (T, C, H/4, W/4)."""
        return self.encoder(2 * (frames / 255) - 1)

    def begin(self, features: Tensor, frames: Tensor, xy: Tensor) -> Tensor:
        """What points look like: (N, C) features at ``xy`` (N, 2) on ``frames`` (N,), indices into ``features``."""
        return sample(features, frames, xy)

    def refine(self, levels: Sequence[Tensor], frames: Tensor, paths: Paths, iterations: int) -> Iterator[Paths]:
        """Yield the paths after each iteration; a point stays where it is on the first frame of its window.

        Args:
            levels: features as ``pyramid`` makes them, (T, C, h, w) and coarser.
            frames: (N, S) indices into ``features``, each point's window.
            paths: where to begin.
            iterations: how often to refine; the authors use 6.
        """
        xy, features = paths.xy, paths.features
        anchor = xy[:, :1]
        time = torch.linspace(0, TIME_SPAN, self.config.window, device=xy.device).expand(xy.shape[:2])
        for _ in range(iterations):
            likeness = [
                correlation(level, frames, xy / 2**number, features, RADIUS) / math.sqrt(features.shape[-1])
                for number, level in enumerate(levels)
            ]
            motion = embedded(torch.cat([xy - xy[:, :1], time[..., None]], dim=-1))
            change = self.mixer(torch.cat([features, *likeness, motion], dim=-1))
            features = features + F.gelu(self.update(self.norm(change[..., 2:])))
            xy = torch.cat([anchor, (xy + change[..., :2])[:, 1:]], dim=1)
            yield Paths(xy, features)

    def levels(self, features: Tensor) -> list[Tensor]:
        """What ``refine`` takes."""
        return pyramid(features, LEVELS)

    def seen(self, paths: Paths) -> Tensor:
        """(N, S) logits of each point being visible."""
        return self.visibility(paths.features).squeeze(-1)


def embedded(motion: Tensor) -> Tensor:
    """(..., 3) displacement and time to (..., 195): sines and cosines in turn of each number at 32 rates, then the
    numbers themselves (section 3.3). The fastest rate is 969 radians a cell: tiny differences of positions show."""
    rates = torch.arange(0, MOTION_CHANNELS, 2, device=motion.device) * (MOTION_RATE / MOTION_CHANNELS)
    angles = motion[..., None] * rates
    waves = torch.stack([angles.sin(), angles.cos()], dim=-1)
    return torch.cat([waves.flatten(-3), motion], dim=-1)


class Mixer(nn.Module):
    """An MLP-Mixer (Tolstikhin et al. 2021, https://arxiv.org/abs/2105.01601) over the frames of a window:
    (N, S, inputs) to (N, S, 2 + C), what is to be added to positions and, after a norm, to features."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.enter = Linear(config.inputs, config.mixer_channels)
        self.blocks = nn.ModuleList(MixerBlock(config) for _ in range(config.mixer_blocks))
        self.norm = nn.LayerNorm(config.mixer_channels)
        self.leave = Linear(config.mixer_channels, config.window * (2 + config.channels))

    def forward(self, x: Tensor) -> Tensor:
        window = x.shape[1]
        x = self.enter(x)
        for block in self.blocks:
            x = block(x)
        return self.leave(self.norm(x).mean(dim=1)).unflatten(-1, (window, -1))


class MixerBlock(nn.Module):
    """Mixes over frames, then over channels; (N, S, C)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        window, channels = config.window, config.mixer_channels
        self.norm_frames = nn.LayerNorm(channels)
        self.expand_frames, self.contract_frames = Linear(window, 4 * window), Linear(4 * window, window)
        self.norm_channels = nn.LayerNorm(channels)
        self.expand_channels, self.contract_channels = Linear(channels, 4 * channels), Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        frames = self.norm_frames(x).transpose(1, 2)
        x = x + self.contract_frames(F.gelu(self.expand_frames(frames))).transpose(1, 2)
        return x + self.contract_channels(F.gelu(self.expand_channels(self.norm_channels(x))))
