"""Where trackers with a network compute, and what happens when a GPU gives out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import torch
from torch import nn

from tracking.layers.compute import Compute, log
from tracking.scheduling import leave_real_time
from tracking.warm import give_way, placed

R = TypeVar("R")


class OnDevice:
    """Computes where ``device`` and ``precision`` ask (see ``Compute``). A GPU that doesn't start, or gives out later,
    is left for the CPU with a ``note``, and the run goes on."""

    note = ""

    def __init__(self, *, device: str, precision: str) -> None:
        self.precision = precision
        try:
            self._use(Compute.best(device, precision))
        except (AssertionError, RuntimeError) as error:  # torch asserts that it was built for the device
            self._leave_gpu(error)

    def computed(self, call: Callable[[], R], failure: type[RuntimeError], put_back: Callable[[], None]) -> R:
        """What ``call`` returns.

        If the GPU ends in ``failure`` for want of memory, what nobody uses there leaves it (see ``tracking.warm``), and
        it is called again; in the end it is called on the CPU, once ``put_back`` has brought there what is
        carried from frame to frame, as it was before the first call.
        """
        leave_real_time()  # torch's own threads inherit it
        try:
            with self.computing():
                return call()
        except failure as error:
            if self.compute.device.type == "cpu":
                raise
            if isinstance(error, torch.OutOfMemoryError) and give_way():
                with suppress(torch.OutOfMemoryError), self.computing():
                    put_back()
                    return call()
            self._leave_gpu(error)
        with self.computing():
            put_back()
            return call()

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Inside, as precisely as was asked for; it holds for one thread."""
        with torch.inference_mode(), self.compute.autocast():
            yield

    def _leave_gpu(self, error: Exception) -> None:
        reason = str(error).partition("\n")[0]
        self.note = f"The GPU can't be used ({reason}); this run goes on on the CPU, slower."
        log.warning(self.note)
        self._use(Compute.best("cpu", self.precision))

    def _use(self, compute: Compute) -> None:
        if compute.device.type == "cuda":
            # Where float32 is asked for, it is meant: the shortened products that cuDNN takes by itself are off.
            torch.backends.cudnn.allow_tf32 = False
        self.compute = compute


class NetworkOnDevice(OnDevice):
    """Holds a ``network`` of its own there."""

    def __init__(self, network: nn.Module, *, device: str, precision: str) -> None:
        self.network = network.eval()
        super().__init__(device=device, precision=precision)

    def _use(self, compute: Compute) -> None:
        self.network = placed(self.network, compute.device)
        super()._use(compute)
