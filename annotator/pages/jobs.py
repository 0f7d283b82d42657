"""The jobs of a project: dividing videos, handing out, and taking steps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotator.access import access_job, access_project, access_video, may, require_at_work
from annotator.actions.errors import ActionError
from annotator.actions.jobs import assign, move, remove_job, split_video, steps_for
from annotator.actions.quality import below_pass_mark
from annotator.models import Job, Membership, Project, Stage, User, VideoState
from annotator.pages.common import act, as_key, attempt, page, person
from annotator.pages.forms import SplitForm
from annotator.pages.projects import frame

KEEP, NOBODY = "keep", ""


@page
def jobs(request: HttpRequest, project_id: int) -> HttpResponse:
    """``?show=`` mine, annotation, review or accepted narrows the table down."""
    project = access_project(person(request), project_id, "view")
    context = frame(request, project, "jobs")
    user, show = person(request), request.GET.get("show", "")
    found = Job.objects.filter(video__project=project).select_related("video__project", "assignee", "reviewer")
    if show == "mine":
        found = found.filter(assignee=user) | found.filter(reviewer=user)
    elif show in Stage.values:
        found = found.filter(stage=show)
    below = below_pass_mark(project) if context["may_review"] else {}
    context |= {
        "rows": [
            {"job": job, "steps": steps_for(user, job, context["role"]), "below": below.get(job.pk)} for job in found
        ],
        "show": show,
        "shows": [("", "All"), ("mine", "Mine"), *Stage.choices],
        "any_jobs": Job.objects.filter(video__project=project).exists(),
        "stages": _stages(project),
        "ready": project.videos.filter(state=VideoState.READY).annotate(job_count=Count("jobs")),
        "split_form": SplitForm(),
        **_people(project),
    }
    return render(request, "project_jobs.html", context)


@act
def split(request: HttpRequest, project_id: int) -> HttpResponse:
    """Divide the chosen video, or every ready one."""
    user = person(request)
    project = access_project(user, project_id, "manage")
    require_at_work(project)
    form = SplitForm(request.POST)
    chosen = as_key(request.POST.get("video", ""))
    if not form.is_valid():
        messages.error(request, "Frames per job is a whole number of at least 1.")
    elif chosen is not None:
        video = access_video(user, chosen, "manage")
        made: list[Job] = []
        frames = form.cleaned_data["frames"]
        if attempt(request, lambda: made.extend(split_video(by=user, video=video, frames_per_job=frames))):
            messages.success(request, f"{video} is divided into {len(made)} more job{'s' if len(made) > 1 else ''}.")
    else:
        messages.error(request, "Choose a video to divide.")
    return redirect("jobs", project.pk)


@act
def hand_out(request: HttpRequest, project_id: int) -> HttpResponse:
    """Assign, or remove, the jobs that were ticked. Where one can't be, the others still are."""
    user = person(request)
    project = access_project(user, project_id, "manage")
    require_at_work(project)
    ticked = [key for each in request.POST.getlist("job") if (key := as_key(each)) is not None]
    chosen = list(Job.objects.filter(video__project=project, pk__in=ticked).select_related("video__project"))
    refused: list[str] = []
    for job in chosen:
        try:
            if request.POST.get("do") == "remove":
                remove_job(by=user, job=job)
            else:
                assign(
                    by=user,
                    job=job,
                    assignee=_chosen(request, "assignee", job),
                    reviewer=_chosen(request, "reviewer", job),
                )
        except ActionError as error:
            refused.append(str(error))
    for reason in dict.fromkeys(refused):
        messages.error(request, reason)
    if gone := len(ticked) - len(chosen):
        messages.error(request, f"{gone} of the ticked jobs {'were' if gone > 1 else 'was'} removed meanwhile.")
    if not ticked:
        messages.error(request, "Tick the jobs first.")
    elif chosen and not refused:
        messages.success(request, f"Done for {len(chosen)} job{'s' if len(chosen) > 1 else ''}.")
    return redirect("jobs", project.pk)


@act
def step(request: HttpRequest, job_id: int) -> HttpResponse:
    job = access_job(person(request), job_id, "annotate")
    attempt(request, lambda: move(user=person(request), job=job, transition=request.POST.get("step", "")))
    return redirect("jobs", job.video.project_id)


def _chosen(request: HttpRequest, field: str, job: Job) -> User | None:
    """The person chosen for a job, or who has it already. Raises ActionError for an id that is nobody's."""
    value = request.POST.get(field, KEEP)
    if value == KEEP:
        return job.assignee if field == "assignee" else job.reviewer
    if value == NOBODY:
        return None
    key = as_key(value)
    user = None if key is None else User.objects.filter(pk=key).first()
    if user is None:
        raise ActionError("This person isn't there any more. Reload the page.")
    return user


def _stages(project: Project) -> list[dict[str, Any]]:
    """How many jobs and frames of the project are in each stage, the farthest first."""
    size = Sum(F("last") - F("first") + 1)
    jobs = Job.objects.filter(video__project=project).order_by()
    counted = {row["stage"]: row for row in jobs.values("stage").annotate(jobs=Count("pk"), frames=size)}
    total = sum(row["frames"] for row in counted.values())
    stages = []
    for stage in reversed(Stage):
        row = counted.get(stage.value, {"stage": stage.value, "jobs": 0, "frames": 0})
        share = round(100 * row["frames"] / total) if total else 0
        stages.append({"id": stage.value, "text": stage.label, "share": share, **row})
    return stages


def _people(project: Project) -> dict[str, Any]:
    members = Membership.objects.filter(workspace=project.workspace_id, user__is_active=True).select_related("user")
    return {
        "annotators": [each.user for each in members if may(each.role, "annotate")],
        "reviewers": [each.user for each in members if may(each.role, "review")],
    }
