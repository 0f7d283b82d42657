"""TAP-Net computes what its authors' code computes."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.golden import goldfill, goldframes
from tests.golden.check import Golden, assert_close
from tracking.models.tapnet.network import Config, Stream, TapNet
from tracking.models.tapnet.tracker import TapNetTracker, tiny
from tracking.models.tapnet.weights import build, read_arrays
from tracking.types import Frame, ObjectId, Points, Prediction, Prompt
from tracking.weights import WeightsError, WeightsMisfit

TRACK_PX, SURE = 0.05, 1e-4
FEATURE = 1e-4


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


def filled(golden: Golden) -> dict[str, np.ndarray]:
    """Official arrays by key: parameters by the naming formula of the golden, averages as they are stored in it."""
    gains = json.loads(str(golden.arrays["gains_json"]))
    found = {}
    for key, (shape, dtype) in golden.keys.items():
        section, _, rest = key.partition("/")
        module, _, name = rest.rpartition("/")
        if section == "state":
            stored = golden.arrays.get(f"state|{module}|{name}")
            found[key] = np.zeros(shape, dtype) if stored is None else stored
            continue
        called = f"{module}.{name}"
        n = goldfill.generator(called).standard_normal(shape)
        scaled = {"w": n / np.sqrt(np.prod(shape[:-1])), "scale": 1 + 0.1 * n}.get(name, 0.1 * n)
        for pattern, factor in gains:
            scaled = scaled * factor if re.search(pattern, called) else scaled
        found[key] = scaled.astype(dtype)
    return found


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden("tapnet")


@pytest.fixture(scope="module")
def network(golden: Golden) -> TapNet:
    return build(Config(), filled(golden), "filled")


@pytest.fixture(scope="module")
def frames(golden: Golden) -> np.ndarray:
    recipe = golden.meta["scenario"]
    found = goldframes.track_frames(recipe["name"], recipe["T"], recipe["h"], recipe["w"])[0]
    assert goldfill.crc(found) == golden.arrays["e2e_frames_crc"]
    return found


def test_every_query_agrees_on_every_frame_after_it(golden: Golden, network: TapNet, frames: np.ndarray) -> None:
    queries = golden.meta["scenario"]["q"]
    tracker = TapNetTracker(network, device="cpu")

    def prompts(number: int) -> list[Prompt]:
        return [
            Prompt(ObjectId(str(which)), Points(np.array([[x, y]], np.float32), np.ones(1, np.uint8)))
            for which, (at, y, x) in enumerate(queries)
            if at == number
        ]

    found: list[Prediction] = tracker.start(Frame(0, frames[0]), prompts(0))
    for number in range(1, len(frames)):
        found += tracker.step(Frame(number, frames[number]))
        if prompts(number):
            found += tracker.correct(Frame(number, frames[number]), prompts(number))
    found += tracker.finish()
    assert len(found) == sum(len(frames) - at for at, _, _ in queries)
    for one in found:
        which = int(one.object)
        assert isinstance(one.shape, Points)
        assert np.abs(one.shape.xy[0] - golden.arrays["e2e_tracks"][which, one.frame]).max() < TRACK_PX
        if one.frame > queries[which][0]:
            logit = golden.arrays["e2e_occlusion"][which, one.frame]
            assert one.confidence == pytest.approx(1 / (1 + np.exp(logit)), abs=SURE)
            assert one.visible == (logit < 0)


@torch.inference_mode()
def test_features_agree(golden: Golden, network: TapNet, frames: np.ndarray) -> None:
    stream = Stream(network.encoder)
    pushed = [stream.push(torch.from_numpy(frame).permute(2, 0, 1)[None].float()) for frame in frames]
    assert [each is None for each in pushed] == [True] * 4 + [False] * 4
    features = torch.cat([each for each in pushed if each is not None] + list(stream.flush()))
    grid = features.permute(0, 2, 3, 1).numpy()
    looks = [
        network.look(features[at : at + 1], torch.tensor([[x / 256, y / 256]]))[0].numpy()
        for at, y, x in golden.meta["scenario"]["q"]
    ]
    expected = golden.arrays["e2e_mid_query_feats"]
    assert_close(np.stack(looks)[:, : expected.shape[1]], expected, "looks")
    summary = np.array([grid.mean(), grid.std(), grid.min(), grid.max()])
    assert np.abs(summary - golden.arrays["e2e_mid_feature_grid_stats"]).max() < FEATURE


def test_a_correction_tells_the_frames_before_it_by_the_old_look_and_once() -> None:
    tracker = tiny()
    random = np.random.default_rng(0)
    images = [Frame(number, random.integers(0, 255, (48, 80, 3), dtype=np.uint8)) for number in range(9)]
    prompt = Prompt(ObjectId("a"), Points(np.float32([[10, 10], [40, 20]]), np.ones(2, np.uint8)))
    fewer = Prompt(ObjectId("a"), Points(np.float32([[30, 30]]), np.ones(1, np.uint8)))
    found = tracker.start(images[0], [prompt])
    for image in images[1:]:
        found += tracker.step(image)
        if image.number == 4:
            found += tracker.correct(image, [fewer])
    found += tracker.finish()
    assert sorted(one.frame for one in found) == list(range(9))
    assert [len(one.shape.xy) for one in sorted(found, key=lambda one: one.frame)] == [2] * 4 + [1] * 5


def official(golden: Golden) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """As the authors nest them."""
    nested: dict[str, Any] = {"params": {}, "state": {}, "global_step": 7}
    for key, array in filled(golden).items():
        section, _, rest = key.partition("/")
        module, _, name = rest.rpartition("/")
        nested[section].setdefault(module, {})[name] = array
    return nested


def test_the_official_file_is_read_without_building_anything_but_arrays(golden: Golden, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npy"
    np.save(path, np.array(official(golden), object), allow_pickle=True)
    arrays = read_arrays(path)
    assert arrays.keys() == golden.keys.keys()
    build(Config(), arrays, path.name)
    del arrays["params/tap_net/~/occlusion_out/b"]
    with pytest.raises(WeightsMisfit):
        build(Config(), arrays, path.name)


@pytest.mark.parametrize(
    ("value", "says"),
    [({"params": print}, "Don't use this file"), ({"state": {}}, "has none"), ([1], "has none")],
)
def test_a_file_that_is_none_is_refused(value: object, says: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npy"
    whole = np.empty((), object)
    whole[()] = value
    np.save(path, whole, allow_pickle=True)
    with pytest.raises(WeightsError, match=says):
        read_arrays(path)
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(WeightsError, match="Get it again"):
        read_arrays(path)
