"""XMem computes what its authors' code computes, and follows masks as a tracker should."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.golden import goldframes
from tests.golden.check import Golden, Record, assert_close, blank_tensors
from tests.golden.goldfill import crc, summary
from tests.tracking.fakes import Story, leg, play
from tracking.layers.compute import Compute
from tracking.layers.images import PictureInput
from tracking.models.xmem.memory import Elements, Memory, Rules
from tracking.models.xmem.network import XMem, aggregated
from tracking.models.xmem.picture import Fit
from tracking.models.xmem.propagation import Propagation
from tracking.models.xmem.tracker import XMemTracker, create, tiny
from tracking.models.xmem.weights import build, load
from tracking.session import TrackingSession
from tracking.tracker import Tracker
from tracking.types import Frame, Mask, ObjectId, Prediction, Prompt, PromptError, TrackingError
from tracking.weights import WeightsError, WeightsMisfit

A, B, C = ObjectId("a"), ObjectId("b"), ObjectId("c")
CPU = torch.device("cpu")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden("xmem")


@pytest.fixture(scope="module")
def network(golden: Golden) -> XMem:
    return build(golden.tensors(), "filled")


# ---------------------------------------------------------------- goldens


class AuthorsMemory(Memory):
    """As the authors' code keeps objects that enter later: when memory is condensed, the values of such an object's
    first frame are attached to the keys of the memory's first frame, which are another frame's."""

    def _condense_to_prototypes(self, candidates) -> None:
        super()._condense_to_prototypes(candidates)
        for name, (first, *more) in self.anchors.items():
            if first:
                held = self.held[name]
                moved = (held.mask & (self.origin != first)) | (self.origin == 0)
                self.held[name] = type(held)(moved, held.values)
                self.anchors[name] = (0, *more)
        self._groups = None
        self._tidy()


@dataclass
class Scenario:
    """One of the goldens: frames, what is shown on them, and what a run answers."""

    golden: Golden
    name: str

    def __post_init__(self) -> None:
        self.recipe = self.golden.meta["scenarios"][self.name]
        self.height, self.width = self.recipe["h"], self.recipe["w"]
        self.frames, _, boxes = goldframes.track_frames(self.recipe["name"], self.recipe["T"], self.height, self.width)
        assert crc(self.frames) == self.golden.arrays[f"{self.name}_frames_crc"]
        self.ids = goldframes.disc_ids(boxes, self.height, self.width)
        self.fit = Fit(self.width, self.height, max(self.recipe["size"], 0))

    @property
    def rules(self) -> Rules:
        given = self.recipe["config"]
        names = {
            "mem_every": "every",
            "max_mid_term_frames": "most_frames",
            "min_mid_term_frames": "least_frames",
            "num_prototypes": "prototypes",
            "max_long_term_elements": "most_long",
            "top_k": "top",
        }
        return Rules(**{ours: given[theirs] for theirs, ours in names.items() if theirs in given})

    def propagation(self, network: XMem) -> Propagation:
        every = self.recipe["config"].get("deep_update_every")
        run = Propagation(network, network.config.hidden, self.rules, refresh_every=every, batch=2)
        run.state.memory = AuthorsMemory(self.rules)
        return run

    def picture(self, number: int) -> Tensor:
        return self.fit.picture(PictureInput(CPU).normalised([self.frames[number]]))

    def shown(self, number: int) -> dict[ObjectId, Tensor]:
        event = self.recipe["events"].get(str(number), {"present": []})
        return {
            ObjectId(str(label)): torch.from_numpy(self.fit.mask(self.ids[number] == label))
            for label in event["present"]
        }

    def pixels(self, found: dict[ObjectId, Tensor]) -> Tensor:
        """(1 + N, H, W), background first."""
        objects = self.fit.pixels(torch.stack([found[name] for name in sorted(found)]))
        return torch.cat([1 - objects.sum(dim=0, keepdim=True), objects])

    def sizes(self, memory: Memory) -> list[int]:
        """As the golden keeps them: keys of frames, prototypes, values of the first and of the second group."""
        frames = memory.origin >= 0
        second = ObjectId("2")
        entered_later = second in memory.held and 2 not in self.recipe["events"]["0"]["present"]
        values = [int((memory.held[name].mask & frames).sum()) for name in (ObjectId("1"), second)[: 1 + entered_later]]
        return [int(frames.sum()), memory.long_size, *values, *[0] * (2 - len(values))]

    def run(self, network: XMem) -> Iterator[tuple[int, Tensor, Propagation]]:
        """(frame, probabilities, run) frame by frame, as far as the golden goes."""
        run = self.propagation(network)
        for number in range(len(self.golden.arrays[f"{self.name}_argmax"])):
            with torch.inference_mode():
                found = run.step(self.picture(number))
                if shown := self.shown(number):
                    found = run.show(shown)
                yield number, self.pixels(found), run


@torch.inference_mode()
def test_the_network_agrees_array_by_array(golden: Golden, network: XMem) -> None:
    scenario = Scenario(golden, "e2e")
    image = scenario.picture(0)

    def agree(name: str, got: Tensor, channels: int) -> None:
        golden.assert_close(f"e2e_mid_{name}_stats", summary(got.numpy()))
        golden.assert_close(f"e2e_mid_{name}_slice", got[:channels, 2:6, 2:6])

    for name, features in zip(("f16", "f8", "f4"), network.key_encoder(image), strict=True):
        agree(name, features[0], 8)
    seen = network.see(image)
    h, w = seen.cells
    golden.assert_close("e2e_mid_key", seen.key.T.unflatten(1, (h, w))[:16])
    golden.assert_close("e2e_mid_selection", seen.selection.T.unflatten(1, (h, w))[:16])
    golden.assert_close("e2e_mid_shrinkage", seen.shrinkage.view(1, h, w))
    masks = aggregated(torch.stack(tuple(scenario.shown(0).values())))[1:]
    value = network.remember(image, seen.f16, masks, torch.zeros_like(masks))
    agree("value0", value[0], 16)
    hidden = network.refresh(value, torch.zeros(1, 64, h, w))
    golden.assert_close("e2e_mid_hidden0_slice", hidden[0, :16, 2:6, 2:6])

    memory = Memory(Rules())
    elements = Elements.new(seen.key, seen.shrinkage, seen.selection)
    memory.add(0, elements, {A: value[0].flatten(1).T.contiguous()}, [A])
    after = network.see(scenario.picture(1))
    readout = memory.read(after.key, after.selection)[A].T.unflatten(1, (h, w))
    agree("readout1", readout, 16)
    with Record(network, r"decoder\.predict") as record:
        network.decode(after, readout[None], hidden)
    golden.assert_close("e2e_mid_logits1", record["decoder.predict"][0][0, 0, ::2, ::2])


@pytest.mark.parametrize("name", ["e2e", "lt", "ltgroups", "nolt", "resize480"])
def test_it_agrees_frame_by_frame(name: str, golden: Golden, network: XMem) -> None:
    """Objects that enter later and a correction (e2e), prototypes and their end (lt), both (ltgroups), sensory memory
    refreshed at other times (nolt), and frames of another size (resize480)."""
    scenario = Scenario(golden, name)
    step = {"e2e": 6, "resize480": 10}.get(name, 12)
    for number, each, run in scenario.run(network):
        expected = golden.arrays[f"{name}_prob"][number][: len(each)]
        off = np.abs(each[:, ::step, ::step].numpy() - expected)
        assert np.median(off) < 1e-5, number
        assert off.max() < 2e-2, number  # which elements are the thirty most alike may turn on the last bit
        assert (each.argmax(dim=0).numpy() != golden.arrays[f"{name}_argmax"][number]).mean() < 1e-3, number
        assert scenario.sizes(run.state.memory) == golden.arrays[f"{name}_memory_sizes"][number].tolist()
        if name == "e2e" and number == 10:
            hidden = torch.stack([run.state.hidden[ObjectId(label)] for label in "12"])
            assert_close(hidden[:, :8, 2::2, 2:8:2], golden.arrays["e2e_hidden_final_slice"], "hidden")


# ---------------------------------------------------------------- weights


def light(golden: Golden, **changed: tuple[int, ...]) -> dict[str, Tensor]:
    """Tensors of the official shapes in a file of a few kilobytes. ``changed``: other shapes, by official key."""
    shapes = {key: shape for key, (shape, _) in golden.keys.items()} | changed
    dtypes = {key: torch.int64 if dtype == "int64" else torch.float32 for key, (_, dtype) in golden.keys.items()}
    return {key: torch.zeros((), dtype=dtypes[key]).expand(shape) for key, shape in shapes.items()}


def test_every_official_key_has_its_place() -> None:
    assert build(blank_tensors("xmem", "keys.json"), "blank").config.hidden == 64


def test_it_loads_an_official_file_from_the_folder_or_from_anywhere(golden: Golden, tmp_path, monkeypatch) -> None:
    torch.save(light(golden), tmp_path / "XMem.pth")
    torch.save(light(golden), tmp_path / "mine.pth")
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    assert not load().training
    assert not load(tmp_path / "mine.pth").training
    assert create(device="cpu", weights=str(tmp_path / "mine.pth"), memory_every=3).rules == Rules(every=3)


def test_a_file_without_sensory_memory_or_of_single_objects_is_another_network(golden: Golden) -> None:
    tensors = light(golden, **{"decoder.fuser.block1.conv1.weight": (512, 1536, 3, 3)})
    tensors["decoder.fuser.block1.downsample.weight"] = torch.zeros(1).expand(512, 1536, 3, 3)
    tensors["value_encoder.conv1.weight"] = torch.ones(64, 4, 7, 7)
    gone = ("decoder.hidden_update.", "value_encoder.hidden_reinforce.")
    network = build({key: tensor for key, tensor in tensors.items() if not key.startswith(gone)}, "single.pth")
    assert network.config.hidden == 0
    assert network.value_encoder.conv1.weight[:, 4].abs().max() == 0
    assert network.value_encoder.conv1.weight[:, :4].min() == 1


def test_it_refuses_weights_of_another_network(golden: Golden) -> None:
    tensors = light(golden)
    del tensors["decoder.pred.bias"]
    with pytest.raises(WeightsMisfit, match=r"1 missing: decoder\.predict\.bias"):
        build(tensors, "XMem.pth")
    with pytest.raises(WeightsError, match=r"other\.pth has none"):
        build({"conv.weight": torch.zeros(1)}, "other.pth")
    with pytest.raises(WeightsError, match=r"odd\.pth has none"):
        build(light(golden) | {"key_proj.key_proj.weight": torch.tensor(1.0)}, "odd.pth")
    with pytest.raises(WeightsError, match=r"huge\.pth has none"):
        build(light(golden, **{"key_proj.key_proj.weight": (2**30, 1024, 3, 3)}), "huge.pth")


# ---------------------------------------------------------------- the tracker, tiny


def frame(number: int, *, width: int = 100, height: int = 70) -> Frame:
    ground = np.random.default_rng(0).integers(0, 80, (height, width, 3), dtype=np.uint8)
    ground[20:50, 10 + number : 40 + number] += 120
    return Frame(number, ground)


def block(left: int, top: int, width: int = 20, height: int = 16) -> Mask:
    return Mask(left, top, np.ones((height, width), np.bool_))


def told(predictions: list[Prediction]) -> list[tuple[object, ...]]:
    """Predictions in a form that compares by content."""
    return [(p.object, p.frame, p.confidence, p.shape.left, p.shape.top, p.shape.bitmap.tobytes()) for p in predictions]


def of(tracker: XMemTracker, name: ObjectId) -> tuple[NDArray, NDArray]:
    """What is remembered of an object: values, and sensory memory."""
    state = tracker.propagation.state
    return state.memory.held[name].values.numpy().copy(), state.hidden[name].numpy().copy()


def same(one: tuple[NDArray, NDArray], other: tuple[NDArray, NDArray]) -> bool:
    return all(map(np.array_equal, one, other))


def run_to(tracker: Tracker, last: int, **masks: Mask) -> None:
    tracker.start(frame(0), [Prompt(ObjectId(name), mask) for name, mask in masks.items()])
    for number in range(1, last + 1):
        tracker.step(frame(number))


def test_the_prompted_mask_is_told_as_it_was_painted() -> None:
    tracker = tiny()
    painted = block(12, 22)
    (first,) = tracker.start(frame(0), [Prompt(A, painted)])
    tracker.step(frame(1))
    (corrected,) = tracker.correct(frame(1), [Prompt(A, painted)])
    assert first.shape is corrected.shape is painted
    assert first.confidence == corrected.confidence == 1


def test_masks_of_objects_do_not_overlap_and_lie_in_the_frame() -> None:
    tracker = tiny()
    run_to(tracker, 2, a=block(12, 22), b=block(60, 30), c=block(20, 25))
    whole = np.zeros((70, 100), int)
    for one in tracker.step(frame(3)):
        height, width = one.shape.bitmap.shape
        whole[one.shape.top : one.shape.top + height, one.shape.left : one.shape.left + width] += one.shape.bitmap
    assert whole.max() == 1


@pytest.mark.parametrize("last", [3, 5], ids=["between two that are remembered", "on a frame that is remembered"])
def test_a_correction_reanchors_that_object_alone(last: int) -> None:
    tracker = tiny()
    run_to(tracker, last, a=block(12, 22), b=block(60, 30))
    remembered = tracker.propagation.state.memory
    before, others = of(tracker, A), of(tracker, B)
    tracker.correct(frame(last), [Prompt(A, block(40, 10))])
    assert not same(of(tracker, A), before)
    assert remembered.anchors == {A: (0, last), B: (0,)}
    if last == 3:  # otherwise B remembers this frame anyway, and does it anew
        assert same(of(tracker, B), others)


def test_a_correction_lets_go_of_what_led_to_it_and_stays_for_good() -> None:
    tracker = tiny(rules=Rules(every=1, most_frames=4, least_frames=2, prototypes=8))
    run_to(tracker, 3, a=block(12, 22))
    memory = tracker.propagation.state.memory
    tracker.correct(frame(3), [Prompt(A, block(40, 10))])
    assert set(memory.origin[memory.held[A].mask]) <= {-1, 0, 3}
    for number in range(4, 40):
        tracker.step(frame(number % 50))
    assert {0, 3} <= set(memory.origin[memory.held[A].mask])


def test_another_tracker_takes_over_what_people_showed_but_for_the_frame_that_is_corrected() -> None:
    first = tiny()
    run_to(first, 3, a=block(12, 22), b=block(60, 30))
    first.correct(frame(3), [Prompt(A, block(14, 22))])
    second = first.maker()()
    second.start(frame(3), [Prompt(A, block(40, 10))])
    second.remember(A, first.memory_of(A))
    memory = second.propagation.state.memory
    (earlier,) = memory.said(A, second._shown)[:-1]
    assert (earlier.frame, memory.anchors[A]) == (0, (-2, 0))
    theirs = first.propagation.state.memory.said(A, first._shown)[0]
    assert torch.equal(earlier.values, theirs.values)
    assert torch.equal(earlier.elements.key, theirs.elements.key)
    second.step(frame(4))
    third = first.maker()()
    third.start(frame(5), [Prompt(A, block(40, 10))])
    third.remember(A, second.memory_of(A))
    assert third.propagation.state.memory.anchors[A] == (-3, -2, 0)  # of frames 0, 3 and 5
    assert first.memory_of(C) is None


def test_trackers_of_one_maker_share_their_network_and_nothing_else() -> None:
    first = tiny()
    second = first.maker()()
    assert second.network is first.network
    run_to(first, 3, a=block(12, 22))
    run_to(second, 3, b=block(60, 30))
    alone = tiny()
    run_to(alone, 3, b=block(60, 30))
    assert told(second.step(frame(4))) == told(alone.step(frame(4)))


def test_an_object_that_enters_later_is_followed_with_the_others() -> None:
    tracker = tiny()
    run_to(tracker, 3, a=block(12, 22))
    before = of(tracker, A)
    tracker.correct(frame(3), [Prompt(B, block(60, 30))])
    assert same(of(tracker, A), before)
    assert [one.object for one in tracker.step(frame(4))] == [A, B]


def test_a_dropped_object_takes_nothing_of_the_others_with_it() -> None:
    tracker = tiny()
    run_to(tracker, 6, a=block(12, 22), b=block(60, 30))
    before = of(tracker, A)
    tracker.drop([B])
    assert same(of(tracker, A), before)
    assert set(tracker.propagation.state.hidden) == {A}
    assert [one.object for one in tracker.step(frame(7))] == [A]
    tracker.drop([A])
    assert tracker.step(frame(8)) == []
    assert tracker.propagation.state.memory.size == 0


@pytest.mark.parametrize("size", [0, 64, 200])
def test_a_mask_of_a_pixel_is_seen_at_every_size(size: int) -> None:
    fit = Fit(1000, 300, size)
    bitmap = np.zeros((300, 1000), np.bool_)
    bitmap[299, 998] = True
    mask = fit.mask(bitmap)
    assert mask.sum() >= 1
    assert not (np.array(mask.shape) % 16).any()
    assert fit.pixels(torch.from_numpy(mask)[None]).shape == (1, 300, 1000)


@pytest.mark.parametrize(("width", "height"), [(720, 1280), (1280, 720), (480, 480), (481, 1000)])
def test_the_short_side_has_the_size_that_was_asked_for(width: int, height: int) -> None:
    fit = Fit(width, height, 480)
    assert min(fit.scaled) == 480
    assert abs(fit.scaled[0] / fit.scaled[1] - height / width) < 0.002


def test_other_masks_than_one_for_each_object_in_the_frame_are_refused() -> None:
    for prompts, sentence in (
        ([Prompt(A, Mask(5, 5, np.zeros((4, 4), np.bool_)))], "has none on frame 0"),
        ([Prompt(A, block(200, 10))], "must touch the frame"),
        ([Prompt(A, block(5, 5)), Prompt(A, block(9, 9))], "one mask per frame; 2 came for 1"),
    ):
        with pytest.raises(PromptError, match=sentence):
            tiny().start(frame(0), prompts)


def test_settings_that_mean_nothing_are_refused() -> None:
    with pytest.raises(TrackingError, match="20 came"):
        XMemTracker(tiny().network, size=20, device="cpu")
    with pytest.raises(TrackingError, match="0 came"):
        tiny(rules=Rules(every=0))


def test_a_gpu_that_runs_out_of_memory_changes_no_mask(monkeypatch) -> None:
    expected, tracker = tiny(), tiny()
    run_to(expected, 4, a=block(12, 22), b=block(60, 30))
    run_to(tracker, 4, a=block(12, 22), b=block(60, 30))
    tracker.compute = Compute(torch.device("cuda"))  # as far as it knows
    decode, calls = tracker.passes.decode, []

    def fail_once(*given: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(given)
        if len(calls) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return decode(*given)

    monkeypatch.setattr(tracker.passes, "decode", fail_once)
    assert told(tracker.step(frame(5))) == told(expected.step(frame(5)))
    assert "out of memory" in tracker.note
    assert told(tracker.step(frame(6))) == told(expected.step(frame(6)))


def test_bfloat16_keeps_memory_in_float32() -> None:
    tracker = tiny(precision="bfloat16")
    run_to(tracker, 6, a=block(12, 22))
    state = tracker.propagation.state
    assert state.memory.elements is not None
    assert state.memory.elements.key.dtype is state.memory.held[A].values.dtype is torch.float32
    assert state.hidden[A].dtype is torch.float32


# ---------------------------------------------------------------- through a session


class Pictures:
    """Frames of ``frame``."""

    frame_count = 30

    def walk(self, first: int, way: str) -> Iterator[Frame]:
        numbers = range(first, self.frame_count) if way == "forward" else range(first, -1, -1)
        return (frame(number) for number in numbers)


def test_a_session_follows_corrects_drops_and_resumes_masks_both_ways() -> None:
    legs = [
        leg(A, 10, 20, shape=block(12, 22)),
        leg(B, 10, 20, shape=block(60, 30)),
        leg(C, 8, 2, "backward", shape=block(30, 5)),
        leg(C, 8, 20, shape=block(30, 5), emit_first=False),  # goes on from what was stored
    ]
    made: list[XMemTracker] = []

    def make() -> XMemTracker:
        made.append(tiny())
        return made[-1]

    session = TrackingSession(lambda: nullcontext(Pictures()), make, legs, detect_off_screen=False)
    corrected = leg(A, 13, 20, shape=block(40, 10), epoch=1)
    story: Story = play(
        session,
        {(A, 15): lambda: session.correct(A, [corrected]), (B, 16): lambda: session.drop([B])},
    )
    assert sorted(story.frames(A)) == [10, 11, 12, 13, 13, 14, 14, 15, 15, *range(16, 21)]  # once more, corrected
    assert max(story.frames(B)) == 16
    assert sorted(story.frames(C)) == list(range(2, 21))
    assert not any(end.problem for end in story.ends)
    assert len(made) == 1  # weights are read once, whatever begins anew
