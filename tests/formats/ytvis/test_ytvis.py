"""YouTube-VIS out and in, as the tools that own it read it, those of others, and hostile ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as pycocotools

from annotator.formats import find
from annotator.formats.base import FormatError, TrackData
from tests.formats.files import read
from tests.formats.pictures import HEIGHT, WIDTH, layer, mask, shown, square, whole
from tracking.shapes.chunks import Flag
from tracking.shapes.masks import to_runs

SIZE = [HEIGHT, WIDTH]


def document(*annotations: dict[str, Any], **video: Any) -> dict[str, Any]:
    told = {"id": 1, "width": WIDTH, "height": HEIGHT, "length": 3, "file_names": ["street/00000.jpg"] * 3, **video}
    return {"videos": [told], "categories": [{"id": 1, "name": "car"}], "annotations": list(annotations)}


def annotation(*segmentations: Any, **more: Any) -> dict[str, Any]:
    return {"id": 4, "video_id": 1, "category_id": 1, "segmentations": list(segmentations), **more}


def runs(left: int = 5) -> dict[str, Any]:
    return {"size": SIZE, "counts": to_runs(square(1, left) > 0, order="F").tolist()}


def taken(value: object, folder: Path) -> Any:
    (folder / "in.json").write_text(json.dumps(value))
    return read("ytvis", folder / "in.json")


def test_pycocotools_and_trackeval_read_what_is_written(tmp_path: Path) -> None:
    from trackeval.datasets import YouTubeVIS

    rows = [mask(1, 3, 4), mask(2, 60, 44, 4, 4)]
    split = "youtube_vis_train_sub_split"
    (tmp_path / split).mkdir()
    target = tmp_path / split / "gt.json"
    find("ytvis").write(layer(TrackData(7, "car", rows), TrackData(9, "car", [mask(2, 61, 44, 2, 2)])), target, {})
    told = json.loads(target.read_text())
    results = [{**each, "score": 1.0} for each in told["annotations"]]
    for each in results:
        each["segmentations"] = [s and pycocotools.frPyObjects(s, *s["size"]) for s in each["segmentations"]]
        for segmentation in filter(None, each["segmentations"]):
            segmentation["counts"] = segmentation["counts"].decode()
    (tmp_path / f"results_{split}" / "ours" / "data").mkdir(parents=True)
    (tmp_path / f"results_{split}" / "ours" / "data" / "r.json").write_text(json.dumps(results))
    config = {"GT_FOLDER": f"{tmp_path}/", "TRACKERS_FOLDER": f"{tmp_path}/results_", "PRINT_CONFIG": False}
    dataset = YouTubeVIS(config)
    raw = dataset.get_raw_seq_data("ours", dataset.seq_list[0])
    sequence = dataset.get_preprocessed_seq_data(raw, "car")
    assert (sequence["num_timesteps"], sequence["num_gt_dets"], sequence["num_gt_ids"]) == (6, 3, 2)
    decoded = pycocotools.decode(raw["gt_dets"][2])
    assert np.array_equal(decoded[..., 0], whole(rows[1]))  # masks of two objects may overlap
    assert (sequence["similarity_scores"][2].diagonal() == 1).all()


@pytest.mark.parametrize("packed", [False, True], ids=["lists", "texts"])
def test_masks_of_others_are_read_where_they_are(packed: bool, tmp_path: Path) -> None:
    told = runs()
    if packed:
        told = pycocotools.frPyObjects(told, *SIZE)
        told = {"size": SIZE, "counts": told["counts"].decode()}
    found, report = taken(document(annotation(None, told, told), name=""), tmp_path)
    (track,) = found.tracks
    assert (track.number, track.label, found.video.frame_count, report.losses) == (4, "car", 3, {})
    assert {frame: bitmap.sum() for frame, bitmap in shown(track).items()} == {1: 64, 2: 64}
    assert np.array_equal(shown(track)[1], square(1) > 0)


def test_an_object_that_is_gone_and_comes_back_has_a_gap(tmp_path: Path) -> None:
    found, _ = taken(document(annotation(runs(), None, runs(9))), tmp_path)
    (track,) = found.tracks
    assert [(row.frame, bool(row.flags & Flag.OUTSIDE)) for row in track.rows] == [(0, False), (1, True), (2, False)]


def test_results_are_predictions_with_their_score(tmp_path: Path) -> None:
    found, _ = taken([annotation(runs(), runs(), score=0.5)], tmp_path)
    (track,) = found.tracks
    assert (track.label, track.rows[0].confidence) == ("category 1", 0.5)
    assert {row.flags for row in track.rows} == {Flag.PREDICTED}


def test_masks_without_a_pixel_are_counted(tmp_path: Path) -> None:
    empty = {"size": SIZE, "counts": [WIDTH * HEIGHT]}
    found, report = taken(document(annotation(runs(), empty, None)), tmp_path)
    assert report.losses == {"masks without a pixel were left out": 1}
    assert [row.frame for row in found.tracks[0].rows] == [0]


def test_frames_are_counted_by_their_place_and_that_is_told(tmp_path: Path) -> None:
    names = ["street/00000.jpg", "street/00005.jpg", "street/00010.jpg"]
    found, report = taken(document(annotation(None, runs(), None), file_names=names), tmp_path)
    assert [row.frame for row in found.tracks[0].rows] == [1]
    assert report.notes == [
        "The names of the frames don't count up by one; frames were counted by their place in the lists."
    ]


def test_a_file_of_several_videos_gives_each_its_own(tmp_path: Path) -> None:
    value = document(annotation(runs(), None, None))
    value["videos"].append({**value["videos"][0], "id": 2, "file_names": ["bear/00000.jpg"] * 3})
    value["annotations"].append(annotation(None, runs(), None, id=8, video_id=2))
    found, report = taken(value, tmp_path)
    assert [track.number for track in found.tracks] == [4]
    assert report.losses == {"tracks of another video (bear) were left out": 1}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (document(annotation(runs(), None)), "which has 3; 2 came"),
        (document(annotation({"size": SIZE, "counts": [1, 2]}, None, None)), "add up to their image"),
        (document(annotation({"size": [5, 5], "counts": [5, 20]}, None, None)), "64 x 48 px; this one 5 x 5"),
        (document(annotation({"size": [2**20, 2**20], "counts": [0, 2**40]}, None, None)), "size .height, width."),
        (document(annotation({"size": SIZE, "counts": "~~~"}, None, None)), "characters from 0 to o"),
        (document(annotation([1, 2, 3, 4, 5, 6], None, None)), "run lengths, counts"),
        (document(annotation(5, None, None)), "run lengths, counts"),
        (document(annotation(runs(), None, None, video_id=2)), "no video"),
        (document(annotation(runs(), None, None, category_id=2)), "no category"),
        (document(annotation(runs(), None, None, score=7)), "between 0 and 1"),
        (document({"id": 1}), "video_id"),
        ([{"id": 1}], "video_id"),
        ({"videos": []}, "annotations"),
        (3, "no YouTube-VIS file"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(value: object, says: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=says):
        taken(value, tmp_path)
