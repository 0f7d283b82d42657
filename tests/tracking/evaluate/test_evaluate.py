"""Measures, annotator and readers, on boxes small enough to reckon by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from tracking.evaluate import metrics
from tracking.evaluate.scores import as_json, count_corrections, count_failures, evaluate, follow, main
from tracking.evaluate.sequences import LabelledSequence, find_sequences
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, TrackingError

BOX = Box(10, 10, 30, 30)
HALF = Box(10, 10, 30, 20)
FAR = Box(60, 60, 80, 80)


@dataclass(frozen=True)
class Clip(LabelledSequence):
    """A labelled sequence of blank frames."""

    def frames(self) -> Iterator[Frame]:
        return (Frame(number, np.zeros((100, 100, 3), np.uint8)) for number in range(len(self.boxes)))


def clip(*boxes: Box | None) -> Clip:
    return Clip("clip", (), 0, boxes)


class Still:
    """Stays where it was put last; from frame ``lost_from`` on it says that the object is lost."""

    def __init__(self, lost_from: int = 1000) -> None:
        self.lost_from = lost_from

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.correct(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.prompt = prompts[0]
        return self.step(frame)

    def step(self, frame: Frame) -> list[Prediction]:
        seen = frame.number < self.lost_from
        return [Prediction(self.prompt.object, frame.number, self.prompt.shape, 0.9 if seen else 0.1, seen)]

    def drop(self, objects: Collection[ObjectId]) -> None: ...

    def finish(self) -> list[Prediction]:
        return []


def test_success_counts_the_thresholds_that_are_exceeded() -> None:
    assert metrics.success_auc([BOX], [BOX]) == pytest.approx(20 / 21)  # IoU 1 doesn't exceed 1
    assert metrics.success_auc([HALF], [BOX]) == pytest.approx(10 / 21)
    assert metrics.success_auc([FAR], [BOX]) == 0


def test_precision_is_the_share_of_near_centres() -> None:
    assert metrics.precision([HALF, FAR, BOX], [BOX, BOX, BOX]) == pytest.approx(2 / 3)


def test_normalised_precision_measures_in_sides_of_the_box() -> None:
    moved = Box(15, 10, 35, 30)  # a quarter of the width away
    assert metrics.normalised_precision([moved], [BOX]) == pytest.approx(26 / 51)


def test_frames_without_the_object_count_for_ghosts_alone() -> None:
    found, truth = [BOX, FAR, None], [BOX, None, None]
    assert metrics.success_auc(found, truth) == metrics.success_auc([BOX], [BOX])
    assert metrics.ghosts(found, truth) == 0.5
    assert math.isnan(metrics.ghosts([BOX], [BOX]))


def test_the_annotator_corrects_once_and_is_left_alone_while_the_box_fits() -> None:
    assert count_corrections(Still(), clip(BOX, BOX, FAR, FAR, BOX)) == 2


def test_the_annotator_adds_a_box_that_was_given_up() -> None:
    assert count_corrections(Still(lost_from=2), clip(BOX, BOX, BOX, BOX)) == 2


def test_the_annotator_leaves_frames_without_the_object() -> None:
    assert count_corrections(Still(), clip(BOX, None, None, BOX)) == 0


def test_a_failure_skips_five_frames() -> None:
    truth = [BOX, FAR, *[BOX] * 4, FAR, FAR, BOX]
    assert count_failures(Still, clip(*truth)) == 2


def test_following_begins_where_the_object_appears() -> None:
    predictions, _ = follow(Still(), clip(None, BOX, BOX))
    assert [prediction.frame for prediction in predictions] == [1, 2]


def test_means_leave_out_what_could_not_be_measured() -> None:
    clips = [Clip("always", (), 0, (BOX, BOX)), Clip("leaves", (), 0, (BOX, None))]
    result = evaluate("still", clips, factory=Still)
    assert result.mean.ghosts == 1
    assert json.loads(as_json([result]))["still"]["sequences"]["always"]["ghosts"] is None


def write_pictures(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        cv2.imwrite(str(folder / f"{number:04d}.jpg"), np.full((100, 100, 3), 40, np.uint8))


def test_otb_pixels_count_from_one(tmp_path: Path) -> None:
    write_pictures(tmp_path / "walk" / "img", 2)
    (tmp_path / "walk" / "groundtruth.txt").write_text("11,11,20,20\n11\t11\t20\t20\n")
    (sequence,) = find_sequences(tmp_path)
    assert (sequence.name, sequence.boxes) == ("walk", (BOX, BOX))
    assert [frame.number for frame in sequence.frames()] == [0, 1]


def test_polygons_are_boxed_and_empty_boxes_mean_out_of_view(tmp_path: Path) -> None:
    write_pictures(tmp_path / "turn", 2)
    (tmp_path / "turn" / "groundtruth.txt").write_text("20,10,30,20,20,30,10,20\n0,0,0,0\n")
    (sequence,) = find_sequences(tmp_path)
    assert sequence.boxes == (BOX, None)


def test_masks_are_boxed_to_their_outer_pixels(tmp_path: Path) -> None:
    write_pictures(tmp_path / "dog" / "JPEGImages", 2)
    (tmp_path / "dog" / "Annotations").mkdir()
    mask = np.zeros((100, 100), np.uint8)
    cv2.imwrite(str(tmp_path / "dog" / "Annotations" / "0001.png"), mask)
    mask[10:30, 10:30] = 255
    cv2.imwrite(str(tmp_path / "dog" / "Annotations" / "0002.png"), mask)
    (sequence,) = find_sequences(tmp_path)
    assert (sequence.first, sequence.boxes) == (1, (BOX,))


def test_every_identity_of_a_mot_clip_is_a_sequence(tmp_path: Path) -> None:
    write_pictures(tmp_path / "street" / "img1", 12)
    lines = [f"{frame},{who},11,11,20,20,1,-1,-1,-1" for who in (1, 2) for frame in range(1, 13) if frame != 4]
    (tmp_path / "street" / "gt.txt").write_text("\n".join(lines))
    first, second = find_sequences(tmp_path)
    assert (first.name, second.name) == ("street/1", "street/2")
    assert first.boxes == (BOX,) * 3 + (None,) + (BOX,) * 8


def test_a_folder_without_ground_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="ground truth"):
        find_sequences(tmp_path)


def test_main_writes_figures_of_the_default_tracker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pictures(tmp_path / "walk" / "img", 3)
    (tmp_path / "walk" / "groundtruth.txt").write_text("11,11,20,20\n" * 3)
    main([], tmp_path, tmp_path / "out.json")
    figures = json.loads((tmp_path / "out.json").read_text())
    assert figures["framewise-cf"]["mean"]["success"] > 0.7
    assert "walk" in capsys.readouterr().out
