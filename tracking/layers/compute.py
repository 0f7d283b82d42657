"""Where a network computes, and how precisely."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache

import torch

from tracking.devices import gpus, torch_has_cuda
from tracking.layers.box_tracker import LARGEST_BATCH
from tracking.types import TrackingError

PRECISIONS = ("auto", "float32", "bfloat16")
log = logging.getLogger("framewise.tracking")


@dataclass(frozen=True, slots=True)
class Compute:
    """``device``, and ``dtype`` of matrix products and convolutions: float32 or bfloat16."""

    device: torch.device
    dtype: torch.dtype = torch.float32

    @classmethod
    def best(cls, device: str = "auto", precision: str = "auto") -> Compute:
        """What ``device`` and ``precision`` ask for; each may be ``auto``."""
        place = best_device(device)
        return cls(place, best_dtype(precision))

    def autocast(self) -> torch.autocast:
        """Inside, matrix products and convolutions are computed in ``dtype``; weights stay float32."""
        # Recordings (see ``recording.py``) must not read cast weights that a cache has let go of.
        cached = self.device.type != "cuda"
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.dtype is torch.bfloat16, cache_enabled=cached
        )


def best_device(name: str = "auto") -> torch.device:
    """The device called ``name``; for ``auto`` a GPU when there is one that works, the CPU otherwise."""
    if name != "auto":
        try:
            return torch.device(name)
        except RuntimeError as error:
            raise TrackingError(f"A device is auto, cpu or cuda; {name!r} came. Choose one of them.") from error
    if torch.cuda.is_available():
        return torch.device("cuda")
    _note_idle_gpus()
    return torch.device("cpu")


@cache
def _note_idle_gpus() -> None:
    """Say once that torch can't use the GPUs that the driver lists."""
    if torch_has_cuda() and (idle := gpus()):
        names = ", ".join(gpu.name for gpu in idle)
        log.warning("torch can't use %s; models run on the CPU. Check that driver and torch fit each other.", names)


def best_dtype(precision: str) -> torch.dtype:
    """The type of numbers for ``precision``.

    ``auto`` is float32, on GPUs too: in bfloat16 boxes differ by more than a pixel (see the models' READMEs).
    """
    if precision not in PRECISIONS:
        raise TrackingError(f"A precision is one of {', '.join(PRECISIONS)}; {precision!r} came. Choose one of them.")
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def best_batch(device: torch.device) -> int:
    """How many crops to put through a large network at once.

    A crop keeps two CPU cores busy; more of them together only leave the caches (measured: 10 % slower on two cores).
    """
    return LARGEST_BATCH if device.type != "cpu" else min(max(1, torch.get_num_threads() // 2), LARGEST_BATCH)
