"""What a detector finds and an association links: the one value that both speak of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.types import Box, Mask


@dataclass(frozen=True, slots=True)
class Detection:
    """One object on one frame, not yet known to be the same as any other.

    ``box``: px of the frame, as everywhere; it may reach beyond the frame. ``confidence``: in [0, 1], on the scale of
    the network that gave it. ``label``: its class, by the network's name. ``mask``: of networks that outline what they
    find. ``appearance``: (d,) float32 of unit length, what re-identification networks make of the picture inside
    ``box``; None where nobody looked, and then nothing is concluded from it.
    """

    box: Box
    confidence: float
    label: str = ""
    mask: Mask | None = None
    appearance: NDArray[np.float32] | None = None
