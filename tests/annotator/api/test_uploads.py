"""Uploads: resumable, bounded, and for those who manage the project."""

from __future__ import annotations

import errno
from collections import namedtuple
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from annotator.actions import videos
from annotator.actions.errors import ActionError
from annotator.actions.projects import archive_project, restore_project
from annotator.actions.videos import EMPTY_KEPT, append_upload, cancel_upload, finish_upload, remove_leftovers
from annotator.media import storage
from annotator.models import Upload, Video, VideoState
from tests.media.stores import Store, kept, put
from tests.media.uploads import begin, cancel, send, state
from tests.people import Team, client_of


@pytest.fixture(autouse=True)
def _in_either(store: Store) -> None:
    """Uploads come into a folder, and into a bucket."""


@pytest.fixture
def mona(team: Team) -> Client:
    return client_of(team.mona)


def test_chunks_become_a_video_with_a_layer_and_an_ingest(team: Team, mona: Client, store: Store) -> None:
    address = begin(mona, team.project, 6, "lion.mp4").headers["Location"]
    assert send(mona, address, 0, b"abcd").headers["Upload-Offset"] == "4"
    done = send(mona, address, 4, b"ef")
    video = Video.objects.get(pk=int(done.headers["Video-Id"]))
    assert (done.status_code, video.name, video.state, video.size_bytes) == (204, "lion.mp4", VideoState.QUEUED, 6)
    assert video.created_by == team.mona
    assert video.layers.count() == 1
    assert store.files() == [f"videos/{video.key}/source"]
    assert kept(storage.video_file(video, storage.SOURCE)) == b"abcdef"
    assert [task.args_kwargs["args"] for task in DBTaskResult.objects.ready()] == [[video.pk]]
    assert not Upload.objects.exists()


def test_an_upload_tells_how_far_it_has_come(team: Team, mona: Client) -> None:
    address = begin(mona, team.project, 6).headers["Location"]
    send(mona, address, 0, b"abcd")
    told = state(mona, address)
    assert (told.headers["Upload-Offset"], told.headers["Upload-Length"]) == ("4", "6")
    assert told.headers["Cache-Control"] == "no-store"


def test_a_chunk_that_does_not_continue_is_a_conflict_that_says_where_to_go_on(team: Team, mona: Client) -> None:
    address = begin(mona, team.project, 6).headers["Location"]
    send(mona, address, 0, b"abcd")
    again = send(mona, address, 0, b"abcd")
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, "4")


def test_bytes_of_a_request_that_died_are_written_over(team: Team, mona: Client, store: Store) -> None:
    address = begin(mona, team.project, 4).headers["Location"]
    (upload,) = Upload.objects.all()
    storage.append(videos._file_of(upload), 0, b"????")
    send(mona, address, 0, b"abcd")
    (video,) = Video.objects.filter(name="clip.mp4")
    assert kept(storage.video_file(video, storage.SOURCE)) == b"abcd"


def test_more_bytes_than_announced_are_refused(team: Team, mona: Client) -> None:
    address = begin(mona, team.project, 3).headers["Location"]
    refused = send(mona, address, 0, b"abcd")
    assert refused.status_code == 400
    assert "said to have 3 bytes" in refused.json()["message"]  # type: ignore[attr-defined]


def test_a_chunk_of_another_type_is_refused(team: Team, mona: Client) -> None:
    address = begin(mona, team.project, 3).headers["Location"]
    assert mona.patch(address, b"abc", "text/plain", headers={"Upload-Offset": "0"}).status_code == 415


def test_a_cancelled_upload_leaves_nothing(team: Team, mona: Client, store: Store) -> None:
    address = begin(mona, team.project, 6).headers["Location"]
    send(mona, address, 0, b"abcd")
    assert cancel(mona, address).status_code == 204
    assert (store.files(), store.unfinished()) == ([], 0)
    assert state(mona, address).status_code == 404


def test_an_upload_whose_last_answer_was_lost_is_finished_when_asked_for(team: Team, mona: Client) -> None:
    address = begin(mona, team.project, 4).headers["Location"]
    (upload,) = Upload.objects.all()
    videos.append_upload(upload=upload, offset=0, data=b"abcd")
    told = state(mona, address)
    assert Video.objects.get(pk=int(told.headers["Video-Id"])).size_bytes == 4


def test_a_finish_that_was_broken_off_is_done_again(
    team: Team, mona: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begin(mona, team.project, 4).headers["Location"]
    finish = storage.finish

    def finished_then_killed(coming: storage.Coming) -> None:
        finish(coming)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(storage, "finish", finished_then_killed)
        send(mona, address, 0, b"abcd")
    assert "Video-Id" in state(mona, address).headers
    (video,) = Video.objects.filter(name="clip.mp4")
    assert store.files() == [f"videos/{video.key}/source"]


@pytest.mark.parametrize("size", [0, 101])
def test_an_empty_or_too_large_file_is_refused_at_once(
    size: int, team: Team, mona: Client, settings: Settings, store: Store
) -> None:
    settings.UPLOAD_LIMIT = 100
    refused = begin(mona, team.project, size)
    assert refused.status_code == 400
    assert store.files() == []


Disk = namedtuple("Disk", "total used free")


@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_what_does_not_fit_is_refused_and_other_uploads_count_as_far_as_they_have_come(
    team: Team, mona: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda _: Disk(2**40, 0, 1000 * 2**20))
    size = 300 * 2**20
    for _ in range(3):
        # Nothing has come of them: they keep nothing from anybody.
        assert begin(mona, team.project, size).status_code == 201
    Upload.objects.filter(pk=Upload.objects.first().pk).update(received=size // 2)  # type: ignore[union-attr]
    refused = begin(mona, team.project, size)
    assert refused.status_code == 400
    said = refused.json()["message"]  # type: ignore[attr-defined]
    assert "0.9 GB are free" in said
    assert "kept for uploads under way" in said


def test_a_person_may_have_so_many_uploads_under_way(team: Team, mona: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.actions.videos.MOST_UPLOADS", 2)
    assert [begin(mona, team.project, 4).status_code for _ in range(3)] == [201, 201, 400]


def test_uploads_without_a_byte_are_removed_after_a_day(team: Team, mona: Client) -> None:
    begin(mona, team.project, 4), begin(mona, team.project, 4)
    begun = Upload.objects.first()
    Upload.objects.filter(pk=begun.pk).update(received=1)  # type: ignore[union-attr]
    Upload.objects.update(touched_at=timezone.now() - EMPTY_KEPT * 2)
    remove_leftovers()
    assert Upload.objects.get() == begun


def test_a_chunk_that_meets_a_cancel_is_refused_in_words(team: Team, mona: Client) -> None:
    begin(mona, team.project, 4)
    upload = Upload.objects.get()
    cancel_upload(upload=Upload.objects.get())
    with pytest.raises(ActionError, match="cancelled or finished meanwhile"):
        append_upload(upload=upload, offset=0, data=b"abcd")
    upload.received = upload.size
    with pytest.raises(ActionError, match="cancelled or finished meanwhile"):
        finish_upload(upload=upload)


@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_a_full_disk_says_so_and_the_upload_can_go_on(
    team: Team, mona: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begin(mona, team.project, 4).headers["Location"]

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        refused = send(mona, address, 0, b"abcd")
    assert "disk is full" in refused.json()["message"]  # type: ignore[attr-defined]
    assert send(mona, address, 0, b"abcd").status_code == 204


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\films\\lion.mp4", "lion.mp4"),
        ("../../etc/passwd", "passwd"),
        ("/films/lion.mp4", "lion.mp4"),
        ("li\non.mp4", "lion.mp4"),
        ("<b>lion</b> 1/2.mp4", "<b>lion</b> 1/2.mp4"),
    ],
)
def test_a_file_keeps_its_name_and_of_a_path_the_last_part(given: str, kept: str, team: Team, mona: Client) -> None:
    begin(mona, team.project, 4, given)
    assert Upload.objects.get().name == kept


@pytest.mark.parametrize("metadata", ["", "project", "project !!!", "filename YQ==", "project YWJj"])
def test_metadata_that_names_no_project_is_refused(metadata: str, team: Team, mona: Client) -> None:
    headers = {"Upload-Length": "4", "Upload-Metadata": metadata}
    assert mona.post("/api/uploads/", headers=headers).status_code == 400


def test_an_archived_project_takes_no_uploads(team: Team, mona: Client) -> None:
    team.project.archived_at = timezone.now()
    team.project.save()
    assert begin(mona, team.project, 4).status_code == 400


def test_an_upload_under_way_stops_when_its_project_is_archived_and_goes_on_when_it_is_restored(
    team: Team, mona: Client
) -> None:
    place = begin(mona, team.project, 4)["Location"]
    archive_project(by=team.mona, project=team.project)
    answer = send(mona, place, 0, b"abcd")
    assert (answer.status_code, "This project is archived" in answer.content.decode()) == (400, True)
    restore_project(by=team.mona, project=team.project)
    assert send(mona, place, 0, b"abcd").status_code == 204


@pytest.mark.parametrize(
    ("name", "status"), [("alice", 201), ("mona", 201), ("rita", 403), ("bob", 403), ("vic", 403), ("eve", 404)]
)
def test_those_who_manage_may_upload(name: str, status: int, team: Team) -> None:
    assert begin(client_of(getattr(team, name)), team.project, 4).status_code == status


def test_nobody_uploads_without_signing_in(team: Team) -> None:
    assert begin(client_of(None), team.project, 4).status_code == 401


@pytest.mark.parametrize("name", ["alice", "rita", "eve"])
def test_an_upload_is_only_its_owners(name: str, team: Team, mona: Client) -> None:
    address = begin(mona, team.project, 4).headers["Location"]
    other = client_of(getattr(team, name))
    answers = (state(other, address), send(other, address, 0, b"abcd"), cancel(other, address))
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert state(mona, address).headers["Upload-Offset"] == "0"


def test_a_page_of_another_site_can_not_upload(team: Team) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(team.mona)
    assert begin(client, team.project, 4).status_code == 403


def test_what_nobody_goes_on_with_is_removed(team: Team, mona: Client, store: Store) -> None:
    old, new = (begin(mona, team.project, 4).headers["Location"] for _ in range(2))
    Upload.objects.filter(pk=old.split("/")[-1]).update(touched_at=timezone.now() - timedelta(days=8))
    assert videos.remove_leftovers() == 1
    assert state(mona, old).status_code == 404
    assert state(mona, new).status_code == 200


def test_files_that_no_row_names_are_removed(
    team: Team, mona: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begin(mona, team.project, 4).headers["Location"]
    put(storage.media_root() / "videos/0/source", b"abcd")
    videos.remove_leftovers()
    assert "videos/0/source" in store.files()
    monkeypatch.setattr(videos, "FORGOTTEN_S", -1.0)
    videos.remove_leftovers()
    (left,) = store.files()
    assert left.startswith(f"uploads/{address.split('/')[-1]}")
