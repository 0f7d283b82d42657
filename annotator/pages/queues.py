"""The page with the review queues of a project."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render

from annotator.access import access_project
from annotator.operations import Message
from annotator.pages.common import page, person
from annotator.pages.projects import frame


class QueuesPage(Message):
    """What the page with a project's review queues begins with. ``may_build``: whether the reader may have them built
    anew."""

    project: int
    may_build: bool
    csrf_token: str


@page
def queues(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_project(person(request), project_id, "view")
    context = frame(request, project, "review")
    data = QueuesPage(
        project=project.pk,
        may_build=context["may_review"] and project.archived_at is None,
        csrf_token=get_token(request),
    )
    return render(request, "project_queues.html", {**context, "data": data.model_dump(mode="json")})
