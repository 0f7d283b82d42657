"""Every error of the API is JSON with ``message``: the rule, what came, what to do."""

from __future__ import annotations

import logging

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from annotator.actions.errors import ActionError
from annotator.api.parsing import UnfitBody
from annotator.faults import Complaint, fault_of, in_words
from annotator.formats.base import FormatError
from tracking.types import TrackingError

_faults = Complaint(logging.getLogger(__name__), "Requests can't be answered: a store doesn't answer.")


def register(api: NinjaAPI) -> None:
    """Answer what actions and lookups raise."""

    def answer(request: HttpRequest, status: int, message: str) -> HttpResponse:
        return api.create_response(request, {"message": message}, status=status)

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer(request, 404, str(error) or "There is nothing here, or it isn't shared with you.")

    @api.exception_handler(PermissionDenied)
    def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return answer(request, 403, str(error) or "Your role doesn't allow this.")

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return answer(request, 401, "Sign in first.")

    @api.exception_handler(ValidationError)
    def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
        first = error.errors[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return answer(request, 422, f"{where}: {first['msg']}" if where else str(first["msg"]))

    @api.exception_handler(DatabaseError)
    @api.exception_handler(OSError)
    def not_now(request: HttpRequest, error: Exception) -> HttpResponse:
        fault = fault_of(error)
        if fault is None:
            raise error
        _faults.note(error)
        answered = answer(request, 507 if fault == "full" else 503, in_words(fault))
        answered["Retry-After"] = "5"
        return answered

    @api.exception_handler(HttpError)
    def unparsed(request: HttpRequest, error: HttpError) -> HttpResponse:
        words = str(error.__cause__) if isinstance(error.__cause__, UnfitBody) else str(error)
        return answer(request, error.status_code, words)

    for refused in (ActionError, FormatError, TrackingError):
        api.exception_handler(refused)(lambda request, error: answer(request, 400, str(error)))
