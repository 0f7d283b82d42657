"""PIPs as a tracker: windows of eight frames, one behind the other for each point by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tracking.layers.compute import Compute
from tracking.layers.images import resized
from tracking.layers.point_encoder import STRIDE
from tracking.layers.windowed_points import WindowedPoints
from tracking.models.pips.network import Config, Paths, Pips
from tracking.models.pips.weights import load
from tracking.shapes.anchors import Places
from tracking.types import Frame, ObjectId
from tracking.warm import held

AREA_PX = 360 * 640
"""About what the network's picture has, as in the authors' demonstration; its sides keep the video's proportions."""
SIDE_STEP, LEAST_SIDE = 8, 64
ITERATIONS = 6
POINTS_AT_ONCE = 256
CERTAIN, LESS_CERTAIN = 0.9, 0.02
"""A point's next window begins on its latest frame that is this certain to show it, or less certain by steps."""
NEAREST_BEGINNING = 2
"""The next window begins so many frames later at least."""
SEEN = 0.5


Chosen = tuple[ObjectId, NDArray[np.int64]]
"""Some points of an object, by their numbers."""


@dataclass
class Chain:
    """The windows of one object's n points. ``looks``: (n, C) at their prompt; ``begins``: clocks of their windows."""

    looks: Tensor
    begins: NDArray[np.int64]


class PipsTracker(WindowedPoints):
    """Each point has a window that begins where it was last surely seen, and is sought by its look at the prompt
    (section 3.5 of the paper)."""

    network: Pips

    def __init__(self, network: Pips, *, area: int = AREA_PX, device: str = "auto", precision: str = "auto") -> None:
        self.area = area
        self._chains: dict[ObjectId, Chain] = {}
        self._size = (0, 0)
        super().__init__(network, window=network.config.window, device=device, precision=precision)

    def encode(self, frame: Frame) -> Sequence[Tensor]:
        self._size = picture_size(frame.width, frame.height, self.area)
        self._scale = np.array([self._size[1] / frame.width, self._size[0] / frame.height])
        picture = resized(frame.image, self._size, self.compute.device, align_corners=False)
        return self.network.levels(self.network.encode(picture).float())

    def to_model(self, places: Places, frame: Frame) -> NDArray[np.float32]:
        return (places * self._scale - 0.5).astype(np.float32)

    def from_model(self, xy: NDArray[np.float32]) -> Places:
        return (xy.astype(np.float64) + 0.5) / self._scale

    def look(self, names: Collection[ObjectId]) -> None:
        for name in names:
            trail, slot = self.trails[name], self.clock % self.window
            xy = torch.from_numpy(trail.xy[:, slot]).to(self.compute.device) / STRIDE
            frames = torch.full((len(xy),), slot, device=xy.device)
            looks = self.network.begin(self.ring.levels[0], frames, xy)
            self._chains[name] = Chain(looks, np.full(len(xy), self.clock))

    def place(self) -> None:
        complete = {
            name: np.flatnonzero(chain.begins + self.window - 1 == self.clock) for name, chain in self._chains.items()
        }
        self._place(complete)

    def place_rest(self, names: Collection[ObjectId]) -> None:
        while rest := self._begun(names):
            self._place(rest)

    def seen(self, sure: NDArray[np.float32]) -> NDArray[np.bool_]:
        return sure >= SEEN

    def forget(self, names: Collection[ObjectId]) -> None:
        super().forget(names)
        for name in names:
            self._chains.pop(name, None)

    def looks_of(self, name: ObjectId) -> Tensor:
        return self._chains[name].looks

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:
        self.put_rows(self._chains[name].looks, looks, here, there)

    def _begun(self, names: Collection[ObjectId]) -> dict[ObjectId, NDArray[np.int64]]:
        """The points whose windows hold frames behind their first one."""
        begun = {name: np.flatnonzero(self._chains[name].begins < self.clock) for name in names}
        return {name: points for name, points in begun.items() if len(points)}

    def _place(self, chosen: dict[ObjectId, NDArray[np.int64]]) -> None:
        """Place the ``chosen`` points of each object in their windows; the last frame stands for those that lack."""
        for batch in _batches(chosen, POINTS_AT_ONCE):
            begins = np.concatenate([self._chains[name].begins[points] for name, points in batch])
            clocks = begins[:, None] + np.arange(self.window)
            xy, logits = self._refined(batch, clocks)
            sure = (1 / (1 + np.exp(-logits))).astype(np.float32)
            begins = begins + next_beginnings(sure)
            clocks = np.where(clocks <= self.clock, clocks, -1)
            at = 0
            for name, points in batch:
                part = slice(at, at + len(points))
                self.trails[name].write(points, clocks[part], xy[part], sure[part])
                self._chains[name].begins[points] = begins[part]
                at += len(points)

    def _refined(
        self, batch: Sequence[Chosen], clocks: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where m points are on the frames ``clocks`` (m, 8) of their windows: (m, 8, 2) px; and the (m, 8) logits of
        their being seen."""
        slots = np.minimum(clocks, self.clock) % self.window
        first = [self.trails[name].xy[points] for name, points in batch]
        start = np.concatenate(first)[np.arange(len(slots)), slots[:, 0]]
        device = self.compute.device
        xy = torch.from_numpy(start).to(device)[:, None].expand(-1, self.window, -1) / STRIDE
        looks = torch.cat([self._chains[name].looks[torch.from_numpy(points)] for name, points in batch])
        paths = Paths(xy, looks[:, None].expand(-1, self.window, -1))
        frames = torch.from_numpy(slots).to(device)
        *_, found = self.network.refine(self.ring.levels, frames, paths, ITERATIONS)
        logits = self.network.seen(found)
        return (found.xy.float() * STRIDE).cpu().numpy(), logits.float().cpu().numpy()

    def _use(self, compute: Compute) -> None:
        super()._use(compute)
        for chain in self._chains.values():
            chain.looks = chain.looks.to(compute.device)


def picture_size(width: int, height: int, area: int = AREA_PX) -> tuple[int, int]:
    """(height, width) in px of the network's picture of a video's frame, about ``area`` px."""
    scale = sqrt(area / (width * height))
    return _side(height * scale), _side(width * scale)


def _side(length: float) -> int:
    return max(LEAST_SIDE, round(length / SIDE_STEP) * SIDE_STEP)


def next_beginnings(sure: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many frames later the next windows of m points begin, from how sure (m, 8) each is to be seen: on the latest
    frame that is as certain as ``CERTAIN``, or failing that a little less certain, and so on."""
    later = sure[:, NEAREST_BEGINNING:]
    wanted = CERTAIN - LESS_CERTAIN * np.ceil(np.maximum(CERTAIN - later.max(axis=1), 0) / LESS_CERTAIN)
    enough = (later > wanted[:, None]) | (later == later.max(axis=1, keepdims=True))
    return NEAREST_BEGINNING + later.shape[1] - 1 - enough[:, ::-1].argmax(axis=1)


def _batches(chosen: dict[ObjectId, NDArray[np.int64]], most: int) -> list[list[Chosen]]:
    """The chosen points of all objects in batches of at most ``most``."""
    batches: list[list[Chosen]] = []
    room = 0
    for name, points in chosen.items():
        for piece in (points[at : at + most] for at in range(0, len(points), most)):
            if len(piece) > room:
                batches.append([])
                room = most
            batches[-1].append((name, piece))
            room -= len(piece)
    return batches


def create(*, device: str = "auto", precision: str = "auto", weights: str = "") -> PipsTracker:
    """PIPs with official weights: those in the file ``weights``, or in the weights folder."""
    network = held(lambda: load(Path(weights) if weights else None))
    return PipsTracker(network, device=device, precision=precision)


TINY = Config(channels=8, widths=(4, 4, 4, 4, 4), mixer_channels=16, mixer_blocks=1)


def tiny(*, device: str = "cpu", precision: str = "auto") -> PipsTracker:
    """A very small PIPs with fixed random weights: for trying the machinery, not for finding anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Pips(TINY).requires_grad_(False)
        network.mixer.leave.weight *= 0.02  # else points leave the frame at once
    return PipsTracker(network, area=96 * 128, device=device, precision=precision)
