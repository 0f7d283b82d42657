"""A database of its own for what is measured without the product."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def own_database(url: str = "") -> Iterator[None]:
    """Django, set up over an empty SQLite database that is thrown away; with ``url`` over an empty one elsewhere.

    Once per process. The models may be imported inside.
    """
    with tempfile.TemporaryDirectory(prefix="framewise-bench-") as folder:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
        if url:
            os.environ["FRAMEWISE_DATABASE_URL"] = url
        import django
        from django.conf import settings

        if not url:
            settings.DATABASES["default"] |= {"NAME": Path(folder) / "bench.sqlite3"}
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        try:
            yield
        finally:
            connections.close_all()


def make_layer(frame_count: int) -> Any:
    """An empty layer of a 720p video with one label."""
    from annotator.models import Label, Layer, Project, Video, VideoState, Workspace

    workspace = Workspace.objects.create(name="Bench")
    project = Project.objects.create(workspace=workspace, name="Bench")
    Label.objects.create(project=project, name="car", colour="#ff0000")
    video = Video.objects.create(
        project=project,
        name="clip.mp4",
        state=VideoState.READY,
        frame_count=frame_count,
        width=1280,
        height=720,
        fps=24,
    )
    return Layer.objects.create(video=video)
