"""TAP-Net as a tracker: every frame is told four frames later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from tracking.layers.on_device import NetworkOnDevice
from tracking.layers.point_tracker import Followed, PointTracker, predicted
from tracking.models.tapnet.network import SIZE_PX, Config, Stream, TapNet
from tracking.models.tapnet.weights import load
from tracking.types import Frame, ObjectId, Prediction, Prompt
from tracking.warm import held

VISIBLE = 0.5


@dataclass
class Asked:
    """Points of one object, prompted on the frame ``at``, counted from the run's first, at ``xy`` (N, 2) shares.
    ``looks``: (N, C), once the features of that frame have come. ``carried``: those, (N, C), of points that go on with
    what they looked like before; the rows of all others are nan."""

    points: Followed
    at: int
    xy: Tensor
    looks: Tensor | None = None
    carried: Tensor | None = None


class TapNetTracker(NetworkOnDevice, PointTracker):
    """Searches each frame for the prompted look of every point, without regard to where it was before. Features of a
    frame need the four before it and the four after it; each frame is encoded once."""

    network: TapNet

    def __init__(self, network: TapNet, *, size: int = SIZE_PX, device: str = "auto", precision: str = "auto") -> None:
        self._size = size
        self._begin_run()
        NetworkOnDevice.__init__(self, network, device=device, precision=precision)
        PointTracker.__init__(self)

    def _begin_run(self) -> None:
        self._stream: Stream | None = None
        self._asked: dict[ObjectId, list[Asked]] = {}
        """By object its prompts: one whose look is sought, and those of frames whose features are still to come."""
        self._count = self._arrived = 0
        """Frames that have come, and those whose features have."""
        self._numbers: deque[int] = deque()
        self._last: Frame | None = None

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._begin_run()
        return super().start(frame, prompts)

    def begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        if self._last is None or self._last.number != frame.number:
            # Libraries of a GPU load with their first call, and say in many ways that they can't.
            self.computed(lambda: self._take(frame), RuntimeError, self._kept())
        size = np.array([frame.width, frame.height])
        for name in names:
            one = self.objects[name]
            xy = torch.from_numpy((one.now / size).astype(np.float32)).to(self.compute.device)
            self._asked.setdefault(name, []).append(Asked(one, self._count - 1, xy))

    def step(self, frame: Frame) -> list[Prediction]:
        self._frame_size.require(frame)
        return self.computed(lambda: self._take(frame), torch.OutOfMemoryError, self._kept())

    def finish(self) -> list[Prediction]:
        return self.computed(self._rest, torch.OutOfMemoryError, self._kept())

    def forget(self, names: Collection[ObjectId]) -> None:
        for name in names:
            self._asked.pop(name, None)

    def looks_of(self, name: ObjectId) -> Tensor | None:
        """(N, C), with rows of nan for points whose features are still to come."""
        latest = self._asked[name][-1]
        return latest.carried if latest.looks is None else latest.looks

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:
        assert isinstance(looks, Tensor)  # noqa: S101 (for the type checker: it is of a tracker of this kind)
        latest = self._asked[name][-1]
        carried = torch.full((len(latest.xy), looks.shape[1]), torch.nan)
        carried[here] = looks[there].float().cpu()
        latest.carried = carried

    def _take(self, frame: Frame) -> list[Prediction]:
        stream = self._stream or Stream(self.network.encoder)
        square = cv2.resize(frame.image, (self._size, self._size), interpolation=_way(frame, self._size))
        picture = torch.from_numpy(np.asarray(square, np.uint8)).to(self.compute.device)
        features = stream.push(picture.permute(2, 0, 1)[None].float())
        self._stream, self._last = stream, frame
        self._count += 1
        self._numbers.append(frame.number)
        return [] if features is None else self._came(features)

    def _rest(self) -> list[Prediction]:
        stream, self._stream = self._stream, None
        return [] if stream is None else [told for features in stream.flush() for told in self._came(features)]

    def _came(self, features: Tensor) -> list[Prediction]:
        """The features of the next frame are here: learn the looks of its prompts, and tell where other points are."""
        number, at = self._numbers.popleft(), self._arrived
        self._arrived += 1
        features = features.float()
        sought: list[tuple[ObjectId, Asked, Tensor]] = []
        for name, prompts in self._asked.items():
            while len(prompts) > 1 and prompts[1].at <= at:
                prompts.pop(0)
            asked = prompts[0]
            if asked.at == at:
                asked.looks = _carried_over(asked.carried, self.network.look(features, asked.xy))
            elif asked.looks is not None:
                sought.append((name, asked, asked.looks))
        return list(self._told(features, sought, number)) if sought else []

    def _told(
        self, features: Tensor, sought: Sequence[tuple[ObjectId, Asked, Tensor]], number: int
    ) -> Iterator[Prediction]:
        assert self._last is not None  # noqa: S101 (for the type checker: frames have come)
        found, occluded = self.network.search(features, torch.cat([looks for _, _, looks in sought]))
        xy = found.double().cpu().numpy() * [self._last.width, self._last.height]
        sure = torch.sigmoid(-occluded).double().cpu().numpy()
        first = 0
        for name, asked, looks in sought:
            part, first = slice(first, first + len(looks)), first + len(looks)
            asked.points.now, asked.points.sure, asked.points.seen = xy[part], sure[part], sure[part] > VISIBLE
            yield predicted(name, number, asked.points)

    def _kept(self) -> Callable[[], None]:
        """How to come back to what it carries now."""
        stream, last = self._stream, self._last
        pending = list(stream.pending) if stream else []
        counts, numbers = (self._count, self._arrived), deque(self._numbers)

        def put_back() -> None:
            device = self.compute.device
            self._stream, self._last, self._numbers = stream, last, numbers
            self._count, self._arrived = counts
            if stream:
                stream.go_on_with(self.network.encoder)
                stream.pending = [each and each.to(device) for each in pending]
            for asked in (each for prompts in self._asked.values() for each in prompts):
                asked.xy = asked.xy.to(device)
                asked.looks = None if asked.looks is None else asked.looks.to(device)

        return put_back


def _carried_over(carried: Tensor | None, looks: Tensor) -> Tensor:
    """``looks`` but for the rows that are known from before."""
    if carried is None:
        return looks
    before = carried.to(looks)
    return torch.where(before.isnan(), looks, before)


def _way(frame: Frame, size: int) -> int:
    return cv2.INTER_AREA if min(frame.width, frame.height) > size else cv2.INTER_LINEAR


def create(*, device: str = "auto", precision: str = "auto", weights: str = "") -> TapNetTracker:
    """TAP-Net with official weights: those in the file ``weights``, or in the weights folder."""
    network = held(lambda: load(Path(weights) if weights else None))
    return TapNetTracker(network, device=device, precision=precision)


def tiny(*, device: str = "cpu", precision: str = "auto") -> TapNetTracker:
    """A very small network with fixed random weights: for trying the machinery, not for finding anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = TapNet(Config(widths=(8, 8, 8), stem=8, head=2)).requires_grad_(False)
    return TapNetTracker(network, size=64, device=device, precision=precision)
