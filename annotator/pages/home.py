"""Where everybody begins: what they have to do, and their workspaces."""

from __future__ import annotations

from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotator.access import my_workspaces
from annotator.actions.people import uses_first_login
from annotator.models import Job, Project, Stage
from annotator.pages.common import page, person


@page
def home(request: HttpRequest) -> HttpResponse:
    user = person(request)
    workspaces = my_workspaces(user)
    jobs = (
        Job.objects.filter(video__project__workspace__in=workspaces, video__project__archived_at=None)
        .select_related("video__project__workspace")
        .order_by("-updated_at")
    )
    context = {
        "annotate": jobs.filter(assignee=user, stage=Stage.ANNOTATION),
        "review": jobs.filter(reviewer=user, stage=Stage.REVIEW),
        "workspaces": workspaces.annotate(people=Count("memberships")).prefetch_related(
            Prefetch("projects", counted(Project.objects.filter(archived_at=None)))
        ),
        "first_login": uses_first_login(user),
    }
    return render(request, "home.html", context)


def counted(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Projects with how many videos and jobs they have, and how many of those are accepted."""
    return projects.prefetch_related("labels").annotate(
        video_count=Count("videos", distinct=True),
        job_count=Count("videos__jobs", distinct=True),
        accepted_count=Count("videos__jobs", filter=Q(videos__jobs__stage=Stage.ACCEPTED), distinct=True),
    )
