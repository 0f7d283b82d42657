"""Every error of the API is JSON with ``message``: the rule, what came, what to do."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError, ValidationErrorContext

from annotator.actions.api_tokens import TokenRefused
from annotator.actions.errors import ActionError
from annotator.actions.guesses import WINDOW_S, TooManyWrongTokens
from annotator.api.parsing import UnfitBody
from annotator.faults import Complaint, fault_of, in_words
from annotator.formats.base import FormatError
from annotator.refusals import problem_of
from tracking.types import TrackingError

_faults = Complaint(logging.getLogger(__name__), "Requests can't be answered: a store doesn't answer.")


class Api(NinjaAPI):
    """Keeps what came beside what is wrong with it, to be told."""

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        problems: list[dict[str, Any]] = []
        for context in error_contexts:
            model = context.model
            # The body as a whole goes by the name of an argument of ours.
            whole = model.__ninja_param_source__ == "body" and len(model.model_fields) == 1
            for problem in context.pydantic_validation_error.errors(include_url=False):
                place = model.__ninja_flatten_map_reverse__.get(problem["loc"], problem["loc"])
                problems.append({**problem, "loc": place[1:] if whole else place})
        return ValidationError(problems)


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

    @api.exception_handler(TokenRefused)
    def bad_token(request: HttpRequest, error: TokenRefused) -> HttpResponse:
        answered = answer(request, 401, str(error))
        answered["WWW-Authenticate"] = 'Bearer error="invalid_token"'  # RFC 6750
        return answered

    @api.exception_handler(TooManyWrongTokens)
    def too_many(request: HttpRequest, error: TooManyWrongTokens) -> HttpResponse:
        answered = answer(request, 429, str(error))
        answered["Retry-After"] = str(WINDOW_S)
        return answered

    @api.exception_handler(ValidationError)
    def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return answer(request, 422, problem_of(error.errors))

    @api.exception_handler(DatabaseError)
    @api.exception_handler(OSError)
    def not_now(request: HttpRequest, error: Exception) -> HttpResponse:
        fault = fault_of(error)
        if fault is None:
            raise error
        _faults.note(error)
        answered = answer(request, 507 if fault == "full" else 503, in_words(fault, error))
        answered["Retry-After"] = "5"
        return answered

    @api.exception_handler(HttpError)
    def unparsed(request: HttpRequest, error: HttpError) -> HttpResponse:
        words = str(error.__cause__) if isinstance(error.__cause__, UnfitBody) else str(error)
        return answer(request, error.status_code, words)

    for refused in (ActionError, FormatError, TrackingError):
        api.exception_handler(refused)(lambda request, error: answer(request, 400, str(error)))
