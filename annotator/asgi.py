"""The web process: pages and API over HTTP, the live channel and the agents over WebSockets. It never loads torch."""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
pages = get_asgi_application()

# Only now are the models there that the sockets import.
from annotator.live.routing import websocket_urlpatterns  # noqa: E402
from annotator.live.socket import ComeBack  # noqa: E402

sockets = ComeBack(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))
application = ProtocolTypeRouter({"http": pages, "websocket": sockets})
