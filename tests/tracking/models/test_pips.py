"""PIPs computes what its authors' code computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.golden import goldframes
from tests.golden.check import Golden, blank_tensors
from tests.golden.goldfill import crc
from tracking.layers.point_encoder import STRIDE
from tracking.models.pips.network import Paths, Pips
from tracking.models.pips.weights import build

PX, LOGIT = 5e-4, 2e-3
"""Tolerances measured on the reference: with another number of threads and slightly other weights."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden("pips")


@pytest.fixture(scope="module")
def network(golden: Golden) -> Pips:
    return build(golden.tensors(), "filled")


def clip(golden: Golden, name: str) -> Tensor:
    recipe = golden.meta[name]
    frames = goldframes.track_frames(recipe["name"], recipe["T"], recipe["h"], recipe["w"])[0]
    assert crc(frames) == golden.arrays[f"{name}_frames_crc"]
    video = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    return F.interpolate(video, tuple(recipe["resize"]), mode="bilinear") if "resize" in recipe else video


def refined(network: Pips, features: Tensor, xy: Tensor, looks: Tensor, iterations: int) -> tuple[list[Paths], Tensor]:
    """From (N, 8, 2) px and (N, C) looks."""
    window = torch.arange(8).expand(len(xy), 8)
    paths = Paths(xy / STRIDE, looks[:, None].expand(-1, 8, -1))
    found = list(network.refine(network.levels(features), window, paths, iterations))
    return found, network.seen(found[-1])


@torch.inference_mode()
def test_the_network_agrees_iteration_by_iteration(golden: Golden, network: Pips) -> None:
    features = network.encode(clip(golden, "core"))
    queries = torch.from_numpy(golden.arrays["core_queries"])
    looks = network.begin(features, torch.zeros(len(queries), dtype=torch.long), queries / STRIDE)
    golden.assert_close("core_feat", looks)
    found, seen = refined(network, features, queries[:, None].expand(-1, 8, -1), looks, 6)
    for ours, expected in zip(found, golden.arrays["core_trajs_iters"], strict=True):
        assert np.abs(ours.xy.numpy().transpose(1, 0, 2) * STRIDE - expected).max() < PX
    assert np.abs(seen.numpy().T - golden.arrays["core_vis_logit"]).max() < LOGIT


def test_every_official_key_has_its_place(golden: Golden) -> None:
    assert build(blank_tensors("pips", "keys.json"), "blank")
