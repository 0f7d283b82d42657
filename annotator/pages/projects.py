"""A project: its videos, jobs, labels and settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render

from annotator.access import access_project, access_workspace, may, role_in
from annotator.actions.projects import archive_project, change_project, create_project, lock_accepted, restore_project
from annotator.models import Project
from annotator.pages.common import act, attempt, fits, form_page, page, person
from annotator.pages.forms import NewProjectForm, ProjectForm
from annotator.pages.project_data import ParcelsPage, VideosPage, labels_page
from annotator.pages.workspaces import short_of_room


@form_page
def new(request: HttpRequest, workspace_id: int) -> HttpResponse:
    workspace = access_workspace(person(request), workspace_id, "manage")
    form = NewProjectForm(request.POST or None)
    made: list[Project] = []
    if fits(form, lambda values: made.append(create_project(user=person(request), workspace=workspace, **values))):
        return redirect("project", made[0].pk)
    return render(request, "project_new.html", {"workspace": workspace, "form": form})


@page
def videos(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_project(person(request), project_id, "view")
    context = frame(request, project, "videos")
    data = VideosPage(
        project=project.pk,
        may_manage=context["may_manage"],
        may_upload=context["may_change"],
        may_annotate=may(context["role"], "annotate") and project.archived_at is None,
        csrf_token=get_token(request),
    )
    return render(request, "project_videos.html", {**context, "data": data.model_dump(mode="json")})


@page
def labels(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_project(person(request), project_id, "view")
    context = frame(request, project, "labels")
    data = labels_page(project, may_manage=context["may_change"], csrf_token=get_token(request))
    context["data"] = data.model_dump(mode="json")
    return render(request, "project_labels.html", context)


@form_page
def settings(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_project(person(request), project_id, "manage")
    form = ProjectForm(request.POST or None, initial={"name": project.name, "description": project.description})
    if fits(form, lambda values: change_project(by=person(request), project=project, **values)):
        messages.success(request, "Saved.")
        return redirect("project-settings", project.pk)
    context = {"form": form, **frame(request, project, "settings")}
    if context["may_admin"]:
        data = ParcelsPage(project=project.pk, workspace=project.workspace_id, csrf_token=get_token(request))
        context["parcels"] = data.model_dump(mode="json")
    return render(request, "project_settings.html", context)


@act
def lock(request: HttpRequest, project_id: int) -> HttpResponse:
    user = person(request)
    project = access_project(user, project_id, "manage")
    locks = request.POST.get("locks") == "yes"
    done = "Accepted spans are locked." if locks else "Accepted spans can be changed by annotators."
    attempt(request, lambda: lock_accepted(by=user, project=project, locks=locks), done)
    return redirect("project-settings", project.pk)


@act
def archive(request: HttpRequest, project_id: int) -> HttpResponse:
    user = person(request)
    project = access_project(user, project_id, "manage")
    if request.POST.get("archived") == "yes":
        done = f"{project} is archived. Everything in it is kept."
        attempt(request, lambda: archive_project(by=user, project=project), done)
        return redirect("workspace", project.workspace_id)
    attempt(request, lambda: restore_project(by=user, project=project), f"{project} is back.")
    return redirect("project", project.pk)


def frame(request: HttpRequest, project: Project, tab: str) -> dict[str, Any]:
    """What every page of a project shows around itself."""
    role = role_in(person(request), project.workspace_id)
    return {
        "project": project,
        "labels": list(project.labels.all()),
        "tab": tab,
        "role": role,
        "may_admin": may(role, "admin"),
        "may_manage": may(role, "manage"),
        "may_change": may(role, "manage") and project.archived_at is None,
        "may_annotate": may(role, "annotate"),
        "may_review": may(role, "review"),
        "short_of_room": short_of_room(project.workspace) if may(role, "manage") else None,
    }
