"""The editor page: a shell with its configuration; everything else comes over the API and the live channel."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotator.access import LeadsOn, access_job, access_layer, access_video
from annotator.models import User, VideoState
from annotator.pages.common import as_key
from annotator.pages.editor_config import editor_config


@require_GET
@login_required
@never_cache
def editor(request: HttpRequest, video_id: int) -> HttpResponse:
    """``?frame=N`` is where it opens (read by the page itself), ``?job=J`` whose frames it shows, ``?layer=L`` which of
    the video's layers; without either the main one."""
    user = cast(User, request.user)
    video = access_video(user, video_id, "view")
    if video.state != VideoState.READY:
        message = "This video isn't ready yet. Its project page shows how far it is."
        project = video.project
        raise LeadsOn(message, way_on=f"/projects/{project.pk}/", way_on_name=project.name)
    job = None
    if (job_id := as_key(request.GET.get("job", ""))) is not None:
        job = access_job(user, job_id, "view")
        if job.video_id != video.pk:
            raise Http404("This job is of another video.")
    chosen = None
    if (layer_id := as_key(request.GET.get("layer", ""))) is not None:
        chosen = access_layer(user, layer_id, "view")
        if chosen.video_id != video.pk:
            raise Http404("This layer is of another video.")
    config = editor_config(user=user, video=video, job=job, chosen=chosen, csrf_token=get_token(request))
    return render(request, "editor.html", {"video": video, "config": config.model_dump(mode="json")})
