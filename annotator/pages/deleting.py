"""The page that deletes a project: what goes with it is told before."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotator.access import access_project
from annotator.actions.deleting import contents_of, delete_project
from annotator.pages.common import fits, form_page, person
from annotator.pages.forms import DeleteForm
from annotator.pages.projects import frame


@form_page
def delete(request: HttpRequest, project_id: int) -> HttpResponse:
    user = person(request)
    project = access_project(user, project_id, "admin")
    form = DeleteForm(request.POST or None)
    name, workspace = project.name, project.workspace_id
    if fits(form, lambda values: delete_project(by=user, project=project, name=values["name"])):
        messages.success(request, f"The project “{name}” is deleted.")
        return redirect("workspace", workspace)
    context = {"form": form, "contents": contents_of(project), **frame(request, project, "settings")}
    return render(request, "project_delete.html", context)
