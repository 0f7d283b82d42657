"""Products by oneDNN are those of torch, and several objects on a CPU are those of one after the other."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tracking.layers import network_tracker, one_dnn
from tracking.layers.attention import CrossAttention
from tracking.layers.one_dnn import Conv1x1, Linear, linear
from tracking.layers.side_by_side import SideBySide
from tracking.models.mixformer.tracker import tiny as tiny_mixformer
from tracking.models.transt.tracker import tiny as tiny_transt
from tracking.types import Box, Frame, ObjectId, Prompt


@pytest.fixture(autouse=True)
def inference():
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("shape", [(7, 12), (2, 7, 12), (2, 3, 7, 12), (0, 12)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_is_that_of_torch(shape: tuple[int, ...], bias: bool) -> None:
    layer, x = Linear(12, 5, bias=bias), torch.randn(shape)
    assert torch.allclose(layer(x), F.linear(x, layer.weight, layer.bias), atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_of_one_pixel_is_that_of_torch(stride: int) -> None:
    layer, x = Conv1x1(6, 9, stride, bias=False), torch.randn(2, 6, 8, 10)
    assert torch.allclose(layer(x), F.conv2d(x, layer.weight, stride=stride), atol=1e-5)


def test_attention_is_that_of_torch() -> None:
    ours, theirs = CrossAttention(12, 3), torch.nn.MultiheadAttention(12, 3, batch_first=True).eval()
    theirs.load_state_dict(ours.state_dict())
    query, key, value = torch.randn(2, 5, 12), torch.randn(2, 7, 12), torch.randn(2, 7, 12)
    expected, _ = theirs(query, key, value, need_weights=False)
    assert torch.allclose(ours(query, key, value), expected, atol=1e-5)


def test_products_in_bfloat16_are_left_to_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert linear(torch.randn(3, 4), torch.randn(5, 4), None).dtype is torch.bfloat16
        assert Conv1x1(4, 5)(torch.randn(1, 4, 3, 3)).dtype is torch.bfloat16


def test_a_torch_without_these_products_multiplies_its_own_way(monkeypatch) -> None:
    x, weight = torch.randn(3, 4), torch.randn(5, 4)
    monkeypatch.setattr(one_dnn, "HAS_PRODUCTS", False)
    assert torch.equal(linear(x, weight, None), F.linear(x, weight))


def test_each_of_a_team_has_its_share_of_the_threads_and_later_threads_have_them_all(two_threads) -> None:
    team = SideBySide(2)
    assert team.map(lambda _: torch.get_num_threads(), range(6)) == [1] * 6
    assert torch.get_num_threads() == 2
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [2]


def test_a_team_answers_in_order_and_passes_on_what_was_raised(two_threads) -> None:
    team = SideBySide(2)
    assert team.map(lambda x: x * x, range(5)) == [0, 1, 4, 9, 16]
    with pytest.raises(ZeroDivisionError):
        team.map(lambda x: 1 / x, [1, 0, 1])


@pytest.mark.parametrize("tiny", [tiny_mixformer, tiny_transt], ids=["mixformer", "transt"])
def test_objects_side_by_side_go_where_they_go_one_by_one(tiny, two_threads, monkeypatch) -> None:
    teams: list[int] = []
    monkeypatch.setattr(network_tracker, "SideBySide", lambda workers: teams.append(workers) or SideBySide(workers))
    together = followed(tiny(), threads=2)
    assert teams == [2]
    assert followed(tiny(), threads=1) == pytest.approx(together, abs=1e-3)


def followed(tracker, threads: int) -> list[float]:
    """Coordinates of three objects on four frames."""
    torch.set_num_threads(threads)
    frames = [
        Frame(number, np.random.default_rng(number).integers(0, 255, (120, 160, 3), np.uint8)) for number in range(4)
    ]
    corners = ((20, 20), (90, 60), (60, 10))
    tracker.start(frames[0], [Prompt(ObjectId(str(x)), Box.from_xywh(x, y, 40, 30)) for x, y in corners])
    return [edge for frame in frames[1:] for one in tracker.step(frame) for edge in one.shape]
