"""TAPIR and BootsTAPIR: points followed through windows of frames, each frame seen with those after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tracking.layers.point_tracker import Followed, PointTracker
from tracking.models.tapir.engine import LARGEST_PASS, Answer, TapirEngine, put_looks, small
from tracking.models.tapir.network import Features, Looks, Tapir
from tracking.models.tapir.weights import VARIANTS, Variant, load
from tracking.types import Frame, ObjectId, Prediction, Prompt, TrackingError
from tracking.warm import held

SMALLEST_WINDOW = 3


@dataclass
class Asked:
    """The points of one object: their looks, and the frame, counted from the run's first, on which they were prompted
    at ``xy`` (N, 2) shares."""

    looks: list[Looks]
    xy: torch.Tensor
    at: int


@dataclass
class Held:
    """A frame whose answer may still come or is needed by those that follow: its number and features."""

    number: int
    features: list[Features]


class WindowedTapir(PointTracker):
    """Looks at ``window`` frames at once. A frame is told when a third of a window has come after it; a third before it
    is kept for those that follow. A run as short as a window is computed as the authors compute a clip."""

    def __init__(
        self,
        network: Tapir,
        *,
        size: int = 256,
        window: int = 48,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        if window < SMALLEST_WINDOW:
            raise TrackingError(
                f"A window has at least {SMALLEST_WINDOW} frames; {window} came. Set it to 48, or more."
            )
        super().__init__()
        self.engine = TapirEngine(network, size=size, device=device, precision=precision)
        self._third = window // 3
        self._asked: dict[ObjectId, Asked] = {}
        self._held: list[Held] = []
        self._first = self._told = 0
        """Of the frames, counted from the run's first: the first that is held, and the first not told yet."""
        self._frame: Frame | None = None

    @property
    def note(self) -> str:
        return self.engine.note

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._held, self._first, self._told = [], 0, 0
        return super().start(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        # What a corrected object did before this frame is told by its old look.
        known = [prompt.object for prompt in prompts if prompt.object in self._asked]
        before = self._told_of(known, self._told, self._count - 1)
        return before + super().correct(frame, prompts)

    def begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        # Libraries of a GPU load with their first call, and say in many ways that they can't.
        self.engine.computed(lambda: self._begin(frame, names), RuntimeError, self._move)

    def _begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        if not self._held or self._held[-1].number != frame.number:
            self._hold(frame)
        features = self._held[-1].features
        for name in names:
            points = self.objects[name].now
            looks = self.engine.looks(features, frame, points)
            self._asked[name] = Asked(looks, self.engine.shares(frame, points), self._count - 1)

    def looks_of(self, name: ObjectId) -> list[Looks]:
        return self._asked[name].looks

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:
        with self.engine.computing():
            put_looks(self._asked[name].looks, looks, here, there)

    def step(self, frame: Frame) -> list[Prediction]:
        self._frame_size.require(frame)
        self.engine.computed(lambda: self._hold(frame), torch.OutOfMemoryError, self._move)
        if self._count - self._told < 2 * self._third:
            return []
        return self._tell(self._told + self._third)

    def finish(self) -> list[Prediction]:
        return self._tell(self._count)

    def forget(self, names: Collection[ObjectId]) -> None:
        for name in names:
            self._asked.pop(name, None)

    @property
    def _count(self) -> int:
        """Frames that have come since the run began."""
        return self._first + len(self._held)

    def _hold(self, frame: Frame) -> None:
        self._frame = frame
        self._held.append(Held(frame.number, self.engine.encode(frame)))

    def _tell(self, until: int) -> list[Prediction]:
        """Of all objects on the frames before ``until``; lets go of those that nothing needs any more."""
        found = self._told_of(list(self._asked), self._told, until)
        self._told = until
        past = max(until - self._third - self._first, 0)
        del self._held[:past]
        self._first += past
        return found

    def _told_of(self, names: Sequence[ObjectId], since: int, until: int) -> list[Prediction]:
        """What ``names`` did on frames from ``since`` to before ``until``, without those before their prompts."""
        wanted = [name for name in names if self._asked[name].at < until - 1 and since < until]
        if not wanted or self._frame is None:
            return []
        answers = self.engine.computed(lambda: self._answers(wanted), torch.OutOfMemoryError, self._move)
        return [
            _prediction(name, self.objects[name], self._held[t - self._first].number, answer, t - self._first)
            for t in range(since, until)
            for name, answer in zip(wanted, answers, strict=True)
            if t > self._asked[name].at
        ]

    def _answers(self, names: Sequence[ObjectId]) -> list[Answer]:
        """Of each of ``names`` on all frames that are held."""
        features = [
            Features(torch.cat([each.fine for each in one]), torch.cat([each.coarse for each in one]))
            for one in zip(*(held.features for held in self._held), strict=True)
        ]
        asked = [self._asked[name] for name in names]
        looks = [
            Looks(torch.cat([each.fine for each in one]), torch.cat([each.coarse for each in one]))
            for one in zip(*(one.looks for one in asked), strict=True)
        ]
        at = torch.cat([torch.full((len(one.xy),), one.at - self._first) for one in asked]).to(features[0].fine.device)
        known = at, torch.cat([one.xy for one in asked])
        parts = [self._part(features, looks, known, rows) for rows in _chunks(len(at), LARGEST_PASS // len(self._held))]
        whole = Answer(np.concatenate([part.xy for part in parts]), np.concatenate([part.sure for part in parts]))
        ends = np.cumsum([len(one.xy) for one in asked])
        return [
            Answer(whole.xy[end - len(one.xy) : end], whole.sure[end - len(one.xy) : end])
            for one, end in zip(asked, ends, strict=True)
        ]

    def _part(
        self, features: list[Features], looks: list[Looks], known: tuple[torch.Tensor, torch.Tensor], rows: slice
    ) -> Answer:
        assert self._frame is not None  # noqa: S101 (for the type checker: frames are held)
        chosen = [Looks(each.fine[rows], each.coarse[rows]) for each in looks]
        return self.engine.follow(features, chosen, self._frame, known=(known[0][rows], known[1][rows]))[0]

    def _move(self) -> None:
        device = self.engine.compute.device
        for one in self._held:
            one.features = [each.to(device) for each in one.features]
        for asked in self._asked.values():
            asked.looks, asked.xy = [each.to(device) for each in asked.looks], asked.xy.to(device)


def _prediction(name: ObjectId, one: Followed, number: int, answer: Answer, at: int) -> Prediction:
    seen, sure = answer.seen[:, at], answer.sure[:, at]
    shape = one.prompt.place(answer.xy[:, at], seen)
    return Prediction(name, number, shape, confidence=float(sure.mean()), visible=one.prompt.visible(seen))


def _chunks(count: int, size: int) -> Iterator[slice]:
    size = max(size, 1)
    return (slice(first, first + size) for first in range(0, count, size))


def _create(variant: Variant, size: int, window: int, device: str, precision: str, weights: str) -> WindowedTapir:
    network = held(lambda: load(variant, Path(weights) if weights else None))
    return WindowedTapir(network, size=size, window=window, device=device, precision=precision)


def tapir(
    *, size: int = 256, window: int = 48, device: str = "auto", precision: str = "auto", weights: str = ""
) -> WindowedTapir:
    """TAPIR with official weights: those in the file ``weights``, or in the weights folder."""
    return _create(VARIANTS["tapir"], size, window, device, precision, weights)


def bootstapir(
    *, size: int = 256, window: int = 48, device: str = "auto", precision: str = "auto", weights: str = ""
) -> WindowedTapir:
    """BootsTAPIR, likewise."""
    return _create(VARIANTS["bootstapir"], size, window, device, precision, weights)


def tiny(*, size: int = 64, window: int = 6, device: str = "cpu", precision: str = "auto") -> WindowedTapir:
    """With a very small network that knows nothing."""
    return WindowedTapir(small(causal=False), size=size, window=window, device=device, precision=precision)
