"""MixFormer computes what its authors' code computes."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
import torch

from tests.golden import goldfill
from tests.golden.check import Golden, Record, assert_close, blank_tensors, official_keys
from tracking.catalog import TRACKERS
from tracking.layers.compute import Compute
from tracking.models.mixformer import tracker as module
from tracking.models.mixformer.cvt import CvtConfig
from tracking.models.mixformer.heads import pool_precisely
from tracking.models.mixformer.network import Config, MixFormer, centred
from tracking.models.mixformer.tracker import MixFormerTracker, UpdateRule, crop, tiny
from tracking.models.mixformer.weights import VARIANTS, build, load
from tracking.types import Box, Frame, ObjectId, Prompt
from tracking.weights import WeightsError, WeightsMisfit

THING = ObjectId("thing")
BFLOAT16_PX = 5.0
"""How far the corners of a box, computed in bfloat16, may lie from the golden's in the search picture."""
CVT, CVT_ONLINE = VARIANTS["cvt"].config, VARIANTS["cvt_online"].config
VIT_ONLINE = VARIANTS["vit_online"].config
VIT = replace(VIT_ONLINE, scored=False)
CONVMAE_ONLINE = VARIANTS["convmae_online"].config


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


class Followed(NamedTuple):
    """A part of the golden's runs: ``run`` names its update rule; ``forced`` starts every frame from the true box of
    the one before; ``steps`` are the frames that are followed, of 8."""

    run: str
    forced: bool
    steps: int


class Case:
    """A golden with the network it belongs to."""

    def __init__(
        self,
        folder: str,
        config: Config,
        archive: str = "golden.npz",
        keys: str = "keys.json",
        followed: tuple[Followed, ...] = (),
    ) -> None:
        self.golden = Golden(folder, archive, keys)
        self.config = config
        self.followed = followed
        self.network = build(config, self.golden.tensors(), "filled")

    def templates(self, *names: str) -> torch.Tensor:
        """(1, T, 3, h, w)."""
        return torch.stack([self.golden.picture(f"input.{name}", self.config.template_px) for name in names], dim=1)

    def search(self) -> torch.Tensor:
        return self.golden.picture("input.search", self.config.search_px)


# The tracker is the same on every backbone: the cheaper ones follow each update rule to its end, freely and forced, and
# the others up to their first change of a template.
OFFLINE, ONLINE = (Followed("A", False, 8),), (Followed("A", False, 8), Followed("B", True, 8))
VIT_OFFLINE, VIT_SCORED = (Followed("A", True, 3),), (Followed("A", True, 4),)


@pytest.fixture(
    scope="module",
    params=[
        ("mixformer_cvt", CVT, "golden.npz", "keys.json", OFFLINE),
        ("mixformer_cvt_online", CVT_ONLINE, "golden.npz", "keys.json", ONLINE),
        ("mixvit", VIT, "golden.npz", "keys.json", VIT_OFFLINE),
        ("mixvit", VIT_ONLINE, "golden_online.npz", "keys_online.json", VIT_SCORED),
    ],
    ids=["cvt", "cvt_online", "vit", "vit_online"],
)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(*request.param)


def assert_found(case: Case, name: str, record: Record, found) -> None:
    golden = case.golden
    golden.assert_close(f"{name}/score_map_tl", record["box_head.top_left"][-1][0])
    golden.assert_close(f"{name}/score_map_br", record["box_head.bottom_right"][-1][0])
    golden.assert_close(f"{name}/corners_xyxy", found.boxes)
    golden.assert_close(f"{name}/pred_boxes", centred(found.boxes)[None])
    golden.assert_slice(f"{name}/backbone.search", record["backbone"][-1][0][:, 0], 48, 3)
    if case.config.scored:
        golden.assert_close(f"{name}/pred_scores", found.scores)


@torch.inference_mode()
def test_one_search_agrees_layer_by_layer(case: Case) -> None:
    names = r"backbone|backbone\.(stages\.\d\.)?(patches.*|blocks\.\d+(\.attention)?)"
    names += r"|box_head\.(top_left|bottom_right)"
    with Record(case.network, names) as record:
        memory = case.network.remember(case.templates("template", "online_template"))
        found = case.network(case.search(), memory)

    if isinstance(case.config.backbone, CvtConfig):
        assert_cvt_layers(case.golden, record)
    else:
        assert_vit_layers(case.golden, record)
        case.golden.assert_slice("fwd/backbone.online", record["backbone"][0][0][:, 1], 48, 2)
    case.golden.assert_slice("fwd/backbone.template", record["backbone"][0][0][:, 0], 48, 2)
    assert_found(case, "fwd", record, found)
    case.golden.assert_close("mem1/pred_boxes", centred(found.boxes)[None])
    if case.config.scored:
        case.golden.assert_close("mem1/pred_scores", found.scores)


def assert_cvt_layers(golden: Golden, record: Record) -> None:
    for stage, blocks in enumerate(([0], [0], [0, 7])):
        templates, search = record[f"backbone.stages.{stage}.patches"]
        for call, picture in enumerate([*templates.split(1), search]):
            golden.assert_slice(f"fwd/stage{stage}.patch_embed#{call}", picture)
        for block in blocks:
            golden.assert_slice(f"fwd/stage{stage}.blocks.{block}#0", whole(record, f"stages.{stage}.blocks.{block}"))
        golden.assert_slice(f"fwd/stage{stage}.blocks.0.attn#0", whole(record, f"stages.{stage}.blocks.0.attention"))


def assert_vit_layers(golden: Golden, record: Record) -> None:
    templates, search = (maps.flatten(2).transpose(1, 2) for maps in record["backbone.patches.conv"])
    for call, picture in enumerate([*templates.split(1), search]):
        golden.assert_slice(f"fwd/patch_embed#{call}", picture)
    for block in (0, 1, 5, 11):
        golden.assert_slice(f"fwd/blocks.{block}#0", whole(record, f"blocks.{block}"))
    golden.assert_slice("fwd/blocks.0.attn#0", whole(record, "blocks.0.attention"))


def whole(record: Record, name: str) -> torch.Tensor:
    """Templates and search picture as the one sequence that the reference sees."""
    return torch.cat([output for output, _ in record[f"backbone.{name}"]], dim=1)


@torch.inference_mode()
def test_three_online_templates_agree(case: Case) -> None:
    with Record(case.network, r"backbone|box_head\.(top_left|bottom_right)") as record:
        names = ("template", "online_template", "online_template2", "online_template3")
        found = case.network(case.search(), case.network.remember(case.templates(*names)))
    assert_found(case, "mem3", record, found)


@torch.inference_mode()
def test_the_convolutional_backbone_agrees() -> None:
    case = Case("mixvit", CONVMAE_ONLINE, "golden_convmae_online.npz", "keys_convmae_online.json")
    with Record(case.network, "backbone") as record:
        found = case.network(case.search(), case.network.remember(case.templates("template", "online_template")))
    case.golden.assert_slice("fwd/backbone.template", record["backbone"][0][0][:, 0], 48, 2)
    case.golden.assert_slice("fwd/backbone.online", record["backbone"][0][0][:, 1], 48, 2)
    case.golden.assert_slice("fwd/backbone.search", record["backbone"][1][0][:, 0], 48, 3)
    case.golden.assert_close("fwd/corners_xyxy", found.boxes)
    case.golden.assert_close("fwd/pred_boxes", centred(found.boxes)[None])
    case.golden.assert_close("fwd/pred_scores", found.scores)


@torch.inference_mode()
def test_the_score_of_a_given_box_agrees(case: Case) -> None:
    if not case.config.scored:
        pytest.skip("no score head")
    with Record(case.network, "backbone") as record:
        memory = case.network.remember(case.templates("template", "online_template"))
        case.network(case.search(), memory)
    features = record["backbone"][1][0][:, 0]
    cells = features.shape[-1]
    given = torch.tensor(case.golden.meta["gt_box_xyxy"])
    outside = torch.tensor([[-1.25, 3.4, 7.9, 22.75]])

    case.golden.assert_slice("gtbox/prroi", pool_precisely(features, given * cells, 4), 48, 1)
    case.golden.assert_slice("outside/prroi", pool_precisely(features, outside, 4), 48, 1)
    case.golden.assert_close("gtbox/pred_scores", case.network.score_head(features, memory.first, given))


def test_a_box_without_width_pools_to_zeros() -> None:
    boxes = torch.tensor([[5.0, 2.0, 3.0, 6.0], [2.0, 2.0, 2.0, 6.0]])
    assert not pool_precisely(torch.ones(2, 3, 8, 8), boxes, 4).any()


def test_the_tracker_agrees_box_by_box(case: Case) -> None:
    for followed in case.followed:
        with pytest.MonkeyPatch.context() as monkeypatch:
            assert_run_agrees(case, followed, monkeypatch)


def update_rule(case: Case, settings: dict[str, float]) -> UpdateRule:
    if not case.config.scored:
        return UpdateRule(case.golden.meta["e2e"]["offline_update_interval"])
    return UpdateRule(settings["update_interval"], settings["online_sizes"], settings.get("max_score_decay", 1.0))


def assert_run_agrees(case: Case, followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    run, forced, steps = followed
    expected = case.golden.part(f"e2e/{run}/{'forced' if forced else 'free'}/")
    update = update_rule(case, case.golden.meta["e2e"]["runs"][run])
    factor, size = case.golden.meta["search_factor"], case.config.search_px
    frames, truth = goldfill.frames("frames", 9)
    crops: list = []
    monkeypatch.setattr(module, "crop", lambda *args: crops.append((args, *crop(*args))) or crops[-1][1:])

    tracker = MixFormerTracker(case.network, case.config, search_factor=factor, update=update, device="cpu")
    tracker.start(Frame(0, frames[0]), [Prompt(THING, Box.from_xywh(*truth[0]))])
    target = tracker.targets[THING]
    for t in range(steps):
        if forced:
            target.box = Box.from_xywh(*truth[t])
        before, seen = target.box, len(crops)
        with Record(case.network, "") as record:
            (prediction,) = tracker.step(Frame(t + 1, frames[t + 1]))
        found = record[""][0]

        assert np.allclose(xywh(before), expected["state_before"][t], atol=5e-3)
        assert_close(centred(found.boxes)[0], expected["pred_box"][t], "predicted box")
        assert np.allclose(xywh(prediction.shape), expected["bbox"][t], atol=5e-3)
        assert size / crops[seen][2] == pytest.approx(expected["resize_factor"][t])
        assert np.abs(crops[seen][1][::32, ::32] - expected["crop_small"][t].astype(float)).max() <= 1
        assert len(crops) - seen == expected["n_crops"][t]
        if case.config.scored:
            assert found.scores.item() == pytest.approx(expected["score"][t], rel=1e-4, abs=1e-4)
            assert prediction.confidence == pytest.approx(found.scores.sigmoid().item())
            assert target.best == pytest.approx(expected["max_pred_score"][t], abs=1e-4)
            assert len(target.online) == expected["online_n"][t]
        online = torch.stack(target.online).mean().item()
        assert online == pytest.approx(expected["online_mean"][t], abs=1e-4)

    assert steps < 8 or len(crops) == len(expected["crops_crc"])
    for i, ((_, box, factor, size), picture, _) in enumerate(crops):
        assert (factor, size) == (expected["crops_factor"][i], expected["crops_size"][i])
        assert np.allclose(xywh(box), expected["crops_bbox_in"][i], atol=5e-3)
        assert np.abs(picture.mean(axis=(0, 1)) - expected["crops_mean"][i]).max() < 0.05
        if forced and size == case.config.search_px:
            # Other crops are cut at predicted boxes, which may differ by 1e-5 px, and so by their rounding.
            assert goldfill.crc(picture) == expected["crops_crc"][i]


@torch.inference_mode()
def test_bfloat16_finds_the_same_box_roughly_and_tells_it_in_float32(case: Case) -> None:
    with Compute.best("cpu", "bfloat16").autocast():
        memory = case.network.remember(case.templates("template", "online_template"))
        found = case.network(case.search(), memory)
    assert memory.blocks[-1].key.dtype is torch.bfloat16
    assert found.boxes.dtype is torch.float32
    off = np.abs(found.boxes.numpy() - case.golden.arrays["fwd/corners_xyxy"]) * case.config.search_px
    assert off.max() < BFLOAT16_PX


@pytest.mark.parametrize(
    ("folder", "keys", "variant"),
    [
        ("mixformer_cvt", "keys.json", "cvt"),
        ("mixformer_cvt_online", "keys.json", "cvt"),
        ("mixformer_cvt_online", "keys.json", "cvt_online"),
        ("mixformer_cvt_online", "keys_large.json", "cvt_large_online"),
        ("mixvit", "keys_online.json", "vit_online"),
        ("mixvit", "keys_online_large.json", "vit_large_online"),
        ("mixvit", "keys_convmae_online.json", "convmae_online"),
        ("mixvit", "keys_convmae_online_large.json", "convmae_large_online"),
    ],
)
def test_every_official_key_has_its_place(folder: str, keys: str, variant: str) -> None:
    build(VARIANTS[variant].config, blank_tensors(folder, keys), "blank")


def test_keys_of_pretraining_may_be_absent() -> None:
    tensors = blank_tensors("mixformer_cvt_online", "keys.json")
    build(CVT_ONLINE, {key: value for key, value in tensors.items() if "backbone.head" not in key}, "blank")


def test_it_refuses_weights_of_another_variant() -> None:
    with pytest.raises(WeightsMisfit) as refused:
        build(CVT_ONLINE, blank_tensors("mixformer_cvt", "keys.json"), "offline.pth.tar")
    assert "score_head.token" in refused.value.missing
    with pytest.raises(WeightsMisfit, match=r"backbone\.stage0\.patch_embed\.proj\.weight \(needs"):
        build(CVT_ONLINE, blank_tensors("mixformer_cvt_online", "keys_large.json"), "large.pth.tar")


def test_it_loads_an_official_file(tmp_path, monkeypatch) -> None:
    variant = VARIANTS["cvt_online"]
    zeros = {key: torch.zeros(shape) for key, (shape, _) in official_keys("mixformer_cvt_online").items()}
    torch.save({"net": zeros, "epoch": 3}, tmp_path / variant.file)
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    assert isinstance(load(variant), MixFormer)
    assert load(VARIANTS["cvt"]).score_head is None
    with pytest.raises(WeightsError, match=r"mixformer_cvtL_online_22k\.pth\.tar is not in"):
        module.cvt_large_online()


@pytest.mark.parametrize("scored", [True, False])
def test_objects_do_not_change_each_other(scored: bool) -> None:
    """A batch gives every object what it would get alone, also when one joins late and holds fewer templates."""
    frames, _ = goldfill.frames("frames", 9)
    config = replace(module.TINY, scored=scored)
    boxes = {ObjectId("early"): (0, Box(20, 20, 60, 50)), ObjectId("late"): (3, Box(90, 60, 140, 110))}

    def followed(*names: ObjectId) -> list[dict[ObjectId, tuple[float, ...]]]:
        tracker, history = tiny(config), []
        tracker.batch = 3
        tracker.start(Frame(0, frames[0]), [Prompt(THING, Box(5, 5, 30, 30))])
        for t in range(9):
            if t:
                history.append(
                    {found.object: (*found.shape, found.confidence) for found in tracker.step(Frame(t, frames[t]))}
                )
            for name in names:
                if boxes[name][0] == t:
                    tracker.correct(Frame(t, frames[t]), [Prompt(name, boxes[name][1])])
        return history

    together = followed(*boxes)
    for name in boxes:
        for both, alone in zip(together, followed(name), strict=True):
            if name in alone:
                assert np.allclose(both[name], alone[name], atol=1e-3)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_catalogue_lists_every_variant_with_its_file(name: str) -> None:
    variant = VARIANTS[name]
    (entry,) = [entry for entry in TRACKERS if entry.factory == f"{module.__name__}:{name}"]
    assert entry.weights[0].file == variant.file
    assert entry.settings["update_interval"] == variant.interval
    assert callable(getattr(module, name))


def xywh(box: Box) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.width, box.height
