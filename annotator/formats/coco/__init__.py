"""COCO keypoints and masks, with the tracks that its video descendants add.

``categories`` name a skeleton's joints; an annotation has ``keypoints`` x, y, v for each of them, v being 0 (not
labelled), 1 (hidden) or 2 (visible), a ``bbox`` left, top, width, height, and a ``segmentation``: of an outline its
points, of a mask the run lengths of its image. Pixels count from 0, left and top edges of the first pixel. Images are
frames of ``videos``; annotations of one object share a ``track_id``. Sources: https://cocodataset.org/#format-data, and
for videos and tracks https://github.com/TAO-Dataset/tao/blob/master/docs/format.md.
"""

from __future__ import annotations

from pathlib import Path

from annotator.formats.archive import read_documents
from annotator.formats.base import Dataset, Limits, Option, Options, Progress, Reading, Report, silent
from annotator.formats.coco.limits import HELD, LIMITS
from annotator.formats.coco.read import read_document
from annotator.formats.coco.write import write_document
from annotator.formats.limits import held

LARGEST_FILE = 2**30
"""Bytes of one file: it is read at once."""


class Coco:
    """One JSON file."""

    id, label, suffix = "coco", "COCO keypoints and masks, with tracks", ".json"
    takes = (
        "One COCO JSON of keypoints, masks, outlines or boxes, or a zip of several; of videos with track_id (TAO, "
        "CVAT, Datumaro) or instance_id. Without a track_id each annotation becomes a track of one frame."
    )
    writes = (
        "One JSON file: skeletons as keypoints, masks (as run lengths) and polygons as segmentations, boxes; an "
        "annotation for every frame."
    )
    kinds = HELD
    options: tuple[Option, ...] = ()

    def limits(self, options: Options) -> Limits:
        return LIMITS

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        report = Report()
        kept = held(dataset, LIMITS, report)
        with target.open("w", encoding="utf-8") as out:
            write_document(out, kept, report, progress)
        return report

    def read(self, source: Path) -> Reading:
        """A file, or the files in an archive."""
        report = Report()
        files = read_documents(source, LARGEST_FILE, "COCO file", report)
        return Reading([part for file in files for part in read_document(file)], report)
