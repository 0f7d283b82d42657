"""DAVIS: of each frame a PNG with a palette, whose indices are objects.

A folder for each video, in it ``00000.png`` for the first frame and so on, one for every frame. Index 0 is the
background, 1 to 254 an object each through the whole video, and 255 what shall not be judged. Readers take the indices
as they are (``np.array(Image.open(file))``), never their colours. DAVIS 2016, of one object, has grey pictures of 0 and
255. YouTube-VOS and MOSE keep masks in the same way, the former on every fifth frame. Sources:
https://davischallenge.org, https://github.com/davisvideochallenge/davis2017-evaluation (``davis2017/davis.py``), and
TrackEval, docs/DAVIS-format.txt.
"""

from __future__ import annotations

from pathlib import Path

from annotator.formats.archive import Archive, is_archive
from annotator.formats.base import (
    Dataset,
    FormatError,
    Limits,
    Option,
    Options,
    Progress,
    Reading,
    Report,
    silent,
)
from annotator.formats.davis.limits import LIMITS
from annotator.formats.davis.read import read_archive
from annotator.formats.davis.write import write_archive
from annotator.formats.limits import held
from annotator.formats.masks import HELD


class Davis:
    """A zip of ``Annotations/VIDEO/00000.png`` …, and what pictures can't say in ``framewise.json``."""

    id, label, suffix = "davis", "DAVIS masks (palette PNG)", ".zip"
    takes = (
        "A zip with a folder of numbered PNGs for each video (00000.png …), with a palette or grey, whose values are "
        "the objects: DAVIS 2016 and 2017, YouTube-VOS, MOSE, `framewise track --out-masks`. A folder's name is that "
        "of its video."
    )
    writes = (
        "A zip with a PNG for every frame in Annotations/VIDEO/, the objects being the indices of DAVIS's palette, and "
        "framewise.json with what they are."
    )
    kinds = HELD
    options: tuple[Option, ...] = ()

    def limits(self, options: Options) -> Limits:
        return LIMITS

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        report = Report()
        write_archive(held(dataset, LIMITS, report), target, report, progress)
        return report

    def read(self, source: Path) -> Reading:
        if not is_archive(source):
            raise FormatError(
                "DAVIS masks come as a zip with a folder of PNGs for each video; this file is none. Put the folder in "
                "a zip."
            )
        with Archive.opened(source) as archive:
            return read_archive(archive)
