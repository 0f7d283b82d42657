"""Verbs of a tus client."""

from __future__ import annotations

import base64
from typing import Any, cast

from django.http import HttpResponse
from django.test import Client

from annotator.models import Project

CHUNK = "application/offset+octet-stream"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def begin(client: Client, project: Project, size: int, name: str = "clip.mp4") -> HttpResponse:
    metadata = f"filename {encoded(name)},project {encoded(str(project.pk))}"
    return _request(client, "POST", "/api/uploads/", headers={"Upload-Length": str(size), "Upload-Metadata": metadata})


def send(client: Client, address: str, offset: int, data: bytes) -> HttpResponse:
    return _request(client, "PATCH", address, data=data, content_type=CHUNK, headers={"Upload-Offset": str(offset)})


def state(client: Client, address: str) -> HttpResponse:
    return _request(client, "HEAD", address)


def cancel(client: Client, address: str) -> HttpResponse:
    return _request(client, "DELETE", address)


def _request(
    client: Client, method: str, address: str, headers: dict[str, str] | None = None, **extra: Any
) -> HttpResponse:
    all_headers = {"Tus-Resumable": "1.0.0", **(headers or {})}
    return cast(HttpResponse, client.generic(method, address, headers=all_headers, **extra))
