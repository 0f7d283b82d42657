"""Exports and imports in the background: begin one, watch it, cancel it, fetch its file."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile
from pydantic import Field

from annotator.access import access_layer, access_project, access_transfer
from annotator.actions import transfers
from annotator.actions.importing import How
from annotator.api.people import signed_in
from annotator.api.tokens import READERS
from annotator.formats import FORMATS
from annotator.media.serve import serve_file
from annotator.models import Transfer, TransferState
from annotator.operations import Message

router = Router(tags=["transfers"])


class ChoiceOut(Message):
    value: str
    label: str


class OptionOut(Message):
    """A choice on export; the first one is the default."""

    id: str
    label: str
    choices: list[ChoiceOut]


class FormatOut(Message):
    """`takes` and `writes`: what its files are, in sentences."""

    id: str
    label: str
    suffix: str
    takes: str
    writes: str
    options: list[OptionOut]


class LossOut(Message):
    """What a format can't hold, and how often; `tracks`: in how many tracks, 0 where that isn't known."""

    what: str
    count: int
    tracks: int = 0


class RowOut(Message):
    """A row of a file that can't be taken: `where` is like "track 3, frame 12", `why` the rule and what came."""

    where: str
    why: str


class LeftOut(Message):
    """Rows that can't be taken: how many, and the first of them."""

    count: int = 0
    rows: list[RowOut] = []


class VideoReport(Message):
    """What a video got of a file with several."""

    name: str
    tracks: int
    shapes: int


class IntoOut(Message):
    """The layer that an import went into."""

    id: int
    name: str


class ReportOut(Message):
    """Of an import that failed because of its rows, `left_out` names them; they can be left out on request."""

    tracks: int = 0
    shapes: int = 0
    losses: list[LossOut] = []
    notes: list[str] = Field([], description="What was assumed where a file leaves a choice.")
    left_out: LeftOut = LeftOut()
    videos: list[VideoReport] = []
    layer: IntoOut | None = Field(None, description="Where an import into a single video went; null: none, or not yet.")


class TransferOut(Message):
    """``progress`` in [0, 1]; ``message`` says why it failed; ``file`` is there once an export is done."""

    id: UUID
    layer: int | None
    project: int | None
    kind: Literal["export", "import"]
    format: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float
    message: str
    file_name: str
    file: str
    report: ReportOut
    created_at: str
    created_by: str


class LossesOut(Message):
    """What an export would lose now; `counted` is false where there is too much to count while somebody waits."""

    counted: bool
    losses: list[LossOut]


class ExportIn(Message):
    format: str
    options: dict[str, str] = {}


@router.get("/formats", response=list[FormatOut], summary="Formats, and what can be chosen on export")
def list_formats(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {
            "id": entry.id,
            "label": entry.label,
            "suffix": entry.suffix,
            "takes": entry.takes,
            "writes": entry.writes,
            "options": [
                {
                    "id": option.id,
                    "label": option.label,
                    "choices": [{"value": value, "label": words} for value, words in option.choices],
                }
                for option in entry.options
            ],
        }
        for entry in FORMATS
    ]


@router.get("/layers/{layer_id}/transfers", response=list[TransferOut], summary="A layer's latest transfers")
def list_transfers(request: HttpRequest, layer_id: int) -> list[dict[str, Any]]:
    layer = access_layer(signed_in(request), layer_id, "view")
    return [_out(transfer) for transfer in transfers.latest_transfers(layer)]


@router.post("/layers/{layer_id}/exports", auth=READERS, response={201: TransferOut}, summary="Begin an export")
def begin_export(request: HttpRequest, layer_id: int, wanted: ExportIn) -> Status[dict[str, Any]]:
    user = signed_in(request)
    layer = access_layer(user, layer_id, "view")
    transfer = transfers.begin_export(user=user, layer=layer, format_id=wanted.format, options=wanted.options)
    return Status(201, _out(transfer))


@router.post("/layers/{layer_id}/exports/losses", auth=READERS, response=LossesOut, summary="What an export would lose")
def weigh_export(request: HttpRequest, layer_id: int, wanted: ExportIn) -> dict[str, Any]:
    """Counted in the layer as it is; nothing is begun."""
    layer = access_layer(signed_in(request), layer_id, "view")
    report = transfers.weigh_export(layer=layer, format_id=wanted.format, options=wanted.options)
    return {"counted": report is not None, "losses": report.as_json()["losses"] if report else []}


@router.post("/layers/{layer_id}/imports", response={201: TransferOut}, summary="Begin an import")
def begin_import(
    request: HttpRequest,
    layer_id: int,
    file: File[UploadedFile],
    format: Form[str],
    create_labels: Form[bool] = False,
    leave_out: Form[bool] = False,
    new_layer: Form[str] = "",
    new_kind: Form[Literal["ground_truth", "replica", "model"]] = "ground_truth",
) -> Status[dict[str, Any]]:
    """With `leave_out`, rows that can't be taken are left out and named in the report; without it they refuse the
    file. With `new_layer`, a layer of that name and of `new_kind` is made beside this one, and gets the tracks."""
    user = signed_in(request)
    layer = access_layer(user, layer_id, "annotate")
    how = How(create_labels=create_labels, leave_out=leave_out, new_layer=new_layer, new_kind=new_kind)
    return Status(201, _out(transfers.begin_import(user=user, layer=layer, format_id=format, file=file, how=how)))


@router.post("/projects/{project_id}/imports", response={201: TransferOut}, summary="Begin an import into its videos")
def begin_project_import(
    request: HttpRequest,
    project_id: int,
    file: File[UploadedFile],
    format: Form[str],
    create_labels: Form[bool] = False,
    leave_out: Form[bool] = False,
) -> Status[dict[str, Any]]:
    """Each track goes to the video that the file names; where it names several, each to its own."""
    user = signed_in(request)
    project = access_project(user, project_id, "annotate")
    how = How(create_labels=create_labels, leave_out=leave_out)
    transfer = transfers.begin_project_import(user=user, project=project, format_id=format, file=file, how=how)
    return Status(201, _out(transfer))


@router.get("/transfers/{transfer_id}", response=TransferOut, summary="How a transfer stands")
def get_transfer(request: HttpRequest, transfer_id: UUID) -> dict[str, Any]:
    return _out(access_transfer(signed_in(request), transfer_id, "view"))


@router.delete("/transfers/{transfer_id}", response=TransferOut, summary="Cancel a transfer")
def cancel(request: HttpRequest, transfer_id: UUID) -> dict[str, Any]:
    """Your own; a manager cancels anybody's."""
    user = signed_in(request)
    transfer = access_transfer(user, transfer_id, "view")
    if transfer.created_by_id != user.pk:
        transfer = access_transfer(user, transfer_id, "manage")
    return _out(transfers.cancel_transfer(transfer=transfer))


@router.get("/transfers/{transfer_id}/file", summary="The file that an export made")
def download(request: HttpRequest, transfer_id: UUID) -> HttpResponseBase:
    transfer = access_transfer(signed_in(request), transfer_id, "view")
    if transfer.kind != Transfer.Kind.EXPORT or transfer.state != TransferState.DONE:
        raise Http404(transfer.message or "An export has a file once it is done.")
    path = transfers.transfer_file(transfer)
    return serve_file(request, path, "application/octet-stream", download_as=transfer.file_name)


def _out(transfer: Transfer) -> dict[str, Any]:
    ready = transfer.kind == Transfer.Kind.EXPORT and transfer.state == TransferState.DONE
    return {
        "id": transfer.pk,
        "layer": transfer.layer_id,
        "project": transfer.project_id,
        "kind": transfer.kind,
        "format": transfer.format,
        "state": transfer.state,
        "progress": transfer.progress,
        "message": transfer.message,
        "file_name": transfer.file_name,
        "file": f"/api/transfers/{transfer.pk}/file" if ready else "",
        "report": transfer.report,
        "created_at": transfer.created_at.isoformat(),
        "created_by": str(transfer.created_by) if transfer.created_by else "",
    }
