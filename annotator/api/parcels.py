"""Whole projects as files: export one, fetch its file, and upload one by tus 1.0 as for videos.

``Upload-Metadata`` names the ``filename`` and the ``workspace``.
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_parcel, access_project, access_workspace
from annotator.actions.parcels import parcels
from annotator.api.people import signed_in
from annotator.api.uploads import TUS, chunk, metadata_of, whole_number
from annotator.media.serve import serve_file
from annotator.models import Parcel, ParcelState
from annotator.operations import Message

router = Router(tags=["whole projects"])

LATEST = 20


class CountedOut(Message):
    """`words`: of one and of several."""

    words: tuple[str, str]
    count: int


class ParcelReportOut(Message):
    """`left_out`: what was not taken and why, with how often. `here`: members of the workspace whom the project names,
    `not_here`: others, who are shown by their names."""

    taken: list[CountedOut] = []
    left_out: list[tuple[str, int]] = []
    here: list[str] = []
    not_here: list[str] = []
    notes: list[str] = []
    version: int = 1
    made_at: str = ""
    made_by: str = ""


class ParcelOut(Message):
    """A project's file, made here (`export`) or brought (`import`)."""

    id: UUID
    kind: Literal["export", "import"]
    project: int | None = Field(description="Which one it is of; of an import what it became, null until then.")
    project_name: str
    with_media: bool
    file_name: str
    size: int
    state: Literal["coming", "queued", "running", "done", "failed", "cancelled"]
    progress: float = Field(description="In [0, 1].")
    message: str = Field(description="Why it failed.")
    file: str = Field(description="Where an export is fetched; empty: it isn't there.")
    report: ParcelReportOut
    created_at: str = Field(description="ISO 8601, UTC.")
    created_by: str
    kept_until: str = Field(description="ISO 8601, UTC: when the file of an export goes; empty: it doesn't.")


class WholeIn(Message):
    with_media: bool = Field(True, description="Whether the originals of the videos are in it.")


@router.post("/projects/{project_id}/parcels", response={201: ParcelOut}, summary="Begin to export a project whole")
def begin_export(request: HttpRequest, project_id: int, wanted: WholeIn) -> Status[dict[str, Any]]:
    project = access_project(signed_in(request), project_id, "admin")
    parcel = parcels.begin_export(by=signed_in(request), project=project, with_media=wanted.with_media)
    return Status(201, _out(parcel))


@router.get("/projects/{project_id}/parcels", response=list[ParcelOut], summary="A project's files, newest first")
def list_exports(request: HttpRequest, project_id: int) -> list[dict[str, Any]]:
    """Also the one that it was imported from, if it was."""
    project = access_project(signed_in(request), project_id, "admin")
    files = Parcel.objects.filter(project=project).select_related("project", "created_by")
    return [_out(each) for each in files[:LATEST]]


@router.get("/workspaces/{workspace_id}/parcels", response=list[ParcelOut], summary="A workspace's imported projects")
def list_imports(request: HttpRequest, workspace_id: int) -> list[dict[str, Any]]:
    workspace = access_workspace(signed_in(request), workspace_id, "admin")
    brought = Parcel.objects.filter(workspace=workspace, kind=Parcel.Kind.IMPORT)
    return [_out(each) for each in brought.select_related("project", "created_by")[:LATEST]]


@router.get("/parcels/{parcel_id}", response=ParcelOut, summary="How an export or import of a project stands")
def get_parcel(request: HttpRequest, parcel_id: UUID) -> dict[str, Any]:
    return _out(access_parcel(signed_in(request), parcel_id))


@router.get("/parcels/{parcel_id}/file", summary="The file of an exported project")
def download(request: HttpRequest, parcel_id: UUID) -> HttpResponseBase:
    parcel = access_parcel(signed_in(request), parcel_id)
    if not _is_ready(parcel):
        raise Http404(parcel.message or "An export has a file once it is done.")
    return serve_file(request, parcels.parcel_file(parcel), "application/zip", download_as=parcel.file_name)


@router.post("/parcels/", summary="Begin to upload the file of a project")
def create(request: HttpRequest) -> HttpResponse:
    said = metadata_of(request.headers.get("Upload-Metadata", ""))
    user = signed_in(request)
    workspace = access_workspace(user, whole_number(said.get("workspace", ""), "workspace"), "admin")
    size = whole_number(request.headers.get("Upload-Length", ""), "Upload-Length")
    parcel = parcels.begin_import(by=user, workspace=workspace, name=said.get("filename", ""), size=size)
    where = f"/api/parcels/{parcel.pk}"
    return HttpResponse(status=201, headers={**TUS, "Location": where, "Upload-Offset": "0"})


@router.api_operation(["HEAD"], "/parcels/{parcel_id}", summary="How far an upload has come")
def state(request: HttpRequest, parcel_id: UUID) -> HttpResponse:
    parcel = access_parcel(signed_in(request), parcel_id)
    return HttpResponse(headers={**TUS, "Upload-Offset": str(parcel.received), "Upload-Length": str(parcel.size)})


@router.patch("/parcels/{parcel_id}", summary="Send the next chunk")
def append(request: HttpRequest, parcel_id: UUID) -> HttpResponse:
    parcel = access_parcel(signed_in(request), parcel_id)
    return chunk(
        request, lambda offset, data: (parcels.append_parcel(parcel=parcel, offset=offset, data=data).received, {})
    )


@router.delete("/parcels/{parcel_id}", summary="Cancel it, or remove what is over")
def cancel(request: HttpRequest, parcel_id: UUID) -> HttpResponse:
    """What an import became stays."""
    parcels.cancel_parcel(parcel=access_parcel(signed_in(request), parcel_id))
    return HttpResponse(status=204, headers=TUS)


def _is_ready(parcel: Parcel) -> bool:
    return parcel.kind == Parcel.Kind.EXPORT and parcel.state == ParcelState.DONE


def _out(parcel: Parcel) -> dict[str, Any]:
    ready = _is_ready(parcel)
    return {
        "id": parcel.pk,
        "kind": parcel.kind,
        "project": parcel.project_id,
        "project_name": parcel.project.name if parcel.project is not None else "",
        "with_media": parcel.with_media,
        "file_name": parcel.file_name,
        "size": parcel.size,
        "state": parcel.state,
        "progress": parcel.progress,
        "message": parcel.message,
        "file": f"/api/parcels/{parcel.pk}/file" if ready else "",
        "report": parcel.report,
        "created_at": parcel.created_at.isoformat(),
        "created_by": str(parcel.created_by) if parcel.created_by else "",
        "kept_until": (parcel.touched_at + parcels.KEPT_FOR).isoformat() if ready else "",
    }
