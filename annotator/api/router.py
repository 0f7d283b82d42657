"""The JSON API at ``/api/``; one file per noun, one line each. Its OpenAPI is at ``/api/openapi.json``."""

from __future__ import annotations

from annotator.api import (
    agent_media,
    agents,
    analytics,
    audit,
    comparisons,
    consensus,
    errors,
    history,
    inspections,
    issues,
    jobs,
    joins,
    layers,
    me,
    models,
    networks,
    notifications,
    own_tokens,
    parcels,
    previews,
    projects,
    quality,
    queues,
    storage,
    stored_weights,
    sweeps,
    transfers,
    uploads,
    verdicts,
    videos,
    webhooks,
    whole_layers,
)
from annotator.api.parsing import StrictParser
from annotator.api.tokens import ANYBODY

ABOUT = (
    "Programs send a token, which people make on their account page: `Authorization: Bearer fw_…`. Without one a "
    "request goes by the browser's session, and one that changes something needs its `X-CSRFToken`."
)
api = errors.Api(
    title="Framewise", version="1", description=ABOUT, auth=ANYBODY, parser=StrictParser(), urls_namespace="api"
)
errors.register(api)

api.add_router("/me", me.router)
api.add_router("", audit.router)
api.add_router("", storage.router)
api.add_router("/me", notifications.router)
api.add_router("/me", own_tokens.router)
api.add_router("", webhooks.router)
api.add_router("/projects", projects.router)
api.add_router("/projects", queues.router)
api.add_router("/projects", analytics.router)
api.add_router("/projects", quality.router)
api.add_router("/jobs", jobs.router)
api.add_router("/projects", jobs.of_project)
api.add_router("/consensus", consensus.router)
api.add_router("/projects", consensus.of_project)
api.add_router("/uploads", uploads.router)
api.add_router("/videos", videos.router)
api.add_router("/layers", layers.router)
api.add_router("/layers", history.router)
api.add_router("", whole_layers.router)
api.add_router("", comparisons.router)
api.add_router("/layers", verdicts.router)
api.add_router("/layers", inspections.router)
api.add_router("", issues.router)
api.add_router("/layers", joins.router)
api.add_router("/models", models.router)
api.add_router("/agent-media", agent_media.router)
api.add_router("/agents", agents.router)
api.add_router("", networks.router)
api.add_router("", stored_weights.router)
api.add_router("", previews.router)
api.add_router("", sweeps.router)
api.add_router("", transfers.router)
api.add_router("", parcels.router)
