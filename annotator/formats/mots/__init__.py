"""MOTS: multi-object tracking and segmentation, as text or as pictures.

A line of the text is a mask: frame, id, class, the picture's height and width, and run lengths as COCO packs them, with
blanks between. A picture is a PNG of 16 bits whose pixels are ids, 0 the background. An id is 1000 times the class and
a number within it; 10 (and the id 10000) is what shall not be judged, and the data sets know the classes car (1) and
pedestrian (2) alone. A pixel is of one object. MOTSChallenge counts frames from 1, KITTI MOTS from 0. Sources:
https://www.vision.rwth-aachen.de/page/mots, https://github.com/VisualComputingInstitute/mots_tools
(``mots_common/io.py``), and TrackEval, docs/MOTS-format.txt.
"""

from __future__ import annotations

from pathlib import Path

from annotator.formats.archive import Archive, is_archive
from annotator.formats.base import Dataset, Limits, Option, Options, Progress, Reading, Report, chosen, silent
from annotator.formats.limits import held
from annotator.formats.masks import HELD
from annotator.formats.mots.limits import LIMITS
from annotator.formats.mots.read import read_archive, read_text
from annotator.formats.mots.write import write_archive

CONTENTS = Option(
    "contents",
    "Contents",
    (("text", "Text with run lengths, a line for each mask"), ("pictures", "PNGs of 16 bits, one for each frame")),
)
NUMBERING = Option(
    "numbering",
    "Frames",
    (("mots", "Counted from 1, as MOTSChallenge does"), ("kitti", "Counted from 0, as KITTI MOTS does")),
)
FIRST = {"mots": 1, "kitti": 0}


class Mots:
    """A zip of ``SEQ/gt/gt.txt`` (KITTI: ``instances_txt/SEQ.txt``) or ``instances/SEQ/000001.png`` …, and what they
    can't say in ``framewise.json``."""

    id, label, suffix = "mots", "MOTS masks (text or PNG)", ".zip"
    takes = (
        "Ground truth or results of MOTSChallenge or KITTI MOTS: one text file, or a zip of several, or of a folder of "
        "numbered 16-bit PNGs for each video. A folder's or a file's name is that of its video."
    )
    writes = (
        "A zip with a text of masks as run lengths, or a 16-bit PNG for every frame, and framewise.json with what the "
        "objects are."
    )
    kinds = HELD
    options = (CONTENTS, NUMBERING)

    def limits(self, options: Options) -> Limits:
        return LIMITS

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        pictures, first = chosen(options, CONTENTS) == "pictures", FIRST[chosen(options, NUMBERING)]
        report = Report()
        write_archive(held(dataset, LIMITS, report), target, report, progress, pictures=pictures, first=first)
        return report

    def read(self, source: Path) -> Reading:
        if is_archive(source):
            with Archive.opened(source) as archive:
                return read_archive(archive)
        with source.open("rb") as file:
            return Reading([read_text(file, (), None)], Report())
