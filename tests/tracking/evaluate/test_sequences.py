"""Layouts of data sets, and what is said of those that can't be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.media.clips import number_in, write_clip
from tests.tracking.evaluate.clips import BOX, labelled, otb_clip, write_pictures
from tracking.evaluate.sequences import find_sequences
from tracking.types import Box, TrackingError

ONE_LESS, ONE_MORE = Box(9, 9, 29, 29), Box(11, 11, 31, 31)


def skipped(root: Path) -> dict[str, str]:
    clips = find_sequences(root)
    return {one.name: one.why for one in clips.skipped}


@pytest.mark.parametrize(("origin", "box", "counted"), [(None, BOX, 1), (1, BOX, 1), (0, ONE_MORE, 0)])
def test_otb_pixels_count_from_one_unless_it_is_said(
    tmp_path: Path, origin: int | None, box: Box, counted: int
) -> None:
    write_pictures(tmp_path / "walk" / "img", 2)
    (tmp_path / "walk" / "groundtruth_rect.txt").write_text("11,11,20,20\n11\t11\t20\t20\n")
    (sequence,) = find_sequences(tmp_path, origin).sequences
    assert (sequence.name, sequence.boxes) == ("walk", (box, box))
    assert sequence.origin == (1 if origin is None else origin)
    assert [frame.number for frame in sequence.frames()] == [0, 1]


@pytest.mark.parametrize(("origin", "box"), [(None, BOX), (0, BOX), (1, ONE_LESS)])
def test_other_texts_count_from_zero_unless_it_is_said(tmp_path: Path, origin: int | None, box: Box) -> None:
    write_pictures(tmp_path / "walk" / "color", 2)
    labelled(tmp_path / "walk", "10,10,20,20", "10,10,20,20")
    (sequence,) = find_sequences(tmp_path, origin).sequences
    assert sequence.boxes == (box, box)


def test_polygons_are_boxed_and_empty_boxes_mean_out_of_view(tmp_path: Path) -> None:
    write_pictures(tmp_path / "turn", 4)
    labelled(tmp_path / "turn", "20,10,30,20,20,30,10,20", "0,0,0,0", "nan,nan,nan,nan", "10,10,30,20,20,30")
    (sequence,) = find_sequences(tmp_path).sequences
    assert sequence.boxes == (BOX, None, None, BOX)


def test_several_objects_of_one_clip_are_sequences(tmp_path: Path) -> None:
    write_pictures(tmp_path / "Jogging" / "img", 2)
    for name in ("groundtruth_rect.1.txt", "groundtruth_rect.2.txt"):
        labelled(tmp_path / "Jogging", "11,11,20,20", "11,11,20,20", name=name)
    assert [one.name for one in find_sequences(tmp_path).sequences] == ["Jogging/1", "Jogging/2"]


def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write_pictures(tmp_path / "walk", 11, name="{}.jpg")
    labelled(tmp_path / "walk", *["10,10,20,20"] * 11)
    (sequence,) = find_sequences(tmp_path).sequences
    assert [path.stem for path in sequence.pictures] == [str(number) for number in range(1, 12)]


def test_fewer_labels_than_pictures_are_told(tmp_path: Path) -> None:
    write_pictures(tmp_path / "Diving" / "img", 5)
    labelled(tmp_path / "Diving", *["11,11,20,20"] * 3)
    (sequence,) = find_sequences(tmp_path).sequences
    assert (sequence.first, len(sequence.boxes)) == (0, 3)
    assert sequence.note == "Labels frames 0..2 of 5; the others are left out."


def test_clips_that_otb_labels_from_a_later_picture_on_begin_there(tmp_path: Path) -> None:
    write_pictures(tmp_path / "David" / "img", 5, first=298)
    labelled(tmp_path / "David", *["11,11,20,20"] * 3)
    (sequence,) = find_sequences(tmp_path).sequences
    assert (sequence.first, sequence.note) == (2, "Labels frames 2..4 of 5; the others are left out.")
    assert [frame.number for frame in sequence.frames()] == [2, 3, 4]


def test_a_video_is_read_frame_by_frame(tmp_path: Path) -> None:
    (tmp_path / "walk").mkdir()
    write_clip(tmp_path / "walk" / "walk.mp4", 6)
    labelled(tmp_path / "walk", "0,0,0,0", *["10,10,20,20"] * 5)
    (sequence,) = find_sequences(tmp_path).sequences
    assert [number_in(frame.image) for frame in sequence.frames()] == list(range(6))


def mask(folder: Path, name: str, *boxes: tuple[int, Box], palette: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.zeros((100, 100), np.uint8)
    for value, box in boxes:
        x1, y1, x2, y2 = map(int, box)
        labels[y1:y2, x1:x2] = value
    image = Image.fromarray(labels)
    if palette:
        # Two colours of one brightness: a mask is told by its index.
        image.putpalette([0, 0, 0, 128, 0, 0, 128, 0, 0])
    image.save(folder / name)


def test_masks_are_boxed_to_their_outer_pixels(tmp_path: Path) -> None:
    write_pictures(tmp_path / "dog" / "JPEGImages", 3)
    mask(tmp_path / "dog" / "Annotations", "0001.png")
    for name in ("0002.png", "0003.png"):
        mask(tmp_path / "dog" / "Annotations", name, (255, BOX))
    for origin in (None, 0, 1):  # nothing is counted in pictures
        (sequence,) = find_sequences(tmp_path, origin).sequences
        assert (sequence.first, sequence.boxes) == (1, (BOX, BOX))


def test_a_copy_of_davis_is_read_with_its_palettes(tmp_path: Path) -> None:
    other = Box(50, 50, 60, 60)
    for clip in ("bear", "dogs"):
        write_pictures(tmp_path / "JPEGImages" / "480p" / clip, 2, first=0, name="{:05d}.jpg")
        for name in ("00000.png", "00001.png"):
            objects = [(1, BOX), (2, other)][: 1 if clip == "bear" else 2]
            mask(tmp_path / "Annotations" / "480p" / clip, name, *objects, palette=True)
    found = {one.name: one.boxes for one in find_sequences(tmp_path).sequences}
    assert found == {"bear": (BOX, BOX), "dogs/1": (BOX, BOX), "dogs/2": (other, other)}


def mot_clip(folder: Path, lines: list[str], pictures: int = 12) -> None:
    write_pictures(folder / "img1", pictures)
    labelled(folder / "gt", *lines, name="gt.txt")


@pytest.mark.parametrize(("origin", "box"), [(None, BOX), (1, BOX), (0, ONE_MORE)])
def test_every_identity_of_a_mot_clip_is_a_sequence(tmp_path: Path, origin: int | None, box: Box) -> None:
    lines = [f"{frame},{who},11,11,20,20,1,-1,-1,-1" for who in (1, 2) for frame in range(1, 13) if frame != 4]
    mot_clip(tmp_path / "street", [*lines, "1,3,11,11,20,20,0,-1,-1,-1"])
    clips = find_sequences(tmp_path, origin)
    first, second = clips.sequences
    assert (first.name, second.name) == ("street/1", "street/2")
    assert first.boxes == (box,) * 3 + (None,) + (box,) * 8
    assert clips.skipped == ()


def test_clips_of_one_name_keep_apart(tmp_path: Path) -> None:
    for part in ("a", "b"):
        otb_clip(tmp_path / part / "walk")
    otb_clip(tmp_path / "run")
    assert [one.name for one in find_sequences(tmp_path).sequences] == ["a/walk", "b/walk", "run"]


def test_what_can_not_be_used_is_named_with_its_reason(tmp_path: Path) -> None:
    otb_clip(tmp_path / "good")
    otb_clip(tmp_path / "letters")
    labelled(tmp_path / "letters", "11,11,20,20", "m12,3,4,5", "11,11,20,20")
    otb_clip(tmp_path / "long")
    labelled(tmp_path / "long", *["11,11,20,20"] * 4)
    otb_clip(tmp_path / "unseen")
    labelled(tmp_path / "unseen", *["0,0,0,0"] * 3)
    otb_clip(tmp_path / "late")
    labelled(tmp_path / "late", "0,0,0,0", "0,0,0,0", "11,11,20,20")
    labelled(tmp_path / "bare", "1,2,3,4")
    labelled(tmp_path / "broken", "1,2,3,4")
    (tmp_path / "broken" / "a.mp4").write_bytes(b"no video")
    write_pictures(tmp_path / "masks" / "JPEGImages", 3)
    mask(tmp_path / "masks" / "Annotations", "0001.png", (1, BOX))
    write_pictures(tmp_path / "empty" / "JPEGImages", 1)
    mask(tmp_path / "empty" / "Annotations", "0001.png")
    brief = [f"{frame},1,11,11,20,20,1" for frame in range(1, 6)]
    mot_clip(tmp_path / "mot", [*brief, *(f"{frame},2,11,11,20,20,1" for frame in range(1, 14))])
    mot_clip(tmp_path / "words", ["one,two,three"])
    labelled(tmp_path / "nothing", *brief, name="gt.txt")

    assert [one.name for one in find_sequences(tmp_path).sequences] == ["good"]
    reasons = skipped(tmp_path)
    broken = reasons.pop("broken")
    assert broken, "an undecodable video has a reason of its own"
    assert reasons == {
        "letters": "Line 2 of groundtruth.txt is neither x,y,w,h nor a polygon: 'm12,3,4,5'",
        "long": "groundtruth.txt has 4 boxes for 3 frames.",
        "unseen": "Its object is never in view.",
        "late": "Its object is labelled on one frame only: there is nothing to follow.",
        "bare": "Neither pictures nor a video lie beside groundtruth.txt.",
        "masks": "It has 1 masks for 3 pictures; one for each is needed.",
        "empty": "Its masks are all empty.",
        "mot/1": "It is in view on 5 frames; at least 10 are needed.",
        "mot/2": "It is labelled on frame 13 of 1..12.",
        "words": "Line 1 of gt.txt is no frame,id,x,y,w,h: 'one,two,three'",
        "nothing": "No pictures lie in img1/ beside gt.txt.",
    }


def test_a_mask_that_is_no_picture_costs_its_clip_only(tmp_path: Path) -> None:
    otb_clip(tmp_path / "good")
    write_pictures(tmp_path / "dog" / "JPEGImages", 1)
    (tmp_path / "dog" / "Annotations").mkdir()
    (tmp_path / "dog" / "Annotations" / "0001.png").write_bytes(b"no picture")
    assert skipped(tmp_path) == {"dog": "A mask can't be read: 0001.png"}


def test_a_folder_without_ground_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="ground truth"):
        find_sequences(tmp_path)
