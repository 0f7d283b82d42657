"""Exports and imports of whole projects in the background, as admins meet them."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.actions.parcels.parcels import (
    PARCELLING,
    begin_import,
    carry_out_parcel,
    parcel_file,
    remove_old_parcels,
)
from annotator.actions.storage_use import use_of
from annotator.media import storage
from annotator.models import AuditEntry, Membership, Parcel, Project, Role, Workspace
from tests.annotator.actions.parcels.worlds import other_workspace, rich_world
from tests.annotator.worlds import World, draw, make_world

pytestmark = pytest.mark.django_db
CHUNK = 2000


@pytest.fixture
def world(settings: LazySettings, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": []}}
    return make_world()


def admin_of(world: World) -> Client:
    client = Client()
    client.force_login(world.people["admin"])
    return client


def export(world: World, **wanted: Any) -> Any:
    return admin_of(world).post(f"/api/projects/{world.project.pk}/parcels", wanted, content_type="application/json")


def upload(client: Client, workspace: Workspace, data: bytes) -> Any:
    """As tus does it, in chunks. Returns how the import stands once the jobs worker is done."""
    pairs = {"filename": "crossing.framewise.zip", "workspace": str(workspace.pk)}
    said = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
    begun = client.post("/api/parcels/", headers={"Upload-Length": str(len(data)), "Upload-Metadata": said})
    assert begun.status_code == 201, begun.content
    for at in range(0, len(data), CHUNK):
        sent = client.patch(
            begun["Location"],
            data[at : at + CHUNK],
            content_type="application/offset+octet-stream",
            headers={"Upload-Offset": str(at)},
        )
        assert sent.status_code == 204, sent.content
    carry_out_parcel.func(begun["Location"].rpartition("/")[2])
    return client.get(begun["Location"]).json()


def test_a_project_goes_out_by_the_api_and_comes_in_elsewhere(world: World) -> None:
    draw(world, 0, 9)
    answer = export(world, with_media=False).json()
    assert (answer["state"], answer["file"]) == ("queued", "")
    carry_out_parcel.func(answer["id"])
    client = admin_of(world)
    (done,) = client.get(f"/api/projects/{world.project.pk}/parcels").json()
    assert (done["state"], done["file_name"], done["progress"]) == ("done", "Crossing.framewise.zip", 1)
    file = client.get(done["file"])
    written = parcel_file(Parcel.objects.get(pk=done["id"])).read_bytes()
    assert "Crossing.framewise.zip" in file["Content-Disposition"]
    elsewhere = other_workspace(world)
    Membership.objects.create(workspace=elsewhere, user=world.people["admin"], role=Role.ADMIN)
    came = upload(client, elsewhere, written)
    assert (came["state"], came["project_name"], came["with_media"]) == ("done", "Crossing", False)
    assert client.get(f"/api/workspaces/{elsewhere.pk}/parcels").json() == [came]
    assert client.get(f"/projects/{came['project']}/").status_code == 200
    assert not parcel_file(Parcel.objects.get(pk=came["id"])).exists()
    said = list(AuditEntry.objects.values_list("what", flat=True))
    assert any("imported the project “Crossing” whole" in what for what in said)
    assert any("began to export the project “Crossing” whole, without its videos" in what for what in said)


def test_what_is_no_project_fails_in_words(world: World) -> None:
    came = upload(admin_of(world), world.workspace, b"not a zip" * 500)
    assert came["state"] == "failed"
    assert "A project's file is a zip that Framewise made" in came["message"]


def test_one_export_at_a_time(world: World) -> None:
    assert export(world).status_code == 201
    again = export(world)
    assert (again.status_code, "being exported already" in again.json()["message"]) == (400, True)


def test_no_export_begins_without_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "free_bytes", lambda: 1000)
    assert "too little room" in export(world).json()["message"]


def test_a_file_counts_to_what_a_workspace_takes(world: World) -> None:
    key = export(world).json()["id"]
    carry_out_parcel.func(key)
    assert use_of(world.workspace).files == parcel_file(Parcel.objects.get(pk=key)).stat().st_size
    world.workspace.quota_bytes = 1
    world.workspace.save()
    with pytest.raises(ActionError, match=r"This project .* doesn't fit"):
        begin_import(by=world.people["admin"], workspace=world.workspace, name="a.zip", size=100)


def test_a_cancelled_export_leaves_no_file(world: World) -> None:
    key = export(world).json()["id"]
    assert PARCELLING.is_wanted(key)
    assert admin_of(world).delete(f"/api/parcels/{key}").status_code == 204
    assert not PARCELLING.is_wanted(key)
    assert PARCELLING.drop(key)
    carry_out_parcel.func(key)
    parcel = Parcel.objects.get(pk=key)
    assert (parcel.state, parcel_file(parcel).exists()) == ("cancelled", False)


def test_it_ends_where_who_began_it_is_no_admin_any_more(world: World) -> None:
    key = export(world).json()["id"]
    Membership.objects.filter(user=world.people["admin"]).update(role=Role.VIEWER)
    carry_out_parcel.func(key)
    parcel = Parcel.objects.get(pk=key)
    assert (parcel.state, "needs the role admin" in parcel.message) == ("failed", True)


def test_files_go_after_a_week_and_where_a_project_came_from_stays_known(world: World) -> None:
    key = export(world).json()["id"]
    carry_out_parcel.func(key)
    kept = Parcel.objects.create(workspace=world.workspace, project=world.project, kind="import", state="done")
    Parcel.objects.update(touched_at=timezone.now() - timedelta(days=8))
    path = parcel_file(Parcel.objects.get(pk=key))
    assert path.exists()
    remove_old_parcels()
    assert list(Parcel.objects.all()) == [kept]
    assert not path.exists()


def test_the_pages_are_for_admins(world: World) -> None:
    client = Client()
    client.force_login(world.people["manager"])
    assert b"parcels-page" not in client.get(f"/projects/{world.project.pk}/settings/").content
    assert b"Import a project" not in client.get(f"/workspaces/{world.workspace.pk}/").content
    assert b"parcels-page" in admin_of(world).get(f"/projects/{world.project.pk}/settings/").content
    assert b"Import a project" in admin_of(world).get(f"/workspaces/{world.workspace.pk}/").content


def test_commands_do_the_same(settings: LazySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": []}}
    world, _ = rich_world()
    elsewhere = other_workspace(world)
    file = tmp_path / "crossing.framewise.zip"
    call_command("export_project", str(world.project.pk), str(file))
    call_command("import_project", str(file), "--workspace", str(elsewhere.pk))
    said = capsys.readouterr().out
    assert "1 video, 3 layers, 2 objects" in said
    assert "Not here, shown by name only: admin, annotator, manager, reviewer" in said
    assert Project.objects.filter(workspace=elsewhere).count() == 1
    assert not list(settings.MEDIA_ROOT.glob(".import-*"))
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_project", str(world.project.pk), str(file))
