from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from annotator.actions.videos import append_upload, begin_upload, finish_upload
from annotator.media.demo_clip import write_demo_clip
from annotator.models import Label, Membership, Project, Role, User, Workspace

ADMIN = "admin"
LABELS = (("person", "#e8590c"), ("car", "#1c7ed6"), ("ball", "#2f9e44"), ("animal", "#ae3ec9"))


class Command(BaseCommand):
    help = "Makes an admin, a workspace, a project and a clip to try things with; does nothing where users exist."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            return
        password = os.environ.get("FRAMEWISE_ADMIN_PASSWORD") or secrets.token_urlsafe(9)
        admin = User.objects.create_superuser(ADMIN, "admin@example.org", password)
        workspace = Workspace.objects.create(name="Demo")
        Membership.objects.create(workspace=workspace, user=admin, role=Role.ADMIN)
        project = Project.objects.create(workspace=workspace, name="Demo project", created_by=admin)
        for position, (name, colour) in enumerate(LABELS):
            Label.objects.create(project=project, name=name, colour=colour, hotkey=str(position + 1), position=position)
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "demo.mp4"
            write_demo_clip(clip)
            data = clip.read_bytes()
        upload = begin_upload(user=admin, project=project, name="demo.mp4", size=len(data))
        finish_upload(upload=append_upload(upload=upload, offset=0, data=data))
        note = Path(settings.DATA_DIR) / "demo_login"
        note.touch(mode=0o600)
        note.write_text(f"Sign in as {ADMIN} with the password {password}\n(change it on the account page)\n")
