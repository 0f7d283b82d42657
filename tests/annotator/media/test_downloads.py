"""Names of downloads, as a browser reads them out of the header."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from django.http import HttpResponse

from annotator.media.downloads import attachment

KEPT = [
    "street-cvat.zip",
    "Überwachung Straße #3 (50%) & Co-mot.zip",
    "кошка 猫 🐈\u200d⬛-framewise.json",
    'it\'s "quoted" <b>bold</b>.zip'.replace("/", "_"),
    "a,b;c=d [1].zip",
    "%2e%2e%2fup.zip",
    "x" * 240 + ".zip",
]


def saved_as(name: str) -> str:
    """The name in the header that is really sent: Django encodes what isn't Latin-1."""
    header = HttpResponse(headers={"Content-Disposition": attachment(name)})["Content-Disposition"]
    found = re.fullmatch(r"attachment; filename=\"([\x20-\x7e]*)\"; filename\*=UTF-8''([!-~]+)", header)
    assert found and '"' not in found[1], header
    return unquote(found[2])


@pytest.mark.parametrize("name", KEPT)
def test_a_name_is_kept_whatever_its_script(name: str) -> None:
    assert saved_as(name) == name


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\r\nSet-Cookie: x=1.zip", "a__Set-Cookie: x=1.zip"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\\b.zip", "a_b.zip"),
        ("half \ud83d.zip", "half _.zip"),
        ("  ", "download"),
    ],
)
def test_what_no_header_and_no_folder_can_hold_is_replaced(name: str, kept: str) -> None:
    assert saved_as(name) == kept
