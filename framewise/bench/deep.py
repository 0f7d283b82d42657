"""The deep models as they are measured, with random weights: what a pass costs doesn't depend on them.

A model that is added to ``DEEP`` is measured by ``framewise.bench.models`` and checked by ``framewise.bench.gpu``; one
of ``OTHERS``, whose passes are a library's and aren't recorded, is measured only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from tracking.layers.compute import Compute
from tracking.layers.network_tracker import NetworkTracker
from tracking.layers.point_tracker import PointTracker
from tracking.layers.recording import Recordings
from tracking.layers.windowed_points import WindowedPoints
from tracking.models.cotracker.network import CoTracker
from tracking.models.cotracker.tracker import OFFLINE, ONLINE, CoTrackerTracker, Rule
from tracking.models.cotracker.weights import CONFIGS as COTRACKER_CONFIGS
from tracking.models.mixformer.network import MixFormer
from tracking.models.mixformer.tracker import MixFormerTracker, UpdateRule
from tracking.models.mixformer.weights import VARIANTS
from tracking.models.pips.network import Config as PipsConfig
from tracking.models.pips.network import Pips
from tracking.models.pips.tracker import PipsTracker
from tracking.models.sam2 import edgetam
from tracking.models.sam2.network import Network
from tracking.models.sam2.repvit import joined
from tracking.models.sam2.tracker import Eyes, Sam2Tracker
from tracking.models.sam2.variants import SQUARES, config_of, enliven
from tracking.models.sam2.variants import VARIANTS as SAM2
from tracking.models.tapir.network import Tapir
from tracking.models.tapir.tracker import OnlineTapir
from tracking.models.tapir.weights import VARIANTS as TAPIR_VARIANTS
from tracking.models.tapir.windows import WindowedTapir
from tracking.models.tapnet.network import Config as TapNetConfig
from tracking.models.tapnet.network import TapNet
from tracking.models.tapnet.tracker import TapNetTracker
from tracking.models.tapnext.network import Config as TapNextConfig
from tracking.models.tapnext.network import TapNext
from tracking.models.tapnext.tracker import TapNextTracker
from tracking.models.transt.network import Config, TransT
from tracking.models.transt.tracker import TransTTracker
from tracking.models.xmem.memory import Rules
from tracking.models.xmem.network import Config as XMemConfig
from tracking.models.xmem.network import XMem
from tracking.models.xmem.tracker import XMemTracker
from tracking.shapes.values import VISIBLE
from tracking.tracker import Tracker
from tracking.types import Box, Mask, ObjectId, Points, Prompt

Deep = NetworkTracker[Any] | XMemTracker
T = TypeVar("T", bound="Deep | WindowedPoints")
Built = TypeVar("Built")
Build = Callable[[str, str], Deep]
"""From a device and a precision (see ``tracking.layers.compute.Compute``) to a tracker whose weights are always the
same."""
SEED = 0
SMALL_MEMORY = Rules(most_long=256)
"""Full long before memory is looked at for the first time; what is read from it costs less than the rest of a frame."""


class Looking(Protocol):
    """What runs the passes of a tracker's network for every frame."""

    recordings: Recordings

    def look(self, *inputs: Tensor) -> tuple[Tensor, ...]: ...

    def look_once(self, *inputs: Tensor) -> tuple[Tensor, ...]: ...


def looking(tracker: Deep) -> Looking:
    """The part of a tracker that runs its network's passes."""
    return tracker.passes if isinstance(tracker, XMemTracker) else tracker


def prompt(tracker: Tracker, name: ObjectId, box: Box) -> Prompt:
    """An object that fills ``box``, as the tracker takes it."""
    if isinstance(tracker, PointTracker):
        corners = [(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)]
        return Prompt(name, Points(np.array(corners, np.float32), np.full(4, VISIBLE, np.uint8)))
    if not isinstance(tracker, XMemTracker | Sam2Tracker):
        return Prompt(name, box)
    left, top, right, bottom = (round(edge) for edge in box)
    return Prompt(name, Mask(left, top, np.ones((bottom - top, right - left), np.bool_)))


def _transt(device: str, precision: str) -> Deep:
    return _frozen(TransTTracker(TransT(Config()), Config(), device=device, precision=precision))


def _mixformer(name: str) -> Build:
    def build(device: str, precision: str) -> Deep:
        variant = VARIANTS[name]
        return _frozen(
            MixFormerTracker(
                MixFormer(variant.config),
                variant.config,
                search_factor=variant.search_factor,
                update=UpdateRule(variant.interval, variant.online),
                device=device,
                precision=precision,
            )
        )

    return build


def _xmem(device: str, precision: str) -> Deep:
    return _frozen(XMemTracker(XMem(XMemConfig()), rules=SMALL_MEMORY, device=device, precision=precision))


def _pips(device: str, precision: str) -> PipsTracker:
    return _frozen(PipsTracker(Pips(PipsConfig()), device=device, precision=precision))


def _cotracker(variant: str, rule: Rule) -> Callable[[str, str], CoTrackerTracker]:
    def build(device: str, precision: str) -> CoTrackerTracker:
        network = CoTracker(COTRACKER_CONFIGS[variant])
        return _frozen(CoTrackerTracker(network, rule, device=device, precision=precision))

    return build


def _sam2(device: str, precision: str) -> Sam2Tracker:
    from transformers import Sam2VideoModel

    return _remembering(Sam2VideoModel(config_of(SAM2["sam2.1-tiny"], SQUARES.cpu)), device, precision)


def _edgetam(device: str, precision: str) -> Sam2Tracker:
    network: Any = edgetam.blank(SQUARES.cpu)
    with torch.no_grad():
        joined(network.vision_encoder.backbone.eval())
    return _remembering(network, device, precision)


def _remembering(network: nn.Module, device: str, precision: str) -> Sam2Tracker:
    enliven(network)
    network.requires_grad_(False)

    def opened(compute: Compute) -> Eyes:
        return Eyes(Network(network.to(compute.device)))

    return Sam2Tracker(opened, distractors=False, device=device, precision=precision)


def _tapir(variant: str) -> Callable[[str, str], PointTracker]:
    def build(device: str, precision: str) -> PointTracker:
        config = TAPIR_VARIANTS[variant].config
        kind = OnlineTapir if config.causal else WindowedTapir
        return kind(Tapir(config).requires_grad_(False), device=device, precision=precision)

    return build


def _tapnet(device: str, precision: str) -> PointTracker:
    return TapNetTracker(TapNet(TapNetConfig()).requires_grad_(False), device=device, precision=precision)


def _tapnext(size: int) -> Callable[[str, str], PointTracker]:
    def build(device: str, precision: str) -> PointTracker:
        network = TapNext(TapNextConfig()).requires_grad_(False)
        return TapNextTracker(network, size=size, device=device, precision=precision)

    return build


def _frozen(tracker: T) -> T:
    tracker.network.requires_grad_(False)
    return tracker


def _seeded(build: Callable[[str, str], Built]) -> Callable[[str, str], Built]:
    def seeded(device: str, precision: str) -> Built:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            return build(device, precision)

    return seeded


DEEP: dict[str, Build] = {
    "TransT-N4": _seeded(_transt),
    "MixFormer-22k": _seeded(_mixformer("cvt_online")),
    "MixViT-B": _seeded(_mixformer("vit_online")),
    "MixViT-B (ConvMAE)": _seeded(_mixformer("convmae_online")),
    "XMem": _seeded(_xmem),
}

POINTS: dict[str, Callable[[str, str], PointTracker]] = {
    "PIPs": _seeded(_pips),
    "CoTracker 3 online": _seeded(_cotracker("online", ONLINE)),
    "CoTracker 3 offline": _seeded(_cotracker("offline", OFFLINE)),
    "Online BootsTAPIR": _seeded(_tapir("online")),
    "BootsTAPIR": _seeded(_tapir("bootstapir")),
    "TAPIR": _seeded(_tapir("tapir")),
    "TAP-Net": _seeded(_tapnet),
    "TAPNext++": _seeded(_tapnext(256)),
    "TAPNext++ (512 px)": _seeded(_tapnext(512)),
}
"""Those that follow points, measured by ``framewise.bench.points``, checked by ``framewise.bench.gpu_points``."""

OTHERS: dict[str, Callable[[str, str], Sam2Tracker]] = {
    "SAM 2.1 T (512 px)": _seeded(_sam2),
    "EdgeTAM (512 px)": _seeded(_edgetam),
}
