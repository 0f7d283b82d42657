"""Click segmentation without learnt parameters: what is near the clicks, is coloured like them and has no edge between.

Each superpixel of a window gets a log-odds of belonging to the object from the ways to the clicks and to the border,
the box and the previous answer. Colours of what is likely inside and outside are learnt from it, and random walks
smooth it, a few times over (see ``superpixels``). An object that is small in the picture is looked at more closely in a
window of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tracking.segmenter import Click, Embedding, Segmented, check_prompts, cropped
from tracking.segmenters.regions.superpixels import REGION_SIDE, Superpixels, Values, Window
from tracking.shapes.bitmaps import spread
from tracking.types import Box, Mask, TrackingError

WAY_GAIN, BORDER_HEAD_START = 2.5, 0.6
"""How much it counts that a click is nearer than what isn't the object; how far off the border is taken to be."""
NEAR_GAIN, NEAR = 2.0, 0.16
"""How much it counts to be near a click, and how near that is, as a share of the diagonal."""
LATER = 0.5
"""How much of ``NEAR_GAIN`` is left once there is a previous answer."""
PREVIOUS_GAIN, FRESH = 4.0, 0.12
"""How much the previous answer counts, and how far from the last click (of the diagonal) it begins to."""
COLOUR_GAIN, COLOUR_FLOOR, COLOUR_LIMIT = 0.8, 1e-3, 3.0
BOX_GAIN, BOX_REACH, BOX_WAY_GAIN = 1.2, 1.16, 0.8
"""How likely a box's centre is the object, where towards the corners that turns, and what edges on the way count."""
BOX_RING = 0.3
"""Colours around a box are learnt from so far off, as a share of its sides."""
ROUNDS = 3
SMALLEST_PIECE = 0.2
"""Of a box's pieces those of so much of the largest one's area are kept."""
CLOSER_BELOW = 0.5
"""An object that takes less than this share of the window's side is looked at more closely."""
CLOSER_MARGIN = 0.6
CLOSER_GRID = 64
"""Windows begin and end at multiples of this many px, so that one serves several clicks."""
CLOSER_KEPT = 3
SMALLEST_WINDOW = 96
GUIDE_RADIUS, GUIDE_SOFTNESS = 3, 25.0


def create() -> Regions:
    """The segmenter, which has nothing to load."""
    return Regions()


class _Look(Embedding):
    """A picture with its superpixels, and those of the windows that were looked at more closely."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        height, width = image.shape[:2]
        self.image = image
        self.whole = Superpixels(image, Window(0, 0, width, height))
        self._closer: OrderedDict[Window, Superpixels] = OrderedDict()

    @property
    def size(self) -> tuple[int, int]:
        return self.image.shape[0], self.image.shape[1]

    @property
    def nbytes(self) -> int:
        return int(self.image.nbytes + (1 + CLOSER_KEPT) * self.whole.nbytes)

    def closer(self, window: Window) -> Superpixels:
        """The superpixels of a window; few are kept."""
        if window not in self._closer:
            self._closer[window] = Superpixels(self.image, window)
            if len(self._closer) > CLOSER_KEPT:
                self._closer.popitem(last=False)
        self._closer.move_to_end(window)
        return self._closer[window]


class Regions:
    """A ``Segmenter``; embedding takes the time of a few clicks."""

    def embed(self, image: NDArray[np.uint8]) -> Embedding:
        return _Look(np.ascontiguousarray(image))

    def segment(
        self, embedding: Embedding, clicks: Sequence[Click], box: Box | None = None, previous: Mask | None = None
    ) -> Segmented:
        if not isinstance(embedding, _Look):
            raise TrackingError(f"An embedding belongs to the segmenter that made it; a {type(embedding)} came.")
        check_prompts(embedding.size, clicks, box, previous)
        window = _window(embedding, clicks, box, previous)
        parts = embedding.whole if window is None else embedding.closer(window)
        likely = _likely(parts, clicks, box, previous)
        return _answer(parts, likely, clicks, box, embedding.size)


def _window(look: _Look, clicks: Sequence[Click], box: Box | None, previous: Mask | None) -> Window | None:
    """Where to look more closely; None: the whole picture shows the object large enough."""
    height, width = look.size
    if look.whole.window.scale == 1 or (box is None and (previous is None or not previous.area)):
        return None
    xs, ys = [click.x for click in clicks], [click.y for click in clicks]
    if box is not None:
        xs, ys = [*xs, box.x1, box.x2], [*ys, box.y1, box.y2]
    if previous is not None and previous.area:
        xs, ys = [*xs, previous.left, previous.left + previous.bitmap.shape[1]], [*ys, previous.top]
        ys = [*ys, previous.top + previous.bitmap.shape[0]]
    side = max(max(xs) - min(xs), max(ys) - min(ys))
    if side > CLOSER_BELOW * max(width, height):
        return None
    margin = max(CLOSER_MARGIN * side, SMALLEST_WINDOW / 2)
    left, right = _on_grid(min(xs) - margin, max(xs) + margin, width)
    top, bottom = _on_grid(min(ys) - margin, max(ys) + margin, height)
    return Window(left, top, right - left, bottom - top)


def _on_grid(low: float, high: float, end: int) -> tuple[int, int]:
    """A range that holds ``low..high``, within 0..``end``, from one multiple of the grid to another."""
    first = int(low // CLOSER_GRID) * CLOSER_GRID
    last = -int(-high // CLOSER_GRID) * CLOSER_GRID
    return min(max(first, 0), max(0, end - 1)), max(min(last, end), 1)


def _likely(parts: Superpixels, clicks: Sequence[Click], box: Box | None, previous: Mask | None) -> Values:
    """How likely each superpixel belongs to the object."""
    seeds = [(parts.at(click.x, click.y), click.positive) for click in clicks]
    inside = [seed for seed, positive in seeds if positive]
    outside = [seed for seed, positive in seeds if not positive]
    before = None if previous is None or not previous.area else _share(parts, previous)
    odds = np.zeros(parts.count)
    fixed, to = [seed for seed, _ in seeds], [float(positive) for _, positive in seeds]
    around = np.ones(parts.count)
    if box is not None:
        boxed, beyond, around = _in_box(parts, box)
        odds += boxed
        fixed, to = [*beyond.tolist(), *fixed], [0.0] * len(beyond) + to
    elif inside or before is not None:
        odds += _by_way(parts, inside or _core(parts, before, outside), outside)
        if inside:
            near = NEAR_GAIN * np.maximum(1 - parts.away(inside) / NEAR, -4)
            odds += near if before is None else LATER * near
    if before is not None:
        trust = 1 - np.exp(-parts.away([seeds[-1][0]]) / FRESH) if seeds else 1.0
        odds += PREVIOUS_GAIN * trust * (before - 0.5)
    return _settled(parts, odds, np.array(fixed, np.intp), np.array(to), around)


def _settled(parts: Superpixels, odds: Values, fixed: NDArray[np.intp], to: Values, around: Values) -> Values:
    """Let what is likely, its colours and its neighbours agree."""
    likely: Values = expit(odds)
    likely[fixed] = to
    for _ in range(ROUNDS):
        own = parts.colour_of(parts.area * likely**2) + COLOUR_FLOOR
        other = parts.colour_of(parts.area * (1 - likely) ** 2 * around) + COLOUR_FLOOR
        colour = np.clip(np.log(own / other), -COLOUR_LIMIT, COLOUR_LIMIT)
        likely = parts.smoothed(expit(odds + COLOUR_GAIN * colour), fixed, to)
    return likely


def _share(parts: Superpixels, mask: Mask) -> Values:
    """How much of each superpixel a mask covers, in [0, 1]."""
    window = parts.window
    moved = Mask(mask.left - window.left, mask.top - window.top, mask.bitmap)
    cut = spread(moved, (window.height, window.width)).astype(np.float32)
    height, width = window.size
    return parts.mean(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA))


def _core(parts: Superpixels, before: Values | None, outside: Sequence[int]) -> list[int]:
    """What stands for positive clicks where there are none: the inner part of the previous mask, away from the negative
    ones."""
    if before is None:
        return []
    depth = before * (1 if not outside else np.minimum(parts.away(outside) / FRESH, 1.0))
    return np.flatnonzero(depth >= min(0.9, float(depth.max()))).tolist()


def _by_way(parts: Superpixels, inside: Sequence[int], outside: Sequence[int]) -> Values:
    """Log-odds by whether the cheaper way leads to the clicks on the object or to those beside it and the border."""
    to_object = parts.way(inside)
    to_other = parts.from_border + BORDER_HEAD_START * float(np.median(parts.from_border))
    if outside:
        to_other = np.minimum(to_other, parts.way(outside))
    odds: Values = 2 * WAY_GAIN * (to_other - to_object) / (to_other + to_object + 1e-6)
    return odds


def _in_box(parts: Superpixels, box: Box) -> tuple[Values, NDArray[np.intp], Values]:
    """Log-odds by the place in a box; the superpixels beyond it; where other colours are learnt, by 0 or 1."""
    scale, (left, top) = parts.window.scale, (parts.window.left, parts.window.top)
    x1, y1, x2, y2 = ((box.x1 - left) * scale, (box.y1 - top) * scale, (box.x2 - left) * scale, (box.y2 - top) * scale)
    width, height = max(x2 - x1, 1.0), max(y2 - y1, 1.0)
    across = np.abs(parts.place[:, 0] - (x1 + x2) / 2) / width * 2
    down = np.abs(parts.place[:, 1] - (y1 + y2) / 2) / height * 2
    inside = (across < 1) & (down < 1)
    if not inside.any():
        inside[parts.at((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2)] = True
    beyond = np.flatnonzero(~inside)
    odds = BOX_GAIN * (1 - (across**2 + down**2) / BOX_REACH**2)
    if len(beyond):
        way = parts.way(beyond)
        odds += BOX_WAY_GAIN * np.clip(way / (float(np.median(way[inside])) + 1e-6) - 1, -1, 2)
    ring = (across < 1 + 2 * BOX_RING + REGION_SIDE / width) & (down < 1 + 2 * BOX_RING + REGION_SIDE / height)
    return odds, beyond, ring.astype(float)


def _answer(
    parts: Superpixels, likely: Values, clicks: Sequence[Click], box: Box | None, size: tuple[int, int]
) -> Segmented:
    """The mask in the picture's px, and what the likelihoods say of its IoU."""
    chosen = _kept(parts, likely > 0.5, [parts.at(click.x, click.y) for click in clicks if click.positive])
    expected = parts.area * likely
    outside = float(expected[~chosen].sum())
    score = float(expected[chosen].sum()) / max(float(parts.area[chosen].sum()) + outside, 1e-6)
    soft = np.where(chosen, likely, np.minimum(likely, 0.49))[parts.labels].astype(np.float32)
    if min(soft.shape) > 2 * GUIDE_RADIUS:
        soft = cv2.ximgproc.guidedFilter(parts.lab, soft, GUIDE_RADIUS, GUIDE_SOFTNESS).astype(np.float32, copy=False)
    window = parts.window
    bitmap = cv2.resize(soft, (window.width, window.height), interpolation=cv2.INTER_LINEAR) > 0.5
    _obey(bitmap, clicks, window)
    if box is not None:
        _cut(bitmap, box, window)
    return Segmented(cropped(bitmap, window.left, window.top), min(max(score, 0.0), 1.0))


def _kept(parts: Superpixels, chosen: NDArray[np.bool_], clicked: Sequence[int]) -> NDArray[np.bool_]:
    """The pieces that were clicked; where none was, the large ones."""
    if not chosen.any():
        return chosen
    pieces = parts.pieces(chosen)
    if clicked:
        return chosen & np.isin(pieces, pieces[list(clicked)])
    areas = np.bincount(pieces[chosen], parts.area[chosen], minlength=int(pieces.max()) + 1)
    kept: NDArray[np.bool_] = chosen & (areas[pieces] >= SMALLEST_PIECE * areas.max())
    return kept


def _obey(bitmap: NDArray[np.bool_], clicks: Sequence[Click], window: Window) -> None:
    """What was clicked is as was clicked, the later click over the earlier one; a little around it too."""
    radius = 1 / window.scale
    height, width = bitmap.shape
    for click in clicks:
        x, y = click.x - window.left, click.y - window.top
        rows = slice(max(0, int(y - radius)), min(height, int(y + radius) + 1))
        columns = slice(max(0, int(x - radius)), min(width, int(x + radius) + 1))
        bitmap[rows, columns] = click.positive


def _cut(bitmap: NDArray[np.bool_], box: Box, window: Window) -> None:
    """Leave nothing of the mask outside of the box."""
    x1, y1 = max(0, int(np.floor(box.x1 - window.left))), max(0, int(np.floor(box.y1 - window.top)))
    x2, y2 = max(0, int(np.ceil(box.x2 - window.left))), max(0, int(np.ceil(box.y2 - window.top)))
    bitmap[:y1], bitmap[y2:], bitmap[:, :x1], bitmap[:, x2:] = False, False, False, False
