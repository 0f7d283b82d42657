"""The addresses of the sockets."""

from __future__ import annotations

from typing import Any, cast

from django.urls import path

from annotator.live.agent_consumer import AgentConsumer
from annotator.live.consumer import LayerConsumer

# Django's types know of views alone.
websocket_urlpatterns = [
    path("ws/layers/<int:layer_id>/", cast(Any, LayerConsumer.as_asgi())),
    path("ws/agent/", cast(Any, AgentConsumer.as_asgi())),
]
