"""Framewise CF: follows boxes with correlation filters learnt on the spot; needs no weights.

On each frame a filter finds where the object went, another how it grew, and the motion of its pixels how it stretched;
the spread of its colours helps where the pixels don't move as one. What is found is believed, and learnt from, as far
as it looks like what is remembered. An object that isn't believed any more counts as lost, and is looked for all over
the frame, a few places at a time, until something looks like it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tracking.layers.box_tracker import BoxTracker, Target
from tracking.layers.cores import Cores
from tracking.models.correlation.colour import ColourModel
from tracking.models.correlation.confidence import Evidence, Memory, across, look_of
from tracking.models.correlation.features import (
    CELL,
    CHANNELS,
    Float,
    Levels,
    features_at,
    gradient_histograms,
    grid_features,
)
from tracking.models.correlation.filters import Peak, ScaleFilter, TranslationFilter, peak_of
from tracking.models.correlation.flow import Stretch, flow_patch, stretch
from tracking.models.correlation.lookout import Lookout
from tracking.models.correlation.outline import Outline, adjustment, outline
from tracking.models.correlation.patches import Image, Region, cut, cut_all
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
LEARN_FROM = 0.5
"""Belief from which on a find is learnt from."""
EAGER, EVERY = 10, 3
"""So many finds are learnt from at first, then one of so many: neighbouring frames teach the filters the same, and
learning costs as much as finding. What is remembered of the object's look and pixels is kept up on every frame."""
LOOK_MARGIN = 2
"""Cells around the object that are cut out with it, so that its contrast is set right up to its edge."""
PATIENCE = 4
"""Frames in a row on which an object is followed though it isn't believed; after that it counts as lost. What bends,
blurs or shakes is doubted for a moment and believed again; looking for it elsewhere would lose it."""
MOSTLY_INSIDE = 0.5
"""Share (``_share_inside``) of a doubted object up to which there is no patience: it leaves the frame."""
FOUND_AGAIN = 0.7
"""Belief needed to take a lost object as returned."""


@dataclass
class CorrelationTarget(Target):
    """What is known of one object.

    ``box`` is what people see, cut off at the frame's edge; ``place`` is the whole box. ``per_width``,
    ``per_height``: sides of the search region as multiples of the box's. ``seen``: the object when it was last learnt
    from, as ``flow_patch`` has it. ``levels``: of the last search patch learnt. ``prompted``: its outline as prompted.
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
    """Follows each object by filters of its own. Objects share nothing, so they are followed on all cores at once; what
    is found doesn't depend on how many there are."""

    def __init__(self, *, threshold: float) -> None:
        super().__init__(threshold=threshold)
        self._cores = Cores()

    def begin(self, frame: Frame, boxes: Sequence[Box]) -> list[CorrelationTarget]:
        return self._cores.map(lambda box: self.new_target(frame.image, box), boxes)

    def follow(self, frame: Frame, targets: Sequence[CorrelationTarget]) -> list[float]:
        return self._cores.map(lambda target: self._follow_one(frame, target), targets)

    def new_target(self, image: Image, box: Box) -> CorrelationTarget:
        return new_target(image, box)

    def search(self, image: Image, target: CorrelationTarget, region: Region) -> tuple[Box, Peak]:
        """The best match of the object in ``region``, its size being the region's share."""
        response, guide = answers(image, target, region)
        peak = peak_of(response, guide, exclude=GRID / REACH / 2)
        return matched(target, region, peak), peak

    def learn(self, image: Image, target: CorrelationTarget, find: Find) -> None:
        learn(image, target, find)

    def look_around(self, image: Image, target: CorrelationTarget, lookout: Lookout) -> Find:
        """The best match of a lost object in a few more places of the frame."""
        matches = [self.search(image, target, region) for region in lookout.places(image, target.colours)]
        return refined(image, target, *max(matches, key=lambda match: match[1].height))

    def _follow_one(self, frame: Frame, target: CorrelationTarget) -> float:
        if target.lookout is None:
            find = refined(frame.image, target, *self.search(frame.image, target, target.region()))
        else:
            find = self.look_around(frame.image, target, target.lookout)
        inside = _share_inside(find.box, frame)
        belief = find.evidence.belief * inside
        needed = self.threshold if target.lookout is None else max(self.threshold, FOUND_AGAIN)
        if belief < needed:
            target.doubts += 1
            if target.lookout is None and target.doubts <= PATIENCE and inside > MOSTLY_INSIDE:
                self._place(frame, target, find.box)
                return self.threshold
            if target.lookout is None:
                # What was followed in doubt may have been what covers it.
                self._place(frame, target, target.believed or target.place)
                target.lookout = Lookout(target.region(), target.place, frame.width, frame.height)
            return min(belief, max(0.0, self.threshold - 0.01))
        target.lookout, target.doubts, target.believed = None, 0, find.box
        self._place(frame, target, find.box)
        if belief >= LEARN_FROM:
            self.learn(frame.image, target, find)
        return max(find.evidence.confidence * inside, self.threshold)

    @staticmethod
    def _place(frame: Frame, target: CorrelationTarget, box: Box) -> None:
        target.place = box
        target.box = box.clipped(frame.width, frame.height)


def new_target(image: Image, box: Box) -> CorrelationTarget:
    """An object known from one look at it."""
    side = REACH * max(math.sqrt(box.area), SMALLEST_PX)
    per_width, per_height = side / box.width, side / box.height
    width, height = GRID / per_width, GRID / per_height
    x, y = box.centre
    patch = cut(image, Region(x, y, side, side), PATCH_PX, PATCH_PX)
    features, levels = grid_features(patch)
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
        memory=Memory(look_of(features, levels, width, height)),
        seen=flow_patch(image, box),
        prompted=outline(colours.likelihood(patch), width * CELL, height * CELL),
    )
    target.translation.learn(target.translation.transform(features))
    target.scale.learn(scale_samples(image, target.scale, box))
    return target


def answers(image: Image, target: CorrelationTarget, region: Region) -> tuple[Float, Float]:
    """The filter's response to ``region``, and the same helped by the object's colours: each (GRID, GRID), the middle
    being no shift."""
    patch = cut(image, region, PATCH_PX, PATCH_PX)
    response = target.translation.respond(target.translation.transform(grid_features(patch)[0]))
    colours = target.colours.response(patch, CELL)
    return response, (1 - COLOUR_WEIGHT) * response + COLOUR_WEIGHT * colours


def matched(target: CorrelationTarget, region: Region, peak: Peak) -> Box:
    """The box of an object whose match in ``region`` is at ``peak``."""
    x, y = region.x + peak.x * region.width / GRID, region.y + peak.y * region.height / GRID
    return _boxed(x, y, region.width / target.per_width, region.height / target.per_height)


def refined(image: Image, target: CorrelationTarget, box: Box, peak: Peak) -> Find:
    """A match with its size and aspect set right."""
    growth = target.scale.growth(scale_samples(image, target.scale, box))
    box = _grown(box, growth, growth)
    change = stretch(target.seen, flow_patch(image, box))
    box = _stretched(box, change)
    bending = 1 - _ramp(change.agreement, BENDING, RIGID)
    if bending > 0 and target.prompted.trust > 0:
        box = outlined(image, target, box, bending)
    return examine(image, target, box, peak, change.agreement)


def outlined(image: Image, target: CorrelationTarget, box: Box, weight: float) -> Box:
    """A box brought nearer to the outline of the object's colours, as far as ``weight`` and their clearness allow."""
    patch = cut(image, target.region_of(box), PATCH_PX, PATCH_PX)
    width, height = target.cells
    found = outline(target.colours.likelihood(patch), width * CELL, height * CELL)
    change = adjustment(found, target.prompted)
    trust = weight * change.trust
    x, y = box.centre
    move = OUTLINE_MOVES * trust
    return _boxed(
        x + move * change.x * box.width / (width * CELL),
        y + move * change.y * box.height / (height * CELL),
        box.width * change.across ** (OUTLINE_SIZES * trust),
        box.height * change.down ** (OUTLINE_SIZES * trust),
    )


def examine(image: Image, target: CorrelationTarget, box: Box, peak: Peak, agreement: float) -> Find:
    """What there is in ``box``, compared to what is remembered of the object."""
    columns, rows = (min(across(GRID, cells) + 2 * LOOK_MARGIN, GRID) for cells in target.cells)
    region = target.region_of(box)
    inner = Region(region.x, region.y, region.width * columns / GRID, region.height * rows / GRID)
    features = features_at(cut(image, inner, columns * CELL, rows * CELL), target.levels)
    look = look_of(features, target.levels, *target.cells)
    return Find(box, look, peak, target.memory.evidence(peak, look, agreement))


def learn(image: Image, target: CorrelationTarget, find: Find) -> None:
    """Take a find, believed to be the object, into what is known of it."""
    target.memory.learn(find.look, find.peak)
    target.seen = flow_patch(image, find.box)
    target.finds += 1
    if target.finds > EAGER and target.finds % EVERY:
        return
    patch = cut(image, target.region_of(find.box), PATCH_PX, PATCH_PX)
    features, target.levels = grid_features(patch)
    target.translation.learn(target.translation.transform(features))
    target.scale.learn(scale_samples(image, target.scale, find.box))
    target.colours.learn(patch)


def scale_samples(image: Image, scale: ScaleFilter, box: Box) -> Float:
    """Gradients of the object cut out at each size of ``scale``: (sizes, D)."""
    x, y = box.centre
    regions = [Region(x, y, box.width * factor, box.height * factor) for factor in scale.factors]
    patches = cut_all(image, regions, SCALE_PX, SCALE_PX)
    return gradient_histograms(patches).reshape(len(patches), -1)


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
    """1 while a third of the box or more is in the frame, falling to 0 when nothing is."""
    return min(1.0, 3 * box.clipped(frame.width, frame.height).area / box.area) if box.area > 0 else 0.0


def create(*, threshold: float = 0.3) -> CorrelationTracker:
    """A tracker that needs nothing but the prompt. ``threshold``: belief below which an object counts as lost."""
    return CorrelationTracker(threshold=threshold)
