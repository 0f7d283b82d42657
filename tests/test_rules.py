"""Rules of the whole code base that a program can check."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command

from tests.e2e import conftest as end_to_end

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "torchvision", "timm", "ray")


def test_the_web_process_loads_no_torch() -> None:
    code = f"import sys, annotator.asgi; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_packages_import_only_what_they_may() -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command, "lint-imports isn't installed beside this Python: run `make setup`."
    found = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@pytest.mark.django_db
def test_migrations_are_up_to_date_with_the_models() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_model_is_in_the_admin() -> None:
    models = apps.get_app_config("annotator").get_models()
    assert [model.__name__ for model in models if not admin.site.is_registered(model)] == []


def test_only_the_restricted_unpickler_reads_checkpoints_that_hold_more_than_tensors() -> None:
    loads = {
        str(path.relative_to(ROOT)): path.read_text()
        for package in ("annotator", "framewise", "tracking")
        for path in (ROOT / package).rglob("*.py")
        if "torch.load(" in path.read_text()
    }
    unsafe = {path for path, text in loads.items() if text.count("torch.load(") != text.count("weights_only=True)")}
    assert unsafe == {"tracking/unpickling.py"}
    reader = loads["tracking/unpickling.py"]
    assert "weights_only=False, pickle_module=_InertPickle)" in reader
    restricted = re.findall(r"weights_only=False, pickle_module=_(?:Inert|Record)Pickle\)", reader)
    assert len(restricted) == reader.count("torch.load(") == 2


def test_nothing_waits_by_what_forgets_that_it_was_cancelled() -> None:
    """Python below 3.12: ``asyncio.wait_for`` goes on where it is cancelled just as what it waits for comes."""
    packages = [path for package in ("annotator", "framewise", "tracking") for path in (ROOT / package).rglob("*.py")]
    assert [path.name for path in packages if "asyncio.wait_for(" in path.read_text()] == []


def test_every_test_has_a_time_limit(request: pytest.FixtureRequest) -> None:
    assert request.config.pluginmanager.hasplugin("timeout")
    limit, backstop = float(request.config.getini("timeout")), float(request.config.getini("faulthandler_timeout"))
    assert 0 < limit < backstop
    assert request.config.getini("faulthandler_exit_on_timeout")
    assert 0 < end_to_end.TIMEOUT_S < backstop
    limits = re.findall(r"(test|hook)Timeout: [1-9]", (ROOT / "frontend/vite.config.ts").read_text())
    assert sorted(limits) == ["hook", "test"]


def test_shapes_are_read_in_one_place_and_written_in_one() -> None:
    using = {
        str(path.relative_to(ROOT))
        for package in ("annotator", "framewise")
        for path in (ROOT / package).rglob("*.py")
        if "TrackChunk" in path.read_text() and "migrations" not in path.parts
    }
    models = {"annotator/models/layer.py", "annotator/models/__init__.py", "annotator/admin.py"}
    # Rows of every model of a project, as they are.
    models.add("annotator/actions/parcels/contents.py")
    assert using - models == {"annotator/stored_shapes.py", "annotator/actions/edits/shape_draft.py"}
