"""Annotation formats, one file each; none of them knows the database."""

from __future__ import annotations

from annotator.formats.base import Format, FormatError
from annotator.formats.coco import Coco
from annotator.formats.cvat import CvatXml
from annotator.formats.davis import Davis
from annotator.formats.mot import Mot
from annotator.formats.mots import Mots
from annotator.formats.native import Native
from annotator.formats.tapvid import TapVid
from annotator.formats.ytvis import YouTubeVis

FORMATS: tuple[Format, ...] = (
    Native(),
    CvatXml(),
    Mot(),
    Coco(),
    TapVid(),
    Davis(),
    YouTubeVis(),
    Mots(),
)


def find(format_id: str) -> Format:
    """The format of that id. Raises FormatError naming the known ones."""
    for entry in FORMATS:
        if entry.id == format_id:
            return entry
    known = ", ".join(entry.id for entry in FORMATS)
    raise FormatError(f"There is no format {format_id!r}. Choose one of: {known}.")
