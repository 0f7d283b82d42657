"""Where everybody begins: what is assigned to them, and their projects."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotator.access import my_workspaces
from annotator.models import Job, Project, Stage, User


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    workspaces = my_workspaces(user)
    projects = (
        Project.objects.filter(workspace__in=workspaces, archived_at=None)
        .select_related("workspace")
        .annotate(video_count=Count("videos"))
    )
    jobs = (
        Job.objects.filter(video__project__workspace__in=workspaces)
        .filter(Q(assignee=user, stage=Stage.ANNOTATION) | Q(reviewer=user, stage=Stage.REVIEW))
        .select_related("video__project")
    )
    return render(request, "home.html", {"workspaces": workspaces, "projects": projects, "jobs": jobs})
