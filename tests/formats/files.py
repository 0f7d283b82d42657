"""Reading files in tests as an import into one video does."""

from __future__ import annotations

from pathlib import Path

from annotator.formats import find
from annotator.formats.base import Dataset, Format, Report
from annotator.formats.videos import part_of


def read(fmt: Format | str, source: Path, video: str = "street.mp4") -> tuple[Dataset, Report]:
    """What a file holds for a video. Raises FormatError, also for rows that can't be taken."""
    part = part_of((find(fmt) if isinstance(fmt, str) else fmt).read(source), video)
    part.report.refuse_unreadable()
    return part.dataset, part.report
