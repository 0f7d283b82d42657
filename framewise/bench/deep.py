"""The deep models as they are measured, with random weights: what a pass costs doesn't depend on them.

A model that is added here is measured by ``framewise.bench.models`` and checked by ``framewise.bench.gpu``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tracking.layers.network_tracker import NetworkTracker
from tracking.models.mixformer.network import MixFormer
from tracking.models.mixformer.tracker import MixFormerTracker, UpdateRule
from tracking.models.mixformer.weights import VARIANTS
from tracking.models.transt.network import Config, TransT
from tracking.models.transt.tracker import TransTTracker

Deep = NetworkTracker[Any]
Build = Callable[[str, str], Deep]
"""From a device and a precision (see ``tracking.layers.compute.Compute``) to a tracker whose weights are always the
same."""
SEED = 0


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


def _frozen(tracker: Deep) -> Deep:
    tracker.network.requires_grad_(False)
    return tracker


def _seeded(build: Build) -> Build:
    def seeded(device: str, precision: str) -> Deep:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            return build(device, precision)

    return seeded


DEEP: dict[str, Build] = {
    "TransT-N4": _seeded(_transt),
    "MixFormer-22k": _seeded(_mixformer("cvt_online")),
    "MixViT-B": _seeded(_mixformer("vit_online")),
    "MixViT-B (ConvMAE)": _seeded(_mixformer("convmae_online")),
}
