"""The network's passes, where and as precisely as is asked."""

from __future__ import annotations

from torch import Tensor

from tracking.layers.compute import Compute
from tracking.layers.recording import Recordings
from tracking.models.xmem.network import Seen, XMem


class NetworkPasses:
    """``network`` on the device of ``compute``. The two passes of every frame are run from recordings on a GPU; those
    of frames that are remembered come too seldom."""

    def __init__(self, network: XMem, compute: Compute) -> None:
        self.network, self.compute = network, compute
        self.recordings = Recordings(compute.device)

    def see(self, image: Tensor) -> Seen:
        return Seen(*self.look(image))

    def decode(self, seen: Seen, readout: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        logits, updated = self.look(*seen, readout, hidden)
        return logits, updated

    def look(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """As ``look_once``; on a GPU from a recording."""
        with self.compute.autocast():
            return self.recordings.run(self.look_once, inputs)

    def look_once(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The pass that sees a frame, given a picture; the one that finds objects, given a ``Seen``, readouts and
        sensory memory. Both are written so that they can be recorded."""
        if len(inputs) == 1:
            return self.network.see(*inputs)
        *seen, readout, hidden = inputs
        return self.network.decode(Seen(*seen), readout, hidden)

    def remember(self, image: Tensor, f16: Tensor, masks: Tensor, others: Tensor) -> Tensor:
        with self.compute.autocast():
            return self.network.remember(image, f16, masks, others)

    def refresh(self, value: Tensor, hidden: Tensor) -> Tensor:
        with self.compute.autocast():
            return self.network.refresh(value, hidden)
