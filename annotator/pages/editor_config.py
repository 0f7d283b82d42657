"""What the editor page knows when it opens: ``EditorConfig`` of ``frontend/src/store/types.ts``, as JSON."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from annotator.access import editable_ranges, may, role_in
from annotator.models import Job, Label, Layer, LayerKind, User, Video
from annotator.offers import offered_models


def layer_of(video: Video, job: Job | None) -> Layer:
    """The layer that the editor shows: the job's, or the video's main one. Raises Http404 when there is none yet."""
    layer = job.layer if job is not None else video.layers.filter(kind=LayerKind.MAIN).first()
    if layer is None:
        raise Http404("This video has no annotations yet: it isn't ready.")
    layer.video = video
    return layer


def editor_config(*, user: User, video: Video, job: Job | None, csrf_token: str) -> dict[str, Any]:
    """Everything of a video that has been looked up with the user's access.

    Args:
        job: whose layer and frames to show; None: all of the main layer.
    """
    layer = layer_of(video, job)
    ranges = editable_ranges(user, layer)
    return {
        "video": _video(video),
        "layer": {"id": layer.pk, "name": layer.name},
        "job": _job(job),
        "labels": [_label(label) for label in video.project.labels.prefetch_related("attributes")],
        "user": {"id": user.pk, "name": str(user)},
        "canEdit": bool(ranges),
        "canManage": may(role_in(user, video.project.workspace_id), "manage"),
        "editableRanges": ranges,
        "models": [
            {
                "id": model.entry.id,
                "name": model.entry.name,
                "prompts": model.entry.prompts,
                "available": model.available,
                "why": model.why,
                "settings": dict(model.entry.settings),
            }
            for model in offered_models(video.project.workspace_id)
        ],
        "preferences": user.preferences,
        "urls": {
            "live": f"/ws/layers/{layer.pk}/",
            "api": "/api/",
            "project": f"/projects/{video.project_id}/",
        },
        "csrfToken": csrf_token,
    }


def _video(video: Video) -> dict[str, Any]:
    base = f"/api/videos/{video.pk}"
    # Media is cached for ever; a database made anew would give the same id to another video.
    version = f"?v={video.key.hex[:12]}"
    strip = video.strip
    return {
        "id": video.pk,
        "name": video.name,
        "width": video.width,
        "height": video.height,
        "frameCount": video.frame_count,
        "fps": video.fps,
        # The browser asks for how far the proxy is from time to time, and takes it when it is there.
        "stateUrl": base,
        "proxyState": video.proxy_state,
        "proxyUrl": f"{base}/proxy.mp4{version}",
        "source": {"url": f"{base}/source{version}", "packetsUrl": f"{base}/packets{version}"}
        if video.direct
        else None,
        "frameUrl": f"{base}/frames/{{frame}}.jpg{version}",
        "strip": {
            "url": f"{base}/strip.jpg{version}",
            "count": strip["count"],
            "columns": strip["columns"],
            "tileWidth": strip["tile_width"],
            "tileHeight": strip["tile_height"],
            "every": strip["every"],
        }
        if strip
        else None,
    }


def _job(job: Job | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {"id": job.pk, "first": job.first, "last": job.last, "stage": job.stage, "state": job.state}


def _label(label: Label) -> dict[str, Any]:
    return {
        "id": label.pk,
        "name": label.name,
        "colour": label.colour,
        "hotkey": label.hotkey,
        "geometryKinds": label.geometry_kinds,
        "skeleton": label.skeleton,
        "attributes": [
            {
                "id": attribute.pk,
                "name": attribute.name,
                "kind": attribute.kind,
                "perFrame": attribute.per_frame,
                "choices": attribute.choices,
                "default": attribute.default,
            }
            for attribute in label.attributes.all()
        ],
    }
