"""The jobs of a project: dividing videos, handing out, and taking steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from annotator.access import access_job, access_project, access_video, hidden_layers, may, require_at_work
from annotator.actions.errors import ActionError
from annotator.actions.issues.notify import mark_read
from annotator.actions.job_pool import To, let_take, pool, take_next
from annotator.actions.job_report import report_on
from annotator.actions.job_reviewers import have_all_accept, name_reviewers
from annotator.actions.jobs import (
    BY_URGENCY,
    agreed_by,
    assign,
    move,
    plan,
    remove_job,
    reviews,
    split_video,
    steps_for,
)
from annotator.actions.quality import below_pass_mark
from annotator.models import ConsensusCopy, Job, Membership, Priority, Project, Stage, User, VideoState
from annotator.pages import consensus
from annotator.pages.common import act, as_key, attempt, page, person
from annotator.pages.forms import SplitForm
from annotator.pages.projects import frame

KEEP, NOBODY = "keep", ""


@page
def jobs(request: HttpRequest, project_id: int) -> HttpResponse:
    """``?show=`` mine, pool, overdue, annotation, review or accepted, and ``?who=`` a member's id, narrow the table
    down."""
    project = access_project(person(request), project_id, "view")
    context = frame(request, project, "jobs")
    user, show = person(request), request.GET.get("show", "")
    found = Job.objects.filter(video__project=project).exclude(layer__in=hidden_layers(user, project).values("pk"))
    found = found.select_related("video__project", "assignee", "reviewer", "consensus_copy").prefetch_related(
        "co_reviewers"
    )
    if show == "mine":
        found = found.filter(Q(pk__in=Job.objects.filter(reviews(user)).values("pk")) | Q(assignee=user))
    elif show == "pool":
        found = found.filter(stage=Stage.ANNOTATION, assignee=None) | found.filter(stage=Stage.REVIEW, reviewer=None)
    elif show == "overdue":
        found = found.filter(due__lt=timezone.localdate()).exclude(stage=Stage.ACCEPTED)
    elif show in Stage.values:
        found = found.filter(stage=show)
    people, who = _people(project), as_key(request.GET.get("who", ""))
    if who is not None:
        theirs = Job.objects.filter(Q(assignee=who) | Q(reviewer=who) | Q(co_reviewers=who))
        found = found.filter(pk__in=theirs.values("pk"))
    below = below_pass_mark(project) if context["may_review"] else {}
    context |= {
        "rows": [
            {"job": job, "steps": steps_for(user, job, context["role"]), "below": below.get(job.pk)}
            for job in found.order_by(*BY_URGENCY)
        ],
        "show": show,
        "shows": [("", "All"), ("mine", "Mine"), ("pool", "Nobody's"), ("overdue", "Overdue"), *Stage.choices],
        "who": who,
        "pools": pools_of(user, [project]),
        "priorities": Priority.choices,
        "any_jobs": Job.objects.filter(video__project=project).exists(),
        "stages": _stages(project),
        "ready": project.videos.filter(state=VideoState.READY).annotate(job_count=Count("jobs")),
        "split_form": SplitForm(),
        "consensuses": consensus.of_project(user, project),
        "wanted": consensus.wanted(request, project) if context["may_change"] else None,
        **people,
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
            elif request.POST.get("do") == "plan":
                plan(job=job, priority=_priority(request, job), due=_due(request, job))
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


@page
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """What is left in a job, what happened to it, and its next steps."""
    user = person(request)
    found = access_job(user, job_id, "view")
    mark_read(user=user, which=Q(step__job=found))
    context = frame(request, found.video.project, "jobs")
    return render(
        request,
        "job.html",
        {
            **context,
            "job": found,
            "steps": steps_for(user, found, context["role"]),
            "history": found.history.select_related("by", "whom"),
            "report": report_on(found),
            "agreed": agreed_by(found) if found.stage == Stage.REVIEW else set(),
            "reviewers": _people(found.video.project)["reviewers"] if context["may_change"] else [],
            "copy": ConsensusCopy.objects.filter(job=found).select_related("consensus").first(),
        },
    )


@act
def set_reviewers(request: HttpRequest, job_id: int) -> HttpResponse:
    user = person(request)
    found = access_job(user, job_id, "manage")
    ticked = {key for each in request.POST.getlist("reviewer") if (key := as_key(each)) is not None}
    # Who reviewed it first stays the first.
    chosen = sorted(User.objects.filter(pk__in=ticked), key=lambda each: (each.pk != found.reviewer_id, each.pk))
    attempt(request, lambda: name_reviewers(by=user, job=found, reviewers=chosen), "The reviewers are named.")
    return redirect("job", found.pk)


@act
def step(request: HttpRequest, job_id: int) -> HttpResponse:
    """``back`` "job": the job's own page is shown again."""
    user = person(request)
    found = access_job(user, job_id, "annotate")
    taken, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    attempt(request, lambda: move(user=user, job=found, transition=taken, reason=reason))
    if request.POST.get("back") == "job":
        return redirect("job", found.pk)
    return redirect("jobs", found.video.project_id)


@act
def take(request: HttpRequest, project_id: int) -> HttpResponse:
    """The next job that is nobody's, opened. ``to``: annotate or review it."""
    user = person(request)
    to: To = "review" if request.POST.get("to") == "review" else "annotate"
    project = access_project(user, project_id, to)
    require_at_work(project)
    taken: list[Job] = []
    if attempt(request, lambda: taken.append(take_next(user=user, project=project, to=to))):
        return redirect(f"{reverse('editor', args=[taken[0].video_id])}?job={taken[0].pk}&frame={taken[0].first}")
    return redirect("jobs", project.pk)


@act
def set_taking(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_project(person(request), project_id, "manage")
    require_at_work(project)
    let_take(project=project, lets=request.POST.get("lets") == "yes")
    return redirect("project-settings", project.pk)


@act
def set_accepting(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_project(person(request), project_id, "manage")
    require_at_work(project)
    have_all_accept(project=project, all_accept=request.POST.get("all") == "yes")
    return redirect("project-settings", project.pk)


def pools_of(user: User, projects: Sequence[Project]) -> list[dict[str, Any]]:
    """How many jobs the user may take in each of some projects; those without any are left out."""
    found: dict[int, dict[str, Any]] = {}
    for to in ("annotate", "review"):
        counted = pool(user=user, projects=projects, to=to).order_by().values("video__project")
        for row in counted.annotate(count=Count("pk")):
            found.setdefault(row["video__project"], {})[to] = row["count"]
    return [{"project": project, **found[project.pk]} for project in projects if project.pk in found]


def _priority(request: HttpRequest, job: Job) -> int:
    value = request.POST.get("priority", KEEP)
    if value == KEEP:
        return job.priority
    if (key := as_key(value)) is None:
        raise ActionError("Choose a priority of the list.")
    return key


def _due(request: HttpRequest, job: Job) -> date | None:
    """Raises ActionError for what is no day."""
    if request.POST.get("no_due"):
        return None
    value = request.POST.get("due", "")
    if not value:
        return job.due
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ActionError(f"A day is written as 2030-12-31; {value[:20]!r} came.") from error


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
