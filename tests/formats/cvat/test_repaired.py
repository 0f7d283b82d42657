"""CVAT's exporter writes characters that XML can't hold; such files are read, and what was replaced is counted."""

from __future__ import annotations

import io

import pytest

from annotator.formats.cvat.read import read_document
from annotator.formats.cvat.repaired import Repaired
from tests.formats.cvat.documents import box, document, track

LOST = "characters that XML can't hold were replaced by \ufffd"


def plate_of(text: str, encoding: str = "utf-8") -> tuple[object, dict[str, int]]:
    inner = f'<attribute name="plate">{text}</attribute>'
    xml = document(track(box(0, inner=inner))).replace('encoding="utf-8"', f'encoding="{encoding}"')
    (part,) = read_document(io.BytesIO(xml.encode(encoding)))
    (found,) = part.dataset.tracks
    return found.attributes["plate"], part.report.losses


@pytest.mark.parametrize(
    ("written", "read", "count"),
    [
        ("a\x0bb", "a\ufffdb", 1),
        ("\x1b[1m\x00", "\ufffd[1m\ufffd", 2),
        ("a&#11;b&#x0B;&#xD800;", "a\ufffdb\ufffd\ufffd", 3),
        ("&#10;&#x1F408;&amp;#11;", "\n\U0001f408&#11;", 0),
    ],
)
def test_what_xml_cannot_hold_is_replaced_and_counted(written: str, read: str, count: int) -> None:
    assert plate_of(written) == (read, {LOST: count} if count else {})


def test_texts_in_utf_16_pass_as_they_are() -> None:
    assert plate_of("猫 \u010b", "utf-16") == ("猫 \u010b", {})


def test_other_encodings_are_mended_too() -> None:
    assert plate_of("ä\x0b", "latin-1") == ("ä\ufffd", {LOST: 1})


@pytest.mark.parametrize("size", range(1, 12))
def test_a_reference_is_found_wherever_a_piece_ends(size: int) -> None:
    repaired = Repaired(io.BytesIO(b"<a>x&#11;y & z&#x0000b;</a>\x01&"))
    read = b"".join(iter(lambda: repaired.read(size), b""))
    assert (read, repaired.count) == (b"<a>x&#xFFFD;y & z&#xFFFD;</a>&#xFFFD;&", 3)
