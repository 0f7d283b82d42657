"""The network of XMem (Cheng, Schwing: *XMem: Long-Term Video Object Segmentation with an Atkinson-Shiffrin Memory
Model*, ECCV 2022, https://arxiv.org/abs/2207.07115). Written from the paper and from what the official weights compute.

What is computed once for a frame and what for each object is kept apart: wherever a convolution takes the picture's
features beside an object's, it is the sum of one over the picture and one over the object, and the first is shared.

P = h * w cells at stride 16, K key, V value and H sensory channels, N objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.one_dnn import Conv1x1, Linear
from tracking.layers.resnet import basic_blocks, bottlenecks

STRIDE = 16
"""Pixels along the side of a cell; pictures are a whole number of cells wide and high."""


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes of the network; the defaults are those of the official files. ``hidden`` is 0 without sensory memory."""

    key: int = 64
    value: int = 512
    hidden: int = 64
    stem: int = 64
    """Channels after the first convolutions; everything else is a multiple."""
    key_depths: tuple[int, int, int] = (3, 4, 6)
    value_depths: tuple[int, int, int] = (2, 2, 2)

    @property
    def decoded(self) -> int:
        """Channels of the decoder at stride 16; at 8 and 4 they are half as many."""
        return 8 * self.stem


class Seen(NamedTuple):
    """What a frame looks like, for all objects.

    ``f16``: (1, C, h, w) features. ``key``: (P, K), ``shrinkage``: (P,) >= 1 and ``selection``: (P, K) in [0, 1], cells
    row by row. ``fused``, ``bypassed``: (1, D, h, w), the picture's part of what the decoder fuses; ``skip8``:
    (1, D, 2h, 2w) and ``skip4``: (1, D/2, 4h, 4w), what it adds on the way up.
    """

    f16: Tensor
    key: Tensor
    shrinkage: Tensor
    selection: Tensor
    fused: Tensor
    bypassed: Tensor
    skip8: Tensor
    skip4: Tensor

    @property
    def cells(self) -> tuple[int, int]:
        """h and w."""
        return int(self.f16.shape[2]), int(self.f16.shape[3])

    def to(self, device: torch.device) -> Seen:
        return Seen(*(tensor.to(device) for tensor in self))


class XMem(nn.Module):
    """Sees a frame (``see``), finds objects on it by what memory says (``decode``), remembers them (``remember``)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.key_encoder = KeyEncoder(config)
        self.projection = KeyProjection(16 * config.stem, config.key)
        self.value_encoder = ValueEncoder(config)
        self.decoder = Decoder(config)

    def see(self, image: Tensor) -> Seen:
        """From a normalised picture (1, 3, 16h, 16w)."""
        f16, f8, f4 = self.key_encoder(image)
        key, shrinkage, selection = self.projection(f16)
        cells = _by_cell(key), _by_cell(shrinkage)[:, 0], _by_cell(selection)
        return Seen(f16, *cells, *self.decoder.prepare(f16, f8, f4))

    def remember(self, image: Tensor, f16: Tensor, masks: Tensor, others: Tensor) -> Tensor:
        """What to keep of objects.

        Args:
            image: (1, 3, 16h, 16w) as ``see`` took it; f16: (1, C, h, w) as it gave it.
            masks: (N, 16h, 16w) each object's probability; others: (N, 16h, 16w) the sum of all others'.

        Returns: (N, V, h, w).
        """
        value: Tensor = self.value_encoder(image, f16, masks, others)
        return value.float()

    def refresh(self, value: Tensor, hidden: Tensor) -> Tensor:
        """Sensory memory (N, H, h, w) after ``value`` (N, V, h, w) was remembered: the deep update."""
        return self.value_encoder.refresh(value, hidden)

    def decode(self, seen: Seen, readout: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Find objects.

        Args:
            readout: (N, V, h, w) what memory says of each; hidden: (N, H, h, w) sensory memory.

        Returns: logits (N, 16h, 16w) of each object by itself; sensory memory after this frame, (N, H, h, w).
        """
        return self.decoder(seen, readout, hidden)


class KeyEncoder(nn.Module):
    """ResNet-50 up to stride 16: (1, 3, 16h, 16w) -> features at strides 16, 8 and 4."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        stem, depths = config.stem, config.key_depths
        self.conv1 = nn.Conv2d(3, stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.layer1 = bottlenecks(stem, stem, depths[0])
        self.layer2 = bottlenecks(4 * stem, 2 * stem, depths[1], stride=2)
        self.layer3 = bottlenecks(8 * stem, 4 * stem, depths[2], stride=2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        f4 = self.layer1(F.max_pool2d(x, 3, stride=2, padding=1))
        f8 = self.layer2(f4)
        return self.layer3(f8), f8, f4


class KeyProjection(nn.Module):
    """By what cells are compared (section 3.2): keys, how little each may be like others, what of it counts."""

    def __init__(self, channels: int, key: int) -> None:
        super().__init__()
        self.key = nn.Conv2d(channels, key, 3, padding=1)
        self.shrinkage = nn.Conv2d(channels, 1, 3, padding=1)
        self.selection = nn.Conv2d(channels, key, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # Similarities are differences of large numbers: from here on in float32, whatever the rest is computed in.
        return self.key(x).float(), self.shrinkage(x).float() ** 2 + 1, self.selection(x).float().sigmoid()


class ValueEncoder(nn.Module):
    """ResNet-18 up to stride 16 over picture, mask and the other objects' masks, fused with the picture's features."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        stem, depths = config.stem, config.value_depths
        self.conv1 = nn.Conv2d(5, stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.layer1 = basic_blocks(stem, stem, depths[0])
        self.layer2 = basic_blocks(stem, 2 * stem, depths[1], stride=2)
        self.layer3 = basic_blocks(2 * stem, 4 * stem, depths[2], stride=2)
        self.fuser = Fuser(16 * config.stem, 4 * stem, config.value)
        self.renewal = Renewal(config.value, config.hidden) if config.hidden else None

    def forward(self, image: Tensor, f16: Tensor, masks: Tensor, others: Tensor) -> Tensor:
        x = torch.cat([image.expand(len(masks), -1, -1, -1), masks[:, None], others[:, None]], dim=1)
        # Unlike in the key encoder, what is negative goes only after the pooling.
        x = F.relu(F.max_pool2d(self.bn1(self.conv1(x)), 3, stride=2, padding=1))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fuser(self.fuser.prepare(f16), x)

    def refresh(self, value: Tensor, hidden: Tensor) -> Tensor:
        return hidden if self.renewal is None else self.renewal(value, hidden)


class Decoder(nn.Module):
    """From stride 16 up to 4, and from there to pixels; updates the sensory memory on the way."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        stem, wide = config.stem, config.decoded
        self.fuser = Fuser(16 * stem, config.value + config.hidden, wide)
        self.up8 = Up(8 * stem, wide, wide // 2)
        self.up4 = Up(4 * stem, wide // 2, wide // 2)
        self.predict = nn.Conv2d(wide // 2, 1, 3, padding=1)
        self.update = SensoryUpdate(config) if config.hidden else None

    def prepare(self, f16: Tensor, f8: Tensor, f4: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What is the same for all objects: the last four of ``Seen``."""
        return *self.fuser.prepare(f16), self.up8.skip(f8), self.up4.skip(f4)

    def forward(self, seen: Seen, readout: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        g16 = self.fuser((seen.fused, seen.bypassed), torch.cat([readout, hidden], dim=1))
        g8 = self.up8(seen.skip8, g16)
        g4 = self.up4(seen.skip4, g8)
        logits = self.predict(F.relu(g4))  # (N, 1, 4h, 4w)
        if self.update is not None:
            hidden = self.update(g16, g8, torch.cat([g4, logits], dim=1), hidden)
        logits = F.interpolate(logits.float(), scale_factor=4, mode="bilinear", align_corners=False)
        return logits[:, 0], hidden.float()


class Up(nn.Module):
    """Twice as large: (N, C, h, w) and the picture's (1, S, 2h, 2w) -> (N, D, 2h, 2w)."""

    def __init__(self, skipped: int, channels: int, out: int) -> None:
        super().__init__()
        self.skip = nn.Conv2d(skipped, channels, 3, padding=1)
        self.block = PreActivation(channels, out)

    def forward(self, skip: Tensor, x: Tensor) -> Tensor:
        return self.block(skip + F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))


class PreActivation(nn.Module):
    """Two 3x3 convolutions of what is positive, around a shortcut of everything."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, out, 3, padding=1) if channels != out else None

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.shortcut is None else self.shortcut(x)
        return shortcut + self.conv2(F.relu(self.conv1(F.relu(x))))


class Fuser(nn.Module):
    """Fuses the picture's features with an object's, (1, C, h, w) and (N, D, h, w) -> (N, E, h, w); C + D isn't E."""

    def __init__(self, shared: int, own: int, out: int) -> None:
        super().__init__()
        self.shared = shared
        self.block1 = PreActivation(shared + own, out)
        self.attention = Attention(out)
        self.block2 = PreActivation(out, out)

    def prepare(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The picture's part of both convolutions that see it: (1, E, h, w) each."""
        conv, shortcut = self.block1.conv1, self.block1.shortcut
        assert shortcut is not None  # noqa: S101 (for the type checker: channels differ)
        return (
            F.conv2d(F.relu(x), conv.weight[:, : self.shared], conv.bias, padding=1),
            F.conv2d(x, shortcut.weight[:, : self.shared], shortcut.bias, padding=1),
        )

    def forward(self, prepared: tuple[Tensor, Tensor], own: Tensor) -> Tensor:
        conv, shortcut = self.block1.conv1, self.block1.shortcut
        assert shortcut is not None  # noqa: S101 (as above)
        x = prepared[0] + F.conv2d(F.relu(own), conv.weight[:, self.shared :], padding=1)
        x = self.block1.conv2(F.relu(x))
        x = x + (prepared[1] + F.conv2d(own, shortcut.weight[:, self.shared :], padding=1))
        return self.block2(x + self.attention(x))


class Attention(nn.Module):
    """Which channels count, then which places (CBAM, Woo et al., ECCV 2018, https://arxiv.org/abs/1807.06521)."""

    REDUCTION = 16
    KERNEL = 7

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.contract = Linear(channels, channels // self.REDUCTION)
        self.expand = Linear(channels // self.REDUCTION, channels)
        self.places = nn.Conv2d(2, 1, self.KERNEL, padding=self.KERNEL // 2)

    def forward(self, x: Tensor) -> Tensor:
        mean, most = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
        channels = self._weighed(mean) + self._weighed(most)  # (N, C)
        x = x * channels.sigmoid()[:, :, None, None]
        places = self.places(torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], dim=1))
        return x * places.sigmoid()

    def _weighed(self, channels: Tensor) -> Tensor:
        return self.expand(F.relu(self.contract(channels)))


class SensoryUpdate(nn.Module):
    """The sensory memory after a frame, from what the decoder made of it at all three strides."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        wide, middle = config.decoded, config.decoded // 2
        self.from16 = Conv1x1(wide, middle)
        self.from8 = Conv1x1(middle, middle)
        self.from4 = Conv1x1(middle + 1, middle)
        self.renewal = Renewal(middle, config.hidden)

    def forward(self, g16: Tensor, g8: Tensor, g4: Tensor, hidden: Tensor) -> Tensor:
        x = self.from16(g16) + self.from8(F.avg_pool2d(g8, 2)) + self.from4(F.avg_pool2d(g4, 4))
        return self.renewal(x, hidden)


class Renewal(nn.Module):
    """A gated unit: (N, C, h, w) and the state (N, H, h, w) -> the new state. Unlike in the usual one, what is new is
    seen beside the whole old state, and what is forgotten is forgotten for good."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.transform = nn.Conv2d(channels + hidden, 3 * hidden, 3, padding=1)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        kept, renewed, new = self.transform(torch.cat([x, hidden.to(x.dtype)], dim=1)).float().chunk(3, dim=1)
        renewed = renewed.sigmoid()
        return kept.sigmoid() * hidden * (1 - renewed) + renewed * new.tanh()


def aggregated(probabilities: Tensor) -> Tensor:
    """Objects that compete (section 3.1, from https://arxiv.org/abs/2106.05210): (N, H, W) each object's probability
    by itself -> (1 + N, H, W) that sum to 1, background first."""
    background = (1 - probabilities).prod(dim=0, keepdim=True)
    each = torch.cat([background, probabilities]).clamp(1e-7, 1 - 1e-7)
    return (each / (1 - each)).log().softmax(dim=0)


def _by_cell(x: Tensor) -> Tensor:
    """(1, C, h, w) -> (h*w, C)."""
    return x[0].flatten(1).T.contiguous()
