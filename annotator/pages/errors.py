"""Pages that say why there is nothing, and lead on."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from annotator.access import Gone, LeadsOn


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Something that isn't there, or is no longer: what became of it, and where its surroundings are."""
    # Without a view there is no sentence, but the resolver's list of what it tried.
    told = exception.args[0] if isinstance(exception, Http404) and exception.args else ""
    context = {
        "said": told if isinstance(told, str) else "",
        "gone": isinstance(exception, Gone),
        "lead": exception if isinstance(exception, LeadsOn) else None,
    }
    return render(request, "404.html", context, status=404)
