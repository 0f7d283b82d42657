"""Small files that were made to take a server's memory or time are refused in words, and soon."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from annotator.formats import find
from annotator.formats.base import FormatError, Reading
from annotator.formats.bounds import MOST_LABELS, MOST_PARTS, MOST_SHAPE_PARTS, MOST_VERTICES
from tracking.shapes.masks import by_columns, from_runs, to_runs

HEAD = '{"format":"framewise","version":1,'
MOST_S = 15.0


def tracks(text: str) -> str:
    return HEAD + '"tracks":[' + text + "]}"


def shapes(text: str) -> str:
    return tracks('{"number":1,"label":"a","shapes":[' + text + "]}")


def xml(text: str) -> str:
    return f"<annotations>{text}</annotations>"


def xml_track(text: str) -> str:
    return xml(f"<track id='1' label='a'>{text}</track>")


FILES: dict[str, tuple[str, Callable[[], str], str]] = {
    "lists in lists": ("framewise", lambda: "[" * 200_000 + "]" * 190_000, "levels deep"),
    "objects in objects": ("framewise", lambda: '{"a":' * 60_000 + "1" + "}" * 60_000, "levels deep"),
    "lists in a shape": ("framewise", lambda: shapes('{"x":' + "[" * 500_000 + "]" * 500_000 + "}"), "no Framewise"),
    "objects without an end": ("framewise", lambda: shapes('{"a":' * 2_000_000), "no Framewise|at most"),
    "brackets without an end": ("framewise", lambda: shapes("{" * 2_000_000), "no Framewise"),
    "many labels": (
        "framewise", lambda: HEAD + '"labels":[' + "{}," * 1_000_000 + '{}],"tracks":[]}', f"{MOST_LABELS:,}"
    ),
    "a large head": ("framewise", lambda: HEAD + '"tracking":[' + "[]," * 2_900_000 + '[]],"tracks":[]}', "8 MiB"),
    "a large track": ("framewise", lambda: tracks('{"attributes":[' + "[]," * 600_000 + "[]]}"), "1 MiB"),
    "many vertices": (
        "framewise", lambda: shapes('{"frame":1,"polygon":[' + "[1,2]," * MOST_VERTICES + "[1,2]]}"), "100,000 points"
    ),
    "elements in elements": ("cvat", lambda: xml("<a>" * 300_000 + "</a>" * 300_000), "12 elements deep"),
    "a wide head": ("cvat", lambda: xml("<meta>" + "<a/>" * (MOST_PARTS + 1) + "</meta>"), f"{MOST_PARTS:,} elements"),
    "a wide unknown": ("cvat", lambda: xml("<x>" + "<a/>" * (MOST_PARTS + 1) + "</x>"), f"{MOST_PARTS:,} elements"),
    "a wide shape": (
        "cvat", lambda: xml_track("<box>" + "<a/>" * (MOST_SHAPE_PARTS + 1) + "</box>"), "10,000 elements"
    ),
    "many labels in XML": (
        "cvat", lambda: xml("<meta>" + "".join(f"<label><name>{i}</name></label>" for i in range(2000)) + "</meta>"),
        f"{MOST_LABELS:,} labels",
    ),
    "many attributes": (
        "cvat", lambda: xml_track("".join(f"<attribute name='{i}'>x</attribute>" for i in range(2000))), "attributes"
    ),
    "a document type": ("cvat", lambda: "<!DOCTYPE annotations>" + xml(""), "document type"),
    "a document type elsewhere": (
        "cvat", lambda: '<!DOCTYPE annotations SYSTEM "http://127.0.0.1:9/a.dtd">' + xml(""), "document type"
    ),
    "a public document type": (
        "cvat", lambda: '<!DOCTYPE annotations PUBLIC "-//A//EN" "file:///etc/passwd">' + xml(""), "document type"
    ),
    "entities": ("cvat", lambda: '<!DOCTYPE a [<!ENTITY b "c">]>' + xml("&b;"), "document type"),
    "many bad lines": ("mot", lambda: "x\n" * 1_000_002, "given up"),
}  # fmt: skip


@contextmanager
def cheaply() -> Iterator[None]:
    """What is done inside takes little of a processor, whatever else runs."""
    began = time.process_time()
    yield
    assert time.process_time() - began < MOST_S


def read(format_id: str, source: Path) -> Reading:
    reading = find(format_id).read(source)
    for part in reading.parts:
        part.report.refuse_unreadable()
    return reading


@pytest.mark.parametrize("name", FILES)
def test_what_no_real_file_holds_is_refused_before_it_takes_much(name: str, tmp_path: Path) -> None:
    format_id, content, says = FILES[name]
    source = tmp_path / "in"
    source.write_text(content())
    with cheaply(), pytest.raises(FormatError, match=says):
        read(format_id, source)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_are_packed_as_zips_commonly_are(method: int, tmp_path: Path) -> None:
    source = tmp_path / "in.zip"
    with zipfile.ZipFile(source, "w", method) as archive:
        archive.writestr("tracks.json", tracks(""))
    with pytest.raises(FormatError, match="deflate"):
        read("framewise", source)


def test_an_archive_unpacks_to_no_more_than_annotations_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together, however many files it has."""
    monkeypatch.setattr("annotator.formats.archive.ORDINARY", 2**20)
    source = tmp_path / "in.zip"
    lines = "1,1,1,1,1,1\n" * (2**19 // 12)
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{number}/gt/gt.txt", lines)
    with pytest.raises(FormatError, match="200 times its size"):
        read("mot", source)


def test_an_archive_has_no_more_documents_than_anybody_has_videos(tmp_path: Path) -> None:
    source = tmp_path / "in.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}/annotations.xml", xml(""))
    with pytest.raises(FormatError, match="1,000 files of a kind"):
        read("cvat", source)


def test_lines_with_an_id_each_take_no_longer_than_others(tmp_path: Path) -> None:
    source = tmp_path / "gt.txt"
    source.write_text("".join(f"1,{number},1,1,1,1,1,1,1\n" for number in range(1, 50_001)))
    with cheaply():
        assert len(list(read("mot", source).parts[0].dataset.tracks)) == 50_000


def test_lines_that_repeat_take_no_longer_than_others(tmp_path: Path) -> None:
    source = tmp_path / "gt.txt"
    source.write_text("".join(f"{frame},1,1,1,1,1,1,1,1\n" * 2 for frame in range(1, 100_001)))
    with cheaply():
        assert (
            read("mot", source).parts[0].report.losses["lines that stand in the file twice were taken once"] == 100_000
        )


@pytest.mark.parametrize("format_id", ["cvat", "framewise"])
def test_huge_masks_of_few_runs_cost_little(format_id: str, tmp_path: Path) -> None:
    source = tmp_path / "in"
    side = 16_384
    if format_id == "cvat":
        mask = "<mask frame='{}' rle='5,{}' left='0' top='0' width='{}' height='{}'/>"
        source.write_text(xml_track("".join(mask.format(frame, side * side - 5, side, side) for frame in range(40))))
    else:
        mask = '{{"frame":{},"mask":{{"left":0,"top":0,"width":{},"height":{},"counts":[5,{}]}}}}'
        source.write_text(shapes(",".join(mask.format(frame, side, side, side * side - 5) for frame in range(40))))
    with cheaply():
        (track,) = read(format_id, source).parts[0].dataset.tracks
    assert len(track.rows) == 40


def test_a_report_of_very_many_losses_stays_a_report(tmp_path: Path) -> None:
    source = tmp_path / "in.xml"
    source.write_text(xml("".join(f"<a{number}/>" for number in range(5000))))
    report = read("cvat", source).parts[0].report
    assert len(report.losses) == 201
    assert sum(report.losses.values()) == 5000


def test_runs_are_put_into_columns_as_the_bitmap_would_be() -> None:
    random = np.random.default_rng(5)
    for number in range(400):
        height, width = (int(value) for value in random.integers(1, 40, 2))
        bitmap = random.random((height, width)) < random.choice([0, 0.02, 0.1, 0.5, 0.9, 1])
        if number % 3 == 0:
            bitmap[: height // 2] = True
        for order in ("F", "C"):
            runs = to_runs(bitmap, order=order)
            if number % 2:
                # Others write empty runs in between, and one at the end.
                at = int(random.integers(0, len(runs) + 1))
                runs = np.concatenate([runs[:at], [0, 0], runs[at:]]).astype("<u4")
            columns = by_columns(runs, width, height, order=order)
            assert columns.tolist() == to_runs(from_runs(runs, width, height, order=order), order="F").tolist()
