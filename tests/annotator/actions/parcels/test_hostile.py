"""Files that are damaged, or made to do harm: each is refused in words, and nothing of it stays."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings

from annotator.actions.parcels import reading, upgrades
from annotator.actions.parcels.reading import ParcelError, Parcelled
from annotator.actions.parcels.records import VERSION
from annotator.media import storage
from annotator.models import Project, TrackChunk, User, Workspace
from tests.annotator.actions.parcels.worlds import (
    Change,
    Members,
    brought,
    change,
    lines,
    manifest,
    members_of,
    no_show,
    packed,
    put_lines,
    resign,
    rich_world,
    zipped,
)
from tests.annotator.worlds import keyframe, predicted
from tracking.shapes.chunks import Flag, Kind, Row, Table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": []}}


def without(name: str) -> Change:
    return lambda members: members.pop(name)


def twice(member: str) -> Change:
    def do_it(members: Members) -> None:
        records = lines(members, member)
        put_lines(members, member, [records[0], *records])

    return do_it


def raw(member: str, text: bytes) -> Change:
    def do_it(members: Members) -> None:
        members[f"{member}.jsonl"] = text
        resign(members, f"{member}.jsonl")

    return do_it


def replaced(member: str, old: bytes, new: bytes) -> Change:
    """In the bytes of a member, without a word in the manifest."""

    def do_it(members: Members) -> None:
        assert old in members[member]
        members[member] = members[member].replace(old, new, 1)

    return do_it


def added(name: str, data: bytes = b"x") -> Change:
    return lambda members: members.update({name: data})


def event_operation(**fields: Any) -> Change:
    def do_it(members: Members) -> None:
        records = lines(members, "events")
        records[0]["payload"]["operations"][0] |= fields
        put_lines(members, "events", records)

    return do_it


def shapes(*rows: Row, **fields: Any) -> Change:
    """Other rows in the first stretch of shapes."""
    data = base64.b64encode(Table.of(0, rows).pack()).decode()
    return change("shapes", 0, data=data, **fields)


PUT = {"op": "shapes.replace", "track": str(uuid4()), "ranges": [[0, 0]], "keep_keyframes": False}


def media_of(members: Members) -> str:
    return next(name for name in members if name.startswith("media/"))


def foreign_media(members: Members) -> None:
    media = json.loads(members["manifest.json"])["media"]
    manifest(media=[*media, {**media[0], "video": 999, "included": False}])(members)


def double(members: Members) -> None:
    there = json.loads(members["manifest.json"])["members"]
    manifest(members=[*there, there[0]])(members)


def unknown_member(members: Members) -> None:
    added("webhooks.jsonl", b"")(members)
    there = json.loads(members["manifest.json"])["members"]
    manifest(members=[*there, {**there[0], "path": "webhooks.jsonl"}])(members)


def gold_in_the_first_layer(members: Members) -> None:
    change("gold", layer=lines(members, "layers")[0]["id"])(members)


NO_TABLE: dict[str, Any] = {"operations": [{**PUT, "tables": ["AAAA"]}], "touched": []}
MANY: dict[str, Any] = {"operations": [], "touched": [[str(uuid4()), 0, 2**40]]}
HOSTILE: dict[str, tuple[Change, str]] = {
    "no manifest": (without("manifest.json"), "has no manifest.json"),
    "a newer version": (
        manifest(version=VERSION + 1, made_by="Framewise 9.9"),
        "written by Framewise 9.9.*Update this server",
    ),
    "no version": (manifest(version="1"), "is none of a Framewise project"),
    "another format": (manifest(format="framewise"), "is none of a Framewise project"),
    "more in the manifest": (manifest(extra=1), "extra: Extra inputs are not permitted"),
    "a member is missing": (without("labels.jsonl"), r"labels\.jsonl is missing"),
    "an original is missing": (lambda members: members.pop(media_of(members)), "media/.* is missing"),
    "a member leads out": (added("../../etc/passwd"), "It holds '../../etc/passwd', which"),
    "a member that nobody names": (added("run.sh"), "It holds 'run.sh'"),
    "changed bytes": (replaced("labels.jsonl", b'"car"', b'"cat"'), r"labels\.jsonl isn't what was written"),
    "more bytes than said": (replaced("labels.jsonl", b'"car"', b'"caravan"'), "it goes on"),
    "an original of other bytes": (
        lambda members: members.update({media_of(members): b"y" * 20_000}),
        "isn't the file that was written",
    ),
    "no JSON": (raw("labels", b"{nonsense\n"), r"Record 1 of labels\.jsonl is no JSON"),
    "no object": (raw("labels", b"[1]\n"), r"Record 1 of labels\.jsonl is no object"),
    "no number": (raw("gold", b'{"layer": NaN}\n'), "NaN is no number"),
    "nests deep": (raw("gold", b"[" * 100_000 + b"\n"), "nests too deep|is no JSON|is no object"),
    "NUL in a name": (change("labels", name="a\0b"), "characters that no database keeps"),
    "half a character": (change("comments", text="\ud800"), "characters that no database keeps"),
    "a field too many": (change("labels", is_admin=True), "is_admin: Extra inputs"),
    "a field too few": (raw("labels", b'{"id": 1}\n'), "name: Field required"),
    "a name that is too long": (change("labels", name="x" * 81), "at most 80 characters"),
    "a colour that is a script": (change("labels", colour="red;x()"), "colour: String should match"),
    "a label twice": (twice("labels"), "Two records are the label"),
    "a track twice": (twice("tracks"), "has an id that was there before"),
    "two tracks with a number": (change("tracks", 1, number=1), "two can't be there together"),
    "an event twice": (twice("events"), "two can't be there together"),
    "a stranger's label": (change("tracks", label=10**9), "names a label that isn't in the file"),
    "a stranger's layer": (change("jobs", layer=10**9), "names a layer that isn't in the file"),
    "a stranger": (change("events", author=10**9), "names a user that isn't in the file"),
    "a stranger's track": (change("verdicts", track=str(uuid4())), "names a track that isn't in the file"),
    "an id beyond counting": (change("labels", id=2**63), "id: Input should be less than"),
    "a frame beyond the video": (change("gold", last=300), "goes to frame 300; its video has 300"),
    "frames backwards": (change("jobs", first=9, last=3), "go from the first to the last"),
    "a negative frame": (change("verdicts", first=-1), "first: Input should be greater"),
    "a time before ours": (change("events", created_at="0001-01-01T00:00:00Z"), "years 1970 to 2199"),
    "two projects": (twice("project"), "holds two projects"),
    "no main layer": (change("layers", 0, kind="model"), "has no main layer"),
    "two main layers": (change("layers", 1, kind="main"), "two main layers"),
    "gold in a main layer": (gold_in_the_first_layer, "gold lies in"),
    "a revision to come": (change("events", revision=99), "has come to 7"),
    "no operation": (event_operation(op="drop table"), r"events\.jsonl is none of a history"),
    "shapes of an edit that are none": (change("events", payload=NO_TABLE), "A table has a header"),
    "touched frames beyond counting": (change("events", payload=MANY), "none of a history"),
    "shapes that are none": (change("shapes", data="AAAA"), "A table has a header"),
    "shapes that aren't base64": (change("shapes", data="?"), "data: "),
    "a stretch of 3 frames": (change("shapes", span=3), "a stretch has 256 frames"),
    "shapes of another window": (shapes(keyframe(0), start=256), "of another window"),
    "shapes beyond their stretch": (shapes(keyframe(200), span=128), "beyond its own"),
    "shapes that overlap": (twice("shapes"), "overlaps the one before"),
    "a default that isn't one": (change("attributes", 1, default="9"), "its default isn't one of 1, 2"),
    "a skeleton without joints": (change("labels", skeleton={"joints": [], "edges": []}), "at least one joint"),
    "a file of a video that isn't there": (
        foreign_media,
        "It has a file of the video 999",
    ),
    "a member twice in the manifest": (double, "names something twice"),
    "a part that there isn't": (unknown_member, r"webhooks\.jsonl is no part"),
}
_GOOD: Members = {}


@pytest.fixture
def good(db: None, tmp_path: Path) -> Members:
    """The members of a sound file, which is made once."""
    if not _GOOD:
        world, _ = rich_world()
        _GOOD.update(members_of(packed(world.project, tmp_path / "good.zip")))
        storage.remove_video_files(world.video)
    return dict(_GOOD)


@pytest.fixture
def elsewhere(db: None) -> Workspace:
    return Workspace.objects.create(name="Elsewhere")


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_words_and_leaves_nothing(
    name: str, good: Members, elsewhere: Workspace, tmp_path: Path, settings: LazySettings
) -> None:
    do_it, said = HOSTILE[name]
    do_it(good)
    with pytest.raises(ParcelError, match=said):
        brought(zipped(good, tmp_path / "bad.zip"), elsewhere, tmp_path)
    assert not elsewhere.projects.exists()
    assert not (tmp_path / "unpacked").exists()
    assert not list(Path(settings.MEDIA_ROOT).glob("videos/*/source"))


def test_what_was_not_touched_is_taken(good: Members, elsewhere: Workspace, tmp_path: Path) -> None:
    assert brought(zipped(good, tmp_path / "same.zip"), elsewhere, tmp_path).videos.count() == 1


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04" + b"\xff" * 200])
def test_what_is_no_archive_is_refused(data: bytes, elsewhere: Workspace, tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(data)
    with pytest.raises(ParcelError):
        brought(tmp_path / "bad.zip", elsewhere, tmp_path)


@pytest.mark.parametrize("cut", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(cut: float, good: Members, elsewhere: Workspace, tmp_path: Path) -> None:
    path = zipped(good, tmp_path / "bad.zip")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])
    with pytest.raises(ParcelError):
        brought(path, elsewhere, tmp_path)


def test_damaged_bytes_are_refused(good: Members, elsewhere: Workspace, tmp_path: Path) -> None:
    path = zipped(good, tmp_path / "bad.zip")
    data = bytearray(path.read_bytes())
    at = data.find(b"events.jsonl") + 40
    data[at : at + 20] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(ParcelError, match=r"damaged|isn't what was written"):
        brought(path, elsewhere, tmp_path)


def test_a_bomb_ends_before_it_goes_off(
    good: Members, elsewhere: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest is honest; it only unpacks to a thousand times its size."""
    monkeypatch.setattr(reading, "ORDINARY", 2**16)
    raw("stays", (b'{"layer": 1' + b" " * 2**16 + b"}\n") * 400)(good)
    with pytest.raises(ParcelError, match=r"unpack to more than 200 times|Field required"):
        brought(zipped(good, tmp_path / "bomb.zip"), elsewhere, tmp_path)
    read = 0

    def count(size: int) -> None:
        nonlocal read
        read += size

    with Parcelled.opened(tmp_path / "bomb.zip") as parcelled, pytest.raises(ParcelError):
        parcelled.verify(count)
    assert read < 26 * 2**20


def test_a_record_without_end_is_not_read_to_its_end(
    good: Members, elsewhere: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 2**16)
    raw("labels", b'"' + b"x" * 2**18 + b'"\n')(good)
    with pytest.raises(ParcelError, match=r"Record 1 of labels\.jsonl has more than"):
        brought(zipped(good, tmp_path / "bad.zip"), elsewhere, tmp_path)


def test_a_large_archive_is_read_and_its_directory_bounded(
    good: Members, elsewhere: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if more than 4 GiB lay in it."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    path = zipped(good, tmp_path / "large.zip")
    data = path.read_bytes()
    end = data.rindex(b"PK\x06\x06")
    assert brought(path, elsewhere, tmp_path).videos.count() == 1
    path.write_bytes(data[: end + 40] + (2**30).to_bytes(8, "little") + data[end + 48 :])
    with pytest.raises(ParcelError, match="An archive may have 100000 files"):
        brought(path, elsewhere, tmp_path)


def test_an_original_that_unpacks_is_refused(good: Members, elsewhere: Workspace, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in good.items():
            archive.writestr(name, data)
    with pytest.raises(ParcelError, match="originals are stored as they are"):
        brought(tmp_path / "bad.zip", elsewhere, tmp_path)


def test_shapes_that_are_none_are_left_out_and_counted(good: Members, elsewhere: Workspace, tmp_path: Path) -> None:
    from annotator.actions.parcels.parcels import bring_project
    from annotator.actions.parcels.report import Report

    far = Row(5, Kind.BOX, Flag.KEYFRAME, 1.0, (0, 0, 1e6, 5))
    shapes(keyframe(0), far, predicted(9))(good)
    reports: list[Report] = []
    bring_project(
        zipped(good, tmp_path / "far.zip"),
        workspace=elsewhere,
        folder=tmp_path / "unpacked",
        show=no_show,
        finish=lambda _, report: reports.append(report),
    )
    assert ("shapes that are too large, too far away or no shapes", 1) in reports[0].left_out
    chunk = TrackChunk.objects.filter(layer__video__project__workspace=elsewhere).order_by("start")[0]
    assert (chunk.rows, chunk.keyframes, chunk.predicted) == (2, 1, 1)


def test_nobody_becomes_what_they_say_they_are(good: Members, elsewhere: Workspace, tmp_path: Path) -> None:
    """A file that calls its people by the e-mail of a site admin who is no member gets a name, not the admin."""
    boss = User.objects.create_superuser("boss", "boss@example.org")
    change("people", 0, email="boss@example.org", name="Boss")(good)
    there = brought(zipped(good, tmp_path / "as-boss.zip"), elsewhere, tmp_path)
    people = {event.author for layer in there.videos.get().layers.all() for event in layer.events.all()}
    assert boss not in people
    assert {person.not_here for person in people if person} == {True}


def test_an_older_version_is_upgraded(
    good: Members, elsewhere: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if labels had been called otherwise before."""
    records = lines(good, "labels")
    for record in records:
        record["title"] = record.pop("name")
    put_lines(good, "labels", records)

    def upgrade(record: dict[str, Any]) -> dict[str, Any]:
        return {("name" if key == "title" else key): value for key, value in record.items()}

    monkeypatch.setattr(upgrades, "UPGRADES", {**upgrades.UPGRADES, VERSION: {"labels": upgrade}})
    for module in (upgrades, reading):
        monkeypatch.setattr(module, "VERSION", VERSION + 1)
    there: Project = brought(zipped(good, tmp_path / "old.zip"), elsewhere, tmp_path)
    assert there.labels.get().name == "car"
