"""Videos over HTTP: their state, their media in ranges, and who may have them."""

from __future__ import annotations

import base64
import gzip
import io
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core import signing
from django.db import transaction
from django.http import StreamingHttpResponse
from django.test import Client, override_settings
from PIL import Image
from pytest_django import DjangoDbBlocker

from annotator.actions.agents import create_agent, revoke_agent
from annotator.actions.ingest import ingest, make_quick
from annotator.media import agent_access, storage
from annotator.media.agent_access import media_token, video_access
from annotator.models import Agent, ProxyState, Video, VideoState
from tests.media.clips import B_FRAMES, number_in, write_clip
from tests.media.stores import Store, kept, put
from tests.people import Team, client_of, make_team
from tracking.frames import FrameIndex


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", 70, options={**B_FRAMES, "g": "250"})


@pytest.fixture(scope="module")
def ingested(
    clip: Path, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> tuple[dict[str, Any], Path]:
    """What ingesting the clip writes into a video's row, and the folder of its files."""
    root = tmp_path_factory.mktemp("ingested")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=root), transaction.atomic():
        made = Video.objects.create(project=make_team().project, name="clip.mp4", size_bytes=clip.stat().st_size)
        source = storage.video_file(made, storage.SOURCE)
        source.parent.mkdir(parents=True)
        shutil.copy(clip, source)
        ingest.call(made.pk)
        make_quick.call(made.pk)
        row = Video.objects.values().get(pk=made.pk)
        transaction.set_rollback(True)
    return {name: value for name, value in row.items() if name not in ("id", "key", "project_id")}, source.parent


@pytest.fixture
def video(team: Team, ingested: tuple[dict[str, Any], Path], store: Store) -> Video:
    """A video of 70 frames that is ready, with all its files."""
    row, files = ingested
    made = Video.objects.create(project=team.project, **row)
    for file in files.iterdir():
        put(storage.video_file(made, file.name), file.read_bytes())
    made.refresh_from_db()
    return made


def body(answer: object) -> bytes:
    assert isinstance(answer, StreamingHttpResponse)
    return b"".join(answer)  # type: ignore[arg-type]  # Django's client turns asynchronous pieces into plain ones.


pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")


def test_a_project_lists_its_videos_with_their_state(team: Team, video: Video) -> None:
    listed = client_of(team.vic).get("/api/videos/", {"project": team.project.pk}).json()
    (found,) = [each for each in listed if each["id"] == video.pk]
    assert (found["state"], found["frame_count"], found["width"], found["height"]) == ("ready", 70, 160, 96)


def test_a_failed_video_tells_why(team: Team, video: Video) -> None:
    Video.objects.filter(pk=video.pk).update(state=VideoState.FAILED, error="It is empty.")
    found = client_of(team.vic).get(f"/api/videos/{video.pk}").json()
    assert (found["state"], found["error"]) == ("failed", "It is empty.")


@pytest.mark.parametrize("what", ["", "/proxy.mp4", "/strip.jpg", "/frames/3.jpg", "/source", "/packets"])
@pytest.mark.parametrize(
    ("name", "status"),
    [("alice", 200), ("mona", 200), ("rita", 200), ("bob", 200), ("vic", 200), ("eve", 404), (None, 401)],
)
def test_members_see_a_video_and_its_media(what: str, name: str | None, status: int, team: Team, video: Video) -> None:
    client = client_of(getattr(team, name) if name else None)
    assert client.get(f"/api/videos/{video.pk}{what}").status_code == status


@pytest.mark.parametrize(
    ("name", "status"), [("alice", 204), ("mona", 204), ("rita", 403), ("bob", 403), ("vic", 403), ("eve", 404)]
)
def test_those_who_manage_may_remove_a_video(name: str, status: int, team: Team, video: Video, store: Store) -> None:
    assert store.files()
    assert client_of(getattr(team, name)).delete(f"/api/videos/{video.pk}").status_code == status
    gone = status == 204
    assert (store.files() == []) is gone
    assert Video.objects.filter(pk=video.pk).exists() is not gone


@pytest.mark.parametrize(("name", "status"), [("mona", 200), ("rita", 403), ("eve", 404)])
def test_those_who_manage_may_try_a_failed_video_again(name: str, status: int, team: Team, video: Video) -> None:
    Video.objects.filter(pk=video.pk).update(state=VideoState.FAILED, error="Disk full.")
    answer = client_of(getattr(team, name)).post(f"/api/videos/{video.pk}/retry")
    assert answer.status_code == status
    video.refresh_from_db()
    assert (video.state, video.error) == (("queued", "") if status == 200 else ("failed", "Disk full."))


def test_a_video_that_did_not_fail_is_not_tried_again(team: Team, video: Video) -> None:
    answer = client_of(team.mona).post(f"/api/videos/{video.pk}/retry")
    assert (answer.status_code, "failed" in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize(("name", "status"), [("mona", 200), ("bob", 403), ("eve", 404)])
def test_those_who_manage_may_rename_a_video(name: str, status: int, team: Team, video: Video) -> None:
    answer = client_of(getattr(team, name)).patch(
        f"/api/videos/{video.pk}", {"name": "lions.mp4"}, content_type="application/json"
    )
    assert answer.status_code == status


@pytest.mark.parametrize("frame", [0, 11, 12, 69])
def test_a_frame_is_a_picture_of_that_frame(frame: int, team: Team, video: Video) -> None:
    answer = client_of(team.vic).get(f"/api/videos/{video.pk}/frames/{frame}.jpg")
    picture = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert (number_in(picture), picture.shape) == (frame, (96, 160, 3))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_frame_beyond_the_end_is_not_there(team: Team, video: Video) -> None:
    answer = client_of(team.vic).get(f"/api/videos/{video.pk}/frames/70.jpg")
    assert (answer.status_code, "0..69" in answer.json()["message"]) == (404, True)


def test_a_video_that_is_not_ready_shows_no_frames(team: Team, video: Video) -> None:
    Video.objects.filter(pk=video.pk).update(state=VideoState.INGESTING)
    assert client_of(team.vic).get(f"/api/videos/{video.pk}/frames/0.jpg").status_code == 404


def test_a_video_tells_of_its_proxy_and_of_what_was_left_out(team: Team, video: Video) -> None:
    Video.objects.filter(pk=video.pk).update(left_out={"hidden": 25})
    found = client_of(team.vic).get(f"/api/videos/{video.pk}").json()
    size = storage.told(storage.video_file(video, storage.PROXY)).size
    assert (found["proxy_state"], found["proxy_progress"], found["proxy_bytes"]) == ("ready", 1.0, size)
    text = "25 frames are hidden by the file itself, as trimming does."
    assert found["left_out"] == [{"reason": "hidden", "frames": 25, "text": text}]


def test_a_proxy_that_failed_may_be_made_again(team: Team, video: Video) -> None:
    Video.objects.filter(pk=video.pk).update(proxy_state=ProxyState.FAILED, proxy_error="Disk full.")
    found = client_of(team.mona).get(f"/api/videos/{video.pk}").json()
    assert (found["state"], found["proxy_error"], found["may_retry"]) == ("ready", "Disk full.", True)
    found = client_of(team.mona).post(f"/api/videos/{video.pk}/retry").json()
    assert (found["state"], found["proxy_state"], found["proxy_error"]) == ("ready", "waiting", "")


def test_a_proxy_is_not_there_while_it_is_made_and_leads_to_the_source_where_none_is_needed(
    team: Team, video: Video, clip: Path
) -> None:
    storage.remove(storage.video_file(video, storage.PROXY))
    address = f"/api/videos/{video.pk}/proxy.mp4"
    Video.objects.filter(pk=video.pk).update(proxy_state=ProxyState.MAKING)
    assert client_of(team.vic).get(address).status_code == 404
    Video.objects.filter(pk=video.pk).update(proxy_state=ProxyState.UNNEEDED)
    assert body(client_of(team.vic).get(address, follow=True)) == clip.read_bytes()


def test_packets_tell_where_each_frame_lies_in_the_source(team: Team, video: Video, clip: Path) -> None:
    answer = client_of(team.vic).get(f"/api/videos/{video.pk}/packets")
    assert answer.headers["Content-Encoding"] == "gzip"
    data = gzip.decompress(body(answer))
    (length,) = struct.unpack_from("<I", data)
    head = json.loads(data[4 : 4 + length])
    count, at = head["packets"], 4 + length
    assert at % 8 == 0
    offsets, frames, sizes, keys = (
        np.frombuffer(data, dtype, count, at + before * count)
        for dtype, before in (("<f8", 0), ("<i4", 8), ("<u4", 12), ("u1", 16))
    )
    assert len(data) == at + 17 * count
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    source = clip.read_bytes()
    for packet, offset, frame, size, key in zip(packets, offsets, frames, sizes, keys, strict=True):
        assert source[int(offset) : int(offset) + int(size)] == bytes(packet)
        assert (packet.pts // 512, packet.is_keyframe) == (frame, bool(key))
    assert head["codec"].startswith("avc1.64")
    assert base64.b64decode(head["description"])[0] == 1
    assert head["orientation"] == {"turns": 0, "mirrored": False}


@pytest.fixture
def proxy(team: Team, video: Video) -> tuple[Client, str, bytes]:
    data = kept(storage.video_file(video, storage.PROXY))
    return client_of(team.vic), f"/api/videos/{video.pk}/proxy.mp4", data


def test_a_whole_file_says_that_ranges_can_be_had(proxy: tuple[Client, str, bytes]) -> None:
    client, address, data = proxy
    answer = client.get(address)
    assert (answer.status_code, body(answer)) == (200, data)
    assert (answer.headers["Accept-Ranges"], answer.headers["Content-Length"]) == ("bytes", str(len(data)))


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=100-999999999", slice(100, None)),
    ],
)
def test_a_range_is_that_part_of_the_file(wanted: str, part: slice, proxy: tuple[Client, str, bytes]) -> None:
    client, address, data = proxy
    answer = client.get(address, headers={"Range": wanted})
    first, last, _ = part.indices(len(data))
    assert (answer.status_code, body(answer)) == (206, data[part])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(data)}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "bytes=-", "lines=0-1", "bytes=x-"])
def test_what_is_no_single_range_gets_the_whole_file(wanted: str, proxy: tuple[Client, str, bytes]) -> None:
    client, address, data = proxy
    answer = client.get(address, headers={"Range": wanted})
    assert (answer.status_code, body(answer)) == (200, data)


@pytest.mark.parametrize("wanted", ["bytes=999999999-", "bytes=5-4", "bytes=-0"])
def test_a_range_that_holds_nothing_is_refused_with_the_size(wanted: str, proxy: tuple[Client, str, bytes]) -> None:
    client, address, data = proxy
    answer = client.get(address, headers={"Range": wanted})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(data)}")


def test_a_copy_that_is_still_good_is_not_sent_again(proxy: tuple[Client, str, bytes]) -> None:
    client, address, _ = proxy
    tag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(address, headers={"If-None-Match": f'"other", {tag}'}).status_code == 304
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_range_of_another_copy_gets_the_whole_file(proxy: tuple[Client, str, bytes]) -> None:
    client, address, _ = proxy
    tag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"Range": "bytes=0-9", "If-Range": tag}).status_code == 206
    assert client.get(address, headers={"Range": "bytes=0-9", "If-Range": '"other"'}).status_code == 200


def test_asking_for_the_head_alone_sends_no_body(proxy: tuple[Client, str, bytes]) -> None:
    client, address, data = proxy
    answer = client.head(address)
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, str(len(data)), b"")


@pytest.fixture
def agent(team: Team) -> Agent:
    return create_agent(by=team.alice, workspace=team.workspace, name="box")[0]


def test_an_agent_gets_source_and_index_without_a_session(
    video: Video, agent: Agent, clip: Path, tmp_path: Path
) -> None:
    access = video_access(video, agent)
    assert body(Client().get(access.source)) == clip.read_bytes()
    assert body(Client().get(access.source, headers={"Range": "bytes=7-9"})) == clip.read_bytes()[7:10]
    (tmp_path / "index.npz").write_bytes(body(Client().get(access.index)))
    assert len(FrameIndex.load(tmp_path / "index.npz")) == 70


def test_an_agents_address_opens_one_video_only(team: Team, video: Video, agent: Agent) -> None:
    token = media_token(team.video, agent)
    assert Client().get(f"/api/agent-media/{token}/source").status_code == 404


@pytest.mark.parametrize("what", ["source", "index"])
def test_a_forged_address_opens_nothing(what: str, video: Video, agent: Agent) -> None:
    forged = signing.dumps([str(video.key), agent.pk], salt="another")
    for token in (forged, media_token(video, agent)[:-1], str(video.key)):
        assert Client().get(f"/api/agent-media/{token}/{what}").status_code == 404


def test_an_agents_address_ends_with_its_token(team: Team, video: Video, agent: Agent) -> None:
    address = video_access(video, agent).source
    assert Client().get(address).status_code == 200
    revoke_agent(agent=agent, why="")
    assert Client().get(address).status_code == 404
    elsewhere, _ = create_agent(by=team.eve, workspace=team.eves_workspace, name="box")
    assert Client().get(video_access(video, elsewhere).source).status_code == 404


def test_an_agents_address_expires(video: Video, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    address = video_access(video, agent).source
    monkeypatch.setattr(agent_access, "VALID_S", -1)
    answer = Client().get(address)
    assert (answer.status_code, "expired" in answer.json()["message"]) == (404, True)
