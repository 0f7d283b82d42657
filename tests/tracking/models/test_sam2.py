"""SAM 2 computes what its authors' code and ``transformers`` compute, and remembers what they would."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.golden import goldfill
from tests.golden.check import Golden, blank_tensors
from tracking import catalog
from tracking.catalog import TRACKERS
from tracking.layers.compute import Compute
from tracking.models.sam2 import edgetam, sam3
from tracking.models.sam2.memory import (
    ANCHORS,
    Bank,
    DistractorAwareBank,
    Memory,
    PlainBank,
    Sight,
    Window,
)
from tracking.models.sam2.network import Clicks, Found, Network
from tracking.models.sam2.repvit import RepViT, Shape, joined
from tracking.models.sam2.tracker import TINY_SIDE, Eyes, Sam2Tracker, distracted, tiny, tiny_network
from tracking.models.sam2.variants import VARIANTS
from tracking.models.sam2.weights import from_folder, from_official, located
from tracking.session import Leg, TrackingSession, Way
from tracking.shapes.bitmaps import cropped, spread
from tracking.shapes.values import bounds_of
from tracking.types import Box, Click, Clicked, Frame, Mask, ObjectId, Prediction, Prompt, TrackingError
from tracking.weights import WeightsError, WeightsMisfit

A, B, C = ObjectId("a"), ObjectId("b"), ObjectId("c")
SIDE = TINY_SIDE
MASK_ERROR = 1e-4
"""Most that a mask's logit may differ from the reference's."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def network() -> Any:
    """The tiny model as ``transformers`` knows it."""
    return tiny_network()


@pytest.fixture(scope="module")
def as_in_transformers(network: Any) -> Eyes:
    return Eyes(Network(network, settle_masks=False))


GROUND, THING = (
    cv2.resize(np.random.default_rng(seed).integers(0, 255, (cells, cells, 3), dtype=np.uint8), (side, side))
    for seed, cells, side in ((0, 16, SIDE), (1, 8, 30))
)


def frame(number: int) -> Frame:
    image = GROUND.copy()
    image[30 + number : 60 + number, 20 + 2 * number : 50 + 2 * number] = THING
    return Frame(number, image)


def square(left: int, top: int, side: int = 30) -> Mask:
    return Mask(left, top, np.ones((side, side), np.bool_))


class Told:
    """The logits that a tracker's network gave, in the order of its passes."""

    def __init__(self, tracker: Sam2Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passes: list[Tensor] = []
        decode = tracker.network.decode

        def listen(*given: Any, **options: Any) -> Found:
            found = decode(*given, **options)
            self.passes.append(found.logits)
            return found

        monkeypatch.setattr(tracker.network, "decode", listen)


def tracker_of(eyes: Eyes, *, distractors: bool = False) -> Sam2Tracker:
    return Sam2Tracker(lambda compute: eyes, distractors=distractors, device="cpu", precision="auto")


@torch.inference_mode()
def masks_of_transformers(
    network: Any, eyes: Eyes, numbers: Sequence[int], prompts: Sequence[tuple[int, Mask]]
) -> list[Tensor]:
    """What its own loop finds: (objects, S/4, S/4) for each frame of ``numbers`` but the first, that of the prompts.
    Its streaming knows one direction; for the other one it holds the whole video."""
    from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

    backward = numbers[0] > numbers[-1]
    video = torch.cat([eyes._pixels(frame(number)) for number in sorted(numbers)])
    session = Sam2VideoInferenceSession(video=video, video_height=SIDE, video_width=SIDE, dtype=torch.float32)
    first = numbers[0] - min(numbers)
    for name, mask in prompts:
        whole = np.zeros((SIDE, SIDE), np.float32)
        whole[mask.top : mask.top + len(mask.bitmap), mask.left : mask.left + mask.bitmap.shape[1]] = mask.bitmap
        session.add_mask_inputs(session.obj_id_to_idx(name), first, torch.from_numpy(whole)[None, None])
        session.obj_with_new_inputs.append(name)
    network(inference_session=session, frame_idx=first)
    steps = network.propagate_in_video_iterator(session, start_frame_idx=first, reverse=backward)
    return [step.pred_masks[:, 0] for step in steps][1:]


@pytest.mark.parametrize("numbers", [range(20), range(19, -1, -1)], ids=["forward", "backward"])
def test_masks_are_those_of_the_loop_that_keeps_everything(
    network: Any, as_in_transformers: Eyes, numbers: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over more frames than the network looks back at: what we let go of is not looked at."""
    tracker = tracker_of(as_in_transformers)
    masks = [square(20 + 2 * numbers[0], 30 + numbers[0]), square(80, 10, 24)]
    told = Told(tracker, monkeypatch)
    tracker.start(frame(numbers[0]), [Prompt(name, mask) for name, mask in zip((A, B), masks, strict=True)])
    for number in numbers[1:]:
        tracker.step(frame(number))
    expected = masks_of_transformers(network, as_in_transformers, numbers, list(enumerate(masks)))
    assert len(told.passes) == len(expected) == 19
    assert float(torch.stack(expected).std()) > 1, "masks that are all alike compare with nothing"
    assert float((torch.stack(told.passes) - torch.stack(expected)).abs().max()) <= MASK_ERROR


# ---------------------------------------------------------------- clicks


CLICKED = [
    pytest.param(Clicked((Click(40.5, 45.25, True),)), id="a click"),
    pytest.param(Clicked((Click(40.5, 45.25, True), Click(90, 100, False), Click(60, 50, True))), id="three clicks"),
    pytest.param(Clicked((Click(40.5, 45.25, True),), Box(20, 30, 66.5, 60)), id="a box and a click"),
]


def as_seen(eyes: Eyes, number: int) -> Frame:
    """A frame in the size of the network's picture, so that its masks lose nothing on the way."""
    side = eyes.network.side
    return Frame(number, np.asarray(cv2.resize(frame(number).image, (side, side))))


class Reference:
    """The loop of ``transformers``, for one object. ``found``: (S/4, S/4) logits of each frame."""

    def __init__(self, network: Any, eyes: Eyes, session: type) -> None:
        self.network, self.eyes, side = network, eyes, eyes.network.side
        self.session = session(
            video=eyes._pixels(as_seen(eyes, 0)), video_height=side, video_width=side, dtype=torch.float32
        )
        self.object = self.session.obj_id_to_idx(1)

    @torch.inference_mode()
    def look(self, number: int, clicked: Clicked | None = None) -> Tensor:
        if clicked is not None:
            # What it is given it moves to the centres of pixels.
            xy = [(each.x - 0.5, each.y - 0.5) for each in clicked.clicks]
            labels = [int(each.positive) for each in clicked.clicks]
            if clicked.box is not None:
                x1, y1, x2, y2 = (side - 0.5 for side in clicked.box)
                xy, labels = [(x1, y1), (x2, y2), *xy], [2, 3, *labels]
            points = {"point_coords": torch.tensor(xy)[None, None], "point_labels": torch.tensor(labels)[None, None]}
            self.session.add_point_inputs(self.object, number, points)
            self.session.obj_with_new_inputs.append(1)
        # As from a stream: a video of known length has the ages of pointers in shares of it.
        pixels = self.eyes._pixels(as_seen(self.eyes, number))[0]
        seen = self.network(inference_session=self.session, frame=pixels, frame_idx=number)
        return cast(Tensor, seen.pred_masks[0, 0])


def session_of(network: nn.Module) -> type:
    if "EdgeTam" in type(network).__name__:
        from transformers.models.edgetam_video.modeling_edgetam_video import EdgeTamVideoInferenceSession

        return cast(type, EdgeTamVideoInferenceSession)
    from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

    return cast(type, Sam2VideoInferenceSession)


def painted(logits: Tensor) -> Mask:
    """What a person accepts who sees what the network makes of their clicks."""
    return cropped((F.interpolate(logits[None, None], scale_factor=4, mode="bilinear")[0, 0] > 0).numpy())


@pytest.mark.parametrize("clicked", CLICKED)
@pytest.mark.parametrize("build", [tiny_network, edgetam.tiny_network])
def test_clicks_give_the_masks_that_they_give_in_transformers(
    build: Callable[[], nn.Module], clicked: Clicked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the frame of the prompt, on those after it, and for a correction of what was followed."""
    network = build()
    eyes = Eyes(Network(network, settle_masks=False))
    reference = Reference(network, eyes, session_of(network))
    correction = Clicked((Click(70, 60, True), Click(20, 20, False)))
    expected = [reference.look(0, clicked), reference.look(1), reference.look(1, correction)]

    tracker = tracker_of(eyes)
    told = Told(tracker, monkeypatch)
    accepted = painted(expected[0])
    (answer,) = tracker.start(as_seen(eyes, 0), [Prompt(A, accepted, clicked)])
    assert answer.shape is accepted
    tracker.step(as_seen(eyes, 1))
    tracker.correct(as_seen(eyes, 1), [Prompt(A, painted(expected[2]), correction)])
    got = [one[0] for one in told.passes]
    for one, other in zip(got, expected, strict=True):
        assert float((one - other).abs().max()) <= MASK_ERROR


def test_clicks_that_mean_another_mask_than_was_accepted_change_nothing() -> None:
    clicked, plain = tiny(), tiny()
    accepted = square(3, 90, 8)
    clicked.start(frame(0), [Prompt(A, accepted, Clicked((Click(120, 10, True),)))])
    plain.start(frame(0), [Prompt(A, accepted)])
    assert torch.equal(clicked.objects[A].bank.said[0].pointer, plain.objects[A].bank.said[0].pointer)
    assert alike(clicked.step(frame(1))[0], plain.step(frame(1))[0])


def test_correction_clicks_of_a_run_are_read_with_what_was_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corrected object gets a tracker of its own: it hears of the earlier prompts after its new one."""
    first, clicked = tiny(), Clicked((Click(70, 60, True),))
    first.start(frame(0), [Prompt(A, square(20, 30))])
    corrected, passes = tiny(), Told(first, monkeypatch).passes
    accepted = square(60, 50)
    corrected.start(frame(1), [Prompt(A, accepted, clicked)])
    alone = passes[-1]
    said = first.memory_of(A)
    assert said is not None
    corrected.remember(A, said)
    remembering = passes[-1]
    assert float((alone - remembering).abs().max()) > MASK_ERROR
    first.correct(frame(1), [Prompt(A, accepted, clicked)])
    assert torch.allclose(passes[-1], remembering, atol=MASK_ERROR)
    assert [one.frame for one in corrected.objects[A].bank.said] == [0, 1]
    corrected.step(frame(2))
    count = len(passes)
    corrected.remember(A, said)
    assert len(passes) == count, "the frame of the clicks is gone"


def test_a_run_hands_the_clicks_of_its_legs_to_the_tracker() -> None:
    clicked, made = Clicked((Click(70, 60, True),)), [tiny()]
    heard: list[Clicked | None] = []
    start = made[0].start

    def listen(at: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        heard.extend(prompt.clicked for prompt in prompts)
        return start(at, prompts)

    made[0].start = listen  # type: ignore[method-assign]
    legs = [Leg(A, square(20, 30), 0, "forward", 1, clicked=clicked), Leg(B, square(60, 30), 0, "forward", 1)]
    list(TrackingSession(lambda: nullcontext(Video()), made.pop, legs, detect_off_screen=False).steps())
    assert heard == [clicked, None]


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden("sam2")


@torch.inference_mode()
@pytest.mark.parametrize(
    ("folder", "build"),
    [
        ("sam2", partial(from_official, VARIANTS["sam2.1-tiny"])),
        ("edgetam", edgetam.from_official),
    ],
)
def test_official_weights_give_the_masks_of_the_official_code(folder: str, build: Callable[..., nn.Module]) -> None:
    golden = Golden(folder)
    side = golden.meta["side"]
    network = Network(build(side, golden.tensors(), "filled"))
    eyes = Eyes(network)
    frames = [Frame(at, image) for at, image in enumerate(goldfill.frames("frames", 7, 360, 480)[0])]
    coarse = eyes.look(frames[0]).tokens.permute(1, 2, 0).view(1, -1, side // 16, side // 16)
    golden.assert_close("slice/net/coarse", coarse[:, ::16, ::4, ::4])
    mask = torch.zeros(1, side, side)
    mask[:, 60:150, 100:150], mask[:, 60:90, 100:120] = 1, 0
    x1, y1, x2, y2 = golden.meta["box"]
    corners = Clicks(torch.tensor([[[x1, y1], [x2, y2]]]).float(), torch.tensor([[2, 3]], dtype=torch.int32))
    for kind, count in (("mask", 3), ("box", 2)):
        image = eyes.look(frames[0])
        if kind == "mask":
            found, logits = network.given(image, mask), mask * 20 - 10
        else:
            found = network.decode(image, network.plain(image, 1), clicks=corners)
            logits = network.enlarged(found.logits)
        bank = PlainBank(network.window)
        for at in range(count):
            if at:
                image = eyes.look(frames[at])
                found = network.decode(image, network.remembering(image, [bank.recall(at)]))
                logits = network.enlarged(found.logits)
            golden.assert_close(f"{kind}/logits/{at}", found.logits[0])
            golden.assert_close(f"{kind}/score/{at}", found.score)
            golden.assert_close(f"{kind}/pointer/{at}", found.pointer[0])
            memory = Memory(at, network.memorise(image, logits, found.score, certain=not at)[0], found.pointer[0])
            bank.keep(memory, sight()) if at else bank.anchor(memory)


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        ("sam2.1-small", "keys_small.json"),
        ("sam2.1-base-plus", "keys_base_plus.json"),
        ("sam2.1-large", "keys_large.json"),
        ("sam2-tiny", "keys_2_tiny.json"),
    ],
)
def test_official_keys_of_every_size_fit(model: str, keys: str) -> None:
    from_official(VARIANTS[model], 512, blank_tensors("sam2", keys), "blank")


def test_weights_of_another_size_are_refused_by_key(golden: Golden) -> None:
    with pytest.raises(WeightsMisfit) as refusal:
        from_official(VARIANTS["sam2.1-small"], 512, blank_tensors("sam2", "keys.json"), "sam2.1_hiera_small.pt")
    assert refusal.value.missing
    assert "sam2.1_hiera_small.pt" in str(refusal.value)


# ---------------------------------------------------------------- folders as on the hub


@pytest.fixture
def hub_folder(network: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "sam2.1-hiera-tiny"
    network.save_pretrained(folder)
    return folder


def test_a_folder_of_the_hub_is_read_for_any_picture_size(network: Any, hub_folder: Path) -> None:
    read = from_folder(hub_folder, 256)
    assert read.config.image_size == 256
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in read.state_dict().items())


def test_a_folder_in_the_weights_folder_is_found_before_the_file(
    hub_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    entry = catalog.find("sam2.1-tiny")
    assert catalog.missing(entry) == []
    assert located(VARIANTS["sam2.1-tiny"]) == hub_folder
    tracker = catalog.create("sam2.1-tiny", image_size=256, device="cpu")
    found = tracker.start(frame(0), [Prompt(A, square(20, 30))]) + tracker.step(frame(1))
    assert [prediction.frame for prediction in found] == [0, 1]


def test_a_folder_of_another_model_is_refused(hub_folder: Path) -> None:
    config = json.loads((hub_folder / "config.json").read_text())
    (hub_folder / "config.json").write_text(json.dumps({**config, "model_type": "bert"}))
    with pytest.raises(WeightsError, match=r"sam2_video.*'bert'"):
        from_folder(hub_folder, 256)


def test_a_folder_that_lacks_its_tensors_is_refused(hub_folder: Path) -> None:
    (hub_folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"lacks model\.safetensors"):
        from_folder(hub_folder, 256)


def test_a_folder_with_other_tensors_is_refused(hub_folder: Path) -> None:
    safetensors.torch.save_file({"weight": torch.zeros(1)}, hub_folder / "model.safetensors")
    with pytest.raises(WeightsMisfit, match="missing"):
        from_folder(hub_folder, 256)


def test_a_hub_that_cannot_be_reached_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **options: object) -> None:
        raise OSError("no network\nand much more")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(WeightsError, match=r"facebook/sam2\.1-hiera-tiny can't be had \(no network\)"):
        catalog.create("sam2.1-tiny", weights="facebook/sam2.1-hiera-tiny")


def test_a_missing_package_is_a_sentence_and_in_the_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(TrackingError, match=r'pip install "framewise\[sam\]"'):
        catalog.create("sam2.1-tiny")
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(catalog, "find_spec", lambda name: None)
    assert catalog.missing(catalog.find("sam2.1-tiny")) == ["transformers", "sam2.1_hiera_tiny.pt"]


def test_every_variant_is_in_the_catalogue_under_its_file() -> None:
    listed = {entry.id: entry.weights[0] for entry in TRACKERS if "tracking.models.sam2." in entry.factory}
    variants = {**VARIANTS, "edgetam": edgetam.VARIANT, "sam3": sam3.VARIANT}
    assert {model: (weights.file, weights.hub, weights.folder) for model, weights in listed.items()} == {
        model: (variant.file, variant.hub, variant.folder) for model, variant in variants.items()
    }


@pytest.mark.parametrize("side", [500, 64, 4096])
def test_a_picture_size_that_the_network_has_no_grid_for_is_refused(side: int) -> None:
    with pytest.raises(TrackingError, match=f"multiple of 64.*{side} came"):
        catalog.create("sam2.1-tiny", image_size=side)


# ---------------------------------------------------------------- EdgeTAM


@torch.inference_mode()
def test_edgetam_finds_what_the_loop_of_transformers_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.models.edgetam_video.modeling_edgetam_video import EdgeTamVideoInferenceSession

    network = edgetam.tiny_network()
    eyes = Eyes(Network(network, settle_masks=False))
    tracker, side = tracker_of(eyes), eyes.network.side
    told = Told(tracker, monkeypatch)
    masks = [square(20, 30), square(80, 10, 24)]
    tracker.start(frame(0), [Prompt(name, mask) for name, mask in zip((A, B), masks, strict=True)])
    session: Any = EdgeTamVideoInferenceSession(
        video=eyes._pixels(frame(0)), video_height=side, video_width=side, dtype=torch.float32
    )
    for name, mask in enumerate(masks):
        given = tracker._square(spread(mask, (SIDE, SIDE)))[None, None]
        session.add_mask_inputs(session.obj_id_to_idx(name), 0, given)
        session.obj_with_new_inputs.append(name)
    network(inference_session=session, frame_idx=0)  # type: ignore[operator]
    expected = []
    for number in range(1, 18):
        tracker.step(frame(number))
        expected.append(network(inference_session=session, frame=eyes._pixels(frame(number))[0]).pred_masks[:, 0])
    assert float(torch.stack(expected).std()) > 0.3
    assert float((torch.stack(told.passes) - torch.stack(expected)).abs().max()) <= MASK_ERROR


@torch.inference_mode()
def test_branches_that_became_one_convolution_compute_the_same() -> None:
    torch.manual_seed(0)
    network = RepViT(Shape((8, 16, 32, 64), (1, 2, 2, 1))).eval()
    for name, values in network.named_buffers():
        if "running" in name:
            values.uniform_(0.5, 1.5)
    picture = torch.randn(1, 3, 64, 64)
    before = network(picture)
    after = joined(network)(picture)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in network.modules())
    assert [tuple(level.shape[1:]) for level in after] == [(8, 16, 16), (16, 8, 8), (32, 4, 4), (64, 2, 2)]
    for one, other in zip(before, after, strict=True):
        assert torch.allclose(one, other, atol=1e-4 * float(one.abs().max()))


def test_edgetam_is_read_from_a_folder_of_the_hub(tmp_path: Path) -> None:
    """There its encoder has the names of ``timm``, as in the authors' file, and all else those of ``transformers``."""
    torch.manual_seed(0)
    values = edgetam.blank(256).state_dict()
    timm = {edgetam.our_key(key): key for key in blank_tensors("edgetam", "keys.json") if ".trunk." in key}
    there = {
        key: timm.get(key, key).replace("image_encoder.trunk.body", "vision_encoder.backbone.timm_model")
        for key in values
    }
    folder = tmp_path / "EdgeTAM-hf"
    folder.mkdir()
    tensors = {there[key]: value.clone() for key, value in values.items()}
    safetensors.torch.save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "edgetam_video"}')
    assert sum("timm_model" in key for key in tensors) == len(timm) > 400
    read = edgetam.load(256, folder).state_dict()
    kept = [key for key in values if ".backbone." not in key]
    assert all(torch.equal(read[key], values[key]) for key in kept)


# ---------------------------------------------------------------- what is remembered


def sight(area: int = 10, quality: float = 0.9, *, crowded: bool = False) -> Sight:
    return Sight(area, quality, lambda: crowded)


def memory(number: int) -> Memory:
    return Memory(number, torch.full((1, 1), float(number)), torch.full((1,), float(number)))


def recalled(bank: Bank, number: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """What a frame looks at: (place in time, frame) and (age, frame)."""
    recall = bank.recall(number)
    return sorted((at, int(it)) for at, it in recall.memories), sorted((age, int(it)) for age, it in recall.pointers)


WAYS = [pytest.param(1, id="forward"), pytest.param(-1, id="backward")]


@pytest.mark.parametrize("way", WAYS)
def test_a_bank_recalls_what_a_whole_history_would_and_holds_no_more(way: int) -> None:
    bank, anchors, followed = PlainBank(Window()), [], []
    for number in range(0, 300 * way, way):
        if followed or anchors:
            near = [(abs(number - at), at) for at in followed if abs(number - at) <= 6]
            old = [(abs(number - at), at) for at in (*anchors, *followed) if at in anchors or abs(number - at) <= 15]
            assert recalled(bank, number) == (sorted([(0, at) for at in anchors] + near), sorted(old))
        if abs(number) in (0, 100, 101, 200):  # a prompt, and corrections of frames that were followed just before
            if followed or anchors:
                bank.keep(memory(number), sight())
            bank.anchor(memory(number))
            anchors, followed = [*anchors, number], []
        else:
            bank.keep(memory(number), sight())
            followed.append(number)
        assert len(bank.recent) <= 15
        assert sum(one.features is not None for one in bank.recent) <= 6


def test_the_first_prompt_and_the_latest_are_kept() -> None:
    bank = PlainBank(Window())
    for number in range(ANCHORS + 3):
        bank.anchor(memory(number))
    kept = [one.frame for one in bank.prompts]
    assert kept == [0, *range(4, ANCHORS + 3)]


@pytest.mark.parametrize("kind", [PlainBank, DistractorAwareBank])
def test_what_was_said_elsewhere_counts_but_on_the_frame_of_what_was_said_here(kind: type[PlainBank]) -> None:
    elsewhere, bank = kind(Window()), kind(Window())
    for number in (0, 9, 5):
        elsewhere.anchor(memory(number))
    bank.anchor(replace(memory(5), pointer=torch.full((1,), 55.0)))
    bank.hear(elsewhere.said)
    assert recalled(bank, 6) == ([(0, 0), (0, 5), (0, 9)], [(1, 55), (6, 0)]), (
        "9 lies ahead: its pointer isn't looked at"
    )
    assert recalled(bank, 4) == ([(0, 0), (0, 5), (0, 9)], [(1, 55), (5, 9)])


def test_a_copied_bank_goes_its_own_way() -> None:
    for bank in (PlainBank(Window()), DistractorAwareBank(Window())):
        bank.anchor(memory(0))
        bank.keep(memory(1), sight())
        before = recalled(bank, 2)
        other = bank.copy()
        other.keep(memory(2), sight())
        other.anchor(memory(3))
        assert recalled(bank, 2) == before


@pytest.mark.parametrize("way", WAYS)
def test_distractor_aware_memory_looks_at_the_last_frame_and_at_every_fifth(way: int) -> None:
    bank = DistractorAwareBank(Window())
    bank.anchor(memory(0))
    for number in range(1, 33):
        bank.keep(memory(number * way), sight())
    seen, pointers = recalled(bank, 33 * way)
    assert seen == sorted([(0, 0), *enumerate([32 * way, 30 * way, 25 * way, 20 * way, 15 * way, 10 * way], start=1)])
    assert [age for age, _ in pointers] == [*range(1, 16), 33]


def test_distractor_aware_memory_keeps_nothing_of_frames_without_the_object() -> None:
    bank = DistractorAwareBank(Window())
    bank.anchor(memory(0))
    for number in range(1, 20):
        bank.keep(memory(number), sight(area=0 if number > 7 else 10))
    assert recalled(bank, 20) == ([(0, 0), (1, 7), (2, 5)], [(13, 7), (14, 6), (15, 5), (20, 0)])


def test_frames_on_which_something_alike_was_told_apart_become_anchors() -> None:
    bank = DistractorAwareBank(Window())
    bank.anchor(memory(0))
    for number in range(1, 40):
        bank.keep(memory(number), sight(crowded=number in (10, 12, 20, 30, 38)))
    seen, _ = recalled(bank, 40)
    assert [at for place, at in seen if place == 0] == [0, 20, 30, 38], "12 is too soon after 10, and three are kept"
    assert [at for place, at in seen if place] == [39, 35, 25], "fewer of what was followed"


@pytest.mark.parametrize(
    "doubtful", [sight(quality=0.79, crowded=True), sight(area=13, crowded=True), sight(area=7, crowded=True)]
)
def test_what_is_doubtful_becomes_no_anchor(doubtful: Sight) -> None:
    bank = DistractorAwareBank(Window())
    bank.anchor(memory(0))
    for number in range(1, 12):
        bank.keep(memory(number), doubtful if number == 10 else sight())
    assert [at for place, at in recalled(bank, 12)[0] if place == 0] == [0]


def test_distractor_aware_memory_is_bounded() -> None:
    bank = DistractorAwareBank(Window())
    bank.anchor(memory(0))
    held = []
    for number in range(1, 400):
        bank.keep(memory(number), sight(crowded=True))
        every = [*bank.recent, *bank.apart, *bank.visible, *bank.strided]
        held.append(len({id(one.features) for one in every if one.features is not None}))
    assert max(held) <= 16
    assert len(bank.recent) <= 15


def test_a_distractor_is_another_mask_that_reaches_beyond_the_object() -> None:
    def found(other: NDArray[np.bool_]) -> Found:
        own = np.zeros((32, 32), np.bool_)
        own[4:12, 4:12] = True
        options = torch.from_numpy(np.stack([other, own]))[None].float() - 0.5
        nothing = torch.zeros(1)
        return Found(options[:, 1], nothing, nothing, nothing[None], options, torch.tensor([1]))

    beside, within, nothing = (np.zeros((32, 32), np.bool_) for _ in range(3))
    beside[4:12, 20:28] = True
    within[5:11, 5:13] = True
    assert distracted(found(beside), 0)
    assert not distracted(found(within), 0)
    assert not distracted(found(nothing), 0)


# ---------------------------------------------------------------- the tracker


def alike(one: Prediction, other: Prediction) -> bool:
    """Whether two passes say the same, but for the order in which they add."""
    if not isinstance(one.shape, Mask) or not isinstance(other.shape, Mask):
        return bool(np.allclose(bounds_of(one.shape), bounds_of(other.shape), atol=1))
    whole = [spread(shape, (SIDE, SIDE)) for shape in (one.shape, other.shape)]
    return float(np.mean(whole[0] != whole[1])) < 0.001 and abs(one.confidence - other.confidence) < 1e-4


def test_an_object_is_followed_alike_alone_and_beside_others_that_come_and_go() -> None:
    alone, crowded = tiny(), tiny()
    alone.start(frame(0), [Prompt(A, square(20, 30))])
    crowded.start(frame(0), [Prompt(A, square(20, 30)), Prompt(B, square(70, 70))])
    for number in range(1, 8):
        (expected,) = alone.step(frame(number))
        got = {one.object: one for one in crowded.step(frame(number))}
        assert alike(got[A], expected)
        if number == 2:
            crowded.correct(frame(number), [Prompt(C, square(90, 20, 20))])
        if number == 4:
            crowded.drop([B])
        if number == 5:
            crowded.correct(frame(number), [Prompt(C, square(80, 20, 24))])
    assert set(got) == {A, C}


@pytest.mark.parametrize("distractor_aware", [False, True])
def test_a_correction_takes(distractor_aware: bool) -> None:
    """After it the object is followed as if what was followed before had not been, and only people had spoken."""
    corrected, fresh = tiny(distractor_aware=distractor_aware), tiny(distractor_aware=distractor_aware)
    corrected.start(frame(0), [Prompt(A, square(20, 30))])
    for number in range(1, 5):
        corrected.step(frame(number))
    accepted = square(60, 64, 26)
    (told,) = corrected.correct(frame(4), [Prompt(A, accepted)])
    assert (told.shape, told.confidence) == (accepted, 1.0)

    fresh.start(frame(0), [Prompt(A, square(20, 30))])
    fresh.correct(frame(4), [Prompt(A, accepted)])
    for number in range(5, 8):
        (got,), (expected,) = corrected.step(frame(number)), fresh.step(frame(number))
        assert alike(got, expected)


def test_a_correction_changes_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, corrected = tiny(), tiny()
    for one in (kept, corrected):
        one.start(frame(0), [Prompt(A, square(20, 30))])
        one.step(frame(1))
    corrected.correct(frame(1), [Prompt(A, square(70, 80))])
    assert not alike(corrected.step(frame(2))[0], kept.step(frame(2))[0])


def test_a_box_is_followed_as_a_box() -> None:
    tracker = tiny()
    (told,) = tracker.start(frame(0), [Prompt(A, Box(20.5, 30, 50, 60))])
    assert told.shape == Box(20.5, 30, 50, 60)
    (found,) = tracker.step(frame(1))
    assert isinstance(found.shape, Box)
    assert found.visible


def test_an_object_that_is_not_to_be_seen_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = tiny()
    tracker.start(frame(0), [Prompt(A, square(20, 30))])
    (seen,) = tracker.step(frame(1))
    decode = tracker.network.decode

    def hidden(*given: Any, **options: Any) -> Found:
        found = decode(*given, **options)
        return replace(found, score=torch.full_like(found.score, -3), logits=torch.full_like(found.logits, -1024))

    monkeypatch.setattr(tracker.network, "decode", hidden)
    (lost,) = tracker.step(frame(2))
    assert not lost.visible
    assert lost.shape is seen.shape
    assert lost.confidence < 0.05


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(square(600, 300, 1), id="one pixel"),
        pytest.param(square(-5, -5, 7), id="hardly inside"),
        pytest.param(Mask(0, 0, np.ones((480, 854), np.bool_)), id="the whole frame"),
        pytest.param(Mask(0, 0, np.indices((480, 854)).sum(axis=0) % 8 == 0), id="thousands of pieces"),
    ],
)
def test_an_odd_mask_is_followed(mask: Mask) -> None:
    tracker = tiny()
    image = np.asarray(cv2.resize(GROUND, (854, 480)))
    tracker.start(Frame(0, image), [Prompt(A, mask)])
    assert float(tracker._square(spread(mask, (480, 854))).sum()) > 0
    (found,) = tracker.step(Frame(1, image))
    assert isinstance(found.shape, Mask)


def test_trackers_of_one_model_share_a_network_and_encode_a_frame_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tiny(), tiny()
    assert one.network is other.network
    encoded = []
    encode = one.network.encode
    monkeypatch.setattr(one.network, "encode", lambda pixels: encoded.append(1) or encode(pixels))
    for number in range(3):
        now = frame(number)
        for tracker in (one, other):
            tracker.step(now) if number else tracker.start(now, [Prompt(A, square(20, 30))])
    assert len(encoded) == 3


def test_what_a_run_holds_does_not_grow() -> None:
    tracker = tiny()
    tracker.start(frame(0), [Prompt(A, square(20, 30))])
    held = []
    for number in range(1, 26):
        tracker.step(Frame(number, frame(number % 20).image))
        bank = tracker.objects[A].bank
        assert isinstance(bank, PlainBank)
        tensors = [one for kept in (*bank.prompts, *bank.recent) for one in (kept.features, kept.pointer)]
        held.append(sum(one.untyped_storage().nbytes() for one in tensors if one is not None))
    assert held[-1] == held[16]
    assert len(tracker.eyes._seen) <= 3


# ---------------------------------------------------------------- GPUs that give out


def test_a_gpu_that_does_not_start_is_left_for_the_cpu_with_a_word() -> None:
    def opened(compute: Compute) -> Eyes:
        if compute.device.type == "cuda":
            raise AssertionError("Torch not compiled with CUDA enabled")
        return tiny().eyes

    tracker = Sam2Tracker(opened, distractors=False, device="cuda", precision="auto")
    assert tracker.note.startswith("The GPU can't be used (Torch not compiled with CUDA enabled)")
    assert tracker.compute.device.type == "cpu"


def test_a_run_whose_gpu_gives_out_goes_on_from_the_state_before(monkeypatch: pytest.MonkeyPatch) -> None:
    steady, failing = tiny(), tiny()
    for tracker in (steady, failing):
        tracker.start(frame(0), [Prompt(A, square(20, 30))])
        tracker.step(frame(1))
    failing.compute = replace(failing.compute, device=torch.device("cuda"))
    memorise, failed = failing.network.memorise, []

    def run_out(*given: Any, **options: Any) -> Tensor:
        if not failed:
            failed.append(1)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return memorise(*given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(failing.network, "memorise", run_out)
        (got,) = failing.step(frame(2))
    (expected,) = steady.step(frame(2))
    assert failed
    assert "CUDA out of memory" in failing.note
    assert failing.compute.device.type == "cpu"
    assert alike(got, expected)
    assert alike(failing.step(frame(3))[0], steady.step(frame(3))[0])


# ---------------------------------------------------------------- the live path


class Video:
    frame_count = 12

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        for number in range(first, self.frame_count) if way == "forward" else range(first, -1, -1):
            yield frame(number)


@pytest.mark.parametrize("create", [tiny, partial(tiny, distractor_aware=True), edgetam.tiny, sam3.tiny])
def test_a_run_goes_both_ways_and_takes_corrections_and_objects_that_come_and_go(
    create: Callable[[], Sam2Tracker],
) -> None:
    legs = [Leg(name, square(20 + 40 * which, 40), 5, way, last) for which, name in enumerate((A, B))
            for way, last in (("forward", 11), ("backward", 0))]  # fmt: skip
    session = TrackingSession(lambda: nullcontext(Video()), create, legs, detect_off_screen=False)
    told: dict[tuple[ObjectId, int, int], Prediction] = {}
    accepted = square(70, 70, 20)
    for count, step in enumerate(session.steps()):
        for row in step.rows:
            told[row.prediction.object, row.epoch, row.prediction.frame] = row.prediction
        if count == 4:
            session.correct(A, [Leg(A, accepted, 8, "forward", 11, epoch=1)])
        if count == 5:
            session.correct(C, [Leg(C, square(10, 80, 20), 3, "forward", 11)])
        if count == 8:
            session.drop([B])
    assert {number for name, epoch, number in told if (name, epoch) == (A, 1)} == {8, 9, 10, 11}
    assert {number for name, epoch, number in told if name == C} == set(range(3, 12))
    assert {number for name, epoch, number in told if name == B} < set(range(12))
    assert (told[A, 1, 8].shape, told[A, 1, 8].confidence) == (accepted, 1.0)
    assert all(isinstance(prediction.shape, Mask) for prediction in told.values())


def test_what_was_said_of_an_object_before_its_correction_is_remembered_after_it() -> None:
    made: list[Sam2Tracker] = []

    def create() -> Sam2Tracker:
        made.append(tiny())
        return made[-1]

    session = TrackingSession(
        lambda: nullcontext(Video()), create, [Leg(A, square(20, 30), 0, "forward", 9)], detect_off_screen=False
    )
    for count, _ in enumerate(session.steps()):
        if count == 5:
            session.correct(A, [Leg(A, square(40, 40), 4, "forward", 9, epoch=1)])
        if count == 7:
            session.correct(A, [Leg(A, square(44, 42), way_from, way, last, epoch=2)
                                for way_from, way, last in ((6, "forward", 9), (6, "backward", 5))])  # fmt: skip
        if count == 10:
            known = [tracker.memory_of(A) for tracker in made[1:]]
    assert [[one.frame for one in said or ()] for said in known] == [[0, 4], [0, 4, 6], [0, 4, 6]]
