"""Weights on the server: resumable uploads by tus 1.0, as for videos, and addresses for agents.

``Upload-Metadata`` names the ``file``, as the catalogue does, and the ``workspace``.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import Router

from annotator.access import access_stored_weights, access_workspace
from annotator.actions.stored_weights import (
    append_weights,
    begin_storing,
    path_of,
    remove_weights,
    weights_of,
)
from annotator.api.people import signed_in
from annotator.api.uploads import TUS, chunk, metadata_of, whole_number
from annotator.media.serve import serve_file

router = Router(tags=["weights"])


@router.post("/stored-weights/", summary="Begin to upload a file of weights")
def create(request: HttpRequest) -> HttpResponse:
    said = metadata_of(request.headers.get("Upload-Metadata", ""))
    workspace = access_workspace(signed_in(request), whole_number(said.get("workspace", ""), "workspace"), "admin")
    size = whole_number(request.headers.get("Upload-Length", ""), "Upload-Length")
    stored = begin_storing(by=signed_in(request), workspace=workspace, name=said.get("file", ""), size=size)
    where = f"/api/stored-weights/{stored.pk}"
    return HttpResponse(status=201, headers={**TUS, "Location": where, "Upload-Offset": "0"})


@router.api_operation(["HEAD"], "/stored-weights/{weights_id}", summary="How far it has come")
def state(request: HttpRequest, weights_id: UUID) -> HttpResponse:
    stored = access_stored_weights(signed_in(request), weights_id, "admin")
    return HttpResponse(headers={**TUS, "Upload-Offset": str(stored.received), "Upload-Length": str(stored.size)})


@router.patch("/stored-weights/{weights_id}", summary="Send the next chunk")
def append(request: HttpRequest, weights_id: UUID) -> HttpResponse:
    stored = access_stored_weights(signed_in(request), weights_id, "admin")
    return chunk(request, lambda offset, data: (append_weights(stored=stored, offset=offset, data=data).received, {}))


@router.delete("/stored-weights/{weights_id}", summary="Remove it")
def remove(request: HttpRequest, weights_id: UUID) -> HttpResponse:
    remove_weights(stored=access_stored_weights(signed_in(request), weights_id, "admin"))
    return HttpResponse(status=204, headers=TUS)


@router.api_operation(["GET", "HEAD"], "/agent-weights/{weights_token}", auth=None, summary="Weights for an agent")
def hand_out(request: HttpRequest, weights_token: str) -> HttpResponseBase:
    return serve_file(request, path_of(weights_of(weights_token)), "application/octet-stream")
