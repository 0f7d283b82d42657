"""Online BootsTAPIR: points followed frame by frame, each frame as it comes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tracking.layers.point_tracker import ImmediatePointTracker
from tracking.models.tapir.engine import Answer, TapirEngine, put_looks, small
from tracking.models.tapir.network import Features, Looks, Memory, Tapir
from tracking.models.tapir.weights import VARIANTS, load
from tracking.types import Frame, ObjectId, Prediction, Prompt
from tracking.warm import held


@dataclass(frozen=True, slots=True)
class Remembered:
    """Points as they are known once ``frame`` was seen: what they look like, and what is remembered of the frames
    before, both in the same order."""

    frame: int
    looks: list[Looks]
    memory: Memory


class OnlineTapir(ImmediatePointTracker):
    """Searches each frame for the prompted look of every point, and refines what it finds by what it remembers of the
    frames before. The look is never updated: a point doesn't drift, and is found again wherever it shows again.

    The points of all objects lie in one batch, in the order of ``objects``, so that each frame takes one pass.
    """

    def __init__(self, network: Tapir, *, size: int = 256, device: str = "auto", precision: str = "auto") -> None:
        super().__init__()
        self.engine = TapirEngine(network, size=size, device=device, precision=precision)
        self._looks: list[Looks] = []
        self._memory: Memory = []
        self._rows: dict[ObjectId, range] = {}
        self._encoded: tuple[int, list[Features]] | None = None
        self._frame: Frame | None = None
        """The last one that prompts came with."""

    @property
    def note(self) -> str:
        return self.engine.note

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._encoded = None
        return super().start(frame, prompts)

    def begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        # Libraries of a GPU load with their first call, and say in many ways that they can't.
        self.engine.computed(lambda: self._begin(frame, names), RuntimeError, self._move)

    def _begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        if self._encoded is None or self._encoded[0] != frame.number:
            self._encoded = frame.number, self.engine.encode(frame)
        features, self._frame = self._encoded[1], frame
        points = np.concatenate([self.objects[name].now for name in names])
        looks = self.engine.looks(features, frame, points)
        # As the authors do: the memory of a point begins with the frame that it was prompted on.
        _, memory = self.engine.follow(features, looks, frame)
        kept = [name for name in self._rows if name not in names]
        self._keep(kept)
        if kept:
            looks = [
                Looks(_both(a.fine, b.fine), _both(a.coarse, b.coarse)) for a, b in zip(self._looks, looks, strict=True)
            ]
            memory = [list(map(_both, a, b)) for a, b in zip(self._memory, memory, strict=True)]
        self._looks, self._memory = looks, memory
        self._number([*kept, *names])

    def looks_of(self, name: ObjectId) -> Remembered | None:
        if self._encoded is None:
            return None
        rows = list(self._rows[name])
        looks = [Looks(each.fine[rows], each.coarse[rows]) for each in self._looks]
        return Remembered(self._encoded[0], looks, [[block[rows] for block in each] for each in self._memory])

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:
        assert isinstance(looks, Remembered)  # noqa: S101 (for the type checker: it is of a tracker of this kind)
        rows = [self._rows[name][row] for row in here]
        self.engine.computed(lambda: self._take(looks, rows, there), torch.OutOfMemoryError, self._move)

    def _take(self, known: Remembered, rows: list[int], there: list[int]) -> None:
        assert self._frame is not None  # noqa: S101 (for the type checker: the object has begun)
        put_looks(self._looks, known.looks, rows, there)
        number, frame = self._frame.number, self._frame
        if known.frame == number:
            memory = [[block[there] for block in each] for each in known.memory]
        else:  # It went on to other frames: what is remembered begins here, as with a prompt.
            features = self._encoded[1] if self._encoded is not None else self.engine.encode(frame)
            looks = [Looks(each.fine[rows], each.coarse[rows]) for each in self._looks]
            _, memory = self.engine.follow(features, looks, frame)
        for mine, theirs in zip(self._memory, memory, strict=True):
            for block, other in zip(mine, theirs, strict=True):
                block[rows] = other.to(block)

    def follow(self, frame: Frame) -> None:
        if not self.objects:
            self._encoded = None
            return
        answer = self.engine.computed(lambda: self._follow(frame), torch.OutOfMemoryError, self._move)
        for name, rows in self._rows.items():
            one = self.objects[name]
            one.now, one.seen, one.sure = answer.xy[rows, 0], answer.seen[rows, 0], answer.sure[rows, 0]

    def _follow(self, frame: Frame) -> Answer:
        features = self.engine.encode(frame)
        answer, memory = self.engine.follow(features, self._looks, frame, memory=self._memory)
        self._encoded, self._memory = (frame.number, features), memory
        return answer

    def forget(self, names: Collection[ObjectId]) -> None:
        kept = [name for name in self._rows if name not in names]
        self._keep(kept)
        self._number(kept)

    def _keep(self, names: Sequence[ObjectId]) -> None:
        """Let the batch hold the points of ``names`` alone; their rows are numbered anew afterwards."""
        if len(names) == len(self._rows):
            return
        rows = [row for name in names for row in self._rows[name]]
        self._looks = [Looks(each.fine[rows], each.coarse[rows]) for each in self._looks]
        self._memory = [[block[rows] for block in each] for each in self._memory]

    def _number(self, names: Sequence[ObjectId]) -> None:
        self._rows, first = {}, 0
        for name in names:
            count = len(self.objects[name].now)
            self._rows[name] = range(first, first + count)
            first += count

    def _move(self) -> None:
        device = self.engine.compute.device
        self._encoded = None
        self._looks = [each.to(device) for each in self._looks]
        self._memory = [[block.to(device, torch.float32) for block in each] for each in self._memory]


def _both(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return torch.cat([first, second])


def online(*, size: int = 256, device: str = "auto", precision: str = "auto", weights: str = "") -> OnlineTapir:
    """Online BootsTAPIR with official weights: those in the file ``weights``, or in the weights folder."""
    network = held(lambda: load(VARIANTS["online"], Path(weights) if weights else None))
    return OnlineTapir(network, size=size, device=device, precision=precision)


def tiny(*, size: int = 64, device: str = "cpu", precision: str = "auto") -> OnlineTapir:
    """With a very small network that knows nothing."""
    return OnlineTapir(small(causal=True), size=size, device=device, precision=precision)
