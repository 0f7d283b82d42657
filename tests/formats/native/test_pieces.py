"""A file cut into pieces says what it says whole, wherever it is cut."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.formats import find
from annotator.formats.base import Dataset, FormatError
from annotator.formats.native import pieces
from annotator.formats.native.pieces import Head, Piece, Shapes, Track
from annotator.formats.native.read import read_document
from tests.formats.layers import layers, places, said

BOX = {"frame": 1, "box": [0, 0, 1, 1]}
MASK = {"mask": {"left": 0, "top": 0, "width": 1, "height": 1, "counts": [0, 1]}, "frame": 2}


def cut(text: str | bytes) -> list[Piece]:
    return list(pieces.pieces(io.BytesIO(text if isinstance(text, bytes) else text.encode())))


def whole(found: list[Piece]) -> Any:
    """The document that the pieces came from."""
    tracks: list[Any] = []
    shapes: list[Any] = []
    head: Any = None
    for piece in found:
        match piece:
            case Shapes(text):
                shapes += json.loads(text)
            case Track(text):
                track = json.loads(text)
                if isinstance(track, dict) and track.get("shapes") == []:
                    track["shapes"], shapes = shapes, []
                tracks.append(track)
            case Head(text):
                head = json.loads(text)
    if isinstance(head, dict) and head.get("tracks") == []:
        head["tracks"] = tracks
    return head


DOCUMENTS = {
    "shapes first": {"tracks": [{"shapes": [BOX, MASK, BOX], "number": 1}, {"shapes": []}], "format": "framewise"},
    "no shapes": {"format": "framewise", "tracks": [{"number": 1}, {"number": 2, "shapes": None}]},
    "no tracks": {"format": "framewise", "tracks": []},
    "words inside of texts": {"a": '"tracks": [{"shapes": [{}]}]', "tracks": [{"label": '\\"}]"{', "shapes": [BOX]}]},
    "the same words elsewhere": {
        "labels": [{"shapes": [BOX], "tracks": [[BOX]]}],
        "tracks": [{"x": {"shapes": [BOX]}}],
    },
    "many": {"tracks": [{"number": number, "shapes": [MASK] * 40} for number in range(5)]},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("block", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("indent", [None, 1])
def test_the_pieces_are_the_file(
    document: Any, block: int, indent: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "BLOCK", block)
    assert whole(cut(json.dumps(document, indent=indent))) == document


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(dataset=layers(), block=st.integers(1, 300))
def test_a_layer_is_read_the_same_wherever_it_is_cut(
    dataset: Dataset, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "BLOCK", block)
    find("framewise").write(dataset, tmp_path / "a.json", {})
    with (tmp_path / "a.json").open("rb") as file:
        found = read_document(file).dataset
    assert said(found.tracks) == said(dataset.tracks)
    assert (places(found.tracks) == places(dataset.tracks)).all()


def test_no_piece_is_larger_than_a_block_and_a_shape() -> None:
    track = {"shapes": [MASK] * 200_000}
    sizes = [len(piece.text) for piece in cut(json.dumps({"tracks": [track, track]}))]
    assert max(sizes) < 2 * pieces.BLOCK
    assert len(sizes) > 20


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a":' * 50_000, "levels deep"),
        ("[" * 50_000, "levels deep"),
        ('{"tracks": [1, 2]}', "a list of tracks is needed"),
        ('{"tracks": [], "tracks": [3]}', "a list of tracks is needed"),
    ],
)
def test_what_cannot_be_cut_is_refused(text: str, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        cut(text)


@pytest.mark.parametrize(
    ("limit", "text", "says"),
    [
        ("LARGEST_HEAD", '{"a": "' + "x" * 5000, "takes at most"),
        ("LARGEST_HEAD", '{"a": [' + "1," * 5000, "takes at most"),
        ("LARGEST_SHAPE", '{"tracks": [{"shapes": [{"a": [' + "1," * 5000, "A shape takes at most"),
    ],
)
def test_what_is_too_large_is_refused(limit: str, text: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "BLOCK", 100)
    monkeypatch.setattr(pieces, limit, 1000)
    with pytest.raises(FormatError, match=says):
        cut(text)


@pytest.mark.parametrize("length", range(1, 120, 7))
def test_a_file_that_breaks_off_anywhere_is_refused(length: int, tmp_path: Path) -> None:
    text = json.dumps(
        {"format": "framewise", "version": 1, "tracks": [{"number": 1, "label": "a", "shapes": [BOX, MASK]}]}
    )
    (tmp_path / "a.json").write_text(text[:length])
    with pytest.raises(FormatError):
        find("framewise").read(tmp_path / "a.json")
