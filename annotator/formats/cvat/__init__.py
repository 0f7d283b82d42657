"""CVAT for video 1.1, the XML of https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.

Frames count from 0, coordinates are px from the frame's corner, as in Dataset. What differs:

- The file holds every frame of a track; shapes with ``keyframe="0"`` are CVAT's own interpolation, and readers take the
  keyframes only. CVAT knows neither predictions nor a confidence: ours are written as keyframes, so
  that nothing moves.
- CVAT holds a track's last shape to the end of the video unless a shape with ``outside="1"`` closes it. We write one on
  the frame after the last row, and drop it when reading; CVAT itself may write it twice. A track that nothing closes
  ends on its last written frame.
- Attributes stand in each shape, the immutable ones too ("a known redundancy", as CVAT's own page says).
- A mask's run lengths go row by row inside its box, and start with background.
- A skeleton's joints are labels of their own, whose parent is the skeleton's; shapes name them, and each carries
  whether it is there (``outside``) and whether it was set on this frame (``keyframe``).
- A project's export has the tracks of several videos; each names its task.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from annotator.formats.archive import Archive, is_archive
from annotator.formats.base import (
    FRAMES,
    Dataset,
    FormatError,
    Limits,
    Options,
    Part,
    Progress,
    Reading,
    Report,
    chosen,
    silent,
)
from annotator.formats.cvat.limits import LIMITS
from annotator.formats.cvat.read import read_document
from annotator.formats.cvat.write import Writer
from annotator.formats.limits import held
from tracking.shapes.chunks import Kind


class CvatXml:
    """``annotations.xml`` of CVAT, alone or in the zip that CVAT makes of it."""

    id, label, suffix = "cvat", "CVAT for video 1.1", ".zip"
    takes = "CVAT's annotations.xml of a task, a job or a project, alone or in CVAT's zip. Not “CVAT for images”."
    writes = "A zip with annotations.xml, which CVAT's “Upload annotations” takes: boxes, polygons, masks, skeletons …"
    kinds = tuple(kind for kind in Kind if kind != Kind.TAG)
    options = (FRAMES,)

    def limits(self, options: Options) -> Limits:
        return LIMITS

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        every_frame = chosen(options, FRAMES) == "all"
        report = Report()
        with (
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("annotations.xml", "w", force_zip64=True) as out,
        ):
            Writer(out, held(dataset, LIMITS, report), report).document(every_frame=every_frame, progress=progress)
        return report

    def read(self, source: Path) -> Reading:
        if not is_archive(source):
            with source.open("rb") as content:
                return Reading(read_document(content), Report())
        report = Report()
        with Archive.opened(source) as archive:
            documents = archive.named("annotations.xml") or archive.ending(".xml")
            if not documents:
                raise FormatError("A CVAT archive holds annotations.xml; this one has none.")
            parts: list[Part] = []
            for member in documents:
                with archive.read(member) as content:
                    parts += read_document(content)
            archive.note_unread(documents, report)
        return Reading(parts, report)
