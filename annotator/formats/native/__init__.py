"""Framewise's own JSON: everything a layer holds, and nothing that can be derived. ``framewise track``
writes it too.

::

    {"format": "framewise", "version": 1,
     "video": {"name", "width", "height", "frame_count", "fps"},
     "labels": [{"name", "colour", "attributes": [{"name", "kind", "per_frame", "choices", "default"}],
                 "skeleton": {"joints": [{"name", "x", "y"}], "edges": [[0, 1], …]}}],
     "tracks": [{"number", "label", "colour", "source", "verdict", "attributes", "frame_attributes",
                 "shapes": [{"frame": 12, "box": [x1, y1, x2, y2], "confidence": 0.93,
                             "keyframe": false, "outside": false}]}]}

A track whose spans have verdicts also has ``"verdicts": [{"first", "last", "verdict": "accepted" | "rejected" |
"check", "reason", "by", "at"}]``, rising and apart; ``"verdict"`` is what is said of all of its frames alike. Who gave
them, and when, is for people to read: an import signs them with who imports.

A track has ``"candidate": true`` where a detector found it and nobody has taken it yet.

A label has ``"skeleton"`` only where it may be drawn as one; its joints lie in 0..1 of a drawn box, its edges are
positions in them. A shape has ``"occluded"`` or ``"doubtful"`` only where they are true, and instead of ``"box"`` one
of ``"rotated_box": [centre x, centre y, width, height, clockwise angle in radians]``, ``"polygon"`` or ``"polyline":
[[x, y], …]``, ``"points"`` or ``"skeleton": [[x, y, 0 absent | 1 occluded | 2 visible], …]``, ``"mask": {"left",
"top", "width", "height", "counts": [COCO-style run lengths]}``. Frames count from 0; lengths are px of the display-
oriented frame, (0, 0) the corner of its top-left pixel. A shape that is no keyframe was predicted.

``framewise track`` also says how far it came; nothing of this is read::

    "tracking": {"model", "end": "reached" | "failed" | "interrupted",
                 "tracks": [{"number", "frames": 126, "asked": 231, "lost": 5,
                             "legs": [{"direction": "forward", "first": 0, "last": 230, "until": 125,
                                       "end": "reached" | "left the frame" | "lost at the border" | "failed" |
                                              "interrupted", "problem"}]}]}

A track has ``frames`` of the frames ``asked`` for; ``lost``: those of them where the model held the object to be lost
or hidden. ``until``: the last frame of a leg that has a shape. ``problem`` is only there where something failed.
"""

from __future__ import annotations

from pathlib import Path

from annotator.formats.archive import Archive, is_archive
from annotator.formats.base import Dataset, FormatError, Limits, Option, Options, Progress, Reading, Report, silent
from annotator.formats.native.read import read_document
from annotator.formats.native.write import write_document
from tracking.shapes.chunks import Kind


class Native:
    """Lossless: reading what it wrote gives the same dataset, bit by bit."""

    id, label, suffix = "framewise", "Framewise JSON (lossless)", ".json"
    takes = "One JSON file of a video, as Framewise or `framewise track` writes it, or a zip of several."
    writes = "One JSON file with all that a video's tracks hold: keyframes, predictions, confidences, attributes."
    kinds = tuple(Kind)
    options: tuple[Option, ...] = ()

    def limits(self, options: Options) -> Limits:
        return ()

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        report = Report()
        with target.open("w", encoding="utf-8") as out:
            write_document(out, dataset, report, progress)
        return report

    def read(self, source: Path) -> Reading:
        """A file, or the files in an archive."""
        if not is_archive(source):
            with source.open("rb") as file:
                return Reading([read_document(file)], Report())
        report = Report()
        with Archive.opened(source) as archive:
            documents = archive.named("tracks.json") or archive.ending(".json")
            if not documents:
                raise FormatError("The archive holds no .json file. Choose a Framewise JSON export.")
            parts = []
            for member in documents:
                with archive.read(member) as content:
                    parts.append(read_document(content))
            archive.note_unread(documents, report)
        return Reading(parts, report)
