"""MOTChallenge text.

The file counts frames from 1 and gives boxes by left, top, width, height in px, officially with pixels counted from 1
as well; CVAT and Datumaro write the same columns with pixels counted from 0. Dataset counts both from 0.
Ground truth has 9 columns: frame, id, left, top, width, height, considered, class, visibility. Its readers take the
7th for a whole number, so that a confidence there would say "not considered". That of 2015 has 10, the last three a
place in the world. Results have 10 columns: frame, id, left, top, width, height, confidence, -1, -1, -1. Sources:
https://motchallenge.net/instructions/ and TrackEval, docs/MOTChallenge-format.txt.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import IO

from annotator.formats.archive import Archive, is_archive
from annotator.formats.base import (
    Dataset,
    LabelInfo,
    Limits,
    Option,
    Options,
    Part,
    Progress,
    Reading,
    Report,
    VideoInfo,
    chosen,
    silent,
)
from annotator.formats.limits import held
from annotator.formats.mot.archives import SHIFT, UNTOLD, paths_of, sequences_of
from annotator.formats.mot.limits import RESULTS, TRUTH
from annotator.formats.mot.lines import columns_of
from annotator.formats.mot.read import FRAME, OFFICIAL_CLASSES, SequenceReader
from annotator.formats.mot.write import lines_of, seqinfo, write_lines
from annotator.formats.names import safe_stem
from tracking.shapes.chunks import Kind

PIXELS = Option(
    "pixels",
    "Pixel coordinates",
    (("official", "Counted from 1, as MOTChallenge does"), ("cvat", "Counted from 0, as CVAT and Datumaro do")),
)
CONTENTS = Option(
    "contents",
    "Contents",
    (
        ("truth", "Ground truth, with labels"),
        ("results", "Tracker results, with confidence"),
    ),
)


class Mot:
    """A zip of ``SEQ/gt/gt.txt`` and ``SEQ/gt/labels.txt``, class n being line n of it, or of results as
    ``data/SEQ.txt``, and ``SEQ/seqinfo.ini``."""

    id, label, suffix = "mot", "MOTChallenge 1.1", ".zip"
    takes = (
        "Ground truth or tracker results with 6 to 10 columns, as one text file or in a zip with seqinfo.ini and "
        "labels.txt: MOT15 to MOT20, DanceTrack, SportsMOT, CVAT's and Datumaro's. Detections without an id stay out."
    )
    writes = "A zip with seqinfo.ini and gt/gt.txt, or data/SEQUENCE.txt for results: upright boxes, one line a frame."
    kinds = (Kind.BOX,)
    options = (PIXELS, CONTENTS)

    def limits(self, options: Options) -> Limits:
        return RESULTS if chosen(options, CONTENTS) == "results" else TRUTH

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        pixels, results = chosen(options, PIXELS), chosen(options, CONTENTS) == "results"
        report = Report()
        kept = held(dataset, self.limits(options), report)
        names = list(dict.fromkeys(label.name for label in kept.labels))
        classes = {name: index for index, name in enumerate(names, start=1)}
        lines = lines_of(iter(kept.tracks), classes, report, progress)
        sequence = safe_stem(dataset.video.name, "sequence")
        member = f"data/{sequence}.txt" if results else f"{sequence}/gt/gt.txt"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(member, "w", force_zip64=True) as raw:
                text = io.TextIOWrapper(raw, "utf-8", newline="\n")
                write_lines(text, lines, results=results, shift=SHIFT[pixels])
                text.flush()
                text.detach()
            if not results:
                archive.writestr(f"{sequence}/gt/labels.txt", "".join(f"{name}\n" for name in names))
            archive.writestr(f"{sequence}/seqinfo.ini", seqinfo(sequence, dataset.video, pixels))
        return report

    def read(self, source: Path) -> Reading:
        if not is_archive(source):
            with source.open("rb") as raw:
                part = _part(raw, (), UNTOLD, labels=(), shift=SHIFT["official"], is_truth=None)
            part.report.note("Pixels were read as counted from 1, as MOTChallenge counts them.")
            return Reading([part], Report())
        report = Report()
        parts = []
        with Archive.opened(source) as archive:
            sequences = sequences_of(archive)
            for each in sequences:
                with archive.read(each.lines) as raw:
                    part = _part(
                        raw, each.names, each.video, labels=each.labels, shift=each.shift, is_truth=each.is_truth
                    )
                for sentence in each.notes:
                    part.report.note(sentence)
                parts.append(part)
            archive.note_unread(paths_of(sequences), report)
        return Reading(parts, report)


def _part(
    raw: IO[bytes],
    names: tuple[str, ...],
    video: VideoInfo,
    *,
    labels: tuple[str, ...],
    shift: float,
    is_truth: bool | None,
) -> Part:
    """One sequence. ``names``: those of its video; ``is_truth``: None where its place doesn't say."""
    report = Report()
    columns = columns_of(io.TextIOWrapper(raw, "utf-8-sig", newline=None), report)
    reader = SequenceReader(columns, labels, shift, is_truth, report)
    tracks = reader.tracks()
    later = int((reader.columns.numbers[:, FRAME] > video.frame_count).sum()) if video.frame_count else 0
    if later:
        report.note(f"seqinfo.ini says that there are {video.frame_count} frames; {later} lines are of later ones.")
    used = {track.label for track in tracks}
    known = [LabelInfo(name) for name in dict.fromkeys(labels or OFFICIAL_CLASSES) if name in used]
    return Part(names, Dataset(video, known, tracks, len(tracks)), report)
