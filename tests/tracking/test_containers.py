"""What is no usable video is refused in words that say what is wrong, and nothing but the one file is read."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.media.clips import B_FRAMES, cut, picture, write_clip, write_empty, write_sound
from tracking.frames import MediaError, build_index


def _text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _image(path: Path) -> Path:
    Image.fromarray(picture(1)).save(path)
    return path


FASTSTART = {"movflags": "+faststart"}
UNUSABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty": (lambda to: _bytes(to / "a.mp4", b""), r"empty \(0 bytes\)"),
    "text": (lambda to: _text(to / "a.txt", "hello " * 500), "no video"),
    "noise": (lambda to: _bytes(to / "a.mp4", random.Random(1).randbytes(50_000)), "no video"),
    "a picture": (lambda to: _image(to / "a.png"), "no video"),
    "a photo": (lambda to: _image(to / "a.jpg"), "no video"),
    "sound alone": (lambda to: write_sound(to / "a.m4a"), "only sound"),
    "no pictures": (lambda to: write_empty(to / "a.mp4"), "0 frames"),
    "cut with its head at the end": (lambda to: cut(write_clip(to / "a.mp4"), to / "b.mp4", 0.6), "truncated"),
    "cut with its head in front": (
        lambda to: cut(write_clip(to / "a.mp4", container=FASTSTART), to / "b.mp4", 0.97),
        "truncated",
    ),
    "fragments cut": (
        lambda to: cut(
            write_clip(to / "a.mp4", options=B_FRAMES, container={"movflags": "frag_keyframe+empty_moov"}),
            to / "b.mp4",
            0.6,
        ),
        "truncated",
    ),
    "matroska cut": (lambda to: cut(write_clip(to / "a.mkv"), to / "b.mkv", 0.6), "truncated"),
    "avi cut": (lambda to: cut(write_clip(to / "a.avi", codec="mpeg4"), to / "b.avi", 0.6), "truncated"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_what_is_no_video_is_refused_in_words(kind: str, tmp_path: Path) -> None:
    make, message = UNUSABLE[kind]
    with pytest.raises(MediaError, match=message):
        build_index(make(tmp_path))


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nsecret.ts\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize("name", ["list.m3u8", "source"])
@pytest.mark.parametrize("text", [PLAYLIST, "ffconcat version 1.0\nfile secret.ts\n"])
def test_a_file_that_names_others_reads_none_of_them(name: str, text: str, tmp_path: Path) -> None:
    write_clip(tmp_path / "secret.ts")
    with pytest.raises(MediaError, match="no video"):
        build_index(_text(tmp_path / name, text))


def test_a_recording_of_unknown_length_is_no_cut_one(tmp_path: Path) -> None:
    live = write_clip(tmp_path / "a.mkv", container={"live": "1"})
    assert len(build_index(live)) == 60


def test_what_is_appended_to_an_mp4_does_no_harm(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    with path.open("ab") as file:
        file.write(struct.pack(">I", 3) + b"\0junk of a camera")
    assert len(build_index(path)) == 60
