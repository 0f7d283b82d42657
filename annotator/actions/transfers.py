"""Annotations leave and come in as files, in the background: with progress, and until somebody cancels."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from annotator import access, formats
from annotator.actions.errors import ActionError
from annotator.actions.importing import AS_IT_IS, How, check_may_import, import_reading
from annotator.actions.layer_datasets import Counted, count_shapes, dataset_of
from annotator.formats.base import FormatError, Report, UnreadableRows, chosen
from annotator.media import storage
from annotator.models import Layer, Project, Transfer, TransferState, User

log = logging.getLogger(__name__)

LARGEST_IMPORT = 2 * 2**30
"""Bytes of a file that may be imported."""
KEPT_FOR = timedelta(days=7)
REPORT_EVERY_S = 0.4
OPEN = (TransferState.QUEUED, TransferState.RUNNING)


class Cancelled(Exception):
    """Somebody cancelled or removed the transfer while it ran."""


def begin_export(*, user: User, layer: Layer, format_id: str, options: Mapping[str, str]) -> Transfer:
    """Queue an export of a layer. Raises FormatError for a format or option that there isn't."""
    chosen_format = formats.find(format_id)
    known = {option.id: option for option in chosen_format.options}
    if unknown := sorted(set(options) - set(known)):
        raise FormatError(f"{chosen_format.label} has the options {sorted(known) or 'none'}; {unknown[0]!r} came.")
    for option in known.values():
        chosen(options, option)
    remove_old_transfers()
    with transaction.atomic():
        transfer = Transfer.objects.create(
            layer=layer,
            kind=Transfer.Kind.EXPORT,
            format=format_id,
            options=dict(options),
            file_name=export_name(layer, format_id, chosen_format.suffix),
            created_by=user,
        )
        _queue(transfer)
    return transfer


def begin_import(*, user: User, layer: Layer, format_id: str, file: UploadedFile[Any], how: How = AS_IT_IS) -> Transfer:
    """Keep an uploaded file and queue its import into a layer.

    Raises:
        PermissionDenied: the user may not change every frame, or not make labels.
        ActionError, FormatError: a file that is empty or too large, or a format that there isn't.
    """
    check_may_import(user, layer)
    return _receive(user, Transfer(layer=layer, created_by=user), format_id, file, how)


def begin_project_import(
    *, user: User, project: Project, format_id: str, file: UploadedFile[Any], how: How = AS_IT_IS
) -> Transfer:
    """Keep an uploaded file and queue its import into the project's videos, each of whose names it calls its tracks'.

    Raises: as ``begin_import``; the user's frames are checked once it is known which videos the file is of.
    """
    return _receive(user, Transfer(project=project, created_by=user), format_id, file, how)


def _receive(user: User, transfer: Transfer, format_id: str, file: UploadedFile[Any], how: How) -> Transfer:
    formats.find(format_id)
    if how.create_labels:
        access.check(user, transfer.whose.workspace_id, "manage")
    if not file.size:
        raise ActionError("The file is empty (0 bytes). Choose the exported file.")
    if file.size > LARGEST_IMPORT:
        raise ActionError(f"A file may have {LARGEST_IMPORT // 2**20} MiB; this one has {file.size // 2**20} MiB.")
    remove_old_transfers()
    transfer.kind, transfer.format, transfer.options = Transfer.Kind.IMPORT, format_id, asdict(how)
    transfer.file_name = PurePath(file.name or "import").name[-255:]
    with storage.arriving(transfer_file(transfer)) as arriving, arriving.open("wb") as target:
        for piece in file.chunks():
            target.write(piece)
    with transaction.atomic():
        transfer.save(force_insert=True)
        _queue(transfer)
    return transfer


def cancel_transfer(*, transfer: Transfer) -> Transfer:
    """End a transfer that waits or runs; its worker notices. One that is over stays as it is."""
    Transfer.objects.filter(pk=transfer.pk, state__in=OPEN).update(state=TransferState.CANCELLED)
    transfer.refresh_from_db()
    return transfer


def remove_old_transfers() -> None:
    """Forget transfers of last week, with their files."""
    for transfer in Transfer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).exclude(state__in=OPEN):
        shutil.rmtree(storage.transfer_folder(transfer), ignore_errors=True)
        transfer.delete()


def transfer_file(transfer: Transfer) -> Path:
    """What an export made, or what is imported. Named by us: a person's file name is only shown."""
    return storage.transfer_folder(transfer) / "file"


def export_name(layer: Layer, format_id: str, suffix: str) -> str:
    stem = PurePath(layer.video.name).stem or "video"
    return f"{stem[:200]}-{format_id}{suffix}"


def _queue(transfer: Transfer) -> None:
    transaction.on_commit(lambda: carry_out.enqueue(str(transfer.pk)))


@task()
def carry_out(transfer_id: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    transfer = (
        Transfer.objects.select_related("layer__video__project", "project", "created_by").filter(pk=transfer_id).first()
    )
    if transfer is None or transfer.state not in OPEN:
        return
    Transfer.objects.filter(pk=transfer.pk, state__in=OPEN).update(state=TransferState.RUNNING, progress=0)
    try:
        if transfer.kind == Transfer.Kind.EXPORT:
            _export(transfer)
        else:
            _import(transfer)
    except Cancelled:
        _remove_files(transfer)
    except (ActionError, FormatError, PermissionDenied) as error:
        _fail(transfer, str(error), error.report if isinstance(error, UnreadableRows) else None)
    except Exception as error:
        log.exception("Transfer %s failed", transfer.pk)
        _fail(transfer, f"The {transfer.kind} failed: {error}. Try again; if it fails again, tell your admin.")


def _export(transfer: Transfer) -> None:
    layer = transfer.layer
    if layer is None:
        raise ActionError("An export is of a layer; this one names none.")
    dataset = dataset_of(layer)
    watch = _Watch(transfer, total=count_shapes(layer))
    counted = Counted(dataset, watch.advance)
    with storage.arriving(transfer_file(transfer)) as target:
        report = formats.find(transfer.format).write(counted.dataset, target, transfer.options, watch.check)
    _finish(transfer, report.as_json())


def _import(transfer: Transfer) -> None:
    if transfer.created_by is None:
        raise ActionError("Whoever began this import isn't here any more. Begin it again.")
    watch = _Watch(transfer, total=0)
    reading = formats.find(transfer.format).read(transfer_file(transfer))
    watch.show(0.5)
    watch.check()
    with transaction.atomic():
        report = import_reading(
            reading,
            into=_destination(transfer),
            user=transfer.created_by,
            summary=f"Imported {transfer.file_name}"[:200],
            how=How(**transfer.options),
        )
        # In one transaction: a worker that dies imports everything once, or nothing.
        _finish(transfer, report.as_json())
    _remove_files(transfer)


def _destination(transfer: Transfer) -> Layer | Project:
    return transfer.whose if transfer.layer is None else transfer.layer


def _finish(transfer: Transfer, report: dict[str, object]) -> None:
    done = Transfer.objects.filter(pk=transfer.pk, state=TransferState.RUNNING)
    if not done.update(state=TransferState.DONE, progress=1, report=report, message=""):
        raise Cancelled


def _fail(transfer: Transfer, message: str, report: Report | None = None) -> None:
    failed = Transfer.objects.filter(pk=transfer.pk, state__in=OPEN)
    failed.update(state=TransferState.FAILED, message=message, report=report.as_json() if report else {})
    _remove_files(transfer)


def _remove_files(transfer: Transfer) -> None:
    shutil.rmtree(storage.transfer_folder(transfer), ignore_errors=True)


class _Watch:
    """Writes progress to the transfer's row, seldom enough not to matter; notices when it was cancelled."""

    def __init__(self, transfer: Transfer, *, total: int) -> None:
        self.transfer = transfer
        self.total = total
        self.done = 0
        self.reported_at = 0.0

    def advance(self, shapes: int) -> None:
        self.done += shapes
        self.show(min(self.done / self.total, 1.0) if self.total else 0.0)

    def show(self, share: float) -> None:
        now = time.monotonic()
        if now - self.reported_at >= REPORT_EVERY_S:
            self.reported_at = now
            self._write(share)

    def check(self, _tracks_done: int = 0) -> None:
        """Raises Cancelled when somebody cancelled."""
        if not Transfer.objects.filter(pk=self.transfer.pk, state=TransferState.RUNNING).exists():
            raise Cancelled

    def _write(self, share: float) -> None:
        running = Transfer.objects.filter(pk=self.transfer.pk, state=TransferState.RUNNING)
        if not running.update(progress=share):
            raise Cancelled


def latest_transfers(layer: Layer) -> Iterable[Transfer]:
    """A layer's transfers, newest first."""
    return Transfer.objects.filter(layer=layer).select_related("created_by")[:20]
