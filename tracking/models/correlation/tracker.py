"""Framewise CF: follows boxes with correlation filters learnt on the spot; needs no weights.

On each frame a filter finds where the object went, another how it grew, and the motion of its pixels how it stretched;
the spread of its colours helps where the pixels don't move as one. What is found is believed, and learnt from, as far
as it looks like what is remembered. An object that isn't believed any more counts as lost, and is looked for all over
the frame, a few places at a time, until something looks like it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np

from tracking.layers.box_tracker import BoxTracker, Target
from tracking.layers.cores import Cores
from tracking.models.correlation.colour import BITS as COLOUR_BITS
from tracking.models.correlation.colour import ColourModel
from tracking.models.correlation.confidence import Evidence, Memory, across, look_of
from tracking.models.correlation.features import (
    CELL,
    CHANNELS,
    Float,
    Levels,
    colour_index,
    features_at,
    gradient_histograms,
    grid_features,
    levels_of,
)
from tracking.models.correlation.filters import (
    Peak,
    ScaleFilter,
    TranslationFilter,
    growths,
    learn_sizes,
    peaks_of,
    respond,
    transform,
)
from tracking.models.correlation.flow import Stretch, flow_patch, stretches
from tracking.models.correlation.lookout import Lookout
from tracking.models.correlation.outline import Outline, adjustment, outline, window
from tracking.models.correlation.patches import Image, Region, cut, cut_sizes
from tracking.types import Box, Frame

GRID = 48
"""Cells along a side of the search patch."""
PATCH_PX = GRID * CELL
REACH = 5.0
"""Side of the searched square in the object's mean sides."""
COLOUR_WEIGHT = 0.15
"""How much an object's colours count beside its filter when the best place is chosen (Staple's merge factor)."""
SMALLEST_PX = 4.0
"""Objects are searched for as if their mean side were at least this long."""
SCALE_PX = 32
"""Sides of the patches that sizes are compared on."""
LARGEST_STRETCH = 1.1
"""Most that a side may change from frame to frame by the pixels' motion."""
BELIEVE, DISBELIEVE = 0.95, 0.6
"""Agreement of the pixels' motion from which on a stretch is taken in full, and below which it is ignored."""
RIGID, BENDING = 0.7, 0.4
"""Agreement of the pixels' motion from which on an object's outline isn't asked, and below which it counts in full."""
OUTLINE_MOVES, OUTLINE_SIZES = 0.3, 0.15
"""How far a box follows the object's outline in one frame."""
LARGEST_GROUP = 8
"""Most objects that are computed together: with more, what is computed no longer fits into a core's cache."""
LEARN_FROM = 0.5
"""Belief from which on a find is learnt from."""
EAGER, EVERY = 10, 3
"""So many finds are learnt from at first, then one of so many: neighbouring frames teach the filters the same, and
learning costs as much as finding. What is remembered of the object's look and pixels is kept up on every frame.
Objects take turns, by where they were prompted, so that no frame takes much longer than others."""
LOOK_MARGIN = 2
"""Cells around the object that are cut out with it, so that its contrast is set right up to its edge."""
PATIENCE = 4
"""Frames in a row on which an object is followed though it isn't believed; after that it counts as lost. What bends,
blurs or shakes is doubted for a moment and believed again; looking for it elsewhere would lose it."""
IN_VIEW, GONE = 1 / 3, 1 / 6
"""Shares of a box in the frame: from the first on its object is believed in full, less and less down to none; up to the
second there is no patience with a doubted one, which has left the frame."""
FOUND_AGAIN = 0.7
"""Belief needed to take a lost object as returned."""


@dataclass
class CorrelationTarget(Target):
    """What is known of one object.

    ``box`` is what people see, cut off at the frame's edge; ``place`` is the whole box. ``per_width``,
    ``per_height``: sides of the search region as multiples of the box's. ``seen``: the object when it was last learnt
    from, as ``flow_patch`` has it. ``levels``: of the last search patch learnt. ``prompted``: its outline as prompted.
    ``turn``: of EVERY finds the one that is learnt from.
    ``lookout`` is there while the object is lost. ``doubts``: on how many frames in a row it hasn't been believed;
    ``finds``: how many have been learnt from; ``believed``: the whole box when it last was.
    """

    place: Box
    per_width: float
    per_height: float
    translation: TranslationFilter
    scale: ScaleFilter
    colours: ColourModel
    levels: Levels
    memory: Memory
    seen: Image
    prompted: Outline
    turn: int
    lookout: Lookout | None = None
    doubts: int = 0
    finds: int = 0
    believed: Box | None = None

    def region(self) -> Region:
        return self.region_of(self.place)

    def region_of(self, box: Box) -> Region:
        x, y = box.centre
        return Region(x, y, box.width * self.per_width, box.height * self.per_height)

    @property
    def cells(self) -> tuple[float, float]:
        """Width and height of the object in cells."""
        return GRID / self.per_width, GRID / self.per_height


@dataclass(frozen=True, slots=True)
class Find:
    """One place that may be the object: its box, what is in it, and what speaks for it."""

    box: Box
    look: Float
    peak: Peak
    evidence: Evidence


class CorrelationTracker(BoxTracker[CorrelationTarget]):
    """Follows each object by filters of its own. Objects share nothing but calls: those of a group are computed
    together, and groups on all cores at once. What is found doesn't depend on how many there are."""

    def __init__(self, *, threshold: float) -> None:
        super().__init__(threshold=threshold, batch=sys.maxsize)
        self._cores = Cores()

    def begin(self, frame: Frame, boxes: Sequence[Box]) -> list[CorrelationTarget]:
        return self._cores.map(lambda box: new_target(frame.image, box), boxes)

    def follow(self, frame: Frame, targets: Sequence[CorrelationTarget]) -> list[float]:
        groups = _groups(targets, self._cores.count)
        confidences = self._cores.map(lambda group: self._follow_together(frame, group), groups)
        return [confidence for group in confidences for confidence in group]

    def _follow_together(self, frame: Frame, targets: Sequence[CorrelationTarget]) -> list[float]:
        finds = find(frame.image, targets)
        judged = [self._judge(frame, *pair) for pair in zip(targets, finds, strict=True)]
        believed = [(target, found) for target, found, (_, sure) in zip(targets, finds, judged, strict=True) if sure]
        learn(frame.image, believed)
        return [confidence for confidence, _ in judged]

    def _judge(self, frame: Frame, target: CorrelationTarget, find: Find) -> tuple[float, bool]:
        """Move a target to what was found, or leave it for lost. Returns how sure to be of it, and whether the find is
        to be learnt from."""
        share = _share_inside(find.box, frame)
        inside = min(1.0, share / IN_VIEW)
        belief = find.evidence.belief * inside
        needed = self.threshold if target.lookout is None else max(self.threshold, FOUND_AGAIN)
        if belief < needed:
            target.doubts += 1
            if target.lookout is None and target.doubts <= PATIENCE and share > GONE:
                self._place(frame, target, find.box)
                return self.threshold, False
            if target.lookout is None:
                # What was followed in doubt may have been what covers it.
                self._place(frame, target, target.believed or target.place)
                target.lookout = Lookout(target.region(), target.place, frame.width, frame.height)
            return min(belief, max(0.0, self.threshold - 0.01)), False
        target.lookout, target.doubts, target.believed = None, 0, find.box
        self._place(frame, target, find.box)
        return max(find.evidence.confidence * inside, self.threshold), belief >= LEARN_FROM

    @staticmethod
    def _place(frame: Frame, target: CorrelationTarget, box: Box) -> None:
        target.place = box
        target.box = box.clipped(frame.width, frame.height)


def _groups(targets: Sequence[CorrelationTarget], cores: int) -> list[Sequence[CorrelationTarget]]:
    """The targets in groups of about the same size: as many for each core, none larger than LARGEST_GROUP."""
    count = min(len(targets), cores * math.ceil(len(targets) / (cores * LARGEST_GROUP)))
    edges = [index * len(targets) // count for index in range(count + 1)] if count else []
    return [targets[first:last] for first, last in pairwise(edges)]


def new_target(image: Image, box: Box) -> CorrelationTarget:
    """An object known from one look at it."""
    side = REACH * max(math.sqrt(box.area), SMALLEST_PX)
    per_width, per_height = side / box.width, side / box.height
    width, height = GRID / per_width, GRID / per_height
    x, y = box.centre
    patch = cut(image, Region(x, y, side, side), PATCH_PX, PATCH_PX)
    features, powers = grid_features(patch[None])
    (levels,) = levels_of(features, powers)
    colours = ColourModel(PATCH_PX, width * CELL, height * CELL)
    colours.learn(patch)
    target = CorrelationTarget(
        box=box,
        place=box,
        per_width=per_width,
        per_height=per_height,
        translation=TranslationFilter(CHANNELS, GRID, width, height),
        scale=ScaleFilter(),
        colours=colours,
        levels=levels,
        memory=Memory(look_of(features[0], levels, width, height)),
        seen=flow_patch(image, box),
        prompted=outline(colours.likelihood(patch), width * CELL, height * CELL),
        turn=int(box.x1 + box.y1) % EVERY,
    )
    target.translation.learn(transform(features)[0])
    learn_sizes([target.scale], scale_samples(image, [box]))
    return target


def find(image: Image, targets: Sequence[CorrelationTarget]) -> list[Find]:
    """The best match of each object: near its last place, or in a few more places of the frame if it is lost."""
    places = [
        [target.region()] if target.lookout is None else target.lookout.places(image, target.colours)
        for target in targets
    ]
    searches = [(target, region) for target, regions in zip(targets, places, strict=True) for region in regions]
    matches = iter(
        [
            match
            for first in range(0, len(searches), LARGEST_GROUP)
            for match in search(image, searches[first : first + LARGEST_GROUP])
        ]
    )
    best = [max(islice(matches, len(regions)), key=lambda match: match[1].height) for regions in places]
    return refined(image, targets, best)


def search(image: Image, searches: Sequence[tuple[CorrelationTarget, Region]]) -> list[tuple[Box, Peak]]:
    """The best match of each object in a region, its size being the region's share."""
    patches = np.stack([cut(image, region, PATCH_PX, PATCH_PX) for _, region in searches])
    samples = transform(grid_features(patches)[0])
    responses = respond([target.translation for target, _ in searches], samples)
    colours = colour_index(patches.reshape(-1, PATCH_PX, 3), COLOUR_BITS).reshape(patches.shape[:3])
    likely = np.stack(
        [target.colours.response(seen, CELL) for (target, _), seen in zip(searches, colours, strict=True)]
    )
    guides = (1 - COLOUR_WEIGHT) * responses + COLOUR_WEIGHT * likely
    peaks = peaks_of(responses, guides, exclude=GRID / REACH / 2)
    return [(matched(*searched, peak), peak) for searched, peak in zip(searches, peaks, strict=True)]


def matched(target: CorrelationTarget, region: Region, peak: Peak) -> Box:
    """The box of an object whose match in ``region`` is at ``peak``."""
    x, y = region.x + peak.x * region.width / GRID, region.y + peak.y * region.height / GRID
    return _boxed(x, y, region.width / target.per_width, region.height / target.per_height)


def refined(image: Image, targets: Sequence[CorrelationTarget], matches: Sequence[tuple[Box, Peak]]) -> list[Find]:
    """Matches with their sizes and aspects set right."""
    boxes = [box for box, _ in matches]
    sizes = growths([target.scale for target in targets], scale_samples(image, boxes))
    boxes = [_grown(box, growth, growth) for box, growth in zip(boxes, sizes, strict=True)]
    changes = stretches([target.seen for target in targets], [flow_patch(image, box) for box in boxes])
    for index, (target, change) in enumerate(zip(targets, changes, strict=True)):
        boxes[index] = _stretched(boxes[index], change)
        bending = 1 - _ramp(change.agreement, BENDING, RIGID)
        if bending > 0 and target.prompted.trust > 0:
            boxes[index] = outlined(image, target, boxes[index], bending)
    looks = looks_at(image, targets, boxes)
    return [
        Find(box, look, peak, target.memory.evidence(peak, look, change.agreement))
        for target, box, look, (_, peak), change in zip(targets, boxes, looks, matches, changes, strict=True)
    ]


def outlined(image: Image, target: CorrelationTarget, box: Box, weight: float) -> Box:
    """A box brought nearer to the outline of the object's colours, as far as ``weight`` and their clearness allow."""
    width, height = (cells * CELL for cells in target.cells)
    columns, rows = (min(2 * (window(side) + 1), PATCH_PX) for side in (width, height))
    patch = cut(image, _inner(target.region_of(box), columns, rows), columns, rows)
    change = adjustment(outline(target.colours.likelihood(patch), width, height), target.prompted)
    trust = weight * change.trust
    x, y = box.centre
    move = OUTLINE_MOVES * trust
    return _boxed(
        x + move * change.x * box.width / width,
        y + move * change.y * box.height / height,
        box.width * change.across ** (OUTLINE_SIZES * trust),
        box.height * change.down ** (OUTLINE_SIZES * trust),
    )


def looks_at(image: Image, targets: Sequence[CorrelationTarget], boxes: Sequence[Box]) -> list[Float]:
    """What there is in each object's box, as ``look_of`` has it."""
    sizes = [[min(across(GRID, cells) + 2 * LOOK_MARGIN, GRID) for cells in target.cells] for target in targets]
    columns, rows = (max(size) * CELL for size in zip(*sizes, strict=True))
    regions = [_inner(target.region_of(box), columns, rows) for target, box in zip(targets, boxes, strict=True)]
    patches = np.stack([cut(image, region, columns, rows) for region in regions])
    features = features_at(patches, [target.levels for target in targets])
    return [look_of(part, target.levels, *target.cells) for target, part in zip(targets, features, strict=True)]


def learn(image: Image, finds: Sequence[tuple[CorrelationTarget, Find]]) -> None:
    """Take finds, believed to be the objects, into what is known of them."""
    due = []
    for target, found in finds:
        target.memory.learn(found.look, found.peak)
        target.seen = flow_patch(image, found.box)
        target.finds += 1
        if target.finds <= EAGER or target.finds % EVERY == target.turn:
            due.append((target, found.box))
    if not due:
        return
    patches = np.stack([cut(image, target.region_of(box), PATCH_PX, PATCH_PX) for target, box in due])
    features, powers = grid_features(patches)
    levels = levels_of(features, powers)
    for (target, _), patch, level, sample in zip(due, patches, levels, transform(features), strict=True):
        target.levels = level
        target.translation.learn(sample)
        target.colours.learn(patch)
    learn_sizes([target.scale for target, _ in due], scale_samples(image, [box for _, box in due]))


def scale_samples(image: Image, boxes: Sequence[Box]) -> Float:
    """Gradients of objects cut out at each size of a scale filter: (N, sizes, D)."""
    patches = []
    for box in boxes:
        x, y = box.centre
        patches.append(cut_sizes(image, Region(x, y, box.width, box.height), ScaleFilter.factors, SCALE_PX, SCALE_PX))
    gradients = gradient_histograms(np.stack(patches)).swapaxes(1, 2)
    return gradients.reshape(*gradients.shape[:2], -1)


def _inner(region: Region, columns: int, rows: int) -> Region:
    """The middle of a search region: as much as ``columns`` x ``rows`` px of its patch show."""
    return Region(region.x, region.y, region.width * columns / PATCH_PX, region.height * rows / PATCH_PX)


def _stretched(box: Box, change: Stretch) -> Box:
    trust = _ramp(change.agreement, DISBELIEVE, BELIEVE)
    across = min(max(change.across, 1 / LARGEST_STRETCH), LARGEST_STRETCH)
    down = min(max(change.down, 1 / LARGEST_STRETCH), LARGEST_STRETCH)
    return _grown(box, across**trust, down**trust)


def _ramp(value: float, none: float, full: float) -> float:
    return min(max((value - none) / (full - none), 0.0), 1.0)


def _grown(box: Box, across: float, down: float) -> Box:
    x, y = box.centre
    return _boxed(x, y, box.width * across, box.height * down)


def _boxed(x: float, y: float, width: float, height: float) -> Box:
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _share_inside(box: Box, frame: Frame) -> float:
    """How much of the box's area is in the frame, in [0, 1]."""
    return box.clipped(frame.width, frame.height).area / box.area if box.area > 0 else 0.0


def create(*, threshold: float = 0.3) -> CorrelationTracker:
    """A tracker that needs nothing but the prompt. ``threshold``: belief below which an object counts as lost."""
    return CorrelationTracker(threshold=threshold)
