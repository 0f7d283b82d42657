"""What box trackers with a large network share: where it computes, and what happens when a GPU gives out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from typing import Self, TypeVar

import torch
from torch import Tensor, nn

from tracking.layers.box_tracker import BoxTracker, Target
from tracking.layers.compute import Compute, best_batch
from tracking.layers.images import PictureInput
from tracking.layers.on_device import NetworkOnDevice
from tracking.layers.recording import Recordings
from tracking.layers.side_by_side import SideBySide
from tracking.types import Frame, ObjectId, Prediction, Prompt


class NetworkTarget(Target):
    """A target that holds tensors. They are replaced, never changed in place, so that a shallow copy keeps a state."""

    def to(self, device: torch.device) -> Self:
        """The same with its tensors on ``device``, as float32."""
        raise NotImplementedError


T = TypeVar("T", bound=NetworkTarget)


class NetworkTracker(NetworkOnDevice, BoxTracker[T]):
    """Runs ``network`` as ``device`` and ``precision`` ask (see ``Compute``); ``recordings`` holds its recorded passes.

    A GPU that doesn't start, or runs out of memory, is left for the CPU with a ``note``, and the run goes on: the call
    that failed is repeated there from the state before it.
    """

    def __init__(self, network: nn.Module, *, threshold: float, device: str, precision: str) -> None:
        self._team: SideBySide | None = None
        NetworkOnDevice.__init__(self, network, device=device, precision=precision)
        BoxTracker.__init__(self, threshold=threshold, batch=best_batch(self.compute.device))

    @abstractmethod
    def look_once(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The pass of the network that finds objects on a frame, written so that it can be recorded."""

    def look(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """As ``look_once``; on a GPU from a recording."""
        return self.recordings.run(self.look_once, inputs)

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        # Libraries of a GPU load with their first call, and say in many ways that they can't.
        return self.computed(lambda: super(NetworkTracker, self).start(frame, prompts), RuntimeError, self._kept())

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.computed(
            lambda: super(NetworkTracker, self).correct(frame, prompts), torch.OutOfMemoryError, self._kept()
        )

    def step(self, frame: Frame) -> list[Prediction]:
        return self.computed(lambda: super(NetworkTracker, self).step(frame), torch.OutOfMemoryError, self._kept())

    def follow_all(self, frame: Frame, targets: Sequence[T]) -> list[float]:
        workers = min(len(targets), torch.get_num_threads()) if self.compute.device.type == "cpu" else 1
        if workers <= 1:
            return super().follow_all(frame, targets)
        if self._team is None or self._team.workers != workers:
            self._team = SideBySide(workers)
        full_rounds = len(targets) - len(targets) % workers
        first = self._team.map(lambda target: self._follow_one(frame, target), targets[:full_rounds])
        return first + super().follow_all(frame, targets[full_rounds:])

    def _follow_one(self, frame: Frame, target: T) -> float:
        with self.computing():
            (confidence,) = self.follow(frame, [target])
        return confidence

    def _kept(self) -> Callable[[], None]:
        """How to come back to what it carries now."""
        state = self.state

        def put_back() -> None:
            self.state = state

        return put_back

    @property
    def state(self) -> dict[ObjectId, T]:
        """All that it carries from frame to frame, to come back to; it may be given to another tracker of this kind, on
        another device."""
        return {name: copy(target) for name, target in self.targets.items()}

    @state.setter
    def state(self, state: dict[ObjectId, T]) -> None:
        self.targets = {name: copy(target).to(self.compute.device) for name, target in state.items()}

    def _leave_gpu(self, error: Exception) -> None:
        super()._leave_gpu(error)
        self.batch = best_batch(self.compute.device)

    def _use(self, compute: Compute) -> None:
        super()._use(compute)
        self.pictures = PictureInput(compute.device)
        self.recordings = Recordings(compute.device)
