"""What browsers are told beside every answer: what its page may load, and from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

POLICY: Mapping[str, Sequence[str]] = {
    "default-src": ["'self'"],
    # Files of this server alone: no page has a script within it, so that none can be put there either.
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    # Colours of labels and people are told by attributes; those can load nothing.
    "style-src-attr": ["'unsafe-inline'"],
    # Frames that the editor has drawn or fetched itself, and the small pictures within stylesheets.
    "img-src": ["'self'", "blob:", "data:"],
    "media-src": ["'self'", "blob:"],
    "worker-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
"""Content Security Policy (https://www.w3.org/TR/CSP3/). 'self' covers the sockets of this server too."""
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"


def as_header(policy: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(" ".join([name, *sources]) for name, sources in policy.items())


class SecurityHeaders(MiddlewareMixin):
    """Adds them to every answer that doesn't bring its own."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Security-Policy", as_header(settings.SECURE_CSP))
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
