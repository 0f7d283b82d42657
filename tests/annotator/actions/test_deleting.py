"""A project that is deleted is gone, with its files, and nothing else is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from annotator.actions.deleting import contents_of, delete_project
from annotator.actions.errors import ActionError
from annotator.actions.issues.issues import Place, open_issue
from annotator.actions.projects import archive_project
from annotator.actions.transfers import remove_old_transfers, transfer_file
from annotator.actions.webhooks.manage import create_webhook
from annotator.media import storage
from annotator.models import AuditEntry, Layer, Parcel, Project, Transfer, Upload, Video
from tests.people import Team, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def media(settings: Any, tmp_path: Path, team: Team) -> Path:
    """Of the project of Savannah: a source, an upload under way, an export of a layer, and a file to import."""
    settings.MEDIA_ROOT = tmp_path
    upload = Upload.objects.create(project=team.project, name="b.mp4", size=9, created_by=team.mona)
    export = Transfer.objects.create(layer=team.layer, kind="export", format="mot")
    coming = Transfer.objects.create(project=team.project, kind="import", format="mot")
    parcel = Parcel.objects.create(workspace=team.workspace, project=team.project, kind="export", state="done")
    files = (
        storage.parcel_folder(parcel) / "file",
        storage.video_file(team.video, storage.SOURCE),
        storage.upload_file(upload),
        transfer_file(export),
        transfer_file(coming),
    )
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    place = Place(first=0, last=9)
    open_issue(
        user=team.bob, layer_id=team.layer.pk, issue_id=uuid4(), comment_id=uuid4(), place=place, text="@mona, see"
    )
    create_webhook(by=team.mona, project=team.project, url="https://example.org/", events=["job.moved"])
    return tmp_path


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_its_rows_and_its_files_go_and_others_stay(team: Team, media: Path) -> None:
    other = Project.objects.create(workspace=team.workspace, name="Tundra")
    kept = Video.objects.create(project=other, name="fox.mp4")
    storage.video_file(kept, storage.SOURCE).parent.mkdir(parents=True)
    storage.video_file(kept, storage.SOURCE).write_bytes(b"x")
    archive_project(by=team.alice, project=team.project)
    delete_project(by=team.alice, project=team.project, name=" Savannah ")
    assert list(Project.objects.values_list("name", flat=True)) == ["Tundra"]
    assert files_in(media) == [storage.video_file(kept, storage.SOURCE)]
    assert not Layer.objects.filter(video__project_id=None).exists()
    assert [entry.what for entry in AuditEntry.objects.filter(kind="deleted").order_by("pk")] == [
        "deleted the video “lions.mp4” (300 frames) with 1 layer and 1 job in the project “Savannah”.",
        "deleted the project “Savannah” with 1 video, 1 layer, 0 tracks, 1 job, 1 issue and 2 labels.",
    ]


@pytest.mark.parametrize(
    ("archived", "name", "words"),
    [(False, "Savannah", "Archive it first"), (True, "savannah", "“savannah” was typed. Nothing was deleted.")],
)
def test_one_at_work_or_of_another_name_is_left(team: Team, media: Path, archived: bool, name: str, words: str) -> None:
    if archived:
        archive_project(by=team.alice, project=team.project)
    before = len(files_in(media))
    with pytest.raises(ActionError, match=words):
        delete_project(by=team.alice, project=team.project, name=name)
    assert (Project.objects.count(), len(files_in(media))) == (1, before)


def test_the_page_says_what_goes_with_it_and_old_links_say_what_became_of_it(team: Team, media: Path) -> None:
    alice, address = client_of(team.alice), f"/projects/{team.project.pk}/"
    assert "Archive it first" in alice.get(f"{address}delete/").content.decode()
    archive_project(by=team.alice, project=team.project)
    assert f"{address}delete/" in alice.get(f"{address}settings/").content.decode()
    assert f"{address}delete/" not in client_of(team.mona).get(f"{address}settings/").content.decode()
    assert str(contents_of(team.project)) in alice.get(f"{address}delete/").content.decode()
    done = alice.post(f"{address}delete/", {"name": "Savannah"}, follow=True).content.decode()
    assert "The project “Savannah” is deleted." in done
    assert alice.get(address).status_code == 404
    gone = client_of(team.bob).get(f"/videos/{team.video.pk}/edit/").content.decode()
    assert "“lions.mp4” was deleted by Alice." in gone
    assert f'href="/workspaces/{team.workspace.pk}/"' in gone


def test_files_of_transfers_that_no_row_names_go_after_a_day(team: Team, media: Path) -> None:
    lost = media / "transfers" / str(uuid4())
    young = media / "transfers" / str(uuid4())
    for folder, age in ((lost, 2), (young, 0)):
        folder.mkdir()
        os.utime(folder, (time.time() - age * 86400,) * 2)
    remove_old_transfers()
    assert (lost.exists(), young.exists()) == (False, True)
    assert len(files_in(media)) == 5
