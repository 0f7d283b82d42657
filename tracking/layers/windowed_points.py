"""What trackers of points share that look at several frames at once, and speak of them once they have seen all."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tracking.layers.compute import Compute
from tracking.layers.feature_ring import FeatureRing
from tracking.layers.on_device import NetworkOnDevice
from tracking.layers.point_tracker import PointTracker, predicted
from tracking.shapes.anchors import Places
from tracking.types import Frame, ObjectId, Prediction, Prompt


@dataclass
class Trail:
    """The n points of one object on the last frames, each frame in the slot ``clock % size``.

    ``first``: clock of the prompt. ``known``: up to which clock each point has been placed, (n,). ``xy``: (n, size, 2)
    in px of the model's picture; ``sure``: (n, size), in [0, 1], of being seen. ``news``: the earliest clock that isn't
    told yet as it is now; None: all is.
    """

    first: int
    known: NDArray[np.int64]
    xy: NDArray[np.float32]
    sure: NDArray[np.float32]
    news: int | None = None

    @classmethod
    def begun(cls, clock: int, xy: NDArray[np.float32], size: int) -> Trail:
        """At ``xy`` (n, 2) on the frame ``clock``, where all of them are taken to be seen."""
        count = len(xy)
        trail = cls(
            clock,
            np.full(count, clock, np.int64),
            np.zeros((count, size, 2), np.float32),
            np.ones((count, size), np.float32),
        )
        trail.xy[:, clock % size] = xy
        return trail

    def write(
        self, points: NDArray[np.int64], clocks: NDArray[np.int64], xy: NDArray[np.float32], sure: NDArray[np.float32]
    ) -> None:
        """Place m ``points`` on the frames ``clocks`` (m, k), each later than the last one: ``xy`` (m, k, 2)."""
        later = clocks > self.first
        rows, slots = np.broadcast_to(points[:, None], clocks.shape)[later], (clocks % self.xy.shape[1])[later]
        self.xy[rows, slots], self.sure[rows, slots] = xy[later], sure[later]
        self.known[points] = np.maximum(self.known[points], clocks.max(axis=1))
        if later.any():
            earliest = int(clocks[later].min())
            self.news = earliest if self.news is None else min(self.news, earliest)


class WindowedPoints(NetworkOnDevice, PointTracker):
    """Encodes each frame once, for the points of all objects, and places points in windows of ``window`` frames.

    ``step`` tells a frame as soon as every point of an object is placed on it, and again when a later window places one
    of them elsewhere. Frames are counted by ``clock`` from the one the run began on, whichever way it goes. A GPU that
    gives out is left for the CPU, and the call that failed is repeated there.
    """

    def __init__(self, network: nn.Module, *, window: int, device: str, precision: str) -> None:
        self.window = window
        self.ring = FeatureRing(window)
        self.trails: dict[ObjectId, Trail] = {}
        self.clock = -1
        self._numbers: deque[int] = deque(maxlen=window)
        NetworkOnDevice.__init__(self, network, device=device, precision=precision)
        PointTracker.__init__(self)

    def reset(self) -> None:
        """A run begins: forget what is kept beside its objects."""

    @abstractmethod
    def encode(self, frame: Frame) -> Sequence[Tensor]:
        """Features of a frame at the levels that ``ring`` keeps, (1, C, h, w) each."""

    @abstractmethod
    def to_model(self, places: Places, frame: Frame) -> NDArray[np.float32]:
        """(n, 2) px of a video's frame as px of the model's picture."""

    @abstractmethod
    def from_model(self, xy: NDArray[np.float32]) -> Places:
        """And back."""

    @abstractmethod
    def look(self, names: Collection[ObjectId]) -> None:
        """Learn what the points of new ``names`` look like, from the features of the frame ``clock``."""

    @abstractmethod
    def place(self) -> None:
        """Place points in the windows that the frame ``clock`` completes."""

    @abstractmethod
    def place_rest(self, names: Collection[ObjectId]) -> None:
        """Place the points of ``names`` up to the frame ``clock``, which is the last one."""

    @abstractmethod
    def seen(self, sure: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which points are held to be seen, from how sure that is."""

    # -------------------------------------------------------------- the contract of every tracker

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        def begin() -> list[Prediction]:
            self.clock = -1
            self._numbers.clear()
            self.reset()
            return super(WindowedPoints, self).start(frame, prompts)

        # Libraries of a GPU load with their first call, and say in many ways that they can't.
        return self.computed(begin, RuntimeError, self._kept())

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        if self.clock < 0:
            return super().correct(frame, prompts)

        def again() -> list[Prediction]:
            known = self.trails.keys() & {prompt.object for prompt in prompts}
            self.place_rest(known)
            before = [one for one in self._told(known) if one.frame != frame.number]
            return before + super(WindowedPoints, self).correct(frame, prompts)

        return self.computed(again, torch.OutOfMemoryError, self._kept())

    def step(self, frame: Frame) -> list[Prediction]:
        self._frame_size.require(frame)
        self.computed(lambda: self._follow(frame), torch.OutOfMemoryError, self._kept())
        return self._told(self.trails)

    def finish(self) -> list[Prediction]:
        self.computed(lambda: self.place_rest(tuple(self.trails)), torch.OutOfMemoryError, self._kept())
        return self._told(self.trails)

    def begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        if not self._numbers or self._numbers[-1] != frame.number:
            self._take(frame)
        for name in names:
            xy = self.to_model(self.objects[name].now, frame)
            self.trails[name] = Trail.begun(self.clock, xy, self.window)
        self.look(names)

    def forget(self, names: Collection[ObjectId]) -> None:
        for name in names:
            self.trails.pop(name, None)

    def put_rows(self, mine: Tensor, theirs: object, here: list[int], there: list[int]) -> None:
        """Write the rows ``there`` of one tensor into the rows ``here`` of another."""
        assert isinstance(theirs, Tensor)  # noqa: S101 (for the type checker: it is of a tracker of this kind)
        with self.computing():
            mine[here] = theirs[there].to(mine)

    # -------------------------------------------------------------- inside

    def _follow(self, frame: Frame) -> None:
        self._take(frame)
        self.place()

    def _take(self, frame: Frame) -> None:
        self.ring.put(self.clock + 1, self.encode(frame))
        self.clock += 1
        self._numbers.append(frame.number)
        self._width, self._height = frame.width, frame.height

    def _told(self, names: Iterable[ObjectId]) -> list[Prediction]:
        """What is new of ``names``, frame by frame."""
        return [one for name in names for one in self._news(name)]

    def _news(self, name: ObjectId) -> list[Prediction]:
        trail, one = self.trails[name], self.objects[name]
        if trail.news is None:
            return []
        found, end = [], int(trail.known.min()) + 1
        for clock in range(trail.news, end):
            xy, sure = trail.xy[:, clock % self.window], trail.sure[:, clock % self.window]
            one.now = self.from_model(xy)
            inside = ((one.now >= 0) & (one.now <= (self._width, self._height))).all(axis=1)
            one.seen, one.sure = self.seen(sure) & inside, sure.astype(np.float64)
            found.append(predicted(name, self._numbers[clock - self.clock - 1], one))
        # Of a frame that one point has no place on yet nothing was told: it is news once it has.
        trail.news = end if int(trail.known.max()) >= end else None
        return found

    def _kept(self) -> Callable[[], None]:
        """How to come back to what it carries now."""
        clock, numbers = self.clock, tuple(self._numbers)

        def put_back() -> None:
            self.clock = clock
            self._numbers.clear()
            self._numbers.extend(numbers)

        return put_back

    def _use(self, compute: Compute) -> None:
        super()._use(compute)
        self.ring.to(compute.device)
