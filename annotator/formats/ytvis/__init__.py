"""YouTube-VIS: one JSON of videos, and of each object its masks as run lengths, frame by frame.

``videos`` have ``id``, ``width``, ``height``, ``length`` and ``file_names``, a name for each frame; ``annotations``
``id``, ``video_id``, ``category_id``, and ``segmentations``, ``areas`` and ``bboxes``, lists with an entry for each
frame of the video, null where the object isn't there. Run lengths are COCO's: of the whole picture, by columns,
starting with background, as lists of numbers or packed into a text. Results are a list of such annotations with a
``score``. Sources: https://youtube-vos.org/dataset/vis/ and TrackEval, docs/YouTube-VIS-format.txt, whose reader takes
ground truth with lists of numbers alone.
"""

from __future__ import annotations

from pathlib import Path

from annotator.formats.archive import read_documents
from annotator.formats.base import Dataset, Limits, Option, Options, Progress, Reading, Report, silent
from annotator.formats.limits import held
from annotator.formats.masks import HELD, limits_of
from annotator.formats.ytvis.read import read_document
from annotator.formats.ytvis.write import write_document

LARGEST_FILE = 2**30
"""Bytes of one file: it is read at once."""
LIMITS = limits_of("YouTube-VIS", apart=False)


class YouTubeVis:
    """One JSON file."""

    id, label, suffix = "ytvis", "YouTube-VIS masks", ".json"
    takes = (
        "One YouTube-VIS JSON of masks as run lengths (YouTube-VIS, OVIS), or of results with scores, or a zip of "
        "several. Frames count by their place in the lists."
    )
    writes = "One JSON file with a mask, as run lengths, for every frame of each track."
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
        files = read_documents(source, LARGEST_FILE, "YouTube-VIS file", report)
        return Reading([part for file in files for part in read_document(file)], report)
