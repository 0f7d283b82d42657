"""TAPNext++: points followed frame by frame, each frame as it comes, by what is carried from the one before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from tracking.layers.on_device import NetworkOnDevice
from tracking.layers.point_tracker import ImmediatePointTracker
from tracking.models.tapnext.network import Carried, Config, TapNext
from tracking.models.tapnext.network import Places as Found
from tracking.models.tapnext.weights import VARIANTS, Variant, load
from tracking.shapes.anchors import Places
from tracking.types import Frame, ObjectId, Prediction, Prompt, TrackingError
from tracking.warm import held

SMALLEST_PX = 64
MOST_SUPPORT = 100
SUPPORT_PX = 32.0
"""How far support points lie from theirs, along each axis, in px of the picture that is looked at."""
VISIBLE_LOGIT = 0.0
WATCHING = 1
"""One row waits all along: a point that is prompted later begins with what it has seen, as in training."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The rows of an object's points, and of their support points behind each, once ``frame`` was seen. ``first``: as
    they were on the frame that a person placed them on; ``before`` and ``now``: before and after ``frame``."""

    frame: int
    first: Carried
    before: Carried
    now: Carried


class TapNextTracker(NetworkOnDevice, ImmediatePointTracker):
    """Rows of the picture, of all objects' points, in the order of ``objects``, and of one point that nobody asked for
    yet, go on together from frame to frame: each frame takes one pass, whatever it shows."""

    network: TapNext

    def __init__(
        self, network: TapNext, *, size: int = 256, support: int = 0, device: str = "auto", precision: str = "auto"
    ) -> None:
        patch = network.config.patch
        if size < SMALLEST_PX or size % patch:
            raise TrackingError(
                f"TAPNext++ looks at squares of a multiple of {patch} px, at least {SMALLEST_PX}; size is {size}. Set "
                "it to 256 or 512, as its weights were trained."
            )
        if not 0 <= support <= MOST_SUPPORT:
            raise TrackingError(
                f"A point has 0 to {MOST_SUPPORT} support points around it; support is {support}. Set it to 0, or to "
                "64 as its authors do."
            )
        ImmediatePointTracker.__init__(self)
        self._size, self._each = size, 1 + support
        self._forget_run()
        NetworkOnDevice.__init__(self, network, device=device, precision=precision)

    def _forget_run(self) -> None:
        self._rows: dict[ObjectId, range] = {}
        """Of each object, among the rows of points."""
        self._seen: tuple[Frame, Tensor] | None = None
        """The last frame, and its rows."""
        self._before: Carried | None = None
        self._now: Carried | None = None
        self._first: Carried | None = None
        """Of points alone."""

    @property
    def _patches(self) -> int:
        return (self._size // self.network.config.patch) ** 2

    @property
    def _points(self) -> int:
        """Rows of points, support included."""
        return sum(map(len, self._rows.values()))

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._forget_run()
        return super().start(frame, prompts)

    def begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        # Libraries of a GPU load with their first call, and say in many ways that they can't.
        self.computed(lambda: self._begin(frame, names), RuntimeError, self._move)

    def _begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        """Look at ``frame`` again, from what was carried to it, with the points of ``names`` prompted there; all else
        goes on as if it hadn't been looked at again."""
        if self._seen is None:
            self._seen = frame, self._look(frame)
            self._before = self._nothing(self._patches + WATCHING)
        self._keep([name for name in self._rows if name not in names])
        known = self._points
        xy = torch.cat([self._shares(frame, self.objects[name].now) for name in names])
        before = self._carried(self._before)
        waited = before.rows([-1] * len(xy))
        before = Carried.joined([before.rows(slice(0, -1)), waited, before.rows([-1])])
        asked = range(known, known + len(xy))
        now = self._pass(before, asked, xy)[1]
        fresh = now.rows([self._patches + row for row in asked])
        if self._now is not None:
            now = Carried.joined([self._now.rows(slice(0, -1)), fresh, self._now.rows([-1])])
        self._before, self._now = before, now
        self._first = fresh if self._first is None else Carried.joined([self._first, fresh])
        self._number([*self._rows, *names])

    def _pass(self, carried: Carried, asked: Sequence[int] = (), xy: Tensor | None = None) -> tuple[Found, Carried]:
        """Of the last frame's rows, from ``carried``; the rows ``asked`` of points are prompted at ``xy``."""
        assert self._seen is not None  # noqa: S101 (for the type checker: a frame was looked at)
        count = len(carried.fresh) - self._patches - WATCHING
        points = self.network.following(count).clone()
        if xy is not None:
            points[list(asked)] = self.network.asked(xy).to(points)
        rows = torch.cat(
            [self._seen[1], points.to(self._seen[1]), self.network.waiting_for(WATCHING).to(self._seen[1])]
        )
        return self.network.step(rows, carried, points=count, watching=WATCHING)

    def looks_of(self, name: ObjectId) -> Remembered | None:
        if self._seen is None or name not in self._rows:
            return None
        points = [*self._rows[name]]
        rows = [self._patches + row for row in points]
        before, now = self._carried(self._before).rows(rows), self._carried(self._now).rows(rows)
        return Remembered(self._seen[0].number, self._carried(self._first).rows(points), before, now)

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:
        assert isinstance(looks, Remembered)  # noqa: S101 (for the type checker: it is of a tracker of this kind)
        rows, theirs = (
            [at * self._each + which for at in points for which in range(self._each)] for points in (here, there)
        )
        mine = [self._rows[name][row] for row in rows]
        self.computed(lambda: self._take(looks, mine, theirs), torch.OutOfMemoryError, self._move)

    def _take(self, looks: Remembered, mine: list[int], theirs: list[int]) -> None:
        """The rows ``mine`` of points go on as the rows ``theirs`` of ``looks``. Where those have gone on to another
        frame, they are prompted here, where they are now, with what was seen of them where a person placed them."""
        assert self._seen is not None  # noqa: S101 (for the type checker: the object has begun)
        frame, first = self._seen[0], looks.first.rows(theirs)
        rows = [self._patches + row for row in mine]
        if looks.frame == frame.number:
            before, now = looks.before.rows(theirs), looks.now.rows(theirs)
        else:
            before = first
            xy = self._all_shares(frame)[mine]
            now = self._pass(_with(self._carried(self._before), rows, before), mine, xy)[1].rows(rows)
        self._before = _with(self._carried(self._before), rows, before)
        self._now = _with(self._carried(self._now), rows, now)
        self._first = _with(self._carried(self._first), mine, first)

    def follow(self, frame: Frame) -> None:
        if not self.objects:
            self._forget_run()
            return
        found = self.computed(lambda: self._follow(frame), torch.OutOfMemoryError, self._move)
        size = np.array([frame.width, frame.height])
        xy = found.xy.double().cpu().numpy() * size
        seen = (found.seen > VISIBLE_LOGIT).cpu().numpy()
        sure = (torch.sigmoid(found.seen) * found.sure).double().cpu().numpy()
        for name, rows in self._rows.items():
            one, prompted = self.objects[name], [*rows][:: self._each]
            one.now, one.seen, one.sure = xy[prompted], seen[prompted], sure[prompted]

    def _follow(self, frame: Frame) -> Found:
        before, seen = self._carried(self._now), self._seen
        self._seen = frame, self._look(frame)
        try:
            found, now = self._pass(before)
        except RuntimeError:
            self._seen = seen  # a GPU that gave out: this frame is looked at again
            raise
        self._before, self._now = before, now
        return found

    def forget(self, names: Collection[ObjectId]) -> None:
        self._keep([name for name in self._rows if name not in names])

    def _look(self, frame: Frame) -> Tensor:
        """Rows of a frame, seen as a square whatever its shape."""
        way = cv2.INTER_AREA if min(frame.width, frame.height) > self._size else cv2.INTER_LINEAR
        square = np.asarray(cv2.resize(frame.image, (self._size, self._size), interpolation=way), np.uint8)
        return self.network.look(torch.from_numpy(square).to(self.compute.device).permute(2, 0, 1).float())

    def _shares(self, frame: Frame, points: Places) -> Tensor:
        """(N, 2) px to shares of the frame, on the device, each point followed by its support points."""
        shares = (points / [frame.width, frame.height])[:, None] + _grid(self._each - 1) * (SUPPORT_PX / self._size)
        shares[:, 1:] = shares[:, 1:].clip(0, 1)
        return torch.from_numpy(shares.reshape(-1, 2).astype(np.float32)).to(self.compute.device)

    def _all_shares(self, frame: Frame) -> Tensor:
        return torch.cat([self._shares(frame, self.objects[name].now) for name in self._rows])

    def _keep(self, names: Sequence[ObjectId]) -> None:
        """Go on with the points of ``names`` alone."""
        if len(names) == len(self._rows):
            return
        points = [row for name in names for row in self._rows[name]]
        rows = [*range(self._patches), *(self._patches + row for row in points), -1]
        self._before = self._before and self._before.rows(rows)
        self._now = self._now and self._now.rows(rows)
        self._first = self._first and self._first.rows(points)
        self._number(names)

    def _number(self, names: Sequence[ObjectId]) -> None:
        counts = {
            name: self._each * len(self.objects[name].now) if name not in self._rows else len(self._rows[name])
            for name in names
        }
        self._rows, first = {}, 0
        for name, count in counts.items():
            self._rows[name] = range(first, first + count)
            first += count

    def _nothing(self, rows: int) -> Carried:
        return Carried.none(rows, self.network.config, self.compute.device)

    @staticmethod
    def _carried(one: Carried | None) -> Carried:
        assert one is not None  # noqa: S101 (for the type checker: a frame was looked at)
        return one

    def _move(self) -> None:
        device = self.compute.device
        self._seen = self._seen and (self._seen[0], self._seen[1].to(device, torch.float32))
        self._before, self._now, self._first = (
            one and one.to(device) for one in (self._before, self._now, self._first)
        )


def _with(carried: Carried, rows: list[int], other: Carried) -> Carried:
    """``carried``, but for ``rows``, which are those of ``other``."""
    index = torch.tensor(rows, dtype=torch.long, device=carried.fresh.device)

    def put(mine: Tensor, theirs: Tensor) -> Tensor:
        return mine.index_copy(0, index, theirs.to(mine))

    return Carried(
        [put(*pair) for pair in zip(carried.state, other.state, strict=True)],
        [tuple(put(*pair) for pair in zip(*both, strict=True)) for both in zip(carried.last, other.last, strict=True)],
        put(carried.fresh, other.fresh),
    )


def _grid(count: int) -> Places:
    """(1 + count, 2) in [-1, 1]: the point itself, then ``count`` places on a square grid around it, row by row."""
    side = int(np.ceil(np.sqrt(count))) if count else 0
    along = (np.arange(side) + 0.5) * 2 / max(side, 1) - 1
    places = np.stack(np.meshgrid(along, along), -1).reshape(-1, 2)[:count]
    return np.concatenate([np.zeros((1, 2)), places])


def _create(variant: Variant, size: int, support: int, device: str, precision: str, weights: str) -> TapNextTracker:
    network = held(lambda: load(variant, Path(weights) if weights else None))
    return TapNextTracker(network, size=size, support=support, device=device, precision=precision)


def small(
    *, size: int = 256, support: int = 0, device: str = "auto", precision: str = "auto", weights: str = ""
) -> TapNextTracker:
    """TAPNext++ with official weights: those in the file ``weights``, or in the weights folder."""
    return _create(VARIANTS["256"], size, support, device, precision, weights)


def large(
    *, size: int = 512, support: int = 0, device: str = "auto", precision: str = "auto", weights: str = ""
) -> TapNextTracker:
    """The same trained further on pictures of 512 px, likewise."""
    return _create(VARIANTS["512"], size, support, device, precision, weights)


def tiny(*, size: int = 64, support: int = 0, device: str = "cpu", precision: str = "auto") -> TapNextTracker:
    """With a very small network with fixed random weights: for trying the machinery, not for finding anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = TapNext(Config(width=16, heads=2, depth=2)).requires_grad_(False)
        for parameter in network.parameters():
            if not parameter.any():  # what training fills: else nothing would be carried from frame to frame
                parameter.normal_(std=0.3)
    return TapNextTracker(network, size=size, support=support, device=device, precision=precision)
