"""TAPIR computes what its authors' code computes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from framewise.weights import import_file
from tests.golden import goldframes
from tests.golden.check import Golden, blank_tensors, official_keys
from tests.golden.goldfill import crc
from tracking.haiku_arrays import as_torch
from tracking.models.tapir import haiku
from tracking.models.tapir.network import Paths, Tapir, refined_sizes
from tracking.models.tapir.tracker import OnlineTapir
from tracking.models.tapir.tracker import tiny as tiny_online
from tracking.models.tapir.weights import VARIANTS, build
from tracking.models.tapir.windows import WindowedTapir
from tracking.models.tapir.windows import tiny as tiny_windowed
from tracking.types import Frame, ObjectId, Points, Prediction, Prompt, TrackingError
from tracking.weights import WeightsMisfit, read_tensors, verdict_on

PX, LOGIT = 1e-3, 1e-4
"""Tolerances measured on the reference: with another number of threads and slightly other weights."""
TRACK_PX, SURE = 0.05, 1e-4
KEYS = {"tapir": "keys_tapir_panning.json", "bootstapir": "keys.json", "online": "keys_causal_bootstapir.json"}
BASE = (256, 256)
NAMES = [ObjectId(letter) for letter in "abcdefg"]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tapir() -> tuple[Golden, Tapir]:
    golden = Golden("tapir", keys=KEYS["tapir"])
    return golden, build(VARIANTS["tapir"].config, golden.tensors(), "filled")


@pytest.fixture(scope="module")
def boots() -> Iterator[tuple[Golden, dict[str, Tensor]]]:
    golden = Golden("tapir")
    yield golden, golden.tensors()


class Clip:
    """A golden's frames (T, H, W, 3), and its queries: frames (N,) and places (N, 2) px, x before y."""

    def __init__(self, golden: Golden, name: str) -> None:
        recipe = golden.meta["scenarios"][name]
        self.frames = goldframes.track_frames(recipe["name"], recipe["T"], recipe["h"], recipe["w"])[0]
        assert crc(self.frames) == golden.arrays[f"{name}_frames_crc"]
        self.size = np.array([recipe["w"], recipe["h"]])
        queries = np.array(recipe["q"])
        self.at, self.xy = queries[:, 0].astype(int), queries[:, [2, 1]]

    def frame(self, number: int) -> Frame:
        return Frame(number, self.frames[number])

    def prompts(self, number: int) -> list[Prompt]:
        """For the points whose query is on that frame."""
        return [self.prompt(which) for which in np.flatnonzero(self.at == number)]

    def prompt(self, which: int, xy: tuple[float, float] | None = None) -> Prompt:
        place = np.array([xy or self.xy[which]], np.float32)
        return Prompt(NAMES[which], Points(place, np.ones(1, np.uint8)))


@torch.inference_mode()
def followed(network: Tapir, clip: Clip, sizes: Sequence[tuple[int, int]]) -> list[Paths]:
    video = torch.from_numpy(clip.frames).permute(0, 3, 1, 2).float()
    features = network.encode(video, [BASE, *sizes])
    known = torch.from_numpy(clip.at), torch.from_numpy((clip.xy / clip.size).astype(np.float32))
    return network.follow(features, network.begin(features, *known), known=known)[0]


def assert_paths_agree(golden: Golden, name: str, clip: Clip, network: Tapir, paths: Sequence[Paths]) -> None:
    arrays = {key: golden.arrays[f"{name}_iter_{key}"] for key in ("tracks", "occlusion", "expected_dist")}
    assert len(arrays["tracks"]) == len(paths) - 1
    last = {key: golden.arrays[f"{name}_{key}"] for key in arrays}
    for number, ours in enumerate([*paths[:-1], network.settled(paths)]):
        expected = last if number == len(paths) - 1 else {key: array[number] for key, array in arrays.items()}
        assert np.abs(ours.xy.numpy() * clip.size - expected["tracks"]).max() < PX
        assert np.abs(ours.hidden.numpy() - expected["occlusion"]).max() < LOGIT
        assert np.abs(ours.off.numpy() - expected["expected_dist"]).max() < LOGIT


def test_the_network_agrees_iteration_by_iteration(boots: tuple[Golden, dict[str, Tensor]]) -> None:
    golden, tensors = boots
    network = build(VARIANTS["bootstapir"].config, tensors, "filled")
    clip = Clip(golden, "bootstapir")
    assert_paths_agree(golden, "bootstapir", clip, network, followed(network, clip, [BASE]))


def test_pictures_larger_than_in_training_agree(tapir: tuple[Golden, Tapir]) -> None:
    golden, network = tapir
    clip = Clip(golden, "tapirhires")
    paths = followed(network, clip, refined_sizes(320, 320, network.config.base))
    assert_paths_agree(golden, "tapirhires", clip, network, paths)


def place(prediction: Prediction) -> np.ndarray:
    assert isinstance(prediction.shape, Points)
    return prediction.shape.xy[0]


def assert_prediction_agrees(prediction: Prediction, golden: Golden, part: str, which: int) -> None:
    t = prediction.frame
    assert np.abs(place(prediction) - golden.arrays[f"{part}_tracks"][which, t]).max() < TRACK_PX
    occlusion, distance = (golden.arrays[f"{part}_{key}"][which, t] for key in ("occlusion", "expected_dist"))
    sure = 1 / ((1 + np.exp(occlusion)) * (1 + np.exp(distance)))
    assert prediction.confidence == pytest.approx(sure, abs=SURE)
    assert prediction.visible == (sure > 0.5)


def test_the_online_tracker_agrees_frame_by_frame_and_after_a_correction(
    boots: tuple[Golden, dict[str, Tensor]],
) -> None:
    golden, tensors = boots
    clip = Clip(golden, "causal")
    tracker = OnlineTapir(build(VARIANTS["online"].config, tensors, "filled"), device="cpu")
    tracker.start(clip.frame(0), clip.prompts(0))
    for number in range(1, 6):
        for which, prediction in enumerate(tracker.step(clip.frame(number))):
            assert_prediction_agrees(prediction, golden, "causal", which)
    tracker.correct(clip.frame(5), [clip.prompt(1, (60.25, 140.5))])
    found = tracker.step(clip.frame(6))
    assert [prediction.object for prediction in found] == NAMES[:3]
    for which, prediction in enumerate(found):
        assert_prediction_agrees(prediction, golden, "causal_update" if which == 1 else "causal", which)


def test_a_run_shorter_than_a_window_agrees_with_the_whole_clip(tapir: tuple[Golden, Tapir]) -> None:
    golden, network = tapir
    clip = Clip(golden, "tapir")
    tracker = WindowedTapir(network, window=48, device="cpu")
    found = tracker.start(clip.frame(0), clip.prompts(0))
    for number in range(1, len(clip.frames)):
        found += tracker.step(clip.frame(number))
        if prompts := clip.prompts(number):
            found += tracker.correct(clip.frame(number), prompts)
    assert {prediction.frame for prediction in found} == set(clip.at), "answers come at the end"
    answers = tracker.finish()
    assert len(answers) == sum(len(clip.frames) - 1 - at for at in clip.at)
    for prediction in answers:
        assert_prediction_agrees(prediction, golden, "tapir", NAMES.index(prediction.object))


def noise(number: int) -> Frame:
    return Frame(number, np.random.default_rng(number).integers(0, 255, (96, 128, 3), dtype=np.uint8))


def some(name: ObjectId, count: int, seed: int) -> Prompt:
    xy = np.random.default_rng(seed).uniform(10, 90, (count, 2)).astype(np.float32)
    return Prompt(name, Points(xy, np.ones(count, np.uint8)))


def test_windows_tell_each_frame_once_and_in_order_and_hold_no_more_than_a_window() -> None:
    tracker, told = tiny_windowed(window=6), []
    tracker.start(noise(0), [some(NAMES[0], 3, 0)])
    for number in range(1, 20):
        told += [prediction.frame for prediction in tracker.step(noise(number))]
        assert len(tracker._held) <= 6
    assert told == list(range(1, 18))
    assert [prediction.frame for prediction in tracker.finish()] == [18, 19]


def test_a_correction_between_windows_loses_no_frame() -> None:
    tracker = tiny_windowed(window=6)
    found = tracker.start(noise(0), [some(NAMES[0], 3, 0), some(NAMES[1], 2, 1)])
    for number in range(1, 9):
        found += tracker.step(noise(number))
        if number == 5:
            found += tracker.correct(noise(5), [some(NAMES[0], 3, 2)])
    found += tracker.finish()
    for name in NAMES[:2]:
        assert sorted({prediction.frame for prediction in found if prediction.object == name}) == list(range(9))
    corrected = [prediction for prediction in found if prediction.object == NAMES[0] and prediction.frame == 5]
    assert np.array_equal(corrected[-1].shape.xy, some(NAMES[0], 3, 2).shape.xy)


@pytest.mark.parametrize("build_tracker", [tiny_online, tiny_windowed], ids=["online", "windowed"])
def test_points_do_not_depend_on_those_beside_them(build_tracker) -> None:
    alone, together = build_tracker(), build_tracker()
    prompt, other = some(NAMES[0], 4, 0), some(NAMES[1], 5, 1)
    expected, got = alone.start(noise(0), [prompt]), together.start(noise(0), [other, prompt])
    for number in range(1, 5):
        expected += alone.step(noise(number))
        got += together.step(noise(number))
        if number == 2:
            together.drop([NAMES[1]])
            together.correct(noise(2), [some(ObjectId("late"), 2, 3)])
    expected += alone.finish()
    got = [prediction for prediction in got + together.finish() if prediction.object == NAMES[0]]
    for one, another in zip(expected, got, strict=True):
        assert one.frame == another.frame
        assert np.allclose(one.shape.xy, another.shape.xy, atol=1e-3)


def test_a_size_that_the_network_cannot_take_is_refused() -> None:
    for size in (260, 8):
        with pytest.raises(TrackingError, match=f"size is {size}"):
            tiny_online(size=size)
    with pytest.raises(TrackingError, match="at least 3 frames"):
        tiny_windowed(window=2)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_official_key_has_its_place(variant: str) -> None:
    build(VARIANTS[variant].config, blank_tensors("tapir", KEYS[variant]), "blank")


def test_every_key_for_jax_has_its_place() -> None:
    wanted = {key: shape for key, (shape, _) in official_keys("tapir", KEYS["bootstapir"]).items()}
    found = {
        haiku.official_key(key): tuple(as_torch(key, torch.empty(shape, device="meta")).shape)
        for key, (shape, _) in official_keys("tapir", "keys_haiku.json").items()
    }
    assert found == wanted


def jax_file(path: Path) -> dict[str, np.ndarray]:
    """Write a small file with all names of the official one. Returns what belongs into the one for PyTorch."""
    random = np.random.default_rng(0)
    params: dict[str, dict[str, np.ndarray]] = {}
    expected: dict[str, np.ndarray] = {}
    for key, (shape, _) in official_keys("tapir", "keys_haiku.json").items():
        array = random.normal(size=(2, 3, 4, 5)[: len(shape)]).astype(np.float32)
        module, _, name = key.removeprefix("params/").rpartition("/")
        params.setdefault(module, {})[name] = array
        axes = {1: (0,), 2: (1, 0), 3: (2, 1, 0), 4: (3, 2, 0, 1)}[array.ndim]
        expected[haiku.official_key(key)] = array.transpose(axes)
    np.save(path, np.array({"params": params, "state": {}, "global_step": 7}, object), allow_pickle=True)
    return expected


def test_a_file_for_jax_becomes_the_one_for_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr("framewise.weights.try_on_networks", lambda weights, path: tried.append(weights.file))
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path / "weights"))
    file = tmp_path / "bootstapir_checkpoint_v2.npy"
    expected = jax_file(file)
    target = import_file(file)
    assert tried == [VARIANTS["bootstapir"].file]
    assert [path.name for path in target.parent.iterdir() if not path.name.startswith(".")] == tried
    assert verdict_on(target) == ""
    found = read_tensors(target)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[key].numpy(), array) for key, array in expected.items())


def test_a_file_for_jax_of_another_network_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path / "weights"))
    other = tmp_path / "tapir_checkpoint_panning.npy"
    jax_file(other)
    with pytest.raises(WeightsMisfit, match="unexpected: extra_convs"):
        import_file(other)
    assert not any((tmp_path / "weights").iterdir())
