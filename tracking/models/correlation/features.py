"""What the filters see of a picture: gradient histograms and colours on a grid of cells.

Gradient histograms follow Felzenszwalb et al., *Object Detection with Discriminatively Trained Part Based Models*, 2010
(31 channels). Colours are soft memberships in a few basic colours, after the idea of colour names (van de Weijer et
al., 2009), with fixed anchors in CIE Lab instead of a learnt table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

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


def grid_features(patches: NDArray[np.uint8]) -> tuple[Float, Float]:
    """Gradients and colours of RGB pictures, and the root mean squares that they were divided by.

    Both groups are scaled to a mean square of 1, so that neither outweighs the other by its units.

    Args:
        patches: (N, H, W, 3), sides multiples of CELL.

    Returns: (N, CHANNELS, H/CELL, W/CELL); and (N, 2), of gradients and of colours. ``levels_of`` takes both.
    """
    gradients, colours = gradient_histograms(patches[:, None])[:, :, 0], colour_memberships(patches)
    powers = np.stack([_powers(gradients), _powers(colours)], 1)
    features = np.empty((len(patches), CHANNELS, *colours.shape[2:]), np.float32)
    np.divide(gradients, powers[:, 0, None, None, None], out=features[:, :GRADIENT_CHANNELS])
    np.divide(colours, powers[:, 1, None, None, None], out=features[:, GRADIENT_CHANNELS:])
    return features, powers


def levels_of(features: Float, powers: Float) -> list[Levels]:
    """What features are measured against, from all that ``grid_features`` returned."""
    means = features.mean((2, 3), keepdims=True)
    return [Levels(*each) for each in zip(powers[:, 0], powers[:, 1], means, strict=True)]


def features_at(patches: NDArray[np.uint8], levels: Sequence[Levels]) -> Float:
    """Features of small parts of pictures, each on the scale of a larger patch's levels: as ``grid_features``."""
    features = np.concatenate([gradient_histograms(patches[:, None])[:, :, 0], colour_memberships(patches)], 1)
    by = np.array([(level.gradients, level.colours) for level in levels], np.float32)
    features[:, :GRADIENT_CHANNELS] /= by[:, 0, None, None, None]
    features[:, GRADIENT_CHANNELS:] /= by[:, 1, None, None, None]
    return features


def gradient_histograms(patches: NDArray[np.uint8]) -> Float:
    """Normalised histograms of oriented gradients.

    Args:
        patches: (N, K, H, W, 3): N series of K pictures each; sides multiples of CELL.

    Returns: (N, 31, K, H/CELL, W/CELL): 18 signed orientations, 9 unsigned ones, 4 texture energies, each in [0, 1].
    """
    count, length, height, width, _ = patches.shape
    magnitudes, angles = (each.reshape(count, -1) for each in _gradients(patches.reshape(-1, height, width, 3)))
    # Each pixel counts for the orientation nearest to its own, as in the paper.
    nearest = (angles * np.float32(ORIENTATIONS / np.pi) + np.float32(0.5)).astype(np.int32)  # [0, 18]
    nearest[nearest == 2 * ORIENTATIONS] = 0
    shape = count, 2 * ORIENTATIONS, length, height // CELL, width // CELL
    nearest *= math.prod(shape[2:])
    cells, shares, ends = _cell_binning(1 << (count - 1).bit_length(), length, height, width)
    cells, shares, ends = cells[:count], shares[:count], ends[: shares[:count].size + 1]
    # Added up by one sparse product: in single precision, and without holding up other threads.
    pixels = csc_array(
        (shares.ravel(), (cells + nearest[:, None]).ravel(), ends), shape=(math.prod(shape), shares.size)
    )
    weights = np.empty(shares.shape, np.float32)
    weights[:] = magnitudes[:, None]
    return _normalise((pixels @ weights.ravel()).reshape(shape))


def _gradients(patches: NDArray[np.uint8]) -> tuple[Float, Float]:
    """Magnitude (in units of the full brightness range) and angle in [0, 2 pi] of each pixel's strongest channel."""
    count, height, width, _ = patches.shape
    first, *others = _planes(patches.reshape(count * height, width, 3))
    x, y, best = _derivatives(first, height)
    for plane in others:
        across, down, power = _derivatives(plane, height)
        stronger = (power > best).view(np.uint8)
        cv2.copyTo(across, stronger, x)
        cv2.copyTo(down, stronger, y)
        np.maximum(best, power, out=best)
    magnitude = np.sqrt(best, out=best)
    magnitude *= np.float32(1 / 255)
    return magnitude.ravel(), np.asarray(cv2.phase(x, y), np.float32).ravel()


def _derivatives(plane: NDArray[np.uint8], height: int) -> tuple[Float, Float, Float]:
    """Differences across and down, and the sum of their squares, of one channel of pictures of ``height`` rows that
    stand on each other."""
    across = np.asarray(cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=1), np.float32)
    down = np.asarray(cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=1), np.float32)
    down[::height] = down[height - 1 :: height] = 0  # not across the seam of two patches
    power = across * across
    power += down * down
    return across, down, power


@lru_cache(maxsize=24)
def _cell_binning(
    count: int, length: int, height: int, width: int
) -> tuple[NDArray[np.int32], Float, NDArray[np.int32]]:
    """How the pixels of ``count`` series of ``length`` pictures count for the four cells around them: the first bins of
    these cells and each pixel's bilinear shares of them, both (count, 4, pixels of a series), and the numbers from 0 to
    the size of either."""
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
            cells.append((np.arange(length)[:, None, None] * rows * columns + cell).ravel())
            shares.append(np.tile(share.ravel(), length))
    bins = 2 * ORIENTATIONS * length * rows * columns
    places = (np.arange(count)[:, None, None] * bins + np.stack(cells)).astype(np.int32)
    weights = np.tile(np.stack(shares).astype(np.float32), (count, 1, 1))
    return places, weights, np.arange(places.size + 1, dtype=np.int32)


def _normalise(signed: Float) -> Float:
    """Contrast-normalise (N, 18, K, h, w) by the four 2x2 blocks around each cell: (N, 31, K, h, w)."""
    count, _, length, height, width = signed.shape
    both = np.empty((count, 3 * ORIENTATIONS, length, height, width), np.float32)
    both[:, : 2 * ORIENTATIONS] = signed
    unsigned = np.add(signed[:, :ORIENTATIONS], signed[:, ORIENTATIONS:], out=both[:, 2 * ORIENTATIONS :])
    energy = np.empty((count, length, height + 2, width + 2), np.float32)
    np.einsum("nokhw,nokhw->nkhw", unsigned, unsigned, out=energy[..., 1:-1, 1:-1])
    energy[..., 0, :], energy[..., -1, :] = energy[..., 1, :], energy[..., -2, :]
    energy[..., 0], energy[..., -1] = energy[..., 1], energy[..., -2]
    pairs = energy[..., 1:, :] + energy[..., :-1, :]
    blocks = pairs[..., 1:] + pairs[..., :-1]  # (N, K, h + 1, w + 1)
    scale = 1 / np.sqrt(blocks + np.float32(1e-4))
    out = np.empty((count, GRADIENT_CHANNELS, length, height, width), np.float32)
    total, next_one = out[:, : 3 * ORIENTATIONS], np.empty_like(both)
    corners = ((0, 0), (0, 1), (1, 0), (1, 1))
    for index, (down, right) in enumerate(corners):
        factor = np.ascontiguousarray(scale[..., down : down + height, right : right + width])[:, None]
        clipped = next_one if index else total
        np.minimum(np.multiply(both, factor, out=clipped), np.float32(0.2), out=clipped)
        np.sum(clipped[:, : 2 * ORIENTATIONS], axis=1, out=out[:, 3 * ORIENTATIONS + index])
        if index:
            total += clipped
    total *= np.float32(0.5)
    out[:, 3 * ORIENTATIONS :] *= np.float32(0.2357)
    return out


def colour_memberships(patches: NDArray[np.uint8]) -> Float:
    """How much each cell of RGB pictures, (N, H, W, 3), has of each basic colour, in [0, 1]:
    (N, COLOUR_CHANNELS, H/CELL, W/CELL)."""
    count, height, width, _ = patches.shape
    size = width // 2, count * height // 2
    half = np.asarray(cv2.resize(patches.reshape(-1, width, 3), size, interpolation=cv2.INTER_AREA), np.uint8)
    # (N * H/2, W/2, colours); a cell has two by two of them.
    shares = _colour_table().take(colour_index(half, 5), axis=0)
    shares = shares[0::2] + shares[1::2]
    shares = (shares[:, 0::2] + shares[:, 1::2]) * np.float32(0.25)
    return np.ascontiguousarray(shares.reshape(count, height // CELL, width // CELL, -1).transpose(0, 3, 1, 2))


def colour_index(image: NDArray[np.uint8], bits: int) -> NDArray[np.intp]:
    """Each pixel's place in a colour table with ``bits`` bits per channel: (H, W)."""
    red, green, blue = (np.right_shift(plane, 8 - bits, dtype=np.uint16) for plane in _planes(image))
    red <<= 2 * bits
    green <<= bits
    red |= green
    red |= blue
    return red.astype(np.intp)


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


def _planes(image: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [np.asarray(plane, np.uint8) for plane in cv2.split(image)]


def _powers(features: Float) -> Float:
    """Root mean square of each of N."""
    flat = features.reshape(len(features), -1)
    return np.sqrt(np.vecdot(flat, flat) / np.float32(flat.shape[1]) + np.float32(1e-6))
