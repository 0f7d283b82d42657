"""``framewise evaluate --shapes points``: TAP-Vid's measures, joints, and a simulated annotator."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from framewise.cli import app
from tests.media.clips import write_clip
from tests.tracking.evaluate.tap_data import guess, truth
from tracking import catalog
from tracking.catalog import ModelEntry
from tracking.evaluate import point_scores
from tracking.evaluate.point_clips import JointClip, TapClip, find_clips
from tracking.evaluate.point_metrics import QueryMode, queries, tap_vid
from tracking.evaluate.point_scores import score
from tracking.types import Frame, Points, Prediction, Prompt, TrackingError

OFFICIAL: dict[QueryMode, dict[str, float]] = {
    "first": {
        "occlusion_accuracy": 0.5732217573,
        "within": (0.2162162162, 0.3378378378, 0.5472972973, 0.6486486486, 0.7702702703),
        "jaccard": (0.0729927007, 0.1052631579, 0.2098765432, 0.2727272727, 0.3424657534),
        "average_jaccard": 0.2006650856,
        "average_within": 0.5040540541,
    },
    "strided": {
        "occlusion_accuracy": 0.5311004785,
        "within": (0.2134831461, 0.3426966292, 0.5224719101, 0.6292134831, 0.7509363296),
        "jaccard": (0.0666666667, 0.1130434783, 0.1797235023, 0.2307692308, 0.2929292929),
        "average_jaccard": 0.1766264342,
        "average_within": 0.4917602996,
    },
}  # type: ignore[dict-item]
"""What ``compute_tapvid_metrics`` of google-deepmind/tapnet c2cbab8 says of ``tap_data``."""


@pytest.mark.parametrize("mode", ["first", "strided"])
def test_the_measures_are_those_of_tap_vids_own_code(mode: QueryMode) -> None:
    true_xy, true_occluded = truth()
    asked = queries(true_occluded, mode)
    xy, occluded = guess(np.stack([true_xy[point] for point, _ in asked]))
    found = tap_vid(asked, true_xy, true_occluded, xy, occluded, mode)
    told = {**asdict(found), "average_jaccard": found.average_jaccard, "average_within": found.average_within}
    for name, expected in OFFICIAL[mode].items():
        assert told[name] == pytest.approx(expected, abs=1e-9), name


class Drifting:
    """Says that each point went ``speed`` px to the right per frame; from frame ``hidden_from`` on it is hidden."""

    def __init__(self, speed: float = 1.0, hidden_from: int = 1000, late: int = 0) -> None:
        self.speed, self.hidden_from, self.late = speed, hidden_from, late
        self.known: dict[str, tuple[Points, int]] = {}
        self.waiting: list[Frame] = []

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.correct(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.known.update((prompt.object, (prompt.shape, frame.number)) for prompt in prompts)
        return [Prediction(prompt.object, frame.number, prompt.shape, 1.0) for prompt in prompts]

    def step(self, frame: Frame) -> list[Prediction]:
        self.waiting.append(frame)
        return self._told(self.waiting.pop(0)) if len(self.waiting) > self.late else []

    def finish(self) -> list[Prediction]:
        return [told for frame in self.waiting for told in self._told(frame)]

    def drop(self, objects: Collection[str]) -> None: ...

    def _told(self, frame: Frame) -> list[Prediction]:
        seen = frame.number < self.hidden_from
        return [
            Prediction(name, frame.number, self._moved(shape, frame.number - begun), 0.5, seen)
            for name, (shape, begun) in self.known.items()
            if frame.number != begun
        ]

    def _moved(self, shape: Points, frames: int) -> Points:
        return type(shape)(shape.xy + np.float32([self.speed * frames, 0]), shape.seen)


def tap_clip(frames: int = 10) -> dict[str, Any]:
    """Two points of a picture of 128x64: one moves a pixel per frame (2 px at 256 px wide), the other stands still and
    shows from frame 2 on."""
    xy = np.zeros((2, frames, 2), np.float32)
    xy[0] = [20, 32] + np.arange(frames)[:, None] * np.array([1, 0])
    xy[1] = [100, 16]
    occluded = np.zeros((2, frames), bool)
    occluded[1, :2] = True
    return {
        "video": np.zeros((frames, 64, 128, 3), np.uint8),
        "points": xy / np.float32([128, 64]),
        "occluded": occluded,
    }


def as_clip(each: dict[str, Any]) -> TapClip:
    return TapClip("clip", each["video"], each["points"].astype(float), each["occluded"])


def silent() -> None: ...


def test_each_point_is_asked_from_its_first_visible_frame() -> None:
    found = score(Drifting, as_clip(tap_clip()), "first", silent)
    # The first is right on 9 frames; the second is 2 t px off at 256x256, t from 1 to 7: within 1, 2, 4, 8, 16 px on
    # 0, 0, 1, 3 and 7 of them.
    assert found.points == 2
    assert [found.within_1, found.within_2, found.within_4, found.within_8, found.within_16] == pytest.approx(
        [9 / 16, 9 / 16, 10 / 16, 12 / 16, 16 / 16]
    )
    assert found.occlusion == 1.0


def test_strided_points_are_followed_both_ways() -> None:
    still = score(lambda: Drifting(0.0, hidden_from=5), as_clip(tap_clip()), "strided", silent)
    assert still.points == 3  # the first on frames 0 and 5, the second on frame 5
    # Of 27 answers the first's 9 and 9 and the second's 9 but for two hidden frames: hidden is right on none of the
    # visible frames from 5 on, and visible is wrong on the second's first two.
    hidden_rightly, seen_rightly = 0, 4 + 5 + 3
    assert still.occlusion == pytest.approx((hidden_rightly + seen_rightly) / 27)


def test_answers_that_come_late_count_and_missing_ones_are_refused() -> None:
    late = asdict(score(lambda: Drifting(late=3), as_clip(tap_clip()), "first", silent))
    soon = asdict(score(Drifting, as_clip(tap_clip()), "first", silent))
    assert {**late, "fps": 0} == {**soon, "fps": 0}

    class Mute(Drifting):
        def finish(self) -> list[Prediction]:
            return []

    with pytest.raises(TrackingError, match="says nothing"):
        score(lambda: Mute(late=3), as_clip(tap_clip()), "first", silent)


def joint_folder(folder: Path) -> Path:
    """Three joints of an object of 100 px² (a joint is right within 2 px) that stands still, on frames 0, 3, 6, 9; the
    third doesn't show at first."""
    folder.mkdir()
    write_clip(folder / "video.mp4", 10)
    xy = np.broadcast_to(np.array([[20.0, 20], [40, 20], [30, 40]])[:, None], (3, 4, 2))
    visible = np.ones((3, 4), bool)
    visible[2, 0] = visible[1, 3] = False
    told = {"joints": ["a", "b", "c"], "frames": [0, 3, 6, 9], "points": xy.tolist(), "visible": visible.tolist()}
    (folder / "tracks.json").write_text(json.dumps(told))
    (folder / "Annotations").mkdir()
    mask = np.zeros((60, 80), np.uint8)
    mask[:10, :10] = 255
    for number in range(10):
        Image.fromarray(mask).save(folder / "Annotations" / f"{number:05d}.png")
    return folder


@pytest.mark.parametrize("late", [0, 4])
def test_joints_are_scored_by_the_objects_size_and_moved_back_by_an_annotator(tmp_path: Path, late: int) -> None:
    (clip,) = find_clips(joint_folder(tmp_path / "camel").parent).clips
    assert isinstance(clip, JointClip)
    assert clip.xy[0, 0].tolist() == [20.5, 20.5], "pixel centres lie at +0.5 here"
    found = score(lambda: Drifting(0.5, late=late), clip, "first", silent)
    # 1.5 px off on frame 3, 3 px on 6, 4.5 px on 9: right are two of five.
    assert (found.points, found.pck) == (2, pytest.approx(2 / 5))
    # On frame 6 both are moved back; on 9 they are 1.5 px off.
    assert found.corrections == pytest.approx(2 * 100 / 10)


FAKE = (
    ModelEntry(
        "drifting",
        "Drifting",
        "For tests.",
        ("points", "skeleton"),
        ("points", "skeleton"),
        f"{__name__}:Drifting",
        "-",
    ),
)


def test_the_command_prints_and_writes_what_it_found_and_says_what_it_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", f"{__name__}:FAKE")
    data = tmp_path / "data"
    joint_folder(data.parent / "camel").rename(data.mkdir() or data / "camel")
    (data / "davis.pkl").write_bytes(pickle.dumps({"goat": tap_clip(), "odd": {"video": []}}))
    (data / "hostile.pkl").write_bytes(pickle.dumps(Reduced()))
    out = tmp_path / "scores.json"
    told = CliRunner().invoke(
        app, ["evaluate", str(data), "--shapes", "points", "--model", "drifting", "--out", str(out)]
    )
    assert told.exit_code == 0, told.output
    for words in ("Skipped odd: It lacks video, points or occluded", "Skipped hostile.pkl: It asks for", "PCK@0.2"):
        assert words in told.output
    scores = json.loads(out.read_text())
    assert scores["drifting"]["tap_vid"]["clips"]["goat"]["points"] == 2
    assert scores["drifting"]["joints"]["mean"]["corrections"] > 0
    assert scores["evaluation"]["complete"]


class Reduced:
    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


def test_a_model_of_boxes_and_a_folder_without_points_are_refused(tmp_path: Path) -> None:
    for model, words in (("framewise-cf", "doesn't follow them"), ("framewise-flow", "none was found")):
        if model == "framewise-cf":
            joint_folder(tmp_path / "camel")
        folder = tmp_path if model == "framewise-cf" else tmp_path / "camel" / "Annotations"
        told = CliRunner().invoke(app, ["evaluate", str(folder), "--shapes", "points", "--model", model])
        assert told.exit_code == 1
        assert words in " ".join(told.output.split())


def test_the_default_follows_points_that_move(tmp_path: Path) -> None:
    assert catalog.DEFAULT_TRACKER["points"] == "framewise-flow"
    random = np.random.default_rng(0)
    ground = random.integers(0, 255, (64, 160, 3), dtype=np.uint8).repeat(2, 0).repeat(2, 1)
    video = np.stack([ground[:128, 3 * t : 3 * t + 192] for t in range(6)])
    xy = np.array([[[100 - 3 * t, 60 + 10 * which] for t in range(6)] for which in range(3)]) / [192, 128]
    clip = TapClip("pan", video, xy, np.zeros((3, 6), bool))
    found = point_scores.score(lambda: catalog.create("framewise-flow"), clip, "first", silent)
    assert found.within_1 == 1.0
    assert found.jaccard == 1.0
