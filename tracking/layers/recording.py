"""Passes of a network as CUDA graphs.

A pass over a few small pictures is hundreds of short kernels, and a GPU waits for the CPU to launch each. Recorded as a
graph they are launched at once (https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor

Pass = Callable[..., tuple[Tensor, ...]]
"""From tensors to tensors, nothing else: no look at their values, and no tensor made on the CPU."""
Signature = tuple[tuple[torch.Size, torch.dtype], ...]

WORTH_RECORDING = 8
"""Passes with inputs of the same shapes after which one is recorded; that takes as long as some ten passes."""
MOST_RECORDINGS = 8
"""Each holds memory of the GPU: its inputs, its outputs, and what lies between."""
LARGEST_DIFFERENCE = 1e-3
"""Absolute and relative: by how much a recording's first answer may differ from the pass itself."""

log = logging.getLogger("framewise.tracking")


class Recording:
    """One pass on one GPU for inputs of fixed shapes. Raises RuntimeError when the pass can't be recorded."""

    def __init__(self, network_pass: Pass, inputs: tuple[Tensor, ...]) -> None:
        device = inputs[0].device
        self._inputs = tuple(tensor.clone() for tensor in inputs)
        self._graph = torch.cuda.CUDAGraph()
        side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(device))
        # The outer block also brings the current stream back when recording fails half-way.
        with torch.cuda.device(device), torch.cuda.stream(side):
            network_pass(*self._inputs)  # libraries get their workspaces for this stream
            side.synchronize()
            # Other runs go on with this GPU meanwhile; the default would forbid them to allocate.
            with torch.cuda.graph(self._graph, stream=side, capture_error_mode="thread_local"):
                self._outputs = network_pass(*self._inputs)
        torch.cuda.current_stream(device).wait_stream(side)

    def replay(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What the pass answers to ``inputs``."""
        for kept, tensor in zip(self._inputs, inputs, strict=True):
            kept.copy_(tensor)
        self._graph.replay()
        return tuple(tensor.clone() for tensor in self._outputs)


class Recordings:
    """Runs a network's pass, on a GPU from a recording once it is worth it.

    A recording is used only if its first answer is that of the pass. If it isn't, or recording fails, all goes on
    unrecorded, and the log says why. Not for several threads at once on a GPU. Where ``active`` is false, every pass is
    launched kernel by kernel.
    """

    def __init__(
        self, device: torch.device, record: Callable[[Pass, tuple[Tensor, ...]], Recording] = Recording
    ) -> None:
        self.active = device.type == "cuda"
        self._record = record
        self._seen: Counter[Signature] = Counter()
        self._recordings: dict[Signature, Recording] = {}

    def __len__(self) -> int:
        return len(self._recordings)

    def run(self, network_pass: Pass, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What ``network_pass``, the same one every time, answers to ``inputs``."""
        if not self.active:
            return network_pass(*inputs)
        signature = tuple((tensor.shape, tensor.dtype) for tensor in inputs)
        if signature in self._recordings:
            return self._recordings[signature].replay(inputs)
        answer = network_pass(*inputs)
        self._seen[signature] += 1
        if self._seen[signature] == WORTH_RECORDING and len(self._recordings) < MOST_RECORDINGS:
            self._try_recording(network_pass, signature, inputs, answer)
        return answer

    def _try_recording(
        self, network_pass: Pass, signature: Signature, inputs: tuple[Tensor, ...], answer: tuple[Tensor, ...]
    ) -> None:
        try:
            recording = self._record(network_pass, inputs)
            replayed = recording.replay(inputs)
        except RuntimeError as error:
            self._give_up(str(error).partition("\n")[0])
            return
        if all(map(_agree, replayed, answer)):
            self._recordings[signature] = recording
        else:
            self._give_up("its answers differ")

    def _give_up(self, reason: str) -> None:
        self.active = False
        self._recordings.clear()
        log.warning("Passes can't be recorded as CUDA graphs (%s); they are launched one by one, slower.", reason)


def _agree(replayed: Tensor, answer: Tensor) -> bool:
    return torch.allclose(replayed, answer, rtol=LARGEST_DIFFERENCE, atol=LARGEST_DIFFERENCE, equal_nan=True)
