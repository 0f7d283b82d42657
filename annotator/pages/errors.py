"""Pages that say why there is nothing, and lead on."""

from __future__ import annotations

import logging
import sys

from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.shortcuts import render
from django.template.loader import render_to_string

from annotator.access import Gone, LeadsOn
from annotator.faults import Complaint, fault_of, in_words

BROKEN = "The server failed to do this; its log says why. Try again, and if it stays, tell your admin when it happened."
_faults = Complaint(logging.getLogger(__name__), "Pages can't be shown: a store doesn't answer.")


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


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What can't be a request to this server, such as one to a name that isn't its own. Asks no database."""
    asked = request.META.get("HTTP_HOST", "")[:200] if isinstance(exception, DisallowedHost) else ""
    # The name alone is allowed or not; with a port the page would tell people to allow what never fits.
    host = split_domain_port(asked)[0] or asked
    if request.path.startswith("/api/"):
        words = f"This server doesn't go by the name {host!r}." if host else "This request can't be understood."
        return JsonResponse({"message": words}, status=400)
    return HttpResponse(render_to_string("400.html", {"host": host}), status=400)


def failed(request: HttpRequest) -> HttpResponse:
    """Whatever nobody expected, and a store that doesn't answer for now, before or behind a view. Asks no database."""
    error = sys.exc_info()[1]
    fault = fault_of(error) if error is not None else None
    if fault is not None and error is not None:
        _faults.note(error)
    status = 500 if fault is None else 507 if fault == "full" else 503
    answer: HttpResponse
    if request.path.startswith("/api/"):
        answer = JsonResponse({"message": in_words(fault, error) if fault and error else BROKEN}, status=status)
    else:
        said = in_words(fault, error) if fault and error else ""
        answer = HttpResponse(render_to_string("500.html", {"said": said}), status=status)
    if fault is not None:
        answer["Retry-After"] = "5"
    return answer
