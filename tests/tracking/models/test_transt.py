"""TransT computes what its authors' code computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.golden import goldfill
from tests.golden.check import Golden, Record, assert_close, blank_tensors
from tracking.layers.compute import Compute
from tracking.models.transt import tracker as module
from tracking.models.transt.network import Config, TransT, sine_position
from tracking.models.transt.tracker import TransTTracker, tiny
from tracking.models.transt.weights import build, load
from tracking.types import Box, Frame, ObjectId, Prompt
from tracking.weights import WeightsError, WeightsMisfit

THING = ObjectId("thing")
BFLOAT16_PX = 5.0
"""How far a cell's box, computed in bfloat16, may lie from the golden's in the search picture."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden("transt")


@pytest.fixture(scope="module")
def official(golden: Golden) -> tuple[TransT, Config]:
    return build(golden.tensors(), "filled")


@torch.inference_mode()
def assert_network_agrees(golden: Golden, network: TransT) -> None:
    template, search = golden.picture("input.template", 128), golden.picture("input.search", 256)
    names = (
        r"backbone\.(bn1|layer\d)|projection|fusion\.\d|fusion\.0\.(template\.self|search\.cross)_attention|decoder.*"
    )
    with Record(network, names) as record:
        template = network.encode(template)
        logits, boxes = network(template, network.encode(search))

    for call in (0, 1):
        golden.assert_slice(f"net/backbone.bn1#{call}", record["backbone.bn1"][call])
        for layer in (1, 2, 3):
            golden.assert_slice(f"net/backbone.layer{layer}#{call}", record[f"backbone.layer{layer}"][call])
        golden.assert_slice(f"net/input_proj#{call}", record["projection"][call])
        golden.assert_slice(f"net/position#{call}", sine_position(record["projection"][call]), stride=2)
    golden.assert_slice("net/encoder.0.self_attn1#0", record["fusion.0.template.self_attention"][0])
    golden.assert_slice("net/encoder.0.multihead_attn2#0", record["fusion.0.search.cross_attention"][0])
    for layer in range(len(network.fusion)):
        golden.assert_slice(f"net/encoder.{layer}.template#0", record[f"fusion.{layer}"][0][0])
        golden.assert_slice(f"net/encoder.{layer}.search#0", record[f"fusion.{layer}"][0][1])
    golden.assert_slice("net/decoder.attn#0", record["decoder.attention"][0])
    golden.assert_slice("net/decoder#0", record["decoder"][0], channels=64)
    golden.assert_close("net/pred_logits", logits)
    golden.assert_close("net/pred_boxes", boxes)


def test_the_network_with_four_fusion_layers_agrees(golden: Golden, official: tuple[TransT, Config]) -> None:
    assert_network_agrees(golden, official[0])


def test_the_network_with_two_fusion_layers_agrees() -> None:
    golden = Golden("transt", "golden_n2.npz", "keys_n2.json")
    network, config = build(golden.tensors(), "filled")
    assert config.fusion_layers == 2
    assert_network_agrees(golden, network)


@pytest.mark.parametrize("run", ["forced", "free"])
def test_the_tracker_agrees_box_by_box(golden: Golden, official: tuple[TransT, Config], run: str, monkeypatch) -> None:
    expected = {name.split("/")[2]: golden.arrays[name] for name in golden.arrays if name.startswith(f"e2e/{run}/")}
    frames, truth = goldfill.frames("frames", 9)
    crops, ranked = [], []
    cut, rank = module.crop, TransTTracker.ranking
    monkeypatch.setattr(module, "crop", lambda *args: crops.append((args, cut(*args))) or crops[-1][1])
    monkeypatch.setattr(TransTTracker, "ranking", lambda self, scores: ranked.append(rank(self, scores)) or ranked[-1])

    tracker = TransTTracker(*official, device="cpu")
    tracker.start(Frame(0, frames[0]), [Prompt(THING, Box.from_xywh(*truth[0]))])
    (_, _, side, _, fill), template = crops.pop()
    assert side == expected["template_side"]
    assert np.array_equal(fill, np.floor(expected["channel_average"]))
    assert goldfill.crc(template) == expected["template_crc"]
    assert np.array_equal(template[::16, ::16], expected["template_small"])

    # Where each frame begins from the truth there is nothing that adds up.
    for t in range(3 if run == "forced" else 8):
        if run == "forced":
            tracker.targets[THING].box = Box.from_xywh(*truth[t])
        before = tracker.targets[THING].box
        with Record(official[0], "") as record:
            (prediction,) = tracker.step(Frame(t + 1, frames[t + 1]))
        logits, boxes = (output[0] for output in record[""][0])
        box = prediction.shape
        best = int(ranked[t].argmax())
        (_, _, side, _, _), crop = crops[t]

        assert np.allclose((*before.centre, before.width, before.height), expected["state_before"][t], atol=5e-3)
        assert side == expected["crop_side"][t]
        assert np.abs(crop.mean(axis=(0, 1)) - expected["crop_mean"][t]).max() < 0.05
        assert np.abs(crop[::32, ::32] - expected["crop_small"][t].astype(float)).max() <= 1
        if run == "forced":  # a free run's crops may differ by the rounding of a box that differs by 1e-5 px
            assert goldfill.crc(crop) == expected["crop_crc"][t]
        assert_close(logits[::16], expected["logits_sub"][t], "logits")
        assert_close(boxes[::16], expected["boxes_sub"][t], "boxes")
        assert_close(ranked[t], expected["pscore"][t], "pscore")
        assert best == expected["best_idx"][t]
        assert_close(boxes[best], expected["pred_box_at_best"][t], "best box")
        assert np.allclose((box.x1, box.y1, box.width, box.height), expected["bbox"][t], atol=5e-3)


@torch.inference_mode()
def test_bfloat16_finds_the_same_boxes_roughly_and_tells_them_in_float32(
    golden: Golden, official: tuple[TransT, Config]
) -> None:
    network, _ = official
    with Compute.best("cpu", "bfloat16").autocast():
        template = network.encode(golden.picture("input.template", 128))
        logits, boxes = network(template, network.encode(golden.picture("input.search", 256)))
    assert template.dtype is torch.bfloat16
    assert logits.dtype is boxes.dtype is torch.float32
    off = np.abs(boxes.numpy() - golden.arrays["net/pred_boxes"]) * 256
    assert off.max() < BFLOAT16_PX


@pytest.mark.parametrize("keys", ["keys.json", "keys_n2.json"])
def test_every_official_key_has_its_place(keys: str) -> None:
    build(blank_tensors("transt", keys), "blank")


def test_it_loads_an_official_file(golden: Golden, tmp_path, monkeypatch) -> None:
    small = {key: torch.zeros(shape) for key, (shape, _) in golden.keys.items()}
    torch.save({"net": small, "constructor": None}, tmp_path / "transt.pth")
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    network, config = load()
    assert config == Config()
    assert not network.training


def test_it_refuses_weights_of_another_network(golden: Golden) -> None:
    tensors = blank_tensors("transt", "keys.json")
    del tensors["bbox_embed.layers.2.bias"]
    with pytest.raises(WeightsMisfit, match=r"1 missing: locate\.layers\.2\.bias"):
        build(tensors, "transt.pth")
    with pytest.raises(WeightsError, match="has none"):
        build({"conv.weight": torch.zeros(1)}, "other.pth")


def test_objects_do_not_change_each_other() -> None:
    """A batch gives every object what it would get alone."""
    frames, _ = goldfill.frames("frames", 2)
    boxes = [Box(20, 20, 60, 50), Box(90, 60, 140, 110)]
    together = tiny()
    together.batch = 2
    together.start(Frame(0, frames[0]), [Prompt(ObjectId(str(i)), box) for i, box in enumerate(boxes)])
    both = together.step(Frame(1, frames[1]))
    for i, box in enumerate(boxes):
        alone = tiny()
        alone.start(Frame(0, frames[0]), [Prompt(THING, box)])
        assert np.allclose(alone.step(Frame(1, frames[1]))[0].shape, both[i].shape, atol=1e-3)
