"""A network on the device that was asked for, and what happens when a GPU gives out."""

from __future__ import annotations

import torch
from torch import nn

from tracking.layers.compute import Compute, log


class OnDevice:
    """Holds ``network`` where ``device`` and ``precision`` ask (see ``Compute``). A GPU that doesn't start is left for
    the CPU with a ``note``; ``leave_gpu`` does the same later."""

    note = ""

    def __init__(self, network: nn.Module, *, device: str, precision: str) -> None:
        self.network = network.eval()
        self.precision = precision
        try:
            self._use(Compute.best(device, precision))
        except (AssertionError, RuntimeError) as error:  # torch asserts that it was built for the device
            self._leave_gpu(error)

    def _leave_gpu(self, error: Exception) -> None:
        reason = str(error).partition("\n")[0]
        self.note = f"The GPU can't be used ({reason}); this run goes on on the CPU, slower."
        log.warning(self.note)
        self._use(Compute.best("cpu", self.precision))

    def _use(self, compute: Compute) -> None:
        if compute.device.type == "cuda":
            # Where float32 is asked for, it is meant: the shortened products that cuDNN takes by itself are off.
            torch.backends.cudnn.allow_tf32 = False
        self.network.to(compute.device)
        self.compute = compute
