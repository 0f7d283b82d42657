"""XMem as a tracker: masks in, masks out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from tracking.layers.compute import Compute, best_batch
from tracking.layers.frame_size import FrameSize
from tracking.layers.images import PictureInput
from tracking.layers.mask_prompts import prompted_bitmaps
from tracking.layers.on_device import NetworkOnDevice
from tracking.models.xmem.memory import Memory, Rules, Said
from tracking.models.xmem.network import Config, XMem
from tracking.models.xmem.passes import NetworkPasses
from tracking.models.xmem.picture import Fit
from tracking.models.xmem.propagation import Objects, Propagation, State
from tracking.models.xmem.weights import FILE, load
from tracking.shapes.bitmaps import cropped
from tracking.types import Frame, ObjectId, Prediction, Prompt, TrackingError
from tracking.warm import held, keeps, placed

SMALLEST_SIZE = 64


class XMemTracker(NetworkOnDevice):
    """Follows masks, all of them in one pass. See ``tracking.tracker.Tracker`` for the contract.

    ``threshold``: confidence below which an object counts as lost; ``size``: px of the short side that frames are
    scaled to, 0: none. A GPU that doesn't start, or runs out of memory, is left for the CPU with a ``note``, and the
    run goes on: the call that failed is repeated there from the state before it.
    """

    network: XMem

    def __init__(
        self,
        network: XMem,
        *,
        rules: Rules | None = None,
        threshold: float = 0.5,
        size: int = 480,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        if size and size < SMALLEST_SIZE:
            raise TrackingError(
                f"XMem's size is 0, the video's own, or at least {SMALLEST_SIZE} px for the short side; {size} came."
            )
        super().__init__(network, device=device, precision=precision)
        self.rules = rules or Rules()
        if self.rules.every < 1:
            raise TrackingError(f"XMem remembers every frame, every second, …: 1 or more; {self.rules.every} came.")
        self.threshold, self.size = threshold, size
        batch = best_batch(self.compute.device)
        self.propagation = Propagation(self.passes, network.config.hidden, self.rules, batch=batch)
        self._frame_size = FrameSize()
        self._at: int | None = None
        self._shown: dict[int, int] = {}
        """The video's frames that people showed objects on, by their numbers in what is remembered."""

    # -------------------------------------------------------------- as every tracker

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        bitmaps = prompted_bitmaps(frame, prompts)
        self._frame_size.begin(frame)
        self._fit = Fit(frame.width, frame.height, self.size)
        self.propagation.state = State(Memory(self.rules))
        # Libraries of a GPU load with their first call, and say in many ways that they can't.
        self.computed(lambda: self._show(frame, bitmaps), RuntimeError, self._kept())
        return _as_prompted(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._frame_size.require(frame)
        bitmaps = prompted_bitmaps(frame, prompts)
        self.computed(lambda: self._show(frame, bitmaps), torch.OutOfMemoryError, self._kept())
        return _as_prompted(frame, prompts)

    def step(self, frame: Frame) -> list[Prediction]:
        self._frame_size.require(frame)
        return self.computed(lambda: self._told(frame, self._seen(frame)), torch.OutOfMemoryError, self._kept())

    def drop(self, objects: Collection[ObjectId]) -> None:
        self.propagation.drop(objects)

    def finish(self) -> list[Prediction]:
        return []

    def memory_of(self, name: ObjectId) -> tuple[Said, ...] | None:
        """What people said of an object."""
        if name not in self.propagation.objects:
            return None
        with self.computing():
            return tuple(self.propagation.state.memory.said(name, self._shown))

    def remember(self, name: ObjectId, memory: object) -> None:
        """Take over what ``memory_of`` gave elsewhere, with pictures of the same size."""
        assert isinstance(memory, tuple)  # noqa: S101 (for the type checker: it is of a tracker of this kind)
        said = [one.to(self.compute.device) for one in memory if one.frame != self._at]
        if said and name in self.propagation.objects:
            with self.computing():
                self._shown |= self.propagation.state.memory.hear(name, said)

    def maker(self) -> Callable[[], XMemTracker]:
        return partial(
            XMemTracker,
            self.network,
            rules=self.rules,
            threshold=self.threshold,
            size=self.size,
            device=self.compute.device.type,
            precision=self.precision,
        )

    # -------------------------------------------------------------- frame by frame

    def _seen(self, frame: Frame) -> Objects:
        """Go on to ``frame``."""
        found = self.propagation.step(self._fit.picture(self.pictures.normalised([frame.image])))
        self._at = frame.number
        return found

    def _show(self, frame: Frame, bitmaps: dict[ObjectId, NDArray[np.bool_]]) -> list[Prediction]:
        if self.propagation.state.look is None or self._at != frame.number:
            self._seen(frame)
        for name in bitmaps:
            self.propagation.forget_recent(name)
        masks = {name: torch.from_numpy(self._fit.mask(bitmap)) for name, bitmap in bitmaps.items()}
        self.propagation.show({name: mask.to(self.compute.device) for name, mask in masks.items()})
        self._shown[self.propagation.state.now] = frame.number
        return []

    def _told(self, frame: Frame, found: Objects) -> list[Prediction]:
        if not found:
            return []
        each = self._fit.pixels(torch.stack(tuple(found.values())))  # (N, H, W)
        best, winner = each.max(dim=0)
        winner = torch.where(best > 1 - each.sum(dim=0), winner, -1)  # they sum to 1 with the background
        sure, owner = best.cpu().numpy(), winner.cpu().numpy()
        return [
            self._prediction(name, frame, owner == number, sure, float(each[number].max()))
            for number, name in enumerate(found)
        ]

    def _prediction(
        self, name: ObjectId, frame: Frame, bitmap: NDArray[np.bool_], sure: NDArray[np.float32], most: float
    ) -> Prediction:
        """``most``: the largest probability of any pixel, which is all there is of an object without one."""
        mask = cropped(bitmap)
        confidence = float(sure[bitmap].mean()) if mask.area else most
        confidence = min(max(confidence, 0.0), 1.0)
        return Prediction(name, frame.number, mask, confidence, bool(mask.area) and confidence >= self.threshold)

    # -------------------------------------------------------------- where it computes

    def _kept(self) -> Callable[[], None]:
        """How to come back to what it carries now."""
        state, at = self.state, self._at

        def put_back() -> None:
            self.state, self._at = state, at

        return put_back

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Its passes alone are shortened (see ``NetworkPasses``); what it remembers is float32."""
        with torch.inference_mode():
            yield

    @property
    def state(self) -> State:
        """All that it carries from frame to frame, to come back to; it may be given to another of these trackers, on
        another device."""
        return self.propagation.state.copy()

    @state.setter
    def state(self, state: State) -> None:
        self.propagation.state = state.to(self.compute.device)

    def _leave_gpu(self, error: Exception) -> None:
        super()._leave_gpu(error)
        if hasattr(self, "propagation"):  # not where it fails to start
            self.propagation.passes, self.propagation.batch = self.passes, best_batch(self.compute.device)

    def _use(self, compute: Compute) -> None:
        if next(self.network.parameters()).device.type != compute.device.type:
            # Others may share the one that is there.
            self.network = _elsewhere(self.network, compute.device)
        super()._use(compute)
        self.pictures = PictureInput(compute.device)
        self.passes = NetworkPasses(self.network, compute)


def _elsewhere(network: XMem, device: torch.device) -> XMem:
    return cast(XMem, placed(network, device)) if keeps() else _copied(network, device)


def _copied(network: XMem, device: torch.device) -> XMem:
    with torch.device("meta"):
        copy = XMem(network.config)
    copy.load_state_dict({key: tensor.to(device) for key, tensor in network.state_dict().items()}, assign=True)
    return copy.requires_grad_(False).eval()


def _as_prompted(frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
    return [Prediction(prompt.object, frame.number, prompt.shape, confidence=1.0) for prompt in prompts]


def create(
    *,
    threshold: float = 0.5,
    size: int = 480,
    memory_every: int = 5,
    device: str = "auto",
    precision: str = "auto",
    weights: str = "",
    file: str = FILE,
) -> XMemTracker:
    """XMem with official weights: those in the file ``weights``, or those called ``file`` in the weights folder.

    ``memory_every``: frames between two that are remembered.
    """
    network = held(lambda: load(Path(weights) if weights else None, file=file))
    rules = Rules(every=memory_every)
    return XMemTracker(network, rules=rules, threshold=threshold, size=size, device=device, precision=precision)


create_s012 = partial(create, file="XMem-s012.pth")
"""As ``create``, with the weights that saw rendered videos, too."""


TINY = Config(key=8, value=16, hidden=4, stem=4, key_depths=(1, 1, 1), value_depths=(1, 1, 1))


def tiny(*, rules: Rules | None = None, device: str = "cpu", precision: str = "auto") -> XMemTracker:
    """A very small XMem with fixed random weights: for trying the machinery, not for finding anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = XMem(TINY).requires_grad_(False)
    return XMemTracker(network, rules=rules, threshold=0.0, size=64, device=device, precision=precision)
