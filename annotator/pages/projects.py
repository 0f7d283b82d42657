"""A project: its videos and jobs."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotator.access import access_project, may, role_in
from annotator.models import Job, User


@require_safe
@login_required
def project(request: HttpRequest, project_id: int) -> HttpResponse:
    user = cast(User, request.user)
    found = access_project(user, project_id, "view")
    role = role_in(user, found.workspace_id)
    context = {
        "project": found,
        "videos": found.videos.all(),
        "labels": found.labels.all(),
        "jobs": Job.objects.filter(video__project=found).select_related("video", "assignee", "reviewer"),
        "may_manage": may(role, "manage"),
        "may_annotate": may(role, "annotate"),
    }
    return render(request, "project.html", context)
