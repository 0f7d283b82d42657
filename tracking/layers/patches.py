"""Looking at features between their cells, around many points of many frames at once.

Positions are in cells of the features: 0 is the centre of the first one. A point names its frame by its index in the
stack of features, so that points whose windows begin on different frames are computed together.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def pyramid(features: Tensor, levels: int) -> list[Tensor]:
    """(T, C, h, w) features and ``levels - 1`` coarser ones, each the mean of two by two cells of the one before."""
    found = [features]
    for _ in range(levels - 1):
        found.append(F.avg_pool2d(found[-1], 2))
    return found


def sample(features: Tensor, frames: Tensor, xy: Tensor) -> Tensor:
    """Features at positions between the cells, bilinear; beyond the border those of the border.

    Args:
        features: (T, C, h, w).
        frames: (...) whole numbers in [0, T).
        xy: (..., 2).

    Returns: (..., C).
    """
    cells, weights = _cells(features, frames, xy, 0, clamp=True)
    return torch.einsum("...yxc,...yx->...c", cells, weights)


def patches(features: Tensor, frames: Tensor, xy: Tensor, radius: int) -> Tensor:
    """As ``sample``, at all whole offsets up to ``radius`` from each position.

    Returns: (..., 2 radius + 1, 2 radius + 1, C), the first of the two axes along *x*.
    """
    cells, weights = _cells(features, frames, xy, radius, clamp=True)
    return _between(cells, weights).transpose(-3, -2)


def correlation(features: Tensor, frames: Tensor, xy: Tensor, wanted: Tensor, radius: int) -> Tensor:
    """How alike ``wanted`` and the features around each position are: products, zero beyond the border.

    Args:
        features: (T, C, h, w).
        frames: (...) whole numbers in [0, T).
        xy: (..., 2).
        wanted: (..., C).

    Returns: (..., (2 radius + 1)²), the offsets along x outermost.
    """
    cells, weights = _cells(features, frames, xy, radius, clamp=False)
    products = torch.einsum("...yxc,...c->...yx", cells, wanted)[..., None]
    return _between(products, weights).transpose(-3, -2).flatten(-3)


def _cells(features: Tensor, frames: Tensor, xy: Tensor, radius: int, *, clamp: bool) -> tuple[Tensor, Tensor]:
    """The (..., n, n, C) cells around each position, n = 2 radius + 2, and the (..., 2, 2) weights of neighbours.

    A position's offsets share their fraction, so that all of them need one more row and column than they are.
    """
    height, width = features.shape[-2:]
    corner = xy.floor()
    right, down = (xy - corner).unbind(-1)
    weights = torch.stack(
        [
            torch.stack([(1 - down) * (1 - right), (1 - down) * right], -1),
            torch.stack([down * (1 - right), down * right], -1),
        ],
        dim=-2,
    )
    reach = torch.arange(-radius, radius + 2, device=xy.device)
    # Far away is as good as outside; the cast of a huge number isn't defined.
    left, top = corner.clamp(-1e6, 1e6).long().unbind(-1)
    x, y = left[..., None] + reach, top[..., None] + reach
    inside = ((y >= 0) & (y < height))[..., :, None] & ((x >= 0) & (x < width))[..., None, :]
    x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
    place = (frames[..., None, None] * height + y[..., :, None]) * width + x[..., None, :]
    rows = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])
    cells = rows[place]
    return cells if clamp else cells * inside[..., None], weights


def _between(cells: Tensor, weights: Tensor) -> Tensor:
    """(..., n, n, C) cells to (..., n - 1, n - 1, C) between them."""
    size = cells.shape[-2] - 1
    found = cells.new_zeros(())
    for down in (0, 1):
        for right in (0, 1):
            part = cells[..., down : down + size, right : right + size, :]
            found = found + part * weights[..., down, right, None, None, None]
    return found
