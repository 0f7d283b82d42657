"""Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload), with creation and termination.

``Upload-Metadata`` names the ``filename`` and the ``project``. The answer to the last chunk carries ``Video-Id``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from annotator.access import access_project, access_upload
from annotator.actions.appending import OffsetConflict
from annotator.actions.errors import ActionError
from annotator.actions.videos import append_upload, begin_upload, cancel_upload, finish_upload
from annotator.api.people import signed_in
from annotator.models import Upload

router = Router(tags=["uploads"])

TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
CHUNK_TYPE = "application/offset+octet-stream"


@router.post("/", summary="Begin an upload")
def create(request: HttpRequest) -> HttpResponse:
    metadata = metadata_of(request.headers.get("Upload-Metadata", ""))
    project = access_project(request.user, whole_number(metadata.get("project", ""), "project"), "manage")
    size = whole_number(request.headers.get("Upload-Length", ""), "Upload-Length")
    upload = begin_upload(user=signed_in(request), project=project, name=metadata.get("filename", ""), size=size)
    return HttpResponse(status=201, headers={**TUS, "Location": f"/api/uploads/{upload.pk}", "Upload-Offset": "0"})


@router.api_operation(["HEAD"], "/{upload_id}", summary="How far an upload has come")
def state(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = access_upload(request.user, upload_id)
    headers = {**TUS, "Upload-Offset": str(upload.received), "Upload-Length": str(upload.size)}
    return HttpResponse(headers=headers | _finished(upload))


@router.patch("/{upload_id}", summary="Send the next chunk")
def append(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = access_upload(request.user, upload_id)

    def put(offset: int, data: bytes) -> tuple[int, dict[str, str]]:
        came = append_upload(upload=upload, offset=offset, data=data)
        return came.received, _finished(came)

    return chunk(request, put)


@router.delete("/{upload_id}", summary="Cancel an upload")
def terminate(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    cancel_upload(upload=access_upload(request.user, upload_id))
    return HttpResponse(status=204, headers=TUS)


def _finished(upload: Upload) -> dict[str, str]:
    """Make the video once all is here. A client that asks for the state of an upload whose last request was broken off
    takes it for done, so asking does it too."""
    return {"Video-Id": str(finish_upload(upload=upload).pk)} if upload.received == upload.size else {}


def chunk(request: HttpRequest, put: Callable[[int, bytes], tuple[int, dict[str, str]]]) -> HttpResponse:
    """Answer a tus PATCH. ``put`` appends the bytes at an offset, and returns how many are there then and what else to
    say in headers."""
    if request.content_type != CHUNK_TYPE:
        return HttpResponse(f"A chunk's type is {CHUNK_TYPE}.", status=415, headers=TUS)
    offset = whole_number(request.headers.get("Upload-Offset", ""), "Upload-Offset")
    try:
        received, headers = put(offset, request.body)
    except OffsetConflict as conflict:
        headers = {**TUS, "Upload-Offset": str(conflict.received)}
        return HttpResponse(str(conflict), status=409, headers=headers)
    return HttpResponse(status=204, headers={**TUS, "Upload-Offset": str(received)} | headers)


def metadata_of(header: str) -> dict[str, str]:
    """tus metadata: comma-separated ``key base64`` pairs."""
    pairs = (pair.strip().split(" ", 1) for pair in header.split(",") if pair.strip())
    try:
        return {pair[0]: base64.b64decode(pair[1], validate=True).decode() for pair in pairs if len(pair) == 2}
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ActionError("Upload-Metadata is a list of names, each with a base64 value; this isn't.") from error


def whole_number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ActionError(f"{name} is a whole number; {text[:20]!r} came.")
    return int(text)
