"""Framewise Deep: the network, the filter on its features, and both in the tracker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.tracking.models.test_correlation import CAR, overlap, scene
from tracking.models.correlation import pretrained as network
from tracking.models.correlation.cell_filter import CellFilter, Place, bump
from tracking.models.correlation.deep import PATCH_PX, DeepTarget, _on_grid, create
from tracking.models.correlation.features import Float
from tracking.models.correlation.patches import Region
from tracking.models.correlation.pretrained import (
    CHANNELS,
    EPSILON,
    STAGES,
    STRIDE,
    Backbone,
    Block,
    Pretrained,
    filled,
)
from tracking.models.correlation.tracker import GRID
from tracking.types import Box, Prompt
from tracking.weights import WeightsError

BLOCKS = sum(count for count, *_ in STAGES)


def official(seed: int) -> dict[str, Tensor]:
    """Random weights by the names of the official file."""
    random = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}

    def layer(convolution: nn.Conv2d, weights: str, normalisation: str) -> None:
        out = convolution.out_channels
        fan = convolution.weight[0].numel()
        tensors[f"{weights}.weight"] = torch.randn(convolution.weight.shape, generator=random) * (2 / fan) ** 0.5
        for name, low in (("weight", 0.5), ("bias", -0.5), ("running_mean", -0.5), ("running_var", 0.5)):
            tensors[f"{normalisation}.{name}"] = torch.rand(out, generator=random) + low

    backbone = Backbone()
    layer(backbone.stem, "_conv_stem", "_bn0")
    for number, block in enumerate(backbone.blocks.children()):
        assert isinstance(block, Block)
        if block.widen is not None:
            layer(block.widen, f"_blocks.{number}._expand_conv", f"_blocks.{number}._bn0")
        layer(block.filter, f"_blocks.{number}._depthwise_conv", f"_blocks.{number}._bn1")
        layer(block.narrow, f"_blocks.{number}._project_conv", f"_blocks.{number}._bn2")
    return tensors


def as_tensorflow_does(x: Tensor, tensors: dict[str, Tensor]) -> Tensor:
    """The same network in the plainest way: padding at the far edges, normalisation by itself."""

    def convolved(x: Tensor, weights: str, normalisation: str, stride: int = 1) -> Tensor:
        kernel = tensors[f"{weights}.weight"]
        side, groups = kernel.shape[-1], x.shape[1] // kernel.shape[1]
        pad = max(side - stride, 0)
        x = nn.functional.pad(x, (pad // 2, pad - pad // 2) * 2)
        x = nn.functional.conv2d(x, kernel, stride=stride, groups=groups)
        mean, variance, scale, shift = (
            tensors[f"{normalisation}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
        )
        return nn.functional.batch_norm(x, mean, variance, scale, shift, eps=EPSILON)

    x = nn.functional.relu6(convolved(x, "_conv_stem", "_bn0", 2))
    number = 0
    for count, _, first_stride, widening, _ in STAGES:
        for place in range(count):
            prefix, stride = f"_blocks.{number}.", first_stride if place == 0 else 1
            wide = x
            if widening > 1:
                wide = nn.functional.relu6(convolved(x, f"{prefix}_expand_conv", f"{prefix}_bn0"))
            wide = nn.functional.relu6(convolved(wide, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride))
            narrow = convolved(wide, f"{prefix}_project_conv", f"{prefix}_bn2")
            x = x + narrow if narrow.shape == x.shape and stride == 1 else narrow
            number += 1
    return x


def test_the_network_pads_as_the_one_that_was_trained() -> None:
    tensors = official(0)
    picture = np.random.default_rng(0).integers(0, 255, (1, 64, 64, 3), dtype=np.uint8)
    plain = as_tensorflow_does((torch.from_numpy(picture).permute(0, 3, 1, 2).float() - 127) / 128, tensors)
    ours = Pretrained(filled(Backbone(), tensors))(picture)
    assert ours.shape == (1, CHANNELS, 4, 4)
    np.testing.assert_allclose(ours, plain.numpy(), rtol=1e-3, atol=1e-3 * float(plain.abs().max()))


def test_the_package_brings_the_network() -> None:
    found = network.pretrained()(np.zeros((2, PATCH_PX, PATCH_PX, 3), np.uint8))
    assert found.shape == (2, CHANNELS, PATCH_PX // STRIDE, PATCH_PX // STRIDE)
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)


def test_without_the_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "PACKAGE", "no_such_package_anywhere")
    with pytest.raises(WeightsError, match=r"no-such-package-anywhere.*isn't there.*Framewise CF"):
        network.pretrained.__wrapped__()


def test_a_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "damaged_weights_of_a_test"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "models" / network.FILE).write_bytes(b"nothing of the kind")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(network, "PACKAGE", package.name)
    with pytest.raises(WeightsError, match="SHA-256"):
        network.pretrained.__wrapped__()


def spots(x: int, y: int, look: int = 2) -> Float:
    """(8, 16, 16): noise, and a look of its own on the 3 x 3 cells around one."""
    random = np.random.default_rng(1)
    features = random.normal(0, 0.3, (8, 16, 16)).astype(np.float32)
    features[:, y - 1 : y + 2, x - 1 : x + 2] += np.random.default_rng(look).normal(0, 2, (8, 3, 3)).astype(np.float32)
    return features


def around(x: int, y: int) -> Place:
    """The place of what ``spots`` shows at a cell."""
    return Place(network.FIRST_PX + x * STRIDE, network.FIRST_PX + y * STRIDE, 48, 48)


def test_the_filter_answers_where_the_object_has_gone() -> None:
    cells = CellFilter(spots(8, 8)[None], [around(8, 8)])
    for x, y in ((8, 8), (4, 11), (11, 5)):
        found = cells.respond(cells.project(spots(x, y)))
        wanted = bump(16, around(x, y))
        assert abs(int(found.argmax()) - int(wanted.argmax())) in (0, 1, 16, 17, 15)
        assert found.max() > 0.6


def test_the_filter_learns_a_new_look() -> None:
    cells = CellFilter(spots(8, 8)[None], [around(8, 8)])
    other = cells.project(spots(8, 8, look=3))
    before = float(cells.respond(other)[8:10, 8:10].max())
    for _ in range(10):
        cells.learn(other, around(8, 8))
    assert float(cells.respond(other)[8:10, 8:10].max()) > before + 0.3


@pytest.mark.parametrize(("x", "y"), [(128.0, 128.0), (100.0, 150.0), (171.0, 90.0)])
@pytest.mark.parametrize(("width", "height"), [(200.0, 200.0), (400.0, 100.0)])
def test_the_deep_answer_lies_on_the_grid_where_it_lies_in_the_frame(
    x: float, y: float, width: float, height: float
) -> None:
    deep = bump(PATCH_PX // STRIDE, Place(x, y, 100, 100))
    square = Region(500, 400, 200, 200)
    on_grid = _on_grid(deep, square, Region(500, 400, width, height))
    row, column = (int(at) for at in np.unravel_index(int(on_grid.argmax()), on_grid.shape))
    frame_px = 200 / PATCH_PX
    assert (column - GRID // 2) * width / GRID == pytest.approx((x - 128) * frame_px, abs=0.6 * width / GRID + 2)
    assert (row - GRID // 2) * height / GRID == pytest.approx((y - 128) * frame_px, abs=0.6 * height / GRID + 2)


def test_it_follows_and_asks_the_deep_filter() -> None:
    places = [Box(60 + 4 * n, 60 + 2 * n, 120 + 4 * n, 100 + 2 * n) for n in range(15)]
    tracker = create()
    tracker.start(scene(0, places[0]), [Prompt(CAR, places[0])])
    for number, place in enumerate(places[1:], start=1):
        (found,) = tracker.step(scene(number, place))
        assert overlap(found, place) > 0.7
    target = tracker.targets[CAR]
    assert isinstance(target, DeepTarget)
    assert target.finds == 14


def test_objects_of_few_pixels_are_left_to_the_other_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(100, 100, 112, 110)
    tracker = create()
    tracker.start(scene(0, box), [Prompt(CAR, box)])
    monkeypatch.setattr(tracker, "_network", lambda patches: pytest.fail("it was asked"))
    (found,) = tracker.step(scene(1, box))
    assert overlap(found, box) > 0.6
