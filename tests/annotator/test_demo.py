from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotator.management.commands import demo
from annotator.models import Membership, Project, Role, User, Video
from annotator.ontology import GeometryKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder; the clip is a few bytes, which nobody reads here."""
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    monkeypatch.setattr(demo, "write_demo_clip", lambda path: path.write_bytes(b"a clip"))
    monkeypatch.delenv("FRAMEWISE_ADMIN_PASSWORD", raising=False)
    return tmp_path


def test_a_fresh_installation_has_something_to_begin_with(data: Path) -> None:
    call_command("demo")
    admin = User.objects.get()
    project = Project.objects.get()
    assert Membership.objects.get(user=admin, workspace=project.workspace).role == Role.ADMIN
    assert project.labels.first() == project.labels.get(name="person", hotkey="1", geometry_kinds=["box"])
    assert Video.objects.get().name == "demo.mp4"


def test_every_kind_of_shape_has_a_label_to_try_it_with(data: Path) -> None:
    call_command("demo")
    kinds = Project.objects.get().labels.values_list("geometry_kinds", flat=True)
    assert {kind for each in kinds for kind in each} == set(GeometryKind)


def test_the_password_is_in_a_note_that_only_its_owner_reads(data: Path) -> None:
    call_command("demo")
    note = data / "demo_login"
    password = note.read_text().splitlines()[0].rsplit(" ", 1)[1]
    assert User.objects.get().check_password(password)
    assert note.stat().st_mode & 0o077 == 0


def test_it_happens_once(data: Path) -> None:
    call_command("demo")
    call_command("demo")
    assert (User.objects.count(), Project.objects.count(), Video.objects.count()) == (1, 1, 1)


def test_the_password_may_be_given(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_ADMIN_PASSWORD", "given by the installer")
    call_command("demo")
    assert User.objects.get().check_password("given by the installer")
    assert not (data / "demo_login").exists(), "A password that somebody chose is written nowhere."
