"""What of a recording is no frame, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracking.frame_index import BEGINS, DAMAGED, GAPS, HIDDEN, TWIN, UNREAD

WORDS = {
    HIDDEN: (
        "{n} frame is hidden by the file itself, as trimming does.",
        "{n} frames are hidden by the file itself, as trimming does.",
    ),
    BEGINS: (
        "{n} frame before the first whole picture can't be shown.",
        "{n} frames before the first whole picture can't be shown.",
    ),
    DAMAGED: (
        "{n} frame is damaged and shows the one before it.",
        "{n} frames are damaged; each shows the one before it.",
    ),
    TWIN: (
        "{n} picture has neither time nor place of its own and is left out.",
        "{n} pictures have neither time nor place of their own and are left out.",
    ),
    UNREAD: (
        "About {n} frame at the end can't be read: the file is damaged there, or was never finished.",
        "About {n} frames at the end can't be read: the file is damaged there, or was never finished.",
    ),
    GAPS: (
        "About {n} frame is missing where the recording has a gap.",
        "About {n} frames are missing where the recording has gaps.",
    ),
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """``reason``: see ``tracking.frame_index`` · ``frames``: how many · ``text``: for people."""

    reason: str
    frames: int
    text: str


def left_out_of(counts: Mapping[str, int]) -> list[LeftOut]:
    """Whatever was left out, in the order of WORDS."""
    return [
        LeftOut(reason, counts[reason], (one if counts[reason] == 1 else many).format(n=f"{counts[reason]:,}"))
        for reason, (one, many) in WORDS.items()
        if counts.get(reason)
    ]
