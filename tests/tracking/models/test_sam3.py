"""SAM 3's tracker computes what ``transformers`` computes, and its folders are read as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from tests.tracking.models.test_sam2 import (
    CLICKED,
    MASK_ERROR,
    SIDE,
    A,
    B,
    Reference,
    Told,
    as_seen,
    frame,
    memory,
    recalled,
    sight,
    square,
    tracker_of,
)
from tracking import catalog
from tracking.models.sam2 import sam3
from tracking.models.sam2.memory import PlainBank, Window
from tracking.models.sam2.network import Network
from tracking.models.sam2.tracker import Eyes
from tracking.models.sam2.variants import enliven
from tracking.shapes.bitmaps import cropped, spread
from tracking.types import Click, Clicked, Frame, Mask, Prompt, TrackingError
from tracking.weights import WeightsError, WeightsMisfit


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def network() -> Any:
    """The tiny model as ``transformers`` knows it."""
    return sam3.tiny_network()


@pytest.fixture(scope="module")
def as_in_transformers(network: Any) -> Eyes:
    return Eyes(Network(network, settle_masks=False))


def session_of(eyes: Eyes) -> Any:
    from transformers.models.sam3_tracker_video.modeling_sam3_tracker_video import Sam3TrackerVideoInferenceSession

    side = eyes.network.side
    return Sam3TrackerVideoInferenceSession(
        video=eyes._pixels(frame(0)), video_height=side, video_width=side, dtype=torch.float32
    )


def difference(got: list[Tensor], expected: list[Tensor]) -> float:
    return float((torch.stack(got) - torch.stack(expected)).abs().max())


@torch.inference_mode()
@pytest.mark.parametrize(("rounded", "most"), [(False, MASK_ERROR), (True, 10 * MASK_ERROR)])
def test_masks_are_those_of_the_loop_that_keeps_everything(
    network: Any, as_in_transformers: Eyes, monkeypatch: pytest.MonkeyPatch, rounded: bool, most: float
) -> None:
    """Over more frames than the network looks back at, with two objects. Memories are rounded to bfloat16 by both,
    which makes the last bit of a sum a larger one: what is computed is compared without that."""
    if not rounded:
        monkeypatch.setattr(torch, "bfloat16", torch.float32)
    eyes = as_in_transformers
    tracker, session = tracker_of(eyes), session_of(eyes)
    told = Told(tracker, monkeypatch)
    masks = [square(20, 30), square(80, 10, 24)]
    tracker.start(frame(0), [Prompt(name, mask) for name, mask in zip((A, B), masks, strict=True)])
    for name, mask in enumerate(masks):
        given = tracker._square(spread(mask, (SIDE, SIDE)))[None, None]
        session.add_mask_inputs(session.obj_id_to_idx(name), 0, given)
        session.obj_with_new_inputs.append(name)
    network(inference_session=session, frame_idx=0)
    expected = []
    for number in range(1, 20):
        tracker.step(frame(number))
        expected.append(network(inference_session=session, frame=eyes._pixels(frame(number))[0]).pred_masks[:, 0])
    assert float(torch.stack(expected).std()) > 0.3, "masks that are all alike compare with nothing"
    signs = [(one > 0).equal(other > 0) for one, other in zip(told.passes, expected, strict=True)]
    assert difference(told.passes, expected) <= most
    assert all(signs)


@pytest.mark.parametrize("clicked", CLICKED)
def test_clicks_give_the_masks_that_they_give_in_transformers(
    network: Any, clicked: Clicked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the frame of the prompt, on the one after it, and for a correction of what was followed."""
    from transformers.models.sam3_tracker_video.modeling_sam3_tracker_video import Sam3TrackerVideoInferenceSession

    eyes = Eyes(Network(network, settle_masks=False))
    reference = Reference(network, eyes, Sam3TrackerVideoInferenceSession)
    correction = Clicked((Click(70, 60, True), Click(20, 20, False)))
    expected = [reference.look(0, clicked), reference.look(1), reference.look(1, correction)]
    tracker = tracker_of(eyes)
    told = Told(tracker, monkeypatch)
    tracker.start(as_seen(eyes, 0), [Prompt(A, accepted(eyes, expected[0]), clicked)])
    tracker.step(as_seen(eyes, 1))
    tracker.correct(as_seen(eyes, 1), [Prompt(A, accepted(eyes, expected[2]), correction)])
    assert difference([one[0] for one in told.passes], expected) <= MASK_ERROR


def accepted(eyes: Eyes, logits: Tensor) -> Mask:
    """What a person accepts who sees what the network makes of their clicks."""
    return cropped((eyes.network.enlarged(logits[None])[0] > 0).numpy())


# ---------------------------------------------------------------- prompts on many frames


@torch.inference_mode()
def test_of_many_prompts_the_nearest_are_looked_at_as_in_transformers(network: Any, as_in_transformers: Eyes) -> None:
    session = session_of(as_in_transformers)
    bank = PlainBank(as_in_transformers.network.window)
    numbers = [0, 2, 3, 9, 11, 12]
    outputs = session.output_dict_per_obj.setdefault(0, {"cond_frame_outputs": {}, "non_cond_frame_outputs": {}})
    for number in numbers:
        bank.anchor(memory(number))
        outputs["cond_frame_outputs"][number] = {"number": number}
    for number in (13, 14, 15):
        bank.keep(memory(number), sight())
        outputs["non_cond_frame_outputs"][number] = {"number": number}
    gathered = network._gather_memory_frame_outputs(session, 0, 16)
    expected = sorted((at, told["number"]) for at, told in gathered if told is not None)
    memories, pointers = recalled(bank, 16)
    assert [at for at, _ in expected].count(0) == 4
    assert memories == expected
    assert [16 - age for age, _ in pointers] == [15, 14, 13, *numbers[::-1]]


def test_a_network_without_a_limit_looks_at_all_prompts() -> None:
    bank = PlainBank(Window())
    for number in range(6):
        bank.anchor(memory(number))
    assert [at for at, _ in recalled(bank, 6)[0]] == [0] * 6


# ---------------------------------------------------------------- folders as on the hub


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of SAM 3 as the hub has it: a detector, and a tracker that borrows its eye."""
    return save_whole(tmp_path_factory.mktemp("weights") / "sam3")


def save_whole(folder: Path) -> Path:
    from transformers import Sam3VideoConfig, Sam3VideoModel

    small = {"hidden_size": 32, "intermediate_size": 32, "num_layers": 1, "num_attention_heads": 2}
    config = Sam3VideoConfig(
        detector_config={
            "model_type": "sam3",
            "vision_config": sam3.tiny_vision(),
            "text_config": {
                "model_type": "clip_text_model",
                "hidden_size": 32,
                "intermediate_size": 32,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "projection_dim": 16,
                "vocab_size": 80,
                "max_position_embeddings": 32,
            },
            "geometry_encoder_config": {**small, "hidden_size": 128},
            "detr_encoder_config": {**small, "hidden_size": 128},
            "detr_decoder_config": {**small, "hidden_size": 128, "num_queries": 8},
            "mask_decoder_config": {"hidden_size": 128, "num_attention_heads": 2},
        },
        tracker_config=sam3.tiny_config().to_dict(),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        whole: Any = Sam3VideoModel(config)
        enliven(whole.tracker_model)
        for values in (*whole.detector_model.parameters(), *whole.tracker_neck.parameters()):
            if values.dim() > 1:
                torch.nn.init.normal_(values, std=values[0].numel() ** -0.5)
    config.save_pretrained(folder)
    # Under the names that the hub has; saved by the library, some parts get theirs twice.
    tensors = {key: value.contiguous() for key, value in whole.state_dict().items()}
    safetensors.torch.save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def test_the_tracker_is_read_from_a_folder_of_all_of_sam_3(hub_folder: Path) -> None:
    read = sam3.from_folder(hub_folder, sam3.TINY_SIDE).state_dict()
    whole = safetensors.torch.load_file(hub_folder / "model.safetensors")
    eye = "vision_encoder.backbone.layers.0.mlp.fc1.weight"
    assert read[eye].equal(whole[f"detector_model.{eye}"])
    assert read["vision_encoder.neck.fpn_layers.0.proj1.weight"].equal(whole["tracker_neck.fpn_layers.0.proj1.weight"])
    assert read["mask_downsample.weight"].equal(whole["tracker_model.mask_downsample.weight"])


def test_a_tracker_alone_computes_the_same_once_it_is_read(network: Any, tmp_path: Path) -> None:
    network.save_pretrained(tmp_path / "alone")
    read = sam3.load(sam3.TINY_SIDE, tmp_path / "alone")
    own, other = (Eyes(Network(one)) for one in (network, read))
    with torch.inference_mode():
        one, two = own.look(frame(0)), other.look(frame(0))
    assert torch.allclose(one.tokens, two.tokens, atol=1e-5)
    assert torch.allclose(one.fine, two.fine, atol=1e-5)


@torch.inference_mode()
def test_it_is_used_from_the_weights_folder_by_its_id(hub_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(hub_folder.parent))
    entry = catalog.find("sam3")
    assert catalog.missing(entry) == []
    tracker = catalog.create("sam3", image_size=336, device="cpu")
    found = tracker.start(frame(0), [Prompt(A, square(20, 30))]) + tracker.step(frame(1))
    assert [prediction.frame for prediction in found] == [0, 1]


@torch.inference_mode()
def test_clicks_are_answered_as_the_library_answers_them(hub_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import Sam3TrackerModel

    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(hub_folder.parent))
    segmenter: Any = catalog.create_segmenter("sam3-click")
    side = sam3.TINY_SIDE
    picture = np.random.default_rng(3).integers(0, 255, (side, side, 3), dtype=np.uint8)
    embedding = segmenter.embed(picture)
    logits, score = segmenter._decoded(embedding, [Click(30.5, 40.5, True), Click(80, 80, False)], None, None)

    network = Sam3TrackerModel.from_pretrained(hub_folder, local_files_only=True).eval()
    pixels = (torch.from_numpy(picture).permute(2, 0, 1)[None] / 255 - 0.5) / 0.5
    expected = network(
        pixel_values=pixels,
        input_points=torch.tensor([[[[30.5, 40.5], [80, 80]]]]),
        input_labels=torch.tensor([[[1, 0]]], dtype=torch.int32),
        multimask_output=False,
    )
    assert float(logits.std()) > 0.3
    assert float((logits - expected.pred_masks[0, :, 0]).abs().max()) <= MASK_ERROR
    assert score == pytest.approx(float(expected.iou_scores[0, 0, 0].clamp(0, 1)), abs=1e-4)
    again = segmenter.segment(embedding, [Click(30.5, 40.5, True)], previous=Mask(10, 10, np.ones((30, 30), np.bool_)))
    assert 0 <= again.score <= 1


def test_tensors_of_another_network_are_refused_by_key(hub_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sam3"
    folder.mkdir()
    (folder / "config.json").write_bytes((hub_folder / "config.json").read_bytes())
    tensors = safetensors.torch.load_file(hub_folder / "model.safetensors")
    lacking = {key: value for key, value in tensors.items() if not key.startswith("tracker_neck.")}
    safetensors.torch.save_file({**lacking, "tracker_model.more": torch.zeros(1)}, folder / "model.safetensors")
    with pytest.raises(WeightsMisfit) as refusal:
        sam3.from_folder(folder, sam3.TINY_SIDE)
    assert "vision_encoder.neck.fpn_layers.0.proj1.weight" in refusal.value.missing
    assert refusal.value.unexpected == ("tracker_model.more",)


def test_a_folder_of_another_model_and_a_file_are_refused(hub_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "sam2_video"}))
    with pytest.raises(WeightsError, match=r"sam3_video or sam3_tracker_video .* has 'sam2_video'"):
        sam3.load(336, tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "sam3_video", "tracker_config": 5}))
    with pytest.raises(WeightsError, match="describes no tracker of SAM 3"):
        sam3.load(336, tmp_path)
    with pytest.raises(WeightsError, match="is a file"):
        sam3.load(336, hub_folder / "model.safetensors")


def test_weights_that_are_not_here_say_where_they_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    assert catalog.missing(catalog.find("sam3")) == ["sam3/model.safetensors"]
    with pytest.raises(WeightsError, match=r"huggingface\.co/facebook/sam3 \(licence: SAM License"):
        catalog.create("sam3")


@pytest.mark.parametrize("side", [512, 224, 4032])
def test_pictures_are_of_whole_windows(side: int) -> None:
    with pytest.raises(TrackingError, match=f"multiple of 336 from 336 to 2016 px, or 0 for 672 .*; {side} came"):
        catalog.create("sam3", image_size=side)


# ---------------------------------------------------------------- the tracker


def test_what_a_run_holds_does_not_grow_and_corrections_take() -> None:
    tracker = sam3.tiny()
    tracker.start(frame(0), [Prompt(A, square(20, 30)), Prompt(B, square(70, 70))])
    held = []
    for number in range(1, 26):
        tracker.step(Frame(number, frame(number % 20).image))
        bank = tracker.objects[A].bank
        assert isinstance(bank, PlainBank)
        tensors = [one for kept in (*bank.prompts, *bank.recent) for one in (kept.features, kept.pointer)]
        held.append(sum(one.untyped_storage().nbytes() for one in tensors if one is not None))
    assert held[-1] == held[16]
    correction = square(60, 64, 26)
    (told,) = tracker.correct(frame(5), [Prompt(A, correction)])
    assert told.shape is correction
    assert not tracker.objects[A].bank.recent
    assert len(tracker.objects[B].bank.recent) == 15
