"""The page that shows how the work in a project goes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render

from annotator.access import access_analytics
from annotator.operations import Message
from annotator.pages.common import page, person
from annotator.pages.projects import frame


class AnalyticsPage(Message):
    """What the page begins with. ``everybody``: whether the reader sees all people's work, or their own."""

    project: int
    everybody: bool
    csrf_token: str


@page
def analytics(request: HttpRequest, project_id: int) -> HttpResponse:
    project, whose = access_analytics(person(request), project_id)
    data = AnalyticsPage(project=project.pk, everybody=whose is None, csrf_token=get_token(request))
    context = frame(request, project, "analytics")
    return render(request, "project_analytics.html", {**context, "data": data.model_dump(mode="json")})
