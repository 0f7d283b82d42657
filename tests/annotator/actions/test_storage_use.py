"""What a workspace takes on the disk is counted, and no more comes in than it may take."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.actions.errors import ActionError
from annotator.actions.storage_use import NoRoom, Use, in_gb, set_quota, use_of
from annotator.actions.transfers import begin_export, begin_import, cancel_transfer, carry_out
from annotator.actions.videos import append_upload, begin_upload, finish_upload
from annotator.media import storage
from annotator.models import AuditEntry, StoredWeights, Transfer, Upload, Video, VideoState, Workspace
from tests.people import Team, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def limit(team: Team, size: int) -> None:
    Workspace.objects.filter(pk=team.workspace.pk).update(quota_bytes=size)
    team.workspace.refresh_from_db()
    team.project.workspace.refresh_from_db()
    team.layer.video.project.workspace.refresh_from_db()


def put(video: Video, size: int) -> None:
    Video.objects.filter(pk=video.pk).update(size_bytes=size)


def test_everything_that_a_workspace_keeps_is_counted_and_nothing_of_others(team: Team) -> None:
    Video.objects.filter(pk=team.video.pk).update(size_bytes=1000, proxy_bytes=200)
    Transfer.objects.create(layer=team.layer, kind="export", format="mot", bytes=30)
    Transfer.objects.create(project=team.project, kind="import", format="mot", bytes=4)
    StoredWeights.objects.create(workspace=team.workspace, name="a.pth", size=9, received=5)
    Upload.objects.create(project=team.project, name="a.mp4", size=99, received=6, created_by=team.mona)
    assert use_of(team.workspace) == Use(1000, 200, 34, 5, 6, None)
    assert use_of(team.eves_workspace).total == 0


def test_a_failed_video_counts_as_long_as_its_file_is_kept(team: Team) -> None:
    Video.objects.filter(pk=team.video.pk).update(size_bytes=1000, state=VideoState.FAILED)
    assert use_of(team.workspace).media == 0
    source = storage.video_file(team.video, storage.SOURCE)
    source.parent.mkdir(parents=True)
    source.touch()
    assert use_of(team.workspace).media == 1000


def test_it_is_counted_by_a_few_sums_however_much_there_is(team: Team) -> None:
    for number in range(20):
        Video.objects.create(project=team.project, name=f"{number}.mp4", state=VideoState.READY, size_bytes=10)
    with CaptureQueriesContext(connection) as queries:
        assert use_of(team.workspace).media == 200
    assert len(queries) <= 7


def test_an_upload_that_does_not_fit_is_refused_before_a_byte_is_sent(team: Team) -> None:
    put(team.video, 900_000_000)
    limit(team, 10**9)
    words = "This video \\(0.2 GB\\) doesn't fit: Wildlife has taken 0.9 GB of the 1.0 GB that it may take."
    with pytest.raises(NoRoom, match=words):
        begin_upload(user=team.mona, project=team.project, name="a.mp4", size=200_000_000)
    assert not Upload.objects.exists()
    begin_upload(user=team.mona, project=team.project, name="a.mp4", size=100_000_000)
    answer = client_of(team.mona).post(
        "/api/uploads/",
        headers={"Upload-Length": "200000000", "Upload-Metadata": "filename YS5tcDQ=,project " + _b64(team.project.pk)},
    )
    assert (answer.status_code, "doesn't fit" in answer.json()["message"]) == (400, True)


def test_it_is_looked_at_again_at_the_last_byte(team: Team) -> None:
    limit(team, 10)
    upload = begin_upload(user=team.mona, project=team.project, name="a.mp4", size=8)
    upload = append_upload(upload=upload, offset=0, data=b"12345678")
    put(team.video, 5)
    with pytest.raises(NoRoom, match="8 B"):
        finish_upload(upload=upload)
    assert Upload.objects.get().received == 8, "It is kept, and goes on once there is room."
    put(team.video, 2)
    assert finish_upload(upload=upload).size_bytes == 8
    assert use_of(team.workspace).total == 10


def test_an_import_that_does_not_fit_is_not_kept(team: Team) -> None:
    limit(team, 10)
    with pytest.raises(NoRoom, match="This file"):
        begin_import(user=team.mona, layer=team.layer, format_id="mot", file=SimpleUploadedFile("a.zip", b"x" * 11))
    assert not Transfer.objects.exists()
    kept = begin_import(user=team.mona, layer=team.layer, format_id="mot", file=SimpleUploadedFile("a.zip", b"x" * 9))
    assert use_of(team.workspace).files == 9
    cancel_transfer(transfer=kept)
    carry_out.func(str(kept.pk))
    assert use_of(team.workspace).files == 0


def test_an_export_counts_and_is_not_refused(team: Team) -> None:
    """What is somebody's they get out, however full it is."""
    limit(team, 0)
    export = begin_export(user=team.mona, layer=team.layer, format_id="coco", options={})
    carry_out.func(str(export.pk))
    export.refresh_from_db()
    assert (export.state, use_of(team.workspace).files) == ("done", export.bytes)
    assert export.bytes > 0


@pytest.mark.parametrize(
    ("used", "quota", "short"), [(89, 100, False), (90, 100, True), (120, 100, True), (99, None, False), (0, 0, True)]
)
def test_from_ninety_per_cent_on_it_is_short_of_room(used: int, quota: int | None, short: bool) -> None:
    assert Use(used, 0, 0, 0, 0, quota).is_short == short


def test_the_bar_is_never_longer_than_whole() -> None:
    for use in (Use(50, 70, 0, 0, 0, 100), Use(1, 0, 0, 0, 0, None), Use(0, 0, 0, 0, 0, 0)):
        assert sum(share for *_, share in use.parts()) <= 100


def test_a_limit_is_set_in_gigabytes_and_told_in_the_log(team: Team) -> None:
    assert set_quota(by=team.alice, workspace=team.workspace, gigabytes=2.5).quota_bytes == 2_500_000_000
    assert set_quota(by=team.alice, workspace=team.workspace, gigabytes=None).quota_bytes is None
    for bad in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ActionError, match="0 to 1,000,000 GB"):
            set_quota(by=team.alice, workspace=team.workspace, gigabytes=bad)
    assert [entry.what for entry in AuditEntry.objects.order_by("pk")] == [
        "set the storage of Wildlife: 2.5 GB.",
        "set the storage of Wildlife: no limit.",
    ]


def test_sizes_are_told_in_units_that_people_read() -> None:
    assert [in_gb(size) for size in (0, 999, 1500, 2_000_000, 150_000_000, 1_234_500_000_000)] == [
        "0 B",
        "999 B",
        "2 kB",
        "2 MB",
        "0.1 GB",
        "1,234.5 GB",
    ]


def _b64(number: int) -> str:
    return base64.b64encode(str(number).encode()).decode()
