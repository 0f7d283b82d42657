"""CoTracker 3 as a tracker: all points together, in windows that overlap (online) or stand one behind the other
(offline)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tracking.layers.compute import Compute
from tracking.layers.images import resized
from tracking.layers.point_encoder import STRIDE
from tracking.layers.windowed_points import WindowedPoints
from tracking.models.cotracker.network import Config, CoTracker, Tracks
from tracking.models.cotracker.weights import load
from tracking.shapes.anchors import Places
from tracking.types import Frame, ObjectId, TrackingError
from tracking.warm import held

PICTURE = (384, 512)
"""(height, width) px of every video's picture, as the networks were trained; proportions aren't kept."""
ITERATIONS = 6
SUPPORT_MARGIN = 64
"""The grid of support points begins this part of the picture's width from its border."""
LARGEST_GRID = 40


@dataclass(frozen=True)
class Rule:
    """How a variant goes through a video.

    ``window``: frames that are looked at together. ``stride``: how many later the next window begins. ``carries``:
    whether it begins with what the last one found; if not, with the places on its first frame alone. ``padded``:
    whether the run's last window is filled with its last frame. ``seen``: how sure a point must be to be seen;
    ``doubts``: whether that takes in what the network says of its own confidence.
    """

    window: int
    stride: int
    carries: bool
    padded: bool
    seen: float
    doubts: bool


ONLINE = Rule(window=16, stride=8, carries=True, padded=True, seen=0.6, doubts=True)
OFFLINE = Rule(window=60, stride=59, carries=False, padded=False, seen=0.9, doubts=False)


@dataclass
class Found:
    """Of n points on some frames, as the network gives it: ``xy`` (n, S, 2) px of its picture, ``visible`` and
    ``confident`` (n, S) logits."""

    xy: NDArray[np.float32]
    visible: NDArray[np.float32]
    confident: NDArray[np.float32]

    @classmethod
    def nothing(cls, points: int, frames: int) -> Found:
        blank = np.zeros((points, frames), np.float32)
        return cls(np.zeros((points, frames, 2), np.float32), blank, blank.copy())

    def part(self, points: slice, frames: slice | NDArray[np.int64]) -> Found:
        return Found(self.xy[points, frames], self.visible[points, frames], self.confident[points, frames])


@dataclass
class Query:
    """n points that are followed together, prompted on the frame ``first`` at ``prompt`` (n, 2).

    ``looks``: (n, levels, patch, C) there. ``found``: what their last window said, by slot, up to the frame
    ``reached``; what is told of them lies in their trail.
    """

    first: int
    prompt: NDArray[np.float32]
    looks: Tensor
    found: Found
    reached: int = -1


class CoTrackerTracker(WindowedPoints):
    """The points of all objects and a grid of ``support`` points a side, which tell of the picture's motion, go
    through the network together."""

    network: CoTracker

    def __init__(
        self,
        network: CoTracker,
        rule: Rule,
        *,
        support: int = 6,
        picture: tuple[int, int] = PICTURE,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        if not 0 <= support <= LARGEST_GRID:
            raise TrackingError(f"A support grid has 0 to {LARGEST_GRID} points a side; {support} came.")
        self.rule = rule
        self.side = support
        self.picture = picture
        self._queries: dict[ObjectId, Query] = {}
        self._support: Query | None = None
        self._start = 0
        super().__init__(network, window=rule.window, device=device, precision=precision)

    def reset(self) -> None:
        self._support, self._start = None, 0

    def encode(self, frame: Frame) -> Sequence[Tensor]:
        height, width = self.picture
        # Corners go to corners: the picture's first pixel is the frame's first one.
        self._scale = np.array([(width - 1) / max(frame.width - 1, 1), (height - 1) / max(frame.height - 1, 1)])
        picture = resized(frame.image, self.picture, self.compute.device, align_corners=True)
        return [level.float() for level in self.network.encode(picture)]

    def to_model(self, places: Places, frame: Frame) -> NDArray[np.float32]:
        return ((places - 0.5) * self._scale).astype(np.float32)

    def from_model(self, xy: NDArray[np.float32]) -> Places:
        return xy.astype(np.float64) / self._scale + 0.5

    def look(self, names: Collection[ObjectId]) -> None:
        for name in names:
            self._queries[name] = self._query(self.trails[name].xy[:, self.clock % self.window].copy())
        if self.side and self._support is None:
            self._support = self._query(grid(self.side, self.picture))

    def place(self) -> None:
        if self.clock == self._start + self.window - 1:
            self._place(tuple(self._queries))
            self._start += self.rule.stride

    def place_rest(self, names: Collection[ObjectId]) -> None:
        if any(self.trails[name].known.min() < self.clock for name in names):
            self._place(names)

    def seen(self, sure: NDArray[np.float32]) -> NDArray[np.bool_]:
        return sure > self.rule.seen

    def forget(self, names: Collection[ObjectId]) -> None:
        super().forget(names)
        for name in names:
            self._queries.pop(name, None)

    def looks_of(self, name: ObjectId) -> Tensor:
        return self._queries[name].looks

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:
        self.put_rows(self._queries[name].looks, looks, here, there)

    def _query(self, xy: NDArray[np.float32]) -> Query:
        slot = self.clock % self.window
        cells = torch.from_numpy(xy).to(self.compute.device) / STRIDE
        frames = torch.full((len(cells),), slot, device=cells.device)
        looks = self.network.begin(self.ring.levels, frames, cells)
        return Query(self.clock, xy, looks, Found.nothing(len(xy), self.window))

    def _place(self, names: Collection[ObjectId]) -> None:
        """Place all points in the window that begins at ``_start``, and keep what is found of those of ``names``."""
        together: list[tuple[ObjectId | None, Query]] = [*self._queries.items()]
        if self._support is not None:
            together.append((None, self._support))
        clocks = np.arange(self._start, self._start + self.window)
        real = clocks[clocks <= self.clock]
        found = self._refined([query for _, query in together], clocks if self.rule.padded else real)
        at = 0
        for name, query in together:
            part = found.part(slice(at, at + len(query.prompt)), slice(len(real)))
            at += len(query.prompt)
            if name is None or name in names:
                self._keep(query, real, part)
            if name is not None and name in names:
                self._tell(name, real, part)

    def _keep(self, query: Query, clocks: NDArray[np.int64], found: Found) -> None:
        slots = clocks % self.window
        query.found.xy[:, slots] = found.xy
        query.found.visible[:, slots] = found.visible
        query.found.confident[:, slots] = found.confident
        query.reached = self.clock

    def _tell(self, name: ObjectId, clocks: NDArray[np.int64], found: Found) -> None:
        sure = sigmoid(found.visible) * sigmoid(found.confident) if self.rule.doubts else sigmoid(found.visible)
        points = np.arange(len(sure))
        self.trails[name].write(points, np.broadcast_to(clocks, sure.shape), found.xy, sure)

    def _refined(self, together: Sequence[Query], clocks: NDArray[np.int64]) -> Found:
        """Where all points are on the frames ``clocks``; for those to come the last one stands."""
        device = self.compute.device
        begun = [self._beginning(query, clocks) for query in together]
        frames = torch.from_numpy(np.minimum(clocks, self.clock) % self.window).to(device)
        tracks = Tracks(
            torch.from_numpy(np.concatenate([one.xy for one in begun])).to(device) / STRIDE,
            torch.from_numpy(np.concatenate([one.visible for one in begun])).to(device),
            torch.from_numpy(np.concatenate([one.confident for one in begun])).to(device),
        )
        looks = torch.cat([query.looks for query in together])
        *_, found = self.network.refine(self.ring.levels, frames, looks, tracks, ITERATIONS)
        return Found(_array(found.xy * STRIDE), _array(found.visible), _array(found.confident))

    def _beginning(self, query: Query, clocks: NDArray[np.int64]) -> Found:
        """Where a window begins for some points: where the last window left them on the frames that both have, the
        last of these for the frames behind; at their prompt if there is no such window."""
        last = self._start + self.window - self.rule.stride - 1
        if query.first > last or query.reached < last:
            begun = Found.nothing(len(query.prompt), len(clocks))
            begun.xy[:] = query.prompt[:, None]
            return begun
        begun = query.found.part(slice(None), np.minimum(clocks, last) % self.window)
        return begun if self.rule.carries else replace(Found.nothing(*begun.visible.shape), xy=begun.xy)

    def _use(self, compute: Compute) -> None:
        super()._use(compute)
        for query in (*self._queries.values(), *([] if self._support is None else [self._support])):
            query.looks = query.looks.to(compute.device)


def grid(side: int, picture: tuple[int, int] = PICTURE) -> NDArray[np.float32]:
    """``side`` by ``side`` points over the picture, row by row: (side², 2) px."""
    height, width = picture
    margin = width / SUPPORT_MARGIN
    if side == 1:
        return np.array([[width / 2, height / 2]], np.float32)
    x, y = (np.linspace(margin, length - margin, side) for length in (width, height))
    return np.stack([axis.ravel() for axis in np.meshgrid(x, y)], axis=1).astype(np.float32)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.float().cpu().numpy()


def online(
    *, support_points: int = 6, device: str = "auto", precision: str = "auto", weights: str = ""
) -> CoTrackerTracker:
    """CoTracker 3 online with official weights: those in the file ``weights``, or in the weights folder."""
    network = held(lambda: load("online", Path(weights) if weights else None))
    return CoTrackerTracker(network, ONLINE, support=support_points, device=device, precision=precision)


def offline(
    *, support_points: int = 6, device: str = "auto", precision: str = "auto", weights: str = ""
) -> CoTrackerTracker:
    """CoTracker 3 offline, as ``online``."""
    network = held(lambda: load("offline", Path(weights) if weights else None))
    return CoTrackerTracker(network, OFFLINE, support=support_points, device=device, precision=precision)


TINY = Config(window=4, channels=8, widths=(4, 4, 4, 4, 4), likeness=(8, 4), dim=8, heads=2, depth=1, virtual=2)


def tiny(rule: Rule = ONLINE, *, support: int = 2, device: str = "cpu", precision: str = "auto") -> CoTrackerTracker:
    """A very small CoTracker with fixed random weights: for trying the machinery, not for finding anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = CoTracker(TINY).requires_grad_(False)
        network.transformer.place.weight.mul_(0.02)  # else points leave the frame at once
        network.transformer.place.bias.mul_(0.02)
    short = replace(rule, window=4, stride=2 if rule.carries else 3)
    return CoTrackerTracker(network, short, support=support, picture=(96, 128), device=device, precision=precision)
