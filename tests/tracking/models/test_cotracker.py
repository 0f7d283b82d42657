"""CoTracker 3 computes what its authors' code computes, window by window."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from tests.golden import goldframes
from tests.golden.check import Golden, blank_tensors
from tests.golden.goldfill import crc
from tests.tracking.holding import held
from tracking.layers.point_encoder import STRIDE
from tracking.layers.windowed_points import Trail
from tracking.models.cotracker import tracker as module
from tracking.models.cotracker.network import CoTracker, Tracks
from tracking.models.cotracker.tracker import OFFLINE, ONLINE, CoTrackerTracker, Found, Query, Rule, grid, tiny
from tracking.models.cotracker.weights import build
from tracking.shapes.anchors import anchored
from tracking.shapes.values import OCCLUDED, VISIBLE, Skeleton
from tracking.types import Frame, ObjectId, Points, Prediction, Prompt, TrackingError

PX, PROBABILITY = 3e-4, 2e-5
"""Tolerances measured on the reference: with another number of threads and slightly other weights."""
A, B = ObjectId("a"), ObjectId("b")
NOISE = np.random.default_rng(0).integers(0, 255, (4, 90, 120, 3), dtype=np.uint8)
by_variant = pytest.mark.parametrize("variant", ["online", "offline"])
long = pytest.mark.skipif(not os.environ.get("FRAMEWISE_LONG_GOLDENS"), reason="takes minutes: FRAMEWISE_LONG_GOLDENS")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def goldens() -> dict[str, Golden]:
    return {variant: Golden(f"cotracker3_{variant}") for variant in ("online", "offline")}


@pytest.fixture(scope="module")
def networks(goldens: dict[str, Golden]) -> dict[str, CoTracker]:
    return {variant: build(variant, golden.tensors(), "filled") for variant, golden in goldens.items()}


def clip(golden: Golden, name: str) -> list[Frame]:
    recipe = golden.meta[name]
    pictures = goldframes.track_frames(recipe["name"], recipe["T"], recipe["h"], recipe["w"])[0]
    assert crc(pictures) == golden.arrays[f"{name}_frames_crc"]
    return [Frame(number, picture) for number, picture in enumerate(pictures)]


@by_variant
def test_every_official_key_has_its_place(variant: str) -> None:
    assert build(variant, blank_tensors(f"cotracker3_{variant}", "keys.json"), "blank")


@by_variant
@torch.inference_mode()
def test_the_first_iteration_of_a_window_agrees(variant: str, goldens, networks) -> None:
    golden, network = goldens[variant], networks[variant]
    frames = np.stack([frame.image for frame in clip(golden, "core")[:16]])
    levels = network.encode(torch.from_numpy(frames).permute(0, 3, 1, 2).float())
    queries = torch.from_numpy(golden.arrays["core_queries"])
    at, xy = queries[:, 0].long(), queries[:, 1:] / STRIDE
    looks = network.begin(levels, at.clamp(max=len(frames) - 1), xy)
    looks[at >= len(frames)] = 0
    blank = torch.zeros(len(xy), len(frames))
    begun = Tracks(xy[:, None].expand(-1, len(frames), -1), blank, blank)
    first = next(network.refine(levels, torch.arange(len(frames)), looks, begun, 1))
    change = torch.cat([first.xy - begun.xy, first.visible[..., None], first.confident[..., None]], dim=-1)
    golden.assert_close("core_mid_delta0", change)


# ---------------------------------------------------------------- as a tracker


class Known(CoTrackerTracker):
    """The authors' code knows of all points from the beginning, also of those prompted on later frames, which take
    part without a look until then. A live run can't know them; here they are put in before the first frame."""

    def put_in(self, frame: Frame, queries: np.ndarray) -> None:
        """``queries``: rows of frame, x, y with pixel centres at whole numbers."""
        places = queries[:, 1:].astype(np.float64) + 0.5
        prompts = [Prompt(ObjectId(str(number)), dot(xy)) for number, xy in enumerate(places)]
        super().start(frame, prompts)
        for number, (first, *_) in enumerate(queries):
            name, query = ObjectId(str(number)), self._queries[ObjectId(str(number))]
            if first > 0:
                blank = Found.nothing(1, self.window)
                self._queries[name] = Query(int(first), query.prompt, torch.zeros_like(query.looks), blank)
                self.trails[name] = Trail.begun(int(first), query.prompt, self.window)

    def place(self) -> None:
        for query in self._queries.values():
            if query.first == self.clock:
                query.looks = self._query(query.prompt).looks
        super().place()


def dot(xy: Sequence[float]) -> Points:
    return Points(np.array([xy], np.float32), np.full(1, VISIBLE, np.uint8))


def last_words(found: Sequence[Prediction]) -> dict[tuple[int, int], Prediction]:
    """By frame and number of the point; prompts aside, which stay as they are drawn."""
    return {(one.frame, int(one.object)): one for one in found if one.confidence < 1}


def run(network: CoTracker, rule: Rule, frames: Sequence[Frame], queries: np.ndarray, **settings: Any):
    tracker = Known(network, rule, **settings, device="cpu")
    tracker.put_in(frames[0], queries)
    found = [one for frame in frames[1:] for one in tracker.step(frame)]
    return last_words(found + tracker.finish())


def assert_agree(golden: Golden, name: str, found: dict[tuple[int, int], Prediction], sure: np.ndarray) -> None:
    tracks = golden.arrays[f"{name}_tracks"]
    for (frame, number), one in found.items():
        assert isinstance(one.shape, Points)
        assert np.abs(one.shape.xy[0] - 0.5 - tracks[frame, number]).max() < PX
        assert abs(one.confidence - sure[frame, number]) < PROBABILITY


@by_variant
def test_windows_agree_on_a_small_picture(variant: str, goldens, networks, monkeypatch) -> None:
    """The authors' whole loop over windows, on the picture as it is."""
    golden, rule = goldens[variant], {"online": ONLINE, "offline": OFFLINE}[variant]
    recipe = golden.meta["core"]
    monkeypatch.setattr(module, "ITERATIONS", recipe["iters"])
    queries = golden.arrays["core_queries"]
    found = run(networks[variant], rule, clip(golden, "core"), queries, support=0, picture=(recipe["h"], recipe["w"]))
    sure = golden.arrays["core_vis"] * (golden.arrays["core_conf"] if rule.doubts else 1)
    assert len(found) == sum(recipe["T"] - 1 - int(first) for first in queries[:, 0])
    assert_agree(golden, "core", found, sure)


@long
@pytest.mark.parametrize(
    ("variant", "name", "support"),
    [("online", "e2e", 6), ("online", "e2e_nosupport", 0), ("offline", "e2e", 6)],
)
def test_end_to_end_it_agrees(variant: str, name: str, support: int, goldens, networks) -> None:
    golden, rule = goldens[variant], {"online": ONLINE, "offline": OFFLINE}[variant]
    found = run(networks[variant], rule, clip(golden, "e2e"), golden.arrays["e2e_queries"], support=support)
    for (frame, number), one in found.items():
        assert np.abs(one.shape.xy[0] - 0.5 - golden.arrays[f"{name}_tracks"][frame, number]).max() < 0.05
        assert one.visible == golden.arrays[f"{name}_visible"][frame, number]


@pytest.mark.parametrize("side", [5, 6])
def test_support_points_are_the_authors(side: int, goldens) -> None:
    assert np.array_equal(grid(side), goldens["online"].arrays[f"grid{side}_384x512"])


def test_a_grid_that_would_never_end_is_refused() -> None:
    with pytest.raises(TrackingError, match="41 came"):
        tiny(support=41)


def told(rule: Rule, count: int) -> list[list[int]]:
    """The frames that each step of a run of ``count`` frames tells of, and the end."""
    tracker = tiny(rule)
    tracker.start(Frame(0, NOISE[0]), [Prompt(A, dot((40, 30)))])
    steps = [tracker.step(Frame(number, NOISE[number % 4])) for number in range(1, count)]
    return [[one.frame for one in step] for step in (*steps, tracker.finish())]


def test_the_next_window_tells_again_what_it_shares_with_the_last_one() -> None:
    assert told(ONLINE, 7) == [[], [], [1, 2, 3], [], [2, 3, 4, 5], [], [4, 5, 6]]


def test_windows_of_the_offline_model_share_one_frame() -> None:
    assert told(OFFLINE, 9) == [[], [], [1, 2, 3], [], [], [3, 4, 5, 6], [], [], [6, 7, 8]]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("rule", [ONLINE, OFFLINE], ids=["online", "offline"])
def test_the_shortest_runs_tell_every_frame(rule: Rule, count: int) -> None:
    assert {frame for frames in told(rule, count) for frame in frames} == set(range(1, count))


def test_an_object_that_joins_in_the_middle_is_followed_from_there() -> None:
    tracker = tiny()
    tracker.start(Frame(0, NOISE[0]), [Prompt(A, dot((40, 30)))])
    for number in range(1, 4):
        tracker.step(Frame(number, NOISE[number]))
    tracker.correct(Frame(3, NOISE[3]), [Prompt(B, dot((60, 50)))])
    found = [one for number in range(4, 8) for one in tracker.step(Frame(number, NOISE[number % 4]))]
    assert {one.frame for one in found if one.object == B} == {4, 5, 6, 7}
    assert {one.frame for one in found if one.object == A} == {2, 3, 4, 5, 6, 7}


def test_a_correction_tells_first_what_led_to_it() -> None:
    tracker = tiny()
    tracker.start(Frame(0, NOISE[0]), [Prompt(A, dot((40, 30)))])
    for number in range(1, 3):
        assert not tracker.step(Frame(number, NOISE[number]))
    found = tracker.correct(Frame(2, NOISE[2]), [Prompt(A, dot((60, 50)))])
    assert [one.frame for one in found] == [1, 2]
    assert found[-1].shape.xy.tolist() == [[60, 50]]


def test_joints_that_are_not_seen_are_occluded_and_absent_ones_stay_absent() -> None:
    xy = np.array([[20, 20], [40, 30], [60, 40]], np.float32)
    drawn = Skeleton(xy, np.array([VISIBLE, 0, VISIBLE], np.uint8))
    tracker = tiny()
    tracker.start(Frame(0, NOISE[0]), [Prompt(A, drawn)])
    assert len(anchored(drawn).start) == 2
    found = [one for number in range(1, 4) for one in tracker.step(Frame(number, NOISE[number]))]
    for one in found:
        assert isinstance(one.shape, Skeleton)
        sure = one.confidence
        assert one.shape.seen[1] == 0
        assert one.shape.seen[0] == (VISIBLE if sure > ONLINE.seen else OCCLUDED)


@pytest.mark.parametrize("rule", [ONLINE, OFFLINE], ids=["online", "offline"])
def test_it_holds_a_window_of_frames_however_many_come(rule: Rule) -> None:
    tracker = tiny(rule)
    tracker.start(Frame(0, NOISE[0]), [Prompt(A, dot((40, 30)))])
    early, late = set(), set()
    for number in range(1, 20):
        tracker.step(Frame(number, NOISE[number % 4]))
        (early if number < 8 else late).add(held(tracker))
    assert max(late) <= max(early)
