"""TAPNext++ computes what its authors' code computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.golden import goldframes
from tests.golden.check import Golden, assert_close, blank_tensors
from tests.golden.goldfill import crc
from tracking.models.tapnext.network import BINS, Carried, Config, TapNext
from tracking.models.tapnext.network import Places as Found
from tracking.models.tapnext.tracker import TapNextTracker, tiny
from tracking.models.tapnext.weights import VARIANTS, build, load
from tracking.types import Frame, ObjectId, Points, Prediction, Prompt, TrackingError
from tracking.weights import WeightsMisfit

TRACK_PX, SURE = 0.05, 1e-4
A, B = ObjectId("a"), ObjectId("b")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden("tapnext")


def config(golden: Golden) -> Config:
    asked = golden.meta["constructor"]
    return Config(asked["width"], asked["num_heads"], asked["depth"], asked["image_size"][0])


@pytest.fixture(scope="module")
def network(golden: Golden) -> TapNext:
    return build(config(golden), golden.tensors(), "filled")


def frames(golden: Golden, name: str) -> np.ndarray:
    recipe = golden.meta["scenarios"][name]
    found = goldframes.track_frames(recipe["name"], recipe["T"], recipe["h"], recipe["w"])[0]
    assert crc(found) == golden.arrays[f"{name}_frames_crc"]
    return found


@torch.inference_mode()
def followed(network: TapNext, clip: np.ndarray, queries: np.ndarray) -> list[Found]:
    """As the authors do: every point has a row from the first frame on, which waits until its prompt."""
    shares = torch.from_numpy((queries[:, [2, 1]] / clip.shape[1]).astype(np.float32))
    carried, found = None, []
    for number, frame in enumerate(clip):
        picture = network.look(torch.from_numpy(frame).permute(2, 0, 1).float())
        at = torch.from_numpy(queries[:, :1])
        tokens = torch.where(at < number, network.following(len(shares)), network.waiting_for(len(shares)))
        rows = torch.cat([picture, torch.where(at == number, network.asked(shares), tokens)])
        carried = carried or Carried.none(len(rows), network.config, rows.device)
        told, carried = network.step(rows, carried, points=len(shares))
        found.append(told)
    return found


@pytest.mark.parametrize("name", ["together", "late", "larger"])
def test_the_network_agrees_frame_by_frame(golden: Golden, network: TapNext, name: str) -> None:
    """Of points prompted at once and later, and on pictures larger than in training."""
    told = followed(network, frames(golden, name), np.array(golden.meta["scenarios"][name]["q"]))
    assert_close(torch.stack([each.logits.flatten(1) for each in told]), golden.arrays[f"{name}_logits"], "logits")
    assert_close(torch.stack([each.seen for each in told]), golden.arrays[f"{name}_visible"], "visible")
    yx = torch.stack([each.xy.flip(1) * BINS for each in told])
    assert_close(yx, golden.arrays[f"{name}_tracks"], "tracks")


def test_the_tracker_agrees_and_objects_do_not_depend_on_how_points_are_shared_out(
    golden: Golden, network: TapNext
) -> None:
    clip, queries = frames(golden, "together"), np.array(golden.meta["scenarios"]["together"]["q"])
    tracker = TapNextTracker(network, size=64, device="cpu")
    tracker.start(Frame(0, clip[0]), [prompt(A, queries[:1, [2, 1]]), prompt(B, queries[1:, [2, 1]])])
    for number in range(1, len(clip)):
        found = tracker.step(Frame(number, clip[number]))
        assert [one.object for one in found] == [A, B]
        expected = golden.arrays["together_tracks"][number][:, ::-1] * 64 / BINS
        assert np.abs(np.concatenate([xy(one) for one in found]) - expected).max() < TRACK_PX
        states = np.concatenate([one.shape.seen for one in found if isinstance(one.shape, Points)])
        assert ((states == 2) == (golden.arrays["together_visible"][number] > 0)).all()


def prompt(name: ObjectId, places: object, *, untouched: tuple[int, ...] = ()) -> Prompt:
    places = np.array(places, np.float32)
    return Prompt(name, Points(places, np.full(len(places), 2, np.uint8)), untouched=untouched)


def xy(prediction: Prediction) -> np.ndarray:
    assert isinstance(prediction.shape, Points)
    return prediction.shape.xy


def noise(number: int) -> Frame:
    return Frame(number, np.random.default_rng(number).integers(0, 255, (48, 80, 3), dtype=np.uint8))


def test_a_correction_leaves_the_rows_of_all_else_as_they_were() -> None:
    tracker = tiny()
    tracker.start(noise(0), [prompt(A, [[20, 20], [50, 30]]), prompt(B, [[30, 40]])])
    for number in range(1, 4):
        tracker.step(noise(number))
    before = {name: tracker.looks_of(name) for name in (A, B)}
    tracker.correct(noise(3), [prompt(A, [[20, 20], [70, 10]], untouched=(0,))])
    after = {name: tracker.looks_of(name) for name in (A, B)}

    def same(name: ObjectId, row: int) -> bool:
        one, other = before[name], after[name]
        assert one and other
        return all(torch.equal(a[row], b[row]) for a, b in zip(one.now.state, other.now.state, strict=True))

    assert [same(B, 0), same(A, 0), same(A, 1)] == [True, True, False]
    assert [one.object for one in tracker.step(noise(4))] == [A, B]


def test_a_point_prompted_later_begins_as_if_it_had_waited_since_the_first_frame(
    golden: Golden, network: TapNext
) -> None:
    clip, queries = frames(golden, "late"), np.array(golden.meta["scenarios"]["late"]["q"])
    tracker = TapNextTracker(network, size=64, device="cpu")
    tracker.start(Frame(0, clip[0]), [prompt(A, queries[:2, [2, 1]])])
    for number in range(1, 4):
        tracker.step(Frame(number, clip[number]))
    tracker.correct(Frame(3, clip[3]), [prompt(B, queries[2:, [2, 1]])])
    (_, told) = tracker.step(Frame(4, clip[4]))
    # The authors' other rows look at the one that waits; ours don't. It hardly matters.
    assert np.abs(xy(told)[0] - golden.arrays["late_tracks"][4][2][::-1] * 64 / BINS).max() < 1.0


def test_support_points_steady_each_point_and_are_not_told() -> None:
    plain, steadied = tiny(), tiny(support=4)
    for tracker in (plain, steadied):
        tracker.start(noise(0), [prompt(A, [[20, 20], [50, 30]])])
    (alone,), (held,) = plain.step(noise(1)), steadied.step(noise(1))
    assert xy(alone).shape == xy(held).shape == (2, 2)
    assert not np.allclose(xy(alone), xy(held), atol=1e-3)


def test_what_the_network_cannot_take_is_refused() -> None:
    for size in (260, 8):
        with pytest.raises(TrackingError, match=f"size is {size}"):
            tiny(size=size)
    with pytest.raises(TrackingError, match="support is 101"):
        tiny(support=101)


def test_every_official_key_has_its_place() -> None:
    build(Config(), blank_tensors("tapnext", "keys_full.json"), "blank")


def test_both_official_files_are_read(golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.models.tapnext.weights.Config", lambda: config(golden))
    tensors = golden.tensors()
    torch.save(tensors, tmp_path / "bare.pt")
    torch.save(
        {"epoch": 3, "state_dict": {f"tapnext.{key}": value for key, value in tensors.items()}}, tmp_path / "kept.ckpt"
    )
    bare, kept = load(VARIANTS["256"], tmp_path / "bare.pt"), load(VARIANTS["512"], tmp_path / "kept.ckpt")
    assert all(torch.equal(a, b) for a, b in zip(bare.parameters(), kept.parameters(), strict=True))
    del tensors["mask_token"]
    torch.save(tensors, tmp_path / "less.pt")
    with pytest.raises(WeightsMisfit, match="going"):
        load(VARIANTS["256"], tmp_path / "less.pt")
