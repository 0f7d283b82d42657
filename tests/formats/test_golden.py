"""What each format writes, byte by byte, and that the tools which own the formats read it.

``FRAMEWISE_WRITE_GOLDEN=1 pytest tests/formats/test_golden.py`` writes the golden files anew; look at their diff.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from annotator.formats import FORMATS, find, geometry
from annotator.formats.base import AttributeInfo, Dataset, LabelInfo, Options, TrackData, VideoInfo
from tests.formats.files import read
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import expand

GOLDEN = Path(__file__).parent / "golden"
KEYFRAME, PREDICTED = Flag.KEYFRAME, Flag.PREDICTED
CASES: list[tuple[str, dict[str, str]]] = [
    ("framewise", {}),
    ("cvat", {"frames": "all"}),
    ("cvat", {"frames": "stored"}),
    ("mot", {"pixels": "official"}),
    ("mot", {"pixels": "cvat"}),
    ("mot", {"contents": "results"}),
    ("coco", {}),
    ("ytvis", {}),
    ("mots", {"contents": "text"}),
    ("mots", {"numbering": "kitti"}),
]
of_boxes = pytest.mark.parametrize(
    ("format_id", "options"), [case for case in CASES if Kind.BOX in find(case[0]).kinds], ids=str
)
every_case = pytest.mark.parametrize(("format_id", "options"), CASES, ids=str)


def box(frame: int, x: float, flags: Flag = KEYFRAME, confidence: float = 1.0) -> Row:
    return Row(frame, Kind.BOX, flags, confidence, (x, 10.25, x + 20.5, 50.75))


def boxes() -> Dataset:
    """Interpolation, a gap, an occluded and a predicted shape, constant and per-frame attributes."""
    pose = AttributeInfo("pose", "select", per_frame=True, choices=("up", "down"), default="up")
    labels = (LabelInfo("Fußgänger", "#ff0000", (pose, AttributeInfo("name", "text"))), LabelInfo("car", "#00ff00"))
    walker = TrackData(
        number=3,
        label="Fußgänger",
        rows=[
            box(2, 5),
            box(6, 45),
            box(9, 50, KEYFRAME | Flag.OUTSIDE),
            box(12, 60),
            box(13, 61, KEYFRAME | Flag.OCCLUDED),
        ],
        attributes={"name": "Åsa <1>"},
        frame_attributes={"pose": [(2, "up"), (6, "down")]},
    )
    car = TrackData(7, "car", [box(0, 100), box(1, 101, PREDICTED, 0.75), box(29, 130)], source="framewise-cf")
    return Dataset(VideoInfo("street.mp4", 640, 360, 30, 25.0), labels, (walker, car), 2)


def other_kinds() -> Dataset:
    """Every kind of geometry but the box."""
    square = [(10.0, 10.0), (30.0, 10.0), (30.0, 25.5)]
    bitmap = np.array([[0, 1, 1], [1, 1, 0]], bool)
    rows = [
        geometry.rotated_row(0, KEYFRAME, 1.0, (50.0, 40.0, 20.0, 10.0, 0.5)),
        geometry.vertex_row(Kind.POLYGON, 1, KEYFRAME, 1.0, square),
        geometry.vertex_row(Kind.POLYLINE, 2, KEYFRAME, 1.0, square),
        geometry.point_row(Kind.POINTS, 3, KEYFRAME, 1.0, square, [2, 2, 2]),
        geometry.mask_row(4, KEYFRAME, 1.0, 7, 8, bitmap),
    ]
    return Dataset(
        VideoInfo("street.mp4", 640, 360, 30, 25.0), (LabelInfo("thing"),), (TrackData(1, "thing", rows),), 1
    )


def written(dataset: Dataset, format_id: str, options: Options, folder: Path) -> Path:
    entry = find(format_id)
    target = folder / f"out{entry.suffix}"
    entry.write(dataset, target, options)
    return target


def contents(file: Path) -> dict[str, str]:
    """A file's text, or those of an archive's members, by name."""
    if not zipfile.is_zipfile(file):
        return {file.name: file.read_text()}
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("dataset", [boxes, other_kinds])
@every_case
def test_it_writes_what_it_always_wrote(
    dataset: object, format_id: str, options: dict[str, str], tmp_path: Path
) -> None:
    assert callable(dataset)
    folder = GOLDEN / format_id / "-".join([dataset.__name__, *options.values()])
    found = contents(written(dataset(), format_id, options, tmp_path))
    if os.environ.get("FRAMEWISE_WRITE_GOLDEN"):
        for name, text in found.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    golden = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}

    assert found == golden


@of_boxes
def test_what_it_wrote_reads_back(format_id: str, options: dict[str, str], tmp_path: Path) -> None:
    """The same boxes on the same frames, to a thousandth of a pixel; where only stored shapes were written, those.
    Results don't say what an object is."""
    found, _ = read(format_id, written(boxes(), format_id, options, tmp_path))

    for before, after in zip(boxes().tracks, found.tracks, strict=True):
        assert after.number == before.number
        assert after.label == ("pedestrian" if options.get("contents") == "results" else before.label)
        assert shown(after) == shown(before)


def shown(track: TrackData) -> dict[int, tuple[float, ...]]:
    return {row.frame: tuple(round(value, 2) for value in row.bounds) for row in expand(track.rows)}


def test_every_format_has_golden_files() -> None:
    # Pickles and pictures are no text.
    assert {entry.id for entry in FORMATS} - {"tapvid", "davis"} == {format_id for format_id, _ in CASES}


def test_trackeval_reads_what_mot_writes(tmp_path: Path) -> None:
    from trackeval.datasets import MotChallenge2DBox
    from trackeval.metrics import HOTA

    with zipfile.ZipFile(written(pedestrians(), "mot", {}, tmp_path)) as archive:
        archive.extractall(tmp_path / "gt")
    with zipfile.ZipFile(written(pedestrians(), "mot", {"contents": "results"}, tmp_path)) as archive:
        archive.extractall(tmp_path / "trackers" / "ours")

    dataset = MotChallenge2DBox(
        {
            "GT_FOLDER": str(tmp_path / "gt"),
            "TRACKERS_FOLDER": str(tmp_path / "trackers"),
            "SEQ_INFO": {"street": None},
            "SKIP_SPLIT_FOL": True,
            "BENCHMARK": "MOT17",
            "PRINT_CONFIG": False,
        }
    )
    raw = dataset.get_raw_seq_data("ours", "street")
    sequence = dataset.get_preprocessed_seq_data(raw, "pedestrian")

    assert (sequence["num_timesteps"], sequence["num_gt_dets"], sequence["num_gt_ids"]) == (30, 39, 2)
    np.testing.assert_allclose(raw["gt_dets"][2][0], [6, 11.25, 20.5, 40.5])
    assert min(confidence for frame in raw["tracker_confidences"] for confidence in frame) == 0.75
    assert HOTA().eval_sequence(sequence)["HOTA"].mean() == pytest.approx(1)


def pedestrians() -> Dataset:
    """The boxes, all of the first label: TrackEval takes the official classes, by their number, alone."""
    tracks = [TrackData(track.number, "pedestrian", track.rows) for track in boxes().tracks]
    return Dataset(boxes().video, (LabelInfo("pedestrian"),), tracks, len(tracks))
