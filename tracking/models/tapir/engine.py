"""What both TAPIR trackers share: pictures to features, points to looks, answers to pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tracking.layers.on_device import NetworkOnDevice
from tracking.models.tapir.network import STRIDE, Config, Features, Looks, Memory, Paths, Tapir, refined_sizes
from tracking.shapes.anchors import Places
from tracking.types import Frame, TrackingError

SMALLEST_PX = 64
VISIBLE = 0.5
"""A point is seen where the product of being visible and of being near the truth is above this (section 3.3)."""
LARGEST_PASS = 2048
"""Points times frames that are refined at once: more of them only need more memory, some 130 MB here."""


@dataclass(frozen=True)
class Answer:
    """Where points are on T frames: ``xy`` (N, T, 2) px of the video, ``sure`` (N, T) in [0, 1]."""

    xy: NDArray[np.float64]
    sure: NDArray[np.float64]

    @property
    def seen(self) -> NDArray[np.bool_]:
        return self.sure > VISIBLE


class TapirEngine(NetworkOnDevice):
    """The network on its device; each frame is looked at as a square of ``size`` px, whatever its shape."""

    network: Tapir

    def __init__(self, network: Tapir, *, size: int, device: str, precision: str) -> None:
        if size < SMALLEST_PX or size % STRIDE:
            raise TrackingError(
                f"TAPIR looks at squares of a multiple of {STRIDE} px, at least {SMALLEST_PX}; size is {size}. "
                f"Set it to {network.config.base}, what it was trained at, or to more for small things."
            )
        self.size = size
        base = network.config.base
        self._sizes = [(base, base), *refined_sizes(size, size, base)]
        super().__init__(network, device=device, precision=precision)

    def encode(self, frame: Frame) -> list[Features]:
        """Of one frame, at the size it is searched at and each that refines."""
        shrinks = min(frame.width, frame.height) > self.size
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        square = np.asarray(cv2.resize(frame.image, (self.size, self.size), interpolation=way), np.uint8)
        picture = torch.from_numpy(square).to(self.compute.device).permute(2, 0, 1)[None].float()
        return self.network.encode(picture, self._sizes)

    def looks(self, features: Sequence[Features], frame: Frame, points: Places) -> list[Looks]:
        """What (N, 2) points look like on ``frame``, whose features these are."""
        xy = self.shares(frame, points)
        return self.network.begin(features, torch.zeros(len(xy), dtype=torch.long, device=xy.device), xy)

    def shares(self, frame: Frame, points: Places) -> Tensor:
        """(N, 2) px to shares of the frame, on the device."""
        size = np.array([frame.width, frame.height])
        return torch.from_numpy((points / size).astype(np.float32)).to(self.compute.device)

    def follow(
        self,
        features: Sequence[Features],
        looks: Sequence[Looks],
        frame: Frame,
        *,
        known: tuple[Tensor, Tensor] | None = None,
        memory: Memory | None = None,
    ) -> tuple[Answer, Memory]:
        """As ``Tapir.follow``, and the answer in px of ``frame``."""
        paths, memory = self.network.follow(features, looks, known=known, memory=memory)
        return _answer(self.network.settled(paths), frame), memory


def put_looks(mine: Sequence[Looks], theirs: object, here: list[int], there: list[int]) -> None:
    """Write the rows ``there`` of ``theirs``, looks at the same sizes, into the rows ``here`` of ``mine``."""
    assert isinstance(theirs, list)  # noqa: S101 (for the type checker: it is of a tracker of this kind)
    for one, other in zip(mine, theirs, strict=True):
        one.fine[here], one.coarse[here] = other.fine[there].to(one.fine), other.coarse[there].to(one.coarse)


def _answer(paths: Paths, frame: Frame) -> Answer:
    size = np.array([frame.width, frame.height])
    return Answer(paths.xy.double().cpu().numpy() * size, paths.seen().double().cpu().numpy())


def small(*, causal: bool) -> Tapir:
    """A very small network with fixed random weights: for trying the machinery, not for finding anything."""
    config = Config(
        causal=causal,
        neck_blocks=1,
        widths=(4, 4, 8, 8),
        stem=4,
        neck_spread=1,
        mixer_channels=8,
        mixer_blocks=1,
        base=SMALLEST_PX,
        iterations=2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Tapir(config).requires_grad_(False)
