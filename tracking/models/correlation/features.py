"""What the filters see of a picture: gradient histograms and colours on a grid of cells.

Gradient histograms follow Felzenszwalb et al., *Object Detection with Discriminatively Trained Part Based Models*, 2010
(31 channels). Colours are soft memberships in a few basic colours, after the idea of colour names (van de Weijer et
al., 2009), with fixed anchors in CIE Lab instead of a learnt table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

CELL = 4
"""Side of a cell in px."""
ORIENTATIONS = 9
GRADIENT_CHANNELS = 3 * ORIENTATIONS + 4

# L, a, b of the anchors: black, grey, white, red, orange, brown, yellow, green, cyan, blue, purple, pink.
_ANCHORS = np.array(
    [
        (5, 0, 0), (50, 0, 0), (95, 0, 0), (50, 65, 45), (70, 35, 65), (35, 18, 28),
        (90, -8, 75), (55, -45, 40), (75, -30, -15), (40, 15, -55), (40, 45, -40), (75, 35, 0),
    ],
    np.float32,
)  # fmt: skip
_ANCHOR_REACH = 22.0
"""Standard deviation, in Lab units, of an anchor's membership."""

COLOUR_CHANNELS = len(_ANCHORS)
CHANNELS = GRADIENT_CHANNELS + COLOUR_CHANNELS


@dataclass(frozen=True, slots=True)
class Levels:
    """What a patch's features are measured against. ``gradients``, ``colours``: root mean square of either group;
    ``means``: of each channel once it is divided by that, (CHANNELS, 1, 1)."""

    gradients: np.float32
    colours: np.float32
    means: Float


def grid_features(patch: NDArray[np.uint8]) -> tuple[Float, Levels]:
    """Gradients and colours of an RGB picture whose sides are multiples of CELL: (CHANNELS, H/CELL, W/CELL), and their
    levels.

    Both groups are scaled to a mean square of 1, so that neither outweighs the other by its units.
    """
    gradients, colours = gradient_histograms(patch[None])[0], colour_memberships(patch)
    by = _power(gradients), _power(colours)
    features = np.concatenate([gradients / by[0], colours / by[1]])
    return features, Levels(*by, features.mean((1, 2), keepdims=True))


def features_at(patch: NDArray[np.uint8], levels: Levels) -> Float:
    """Features of a small part of a picture, on the scale of a larger patch's ``levels``."""
    gradients, colours = gradient_histograms(patch[None])[0], colour_memberships(patch)
    return np.concatenate([gradients / levels.gradients, colours / levels.colours])


def gradient_histograms(patches: NDArray[np.uint8]) -> Float:
    """Normalised histograms of oriented gradients.

    Args:
        patches: (N, H, W, 3), sides multiples of CELL.

    Returns: (N, 31, H/CELL, W/CELL): 18 signed orientations, 9 unsigned ones, 4 texture energies, each in [0, 1].
    """
    count, height, width, _ = patches.shape
    magnitude, angle = _gradients(patches)
    cells, shares = _cell_binning(count, height, width)
    # Each pixel counts for the orientation nearest to its own, as in the paper.
    nearest = (angle * np.float32(ORIENTATIONS / np.pi) + np.float32(0.5)).astype(np.intp)  # [0, 18]
    nearest[nearest == 2 * ORIENTATIONS] = 0
    shape = 2 * ORIENTATIONS, count, height // CELL, width // CELL
    nearest *= math.prod(shape[1:])
    bins = np.bincount((cells + nearest).ravel(), (shares * magnitude).ravel(), math.prod(shape))
    return np.ascontiguousarray(_normalise(bins.reshape(shape).astype(np.float32)).swapaxes(0, 1))


def _gradients(patches: NDArray[np.uint8]) -> tuple[Float, Float]:
    """Magnitude (in units of the full brightness range) and angle in [0, 2 pi] of each pixel's strongest channel."""
    count, height, width, _ = patches.shape
    x, y, best = (np.zeros((count * height, width), np.float32) for _ in range(3))
    for plane in cv2.split(patches.reshape(count * height, width, 3)):
        across = cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=1)
        down = cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=1)
        down.reshape(count, height, width)[:, [0, -1]] = 0  # not across the seam of two patches
        power = across * across
        power += down * down
        stronger = (power > best).view(np.uint8)
        for kept, other in ((x, across), (y, down), (best, power)):
            cv2.copyTo(other, stronger, kept)
    angle = np.asarray(cv2.phase(x, y), np.float32)
    return np.asarray(np.sqrt(best) / np.float32(255.0), np.float32).ravel(), angle.ravel()


@cache
def _cell_binning(count: int, height: int, width: int) -> tuple[NDArray[np.intp], Float]:
    """For every pixel the first bins of the four cells it counts for, and its bilinear shares: both (4, pixels)."""
    rows, columns = height // CELL, width // CELL
    y = (np.arange(height) + 0.5) / CELL - 0.5
    x = (np.arange(width) + 0.5) / CELL - 0.5
    cells, shares = [], []
    for down in (0, 1):
        for right in (0, 1):
            row = np.floor(y).astype(np.intp) + down
            column = np.floor(x).astype(np.intp) + right
            share = np.outer(1 - np.abs(y - row), 1 - np.abs(x - column))
            share *= np.outer((row >= 0) & (row < rows), (column >= 0) & (column < columns))
            cell = np.clip(row, 0, rows - 1)[:, None] * columns + np.clip(column, 0, columns - 1)
            cells.append((np.arange(count)[:, None, None] * rows * columns + cell).ravel())
            shares.append(np.tile(share.ravel(), count))
    return np.stack(cells), np.stack(shares).astype(np.float32)


def _normalise(signed: Float) -> Float:
    """Contrast-normalise (18, N, h, w) by the four 2x2 blocks around each cell: (31, N, h, w)."""
    unsigned = signed[:ORIENTATIONS] + signed[ORIENTATIONS:]
    energy = np.pad((unsigned * unsigned).sum(0), ((0, 0), (1, 1), (1, 1)), mode="edge")
    pairs = energy[:, 1:] + energy[:, :-1]
    blocks = pairs[:, :, 1:] + pairs[:, :, :-1]  # (N, h + 1, w + 1)
    scale = 1 / np.sqrt(blocks + np.float32(1e-4))
    height, width = signed.shape[2:]
    out = np.zeros((GRADIENT_CHANNELS, *signed.shape[1:]), np.float32)
    both = np.concatenate([signed, unsigned])
    clipped = np.empty_like(both)
    corners = ((0, 0), (0, 1), (1, 0), (1, 1))
    for index, (down, right) in enumerate(corners):
        factor = np.ascontiguousarray(scale[:, down : down + height, right : right + width])
        np.minimum(np.multiply(both, factor, out=clipped), np.float32(0.2), out=clipped)
        out[: 3 * ORIENTATIONS] += clipped
        out[3 * ORIENTATIONS + index] = clipped[: 2 * ORIENTATIONS].sum(0)
    out[: 3 * ORIENTATIONS] *= np.float32(0.5)
    out[3 * ORIENTATIONS :] *= np.float32(0.2357)
    return out


def colour_memberships(patch: NDArray[np.uint8]) -> Float:
    """How much each cell has of each basic colour, in [0, 1]: (COLOUR_CHANNELS, H/CELL, W/CELL)."""
    height, width = patch.shape[:2]
    half = np.asarray(cv2.resize(patch, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
    shares = _colour_table()[colour_index(half, 5)]  # (H/2, W/2, colours); a cell has two by two of them
    shares = shares[0::2] + shares[1::2]
    shares = (shares[:, 0::2] + shares[:, 1::2]) * np.float32(0.25)
    return np.ascontiguousarray(shares.transpose(2, 0, 1))


def colour_index(image: NDArray[np.uint8], bits: int) -> NDArray[np.intp]:
    """Each pixel's place in a colour table with ``bits`` bits per channel: (H, W)."""
    coarse = (image >> (8 - bits)).astype(np.intp)
    return (coarse[..., 0] << (2 * bits)) | (coarse[..., 1] << bits) | coarse[..., 2]


@cache
def _colour_table() -> Float:
    """(32768, COLOUR_CHANNELS): memberships of every RGB colour at 5 bits per channel, less their mean."""
    levels = (np.arange(32, dtype=np.float32) * 8 + 4) / 255
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(1, -1, 3)
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0]
    distance = ((lab[:, None] - _ANCHORS) ** 2).sum(-1)
    memberships = np.exp(-distance / (2 * _ANCHOR_REACH**2)) + 1e-6
    table = memberships / memberships.sum(1, keepdims=True)
    return (table - table.mean(0)).astype(np.float32)


def _power(features: Float) -> np.float32:
    return np.float32(np.sqrt(np.mean(features * features) + np.float32(1e-6)))
