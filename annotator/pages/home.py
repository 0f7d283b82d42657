"""Where everybody begins: what they have to do, and their workspaces."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotator.access import may, my_workspaces, role_in
from annotator.actions.jobs import BY_URGENCY, reviews, still_asked
from annotator.actions.people import uses_first_login
from annotator.models import Job, Project, Stage, Workspace
from annotator.pages.cards import by_workspace, project_cards
from annotator.pages.common import page, person
from annotator.pages.jobs import pools_of


@page
def home(request: HttpRequest) -> HttpResponse:
    user = person(request)
    workspaces = my_workspaces(user)
    jobs = (
        Job.objects.filter(video__project__workspace__in=workspaces, video__project__archived_at=None)
        .select_related("video__project__workspace")
        .order_by(*BY_URGENCY)
    )
    projects = Project.objects.filter(workspace__in=workspaces, archived_at=None)
    cards = by_workspace(project_cards(projects))
    empty = [workspace.pk for workspace in workspaces if workspace.pk not in cards]
    # Not of `workspaces` itself: it is joined with the user's own memberships, and only those would count.
    counted = Workspace.objects.filter(pk__in=workspaces).annotate(people=Count("memberships"))
    reviewed = jobs.filter(pk__in=Job.objects.filter(reviews(user)).values("pk"), stage=Stage.REVIEW)
    context = {
        "annotate": jobs.filter(assignee=user, stage=Stage.ANNOTATION),
        "review": [job for job in reviewed if still_asked(job, user)],
        "pools": pools_of(user, list(projects)),
        "workspaces": [(workspace, cards.get(workspace.pk, [])) for workspace in counted],
        "managed": [workspace for workspace in empty if may(role_in(user, workspace), "manage")],
        "first_login": uses_first_login(user),
    }
    return render(request, "home.html", context)
