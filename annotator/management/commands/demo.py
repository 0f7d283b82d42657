from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from annotator.actions.labels import LabelDraft, save_labels
from annotator.actions.people import first_login_note
from annotator.actions.videos import append_upload, begin_upload, finish_upload
from annotator.media.demo_clip import write_demo_clip
from annotator.models import Membership, Project, Role, User, Workspace
from annotator.ontology import GeometryKind
from tracking.shapes.skeletons import Joint, Skeleton

ADMIN = "admin"
POSE = Skeleton(
    joints=tuple(
        Joint(name=name, x=x, y=y)
        for name, x, y in (
            ("head", 0.5, 0.0),
            ("neck", 0.5, 0.2),
            ("right hand", 0.0, 0.5),
            ("left hand", 1.0, 0.5),
            ("hip", 0.5, 0.55),
            ("right foot", 0.25, 1.0),
            ("left foot", 0.75, 1.0),
        )
    ),
    edges=((0, 1), (1, 2), (1, 3), (1, 4), (4, 5), (4, 6)),
)
LABELS = (
    LabelDraft("person", "#e8590c", hotkey="1"),
    LabelDraft("car", "#1c7ed6", hotkey="2"),
    LabelDraft("ball", "#2f9e44", hotkey="3"),
    LabelDraft("sign", "#ae3ec9", hotkey="4", geometry_kinds=(GeometryKind.ROTATED_BOX,)),
    LabelDraft("area", "#f08c00", hotkey="5", geometry_kinds=(GeometryKind.POLYGON,)),
    LabelDraft("lane", "#0c8599", hotkey="6", geometry_kinds=(GeometryKind.POLYLINE,)),
    LabelDraft("landmarks", "#e64980", hotkey="7", geometry_kinds=(GeometryKind.POINTS,)),
    LabelDraft("pose", "#74b816", hotkey="8", geometry_kinds=(GeometryKind.SKELETON,), skeleton=POSE),
    LabelDraft("region", "#7048e8", hotkey="9", geometry_kinds=(GeometryKind.MASK, GeometryKind.POLYGON)),
    LabelDraft("rain", "#4c6ef5", hotkey="0", geometry_kinds=(GeometryKind.TAG,)),
)
"""Boxes first, then one label for each other kind of shape."""


class Command(BaseCommand):
    help = "Makes an admin, a workspace, a project and a clip to try things with; does nothing where users exist."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            return
        given = os.environ.get("FRAMEWISE_ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(9)
        admin = User.objects.create_superuser(ADMIN, "admin@example.org", password)
        workspace = Workspace.objects.create(name="Demo")
        Membership.objects.create(workspace=workspace, user=admin, role=Role.ADMIN)
        project = Project.objects.create(workspace=workspace, name="Demo project", created_by=admin)
        save_labels(by=admin, project=project, drafts=LABELS)
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "demo.mp4"
            write_demo_clip(clip)
            data = clip.read_bytes()
        upload = begin_upload(user=admin, project=project, name="demo.mp4", size=len(data))
        finish_upload(upload=append_upload(upload=upload, offset=0, data=data))
        if not given:
            note = first_login_note()
            note.touch(mode=0o600)
            note.write_text(f"Sign in as {ADMIN} with the password {password}\n(change it on the account page)\n")
