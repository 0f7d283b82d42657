"""A window of a picture as a graph of superpixels, with what can be asked of it: ways, colours, smoothing.

Superpixels: SLICO (Achanta et al., "SLIC Superpixels Compared to State-of-the-art Superpixel Methods", TPAMI 2012) in
CIE Lab. Ways: geodesic distances (Bai and Sapiro, "Geodesic Matting", IJCV 2009). Smoothing: random walks with priors
(Grady, "Multilabel Random Walker Image Segmentation Using Prior Models", CVPR 2005).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.sparse.linalg import splu

Values = NDArray[np.float64]
"""(n,): one number for each superpixel."""

WORK_SIDE = 480
"""The longer side of a window, in its own px, at most."""
REGION_SIDE = 8
"""About how wide a superpixel is, in those px."""
ROUNDS = 5
SMALLEST_REGION_PERCENT = 25
COLOUR_WEIGHTS = np.array([0.6, 1.4, 1.4], np.float32)
"""How much lightness and the two axes of hue count when colours are compared: shadows change the first."""
COLOUR_WIDTH = 10.0
"""Colours so far apart in Lab are about alike."""
COLOUR_STEP, EDGE_STEP, LENGTH_STEP = 9.0, 5.0, 0.02
"""What a step to a neighbour costs: one for so much difference in colour, for so strong an edge; and so much a px."""
COLOUR_HOLD, EDGE_HOLD = 10.0, 5.0
"""How fast neighbours cease to hold together with difference in colour and strength of the edge between them."""
HOLD = 0.12
"""How much superpixels keep of their own value against their neighbours' when they are smoothed."""
SURE = 1e4


@dataclass(frozen=True)
class Window:
    """A rectangle of the picture in whole px, and the size (height, width) that it is worked on in."""

    left: int
    top: int
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Worked px for one of the picture's."""
        return min(1.0, WORK_SIDE / max(self.width, self.height))

    @property
    def size(self) -> tuple[int, int]:
        return max(1, round(self.height * self.scale)), max(1, round(self.width * self.scale))


class Superpixels:
    """The superpixels of one window. Places are in its own px.

    ``labels``: (h, w) which superpixel a px belongs to; ``count`` of them; ``place``: (n, 2) x, y; ``area`` in px;
    ``diagonal`` of the window in px.
    """

    def __init__(self, image: NDArray[np.uint8], window: Window) -> None:
        self.window = window
        cut = image[window.top : window.top + window.height, window.left : window.left + window.width]
        height, width = window.size
        small = cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)
        self.lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float32, copy=False)
        self.labels = _labels(self.lab)
        self.count = int(self.labels.max()) + 1
        self.diagonal = float(np.hypot(height, width))
        self.area = np.bincount(self.labels.ravel(), minlength=self.count).astype(float)
        rows, columns = np.mgrid[:height, :width]
        self.place = np.stack([self.mean(columns + 0.5), self.mean(rows + 0.5)], axis=1)
        self._colour = np.stack([self.mean(self.lab[..., part]) for part in range(3)], axis=1).astype(np.float32)
        self._join()
        sides = np.concatenate([self.labels[0], self.labels[-1], self.labels[:, 0], self.labels[:, -1]])
        self.border: NDArray[np.intp] = np.unique(sides)

    @property
    def nbytes(self) -> int:
        return int(self.lab.nbytes + self.labels.nbytes + 4 * self.count**2 + 200 * len(self._from))

    def mean(self, of: NDArray[Any]) -> Values:
        """The mean of an (h, w) map over each superpixel."""
        means: Values = np.bincount(self.labels.ravel(), np.ravel(of), minlength=self.count) / self.area
        return means

    def at(self, x: float, y: float) -> int:
        """The superpixel at a place of the picture (not of the window), or the nearest one."""
        height, width = self.labels.shape
        column, row = (x - self.window.left) * self.window.scale, (y - self.window.top) * self.window.scale
        return int(self.labels[min(max(int(row), 0), height - 1), min(max(int(column), 0), width - 1)])

    def away(self, seeds: Sequence[int]) -> Values:
        """Distance in a straight line from the nearest of ``seeds``, as a share of the diagonal."""
        apart = np.min([np.hypot(*(self.place - self.place[seed]).T) for seed in seeds], axis=0)
        distances: Values = apart / self.diagonal
        return distances

    def way(self, seeds: Sequence[int] | NDArray[np.intp]) -> Values:
        """What the cheapest way from the nearest of ``seeds`` costs, across differences in colour and edges."""
        costs: Values = dijkstra(self._steps, indices=seeds, min_only=True)
        return costs

    @cached_property
    def from_border(self) -> Values:
        """``way`` from the window's border."""
        return self.way(self.border)

    @cached_property
    def _alike(self) -> NDArray[np.float32]:
        """(n, n): how alike colours are, in [0, 1]."""
        weighted = self._colour * np.sqrt(COLOUR_WEIGHTS)
        squares = np.einsum("ij,ij->i", weighted, weighted)
        apart = squares[:, None] + squares - 2 * weighted @ weighted.T
        apart *= -1 / (2 * COLOUR_WIDTH**2)
        alike: NDArray[np.float32] = np.exp(np.minimum(apart, 0, out=apart), out=apart)
        return alike

    def colour_of(self, weights: Values) -> Values:
        """How common each superpixel's colour is among those of ``weights``, in [0, 1]."""
        share = (weights / max(float(weights.sum()), 1e-6)).astype(np.float32)
        common: Values = (self._alike @ share).astype(float)
        return common

    def smoothed(self, values: Values, fixed: NDArray[np.intp], to: Values) -> Values:
        """``values`` where neighbours that look alike agree; those of ``fixed`` are ``to``."""
        own = HOLD * self.area / REGION_SIDE + 1e-6
        own[fixed] = SURE
        wanted = values.copy()
        wanted[fixed] = to
        system = (self._laplacian + sparse.diags(own)).tocsc()
        found: Values = splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(own * wanted)
        return found

    def pieces(self, chosen: NDArray[np.bool_]) -> NDArray[np.int32]:
        """(n,): which connected piece of ``chosen`` each superpixel belongs to; others are pieces of their own."""
        joined = self._matrix((chosen[self._from] & chosen[self._to]).astype(float))
        joined.eliminate_zeros()
        numbers: NDArray[np.int32] = connected_components(joined, directed=False)[1]
        return numbers

    # -------------------------------------------------------------- the graph

    def _join(self) -> None:
        """Which superpixels are neighbours, and what lies between them."""
        edges = _edges(self.lab)
        labels = self.labels
        one = np.concatenate([labels[:, :-1].ravel(), labels[:-1].ravel()])
        other = np.concatenate([labels[:, 1:].ravel(), labels[1:].ravel()])
        strength = np.concatenate(
            [np.maximum(edges[:, :-1], edges[:, 1:]).ravel(), np.maximum(edges[:-1], edges[1:]).ravel()]
        )
        apart = one != other
        one, other, strength = one[apart], other[apart], strength[apart]
        keys = np.minimum(one, other).astype(np.int64) * self.count + np.maximum(one, other)
        pairs, which = np.unique(keys, return_inverse=True)
        length = np.bincount(which, minlength=len(pairs)).astype(float)
        edge = np.bincount(which, strength, minlength=len(pairs)) / length
        self._from, self._to = pairs // self.count, pairs % self.count
        colour = np.linalg.norm(self._colour[self._from] - self._colour[self._to], axis=1)
        far = np.linalg.norm(self.place[self._from] - self.place[self._to], axis=1)
        steps = np.minimum(colour, 40) / COLOUR_STEP + np.minimum(edge, 20) / EDGE_STEP + LENGTH_STEP * far
        self._steps = self._matrix(steps + 1e-6)
        holds = self._matrix(length * np.exp(-np.minimum(colour, 60) / COLOUR_HOLD - edge / EDGE_HOLD) + 1e-4)
        self._laplacian = (sparse.diags(np.asarray(holds.sum(axis=1)).ravel()) - holds).tocsc()

    def _matrix(self, values: Values) -> Any:
        """(n, n), sparse and symmetric: ``values`` of the pairs of neighbours."""
        rows, columns = np.concatenate([self._from, self._to]), np.concatenate([self._to, self._from])
        return sparse.csr_matrix((np.concatenate([values, values]), (rows, columns)), (self.count, self.count))


def _labels(lab: NDArray[np.float32]) -> NDArray[np.int32]:
    if min(lab.shape[:2]) < 2 * REGION_SIDE:
        # Too small for SLIC: each px is one.
        return np.arange(lab.shape[0] * lab.shape[1], dtype=np.int32).reshape(lab.shape[:2])
    smooth = cv2.GaussianBlur(lab, (0, 0), 0.7)
    slic = cv2.ximgproc.createSuperpixelSLIC(smooth, cv2.ximgproc.SLICO, REGION_SIDE, 10.0)
    slic.iterate(ROUNDS)
    slic.enforceLabelConnectivity(SMALLEST_REGION_PERCENT)
    numbers = np.unique(slic.getLabels(), return_inverse=True)[1]
    return numbers.reshape(lab.shape[:2]).astype(np.int32)


def _edges(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """How strongly the colour changes at each px, in Lab a px."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3) / 8
    strength: NDArray[np.float32] = np.sqrt((across**2 + down**2).sum(axis=2))
    return strength
