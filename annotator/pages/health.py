"""Whether this web process can do its work, for proxies and service managers. It tells nobody anything else."""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, and Redis where there is one; 503 with the reason otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    try:
        cache.get("healthz")
    except Exception as error:
        if not type(error).__module__.startswith("redis"):
            raise
        return HttpResponse("Redis can't be reached.\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
