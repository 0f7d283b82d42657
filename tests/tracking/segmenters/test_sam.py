"""SAM and SAM 2 are given and give what ``transformers`` would; tried with tiny random networks in real folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.tracking.test_segmenters import HEIGHT, ON, PLACE, WIDTH, picture
from tracking import catalog
from tracking.layers.compute import Compute
from tracking.layers.images import IMAGENET_MEAN, IMAGENET_STD
from tracking.segmenter import Click
from tracking.segmenters.sam import segmenter as module
from tracking.segmenters.sam.segmenter import Sam, opened, tiny_network
from tracking.shapes.bitmaps import spread
from tracking.types import TrackingError
from tracking.weights import WeightsError

SIZE = (HEIGHT, WIDTH)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


def lively(network: nn.Module) -> nn.Module:
    """Weights that let signals through: those that it begins with are so small that every answer is nearly zero."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        for name, values in network.named_parameters():
            if values.dim() > 1 and "norm" not in name:
                nn.init.normal_(values, std=max(values[0].numel(), 1) ** -0.5)
    return network.eval()


def tiny_sam2() -> Any:
    from transformers import Sam2Config, Sam2Model

    widths = [8, 16, 32, 64]
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "num_attention_heads": 1,
        "image_size": [64, 64],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": widths,
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [4, 4, 4, 4],
        "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [4, 4],
    }
    config = Sam2Config(
        vision_config={
            "model_type": "sam2_vision_model",
            "backbone_channel_list": widths[::-1],
            "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
            "fpn_hidden_size": 128,
            "backbone_config": backbone,
        },
        prompt_encoder_config={"hidden_size": 128, "image_size": 64},
        mask_decoder_config={"hidden_size": 128, "mlp_dim": 64, "iou_head_hidden_dim": 32},
    )
    return Sam2Model(config)


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    return {"sam-base": lively(tiny_network()), "sam2.1-tiny-click": lively(tiny_sam2())}


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, networks: dict[str, Any]) -> Path:
    """A weights folder with both, as the hub has them."""
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    for entry, network in networks.items():
        network.save_pretrained(tmp_path / catalog.find_segmenter(entry).weights[0].folder)
    return tmp_path


@pytest.mark.parametrize("name", ["sam-base", "sam2.1-tiny-click"])
def test_it_is_taken_from_its_folder_and_answers_as_the_network_itself(
    name: str, weights: Path, networks: dict[str, Any]
) -> None:
    assert catalog.missing(catalog.find_segmenter(name)) == []
    segmenter = catalog.create_segmenter(name)
    assert isinstance(segmenter, Sam)
    looked = segmenter.embed(picture())
    found = segmenter.segment(looked, [ON])

    # The picture's longer side is the network's; SAM fills what is left below, SAM 2 stretches.
    padded = name == "sam-base"
    image = torch.from_numpy(picture()).permute(2, 0, 1)[None].float() / 255
    across, down = 64 / WIDTH, 64 / (WIDTH if padded else HEIGHT)
    size = (round(HEIGHT * down), 64)
    small = nn.functional.interpolate(image, size, mode="area" if padded else "bilinear", antialias=not padded)
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    pixels = nn.functional.pad((small - mean) / deviation, (0, 0, 0, 64 - size[0]))
    with torch.inference_mode():
        told = networks[name](
            pixel_values=pixels,
            input_points=torch.tensor([[[[ON.x * across, ON.y * down]]]]),
            input_labels=torch.tensor([[[1]]], dtype=torch.int32),
            multimask_output=True,
        )
    best = int(told.iou_scores[0, 0].argmax())
    square = nn.functional.interpolate(told.pred_masks[:, 0, best : best + 1], (64, 64), mode="bilinear")
    whole = nn.functional.interpolate(square[..., : size[0], :], SIZE, mode="bilinear")[0, 0] > 0
    assert found.score == pytest.approx(float(told.iou_scores[0, 0, best].clamp(0, 1)), abs=0.02)
    same = spread(found.mask, SIZE) == whole.numpy()
    assert same.mean() > 0.97


@pytest.mark.parametrize("name", ["sam-base", "sam2.1-tiny-click"])
def test_further_clicks_go_on_from_the_answer_before_and_a_box_is_heeded(name: str, networks: dict[str, Any]) -> None:
    network = networks[name]
    segmenter = module._built(network, Compute(torch.device("cpu")))
    looked = segmenter.embed(picture())
    given: list[dict[str, Any]] = []
    original = network.forward

    def forward(**more: Any) -> Any:
        given.append(more)
        return original(**more)

    network.forward = forward
    try:
        first = segmenter.segment(looked, [], PLACE)
        segmenter.segment(looked, [ON], PLACE, first.mask)
    finally:
        network.forward = original
    assert len(given) == 2
    assert "input_points" not in given[0]
    assert given[1]["input_boxes"].shape == (1, 1, 4)
    assert given[1]["input_masks"].shape[-1] == 16


def test_a_mask_from_elsewhere_is_rebuilt_by_clicks_which_later_ones_are_added_to(networks: dict[str, Any]) -> None:
    network = networks["sam-base"]
    compute = Compute(torch.device("cpu"))
    made = module._built(network, compute)
    elsewhere = made.segment(made.embed(picture()), [ON]).mask
    segmenter = module._built(network, compute)
    looked = segmenter.embed(picture())
    found = segmenter.segment(looked, [Click(5, 5, False)], None, elsewhere)
    known = looked.known  # type: ignore[attr-defined]
    assert [len(each.clicks) <= module.MOST_REBUILDING for each in known.values()] == [True]
    further = segmenter.segment(looked, [Click(5, 5, False), ON], None, found.mask)
    assert 0 <= further.score <= 1


def test_it_says_what_is_missing(weights: Path, tmp_path: Path) -> None:
    assert catalog.missing(catalog.find_segmenter("sam-huge")) == ["sam-vit-huge/model.safetensors"]
    with pytest.raises(WeightsError, match=r"facebook/sam-vit-huge \(licence: Apache-2\.0\)"):
        catalog.create_segmenter("sam-huge")
    with pytest.raises(WeightsError, match=r"no-such/model can't be loaded \(.*\)\. Check"):
        opened("no-such/model", local=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(WeightsError, match="is a bert"):
        catalog.open_segmenter(str(tmp_path / "other"))


def test_a_pickle_is_never_read(weights: Path, networks: dict[str, Any]) -> None:
    folder = weights / "sam-vit-base"
    (folder / "model.safetensors").unlink()
    torch.save(networks["sam-base"].state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="can't be loaded"):
        catalog.create_segmenter("sam-base")


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(TrackingError, match=r"pip install 'framewise\[sam\]'"):
        opened("facebook/sam-vit-base")
