"""How much a tracker holds."""

from __future__ import annotations

from collections import deque

import numpy as np
import torch


def held(thing: object) -> int:
    """Numbers in all arrays and tensors that ``thing`` leads to, and one for whatever else; networks don't count."""
    match thing:
        case np.ndarray():
            return thing.size
        case torch.Tensor():
            return thing.numel()
        case torch.nn.Module():
            return 0
        case dict():
            return sum(map(held, thing.values()))
        case list() | tuple() | deque():
            return sum(map(held, thing))
        case _ if hasattr(thing, "__dict__"):
            return 1 + held(vars(thing))
        case _:
            return 1
