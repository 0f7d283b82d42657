"""The media store: the same from a folder and from a bucket, whole or not at all, and away in words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from pytest_django import Settings

from annotator.actions.deleting import delete_project
from annotator.actions.ingest import ingest, make_quick
from annotator.actions.parcels import parcels
from annotator.actions.projects import archive_project
from annotator.actions.storage_use import use_of
from annotator.actions.transfers import begin_export, carry_out
from annotator.actions.videos import delete_video, may_retry
from annotator.config import Config
from annotator.media import bucket, storage
from annotator.media.away import MediaAway
from annotator.models import Parcel, ParcelState, Project, ProxyState, TransferState, Upload, Video, VideoState
from tests.media.clips import B_FRAMES, write_clip
from tests.media.stores import Store, kept, open_store, put
from tests.media.uploads import begin, send, state
from tests.people import Team, client_of

MIB = 2**20
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that needs a copy for quick playback."""
    return write_clip(
        tmp_path_factory.mktemp("clips") / "clip.mp4", 320, options={**B_FRAMES, "g": "320", "keyint_min": "320"}
    )


def body(answer: object) -> bytes:
    assert isinstance(answer, StreamingHttpResponse)
    return b"".join(answer)  # type: ignore[arg-type]


def uploaded(team: Team, data: bytes, chunk: int) -> Video:
    client = client_of(team.mona)
    address = begin(client, team.project, len(data)).headers["Location"]
    done: Any = None
    for at in range(0, len(data), chunk):
        done = send(client, address, at, data[at : at + chunk])
        assert done.status_code == 204, done.content
    return Video.objects.get(pk=int(done.headers["Video-Id"]))


def prepared(team: Team, clip: Path) -> Video:
    """Uploaded in parts, opened, with its copy for quick playback."""
    video = uploaded(team, clip.read_bytes(), 4000)
    ingest.call(video.pk)
    make_quick.call(video.pk)
    video.refresh_from_db()
    assert (video.state, video.error, video.proxy_error) == (VideoState.READY, "", "")
    return video


@pytest.mark.parametrize("chunk", [3 * MIB, 8 * MIB, 9 * MIB + 7, 15 * MIB])
def test_chunks_of_any_size_become_the_same_file(chunk: int, team: Team, store: Store) -> None:
    data = random.Random(5).randbytes(20 * MIB + 3)
    video = uploaded(team, data, chunk)
    assert kept(storage.video_file(video, storage.SOURCE)) == data
    assert store.files() == [f"videos/{video.key}/source"]
    assert store.unfinished() == 0


def test_a_chunk_whose_request_died_is_sent_again(team: Team, store: Store) -> None:
    data = random.Random(6).randbytes(20 * MIB)
    client = client_of(team.mona)
    address = begin(client, team.project, len(data)).headers["Location"]
    send(client, address, 0, data[: 5 * MIB])
    coming = _coming(Upload.objects.get())
    # It was written, with other bytes behind, and its row never said so.
    storage.append(coming, 5 * MIB, b"?" * (14 * MIB))
    assert state(client, address).headers["Upload-Offset"] == str(5 * MIB)
    send(client, address, 5 * MIB, data[5 * MIB : 6 * MIB])
    send(client, address, 6 * MIB, data[6 * MIB : 19 * MIB])
    done = send(client, address, 19 * MIB, data[19 * MIB :])
    video = Video.objects.get(pk=int(done.headers["Video-Id"]))
    assert kept(storage.video_file(video, storage.SOURCE)) == data


def _coming(upload: Upload) -> storage.Coming:
    target = storage.video_file(Video(key=upload.pk), storage.SOURCE)
    return storage.Coming(storage.upload_file(upload), target, upload.size)


def test_a_video_is_prepared_shown_and_deleted(team: Team, store: Store, clip: Path) -> None:
    video = prepared(team, clip)
    assert video.proxy_state == ProxyState.READY
    names = {name.rpartition("/")[2] for name in store.files()}
    assert {"source", "index.npz", "proxy.mp4", "strip.jpg"} <= names
    vic = client_of(team.vic)
    assert body(vic.get(f"/api/videos/{video.pk}/source")) == clip.read_bytes()
    ranged = vic.get(f"/api/videos/{video.pk}/source", headers={"Range": "bytes=100-199"})
    assert (ranged.status_code, body(ranged)) == (206, clip.read_bytes()[100:200])
    assert vic.get(f"/api/videos/{video.pk}/frames/300.jpg").status_code == 200
    use = use_of(team.workspace)
    assert (use.media, use.proxies) == (video.size_bytes, video.proxy_bytes)
    assert video.proxy_bytes == len(kept(storage.video_file(video, storage.PROXY)))
    delete_video(by=team.mona, video=video)
    assert store.files() == []


def test_a_stranger_gets_no_byte(team: Team, store: Store, clip: Path) -> None:
    video = prepared(team, clip)
    for who, status in ((client_of(team.eve), 404), (Client(), 401)):
        for what in ("source", "proxy.mp4", "strip.jpg", "frames/3.jpg"):
            assert who.get(f"/api/videos/{video.pk}/{what}").status_code == status


def test_what_stops_being_a_video_is_told_and_takes_no_room(team: Team, store: Store) -> None:
    video = uploaded(team, b"no video at all", 4)
    ingest.call(video.pk)
    video.refresh_from_db()
    assert (video.state, may_retry(video), store.files()) == (VideoState.FAILED, False, [])
    assert use_of(team.workspace).media == 0


def test_an_export_is_fetched(team: Team, store: Store) -> None:
    transfer = begin_export(user=team.bob, layer=team.layer, format_id="framewise", options={})
    carry_out.call(str(transfer.pk))
    transfer.refresh_from_db()
    assert (transfer.state, transfer.message) == (TransferState.DONE, "")
    answer = client_of(team.vic).get(f"/api/transfers/{transfer.pk}/file")
    assert len(body(answer)) == transfer.bytes > 0
    assert client_of(team.eve).get(f"/api/transfers/{transfer.pk}/file").status_code == 404


def test_a_project_goes_out_and_comes_in_whole(team: Team, store: Store, clip: Path) -> None:
    prepared(team, clip)
    out = parcels.begin_export(by=team.alice, project=team.project, with_media=True)
    parcels.carry_out_parcel.call(str(out.pk))
    out.refresh_from_db()
    assert (out.state, out.message) == (ParcelState.DONE, "")
    file = body(client_of(team.alice).get(f"/api/parcels/{out.pk}/file"))
    back = parcels.begin_import(by=team.alice, workspace=team.workspace, name="a.zip", size=len(file))
    for at in range(0, len(file), 5000):
        back = parcels.append_parcel(parcel=back, offset=at, data=file[at : at + 5000])
    parcels.carry_out_parcel.call(str(back.pk))
    back.refresh_from_db()
    assert (back.state, back.message) == (ParcelState.DONE, "")
    assert isinstance(back.project, Project)
    came = back.project.videos.get(name="clip.mp4")
    assert kept(storage.video_file(came, storage.SOURCE)) == clip.read_bytes()
    archive_project(by=team.alice, project=back.project)
    delete_project(by=team.alice, project=back.project, name=back.project.name)
    assert not [name for name in store.files() if str(came.key) in name]


def test_an_import_that_is_cancelled_half_way_leaves_nothing(team: Team, store: Store) -> None:
    parcel = parcels.begin_import(by=team.alice, workspace=team.workspace, name="a.zip", size=100)
    parcels.append_parcel(parcel=parcel, offset=0, data=b"x" * 50)
    parcels.cancel_parcel(parcel=Parcel.objects.get())
    assert (store.files(), store.unfinished()) == ([], 0)


def test_only_what_is_whole_appears(team: Team, store: Store) -> None:
    target = storage.video_file(team.video, storage.STRIP)
    with pytest.raises(KeyboardInterrupt), storage.arriving(target) as arriving:
        arriving.write_bytes(b"half")
        raise KeyboardInterrupt
    assert store.files() == []


def test_a_file_that_is_replaced_while_it_is_read_is_never_mixed(team: Team, store: Store) -> None:
    path = storage.video_file(team.video, storage.STRIP)
    put(path, b"a" * (3 * MIB))
    answer: Any = client_of(team.vic).get(f"/api/videos/{team.video.pk}/strip.jpg")
    pieces = iter(answer)
    first = next(pieces)
    put(path, b"b" * (3 * MIB))
    read = first
    with suppress(MediaAway):
        read += b"".join(pieces)
    assert set(read) == {ord("a")}


# ------------------------------------------------------------------ a bucket that is away


@pytest.fixture
def away(
    team: Team, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """Call it, and the bucket answers no more."""
    monkeypatch.setattr(bucket, "TRIES", 1)
    open_store("bucket", tmp_path, settings)

    def go() -> None:
        settings.MEDIA_BUCKET = replace(settings.MEDIA_BUCKET, endpoint="http://127.0.0.1:9")

    yield go


def test_a_bucket_that_is_away_is_told_in_words(team: Team, away: Callable[[], None], clip: Path) -> None:
    client = client_of(team.mona)
    begun = begin(client, team.project, 4).headers["Location"]
    video = prepared(team, clip)
    away()
    for answer in (
        client.get(f"/api/videos/{video.pk}/source"),
        client.get(f"/api/videos/{video.pk}/frames/1.jpg"),
        send(client, begun, 0, b"abcd"),
        begin(client, team.project, 4),
    ):
        said: Any = answer
        assert said.status_code == 503
        assert "media store can't be reached" in said.json()["message"]
        assert said.headers["Retry-After"]
    # What was said of the upload still holds: it goes on when the bucket is back.
    assert state(client, begun).headers["Upload-Offset"] == "0"


def test_a_video_that_could_not_be_fetched_says_so_and_is_tried_again(
    team: Team, away: Callable[[], None], settings: Settings, clip: Path
) -> None:
    video = uploaded(team, clip.read_bytes(), 10**6)
    there = settings.MEDIA_BUCKET
    away()
    ingest.call(video.pk)
    video.refresh_from_db()
    assert video.state == VideoState.FAILED
    assert "the media store can't be reached" in video.error
    settings.MEDIA_BUCKET = there
    assert may_retry(video)
    Video.objects.filter(pk=video.pk).update(state=VideoState.QUEUED)
    ingest.call(video.pk)
    video.refresh_from_db()
    assert video.state == VideoState.READY


def test_what_could_not_be_deleted_goes_later(
    team: Team, away: Callable[[], None], settings: Settings, clip: Path
) -> None:
    video = uploaded(team, clip.read_bytes(), 10**6)
    there = settings.MEDIA_BUCKET
    away()
    delete_video(by=team.mona, video=video)
    settings.MEDIA_BUCKET = there
    left = list(storage.forgotten("videos", set(), -1.0))
    assert [path.name for path in left] == [str(video.key)]
    storage.remove(left[0])
    assert not list(storage.forgotten("videos", set(), -1.0))


def test_copies_of_processes_that_ended_go(tmp_path: Path, settings: Settings) -> None:
    kept_in = open_store("bucket", tmp_path, settings)
    path = storage.media_root() / "videos" / "x" / "source"
    put(path, b"abcd")
    scratch = Path(settings.SCRATCH_DIR)
    (scratch / f"{2**22 + 1}-gone").write_bytes(b"")
    with storage.at_hand(path) as here:
        assert here.read_bytes() == b"abcd"
        assert [each.name for each in scratch.iterdir()] == [here.name]
    assert list(scratch.iterdir()) == []
    assert kept_in.files() == ["videos/x/source"]


def test_all_keys_begin_as_is_set(tmp_path: Path, settings: Settings) -> None:
    made = open_store("bucket", tmp_path, settings)
    settings.MEDIA_BUCKET = replace(settings.MEDIA_BUCKET, prefix="lab/")
    put(storage.media_root() / "videos" / "x" / "source", b"abcd")
    assert made.files() == ["lab/videos/x/source"]
    assert [path.name for path in storage.forgotten("videos", set(), -1.0)] == ["x"]


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"s3_bucket": "media", "s3_access_key": "me"}, "go together"),
        ({"secret_key": "short"}, "at least 32 characters"),
    ],
)
def test_settings_that_can_not_be_are_refused_in_words(given: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said):
        Config(data=tmp_path, **given)  # type: ignore[arg-type]


def test_a_secret_that_was_set_is_used_and_none_is_written(tmp_path: Path) -> None:
    assert Config(data=tmp_path, secret_key="s" * 32).signing_key == "s" * 32
    assert not (tmp_path / "secret_key").exists()


def test_a_bucket_that_is_not_there_is_made_once(tmp_path: Path, settings: Settings) -> None:
    assert not storage.make_bucket()
    open_store("bucket", tmp_path, settings)
    assert not storage.make_bucket()
    settings.MEDIA_BUCKET = replace(settings.MEDIA_BUCKET, name=f"new-{tmp_path.parent.name}")
    assert storage.make_bucket()
    assert not storage.make_bucket()
