"""Names in archives: every format's, for every name that a video, a label or a project can have."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.formats import FORMATS
from annotator.formats.base import Dataset, Format, LabelInfo, TrackData, VideoInfo
from annotator.formats.geometry import mask_row
from annotator.formats.names import MOST_BYTES, safe_name, safe_stem
from annotator.formats.videos import part_of
from tracking.shapes.chunks import Flag, Kind, Row

KINDS = (Kind.BOX, Kind.MASK)
NAMES = [
    "Überwachung Straße #3 (50%) & Co.mp4",
    "кошка 猫 🐈\u200d⬛.MP4",
    'it\'s "quoted" <b>bold</b>.mp4',
    "trailing .mp4",
    "..mp4",
    "...mp4",
    "..",
    "noextension",
    ".hidden",
    "x" * 240 + ".mp4",
    "猫" * 200 + ".mp4",
    "CON.mp4",
    "com¹",
    "/etc/passwd",
    "C:\\a\\b.mp4",
    "line\u202etxt.mp4",
    "a\nb\x00c.mp4",
    "half \ud83d.mp4",
]


def is_safe(path: str) -> bool:
    parts = path.split("/")
    return all(
        part not in ("", ".", "..")
        and part == part.strip(" .")
        and len(part.encode()) <= MOST_BYTES + 20
        and not re.search(r'[\x00-\x1f\x7f-\x9f\\:*?"<>|\u202a-\u202e]', part)
        and not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)", part.partition(".")[0].strip(), re.IGNORECASE)
        for part in parts
    )


def rows(fmt: Format, x: int) -> list[Row]:
    if Kind.BOX in fmt.kinds:
        return [Row(0, Kind.BOX, Flag.KEYFRAME, 1.0, (x, 2.0, x + 2, 4.0))]
    return [mask_row(0, Flag.KEYFRAME, 1.0, x, 2, np.ones((2, 2), np.bool_))]


@pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if {*KINDS} & {*fmt.kinds}], ids=lambda fmt: fmt.id)
@pytest.mark.parametrize("name", NAMES)
def test_members_are_safe_paths_and_the_file_is_read_back(fmt: Format, name: str, tmp_path: Path) -> None:
    labels = (LabelInfo("../a/b"), LabelInfo("../A/B"))
    tracks = [TrackData(1, "../a/b", rows(fmt, 1)), TrackData(2, "../A/B", rows(fmt, 5))]
    target = tmp_path / "out"
    fmt.write(Dataset(VideoInfo(name, 640, 360, 9, 25.0), labels, tracks, 2), target, {})
    if zipfile.is_zipfile(target):
        with zipfile.ZipFile(target) as archive:
            members = archive.namelist()
        assert all(map(is_safe, members)), members
        assert len({member.casefold() for member in members}) == len(members)

    again = part_of(fmt.read(target), "another.mp4").dataset.tracks

    assert [track.label for track in again] == ["../a/b", "../A/B"]


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_a_safe_name(text: str) -> None:
    assert is_safe(safe_name(text, "video"))
    assert is_safe(safe_stem(text, "video"))


@pytest.mark.parametrize("name", ["street", "кошка 猫", "a-b_c (1)", "🐈\u200d⬛"])
def test_a_name_that_is_safe_stays_as_it_is(name: str) -> None:
    assert safe_name(name, "video") == name
