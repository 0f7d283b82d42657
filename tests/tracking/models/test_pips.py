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
from tests.tracking.holding import held
from tracking.layers.point_encoder import STRIDE
from tracking.models.pips.network import Paths, Pips
from tracking.models.pips.tracker import PipsTracker, next_beginnings, picture_size, tiny
from tracking.models.pips.weights import build
from tracking.shapes.values import VISIBLE
from tracking.types import Frame, ObjectId, Points, Prediction, Prompt

A = ObjectId("a")
THREE = Points(np.array([[20, 20], [50, 30], [80, 60]], np.float32), np.full(3, VISIBLE, np.uint8))
NOISE = np.random.default_rng(0).integers(0, 255, (4, 90, 120, 3), dtype=np.uint8)
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


@torch.inference_mode()
def test_a_window_may_begin_with_a_known_path(golden: Golden, network: Pips) -> None:
    features = network.encode(clip(golden, "core"))
    xy = torch.from_numpy(golden.arrays["core_trajs"].transpose(1, 0, 2)) + torch.tensor([0.5, -0.25])
    window = torch.arange(8).expand(len(xy), 8)
    looks = 0.9 * torch.from_numpy(golden.arrays["core_feat"])
    paths = Paths(xy / STRIDE, looks[:, None].expand(-1, 8, -1))
    *_, found = network.refine(network.levels(features), window, paths, 2)
    assert np.abs(found.xy.numpy().transpose(1, 0, 2) * STRIDE - golden.arrays["core_warm_trajs"]).max() < PX
    assert np.abs(network.seen(found).numpy().T - golden.arrays["core_warm_vis_logit"]).max() < LOGIT


# ---------------------------------------------------------------- as a tracker


def video(golden: Golden, name: str) -> list[Frame]:
    recipe = golden.meta[name]
    pictures = goldframes.track_frames(recipe["name"], recipe["T"], recipe["h"], recipe["w"])[0]
    return [Frame(number, picture) for number, picture in enumerate(pictures)]


def prompted(golden: Golden, name: str, queries: np.ndarray) -> Prompt:
    """Points of a golden's resized clip as a person draws them on its video."""
    recipe = golden.meta[name]
    scale = np.array([recipe["w"], recipe["h"]]) / np.array(recipe["resize"])[::-1]
    xy = ((queries + 0.5) * scale).astype(np.float32)
    return Prompt(A, Points(xy, np.full(len(xy), VISIBLE, np.uint8)))


def in_the_resized_clip(golden: Golden, name: str, found: list[Prediction]) -> np.ndarray:
    """(T, n, 2) px, the last word on each frame."""
    recipe = golden.meta[name]
    scale = np.array(recipe["resize"])[::-1] / np.array([recipe["w"], recipe["h"]])
    last = {one.frame: one.shape.xy for one in found if isinstance(one.shape, Points)}
    return np.stack([last[frame] for frame in sorted(last)]) * scale - 0.5


def test_a_window_appears_when_its_last_frame_has_come(golden: Golden, network: Pips) -> None:
    """The authors' picture size and their answers, from frames that aren't resized yet."""
    first, *frames = video(golden, "e2e")
    tracker = PipsTracker(network, device="cpu")
    found = tracker.start(first, [prompted(golden, "e2e", golden.arrays["e2e_queries"])])
    found += [one for frame in frames[:-1] for one in tracker.step(frame)]
    assert [one.frame for one in found] == [0]
    found += tracker.step(frames[-1])
    assert [one.frame for one in found] == list(range(8))
    expected = golden.arrays["e2e_trajs"]
    assert np.abs(in_the_resized_clip(golden, "e2e", found) - expected).max() < 0.05
    sure = 1 / (1 + np.exp(-golden.arrays["e2e_vis_logit"]))
    assert [one.confidence for one in found[1:]] == pytest.approx(sure.mean(axis=1)[1:].tolist(), abs=1e-3)


def test_windows_follow_each_other_as_in_the_authors_demonstration(golden: Golden, monkeypatch) -> None:
    """The network's answers are the golden's: what is tried here is where windows begin, and which one has the last
    word on a frame."""
    answers = list(zip(golden.arrays["chain_window_traj"], golden.arrays["chain_window_vis"], strict=True))
    begun: list[np.ndarray] = []

    def answer(batch, clocks):  # type: ignore[no-untyped-def]
        ((name, points),) = batch
        begun.append(tracker.trails[name].xy[points[0], clocks[0, 0] % 8].copy())
        xy, logits = answers.pop(0)
        return xy[None], logits[None]

    tracker = PipsTracker(tiny().network, device="cpu")
    monkeypatch.setattr(tracker, "_refined", answer)
    first, *frames = video(golden, "chain")
    found = tracker.start(first, [prompted(golden, "chain", np.array([golden.meta["chain"]["query"]]))])
    told = []
    for frame in frames:
        now = tracker.step(frame)
        told.append([one.frame for one in now])
        found += now
    found += tracker.finish()
    assert [frames for frames in told if frames] == [list(range(1, 8)), list(range(4, 12))]
    assert np.allclose(begun, golden.arrays["chain_window_start_xy"], atol=1e-4)
    assert not answers
    assert np.abs(in_the_resized_clip(golden, "chain", found)[:, 0] - golden.arrays["chain_traj"]).max() < 0.05


@pytest.mark.parametrize(
    ("sure", "later"),
    [
        ([1, 1, 1, 1, 1, 1, 1, 0.95], 7),
        ([1, 1, 1, 1, 0.91, 0.3, 0.3, 0.3], 4),
        ([1, 1, 0.86, 0.2, 0.2, 0.87, 0.2, 0.2], 5),
        ([1, 1, 0.89, 0.2, 0.2, 0.87, 0.2, 0.2], 2),
        ([1, 1, 0, 0, 0, 0, 0, 0], 7),
    ],
)
def test_the_next_window_begins_where_the_point_was_last_surely_seen(sure: list[float], later: int) -> None:
    assert next_beginnings(np.array([sure], np.float32)).tolist() == [later]


def test_it_holds_a_window_of_frames_however_many_come() -> None:
    tracker = tiny()
    tracker.start(Frame(0, NOISE[0]), [Prompt(A, THREE)])
    early, late = set(), set()
    for number in range(1, 40):
        tracker.step(Frame(number, NOISE[number % 4]))
        (early if number < 16 else late).add(held(tracker))
    assert max(late) <= max(early)


def test_a_portrait_video_keeps_its_proportions() -> None:
    assert picture_size(1280, 720) == (360, 640)
    assert picture_size(1080, 1920) == (640, 360)
    assert picture_size(4000, 40) == (64, 4800)
