"""Annotations leave and come in as files, in the background: with progress, and until somebody cancels."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django_tasks import task

from annotator import access, formats
from annotator.actions.audit import record
from annotator.actions.background import (
    Allowance,
    Background,
    memory_of_machine,
    queue_forgotten,
    transfer_allowance,
)
from annotator.actions.errors import ActionError, in_our_words
from annotator.actions.importing import AS_IT_IS, How, check_may_import, import_reading
from annotator.actions.layer_datasets import Counted, count_shapes, dataset_of
from annotator.actions.layers import make_layer, unused_name
from annotator.actions.storage_use import require_room
from annotator.actions.webhooks.telling import tell_transfer
from annotator.config import config
from annotator.formats.base import Format, FormatError, Report, UnreadableRows, chosen
from annotator.formats.limits import losses
from annotator.media import storage
from annotator.models import AuditKind, Layer, LayerKind, Project, Transfer, TransferState, User

log = logging.getLogger(__name__)

LARGEST_IMPORT = 2 * 2**30
"""Bytes of a file that may be imported."""
ORDINARY_IMPORT = 50 * 10**6
"""Bytes of a file up to which an import gets the memory that any transfer gets."""
LONGEST_MESSAGE = 2_000
LONGEST_STEM = 200
"""Bytes of a video's name in that of its export. File systems count bytes, up to 255, and browsers cut there: the
ending, and the number of a second download, have to fit too."""
KEPT_FOR = timedelta(days=7)
FORGOTTEN_S = 24 * 3600.0
"""Files without a row are left alone for so long: theirs may be about to be committed."""
REPORT_EVERY_S = 0.4
OPEN = (TransferState.QUEUED, TransferState.RUNNING)


MOST_WEIGHED = 500_000
"""Stored shapes of a layer whose losses are counted while somebody waits for them: a second or two."""


class Cancelled(Exception):
    """Somebody cancelled or removed the transfer while it ran."""


def begin_export(*, user: User, layer: Layer, format_id: str, options: Mapping[str, str]) -> Transfer:
    """Queue an export of a layer. Raises FormatError for a format or option that there isn't."""
    chosen_format = _format_with(format_id, options)
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
        what = f"exported the layer “{layer.name}” of “{layer.video.name}” as {format_id}"
        _record(AuditKind.EXPORT, what, transfer, by=user)
    return transfer


def weigh_export(*, layer: Layer, format_id: str, options: Mapping[str, str]) -> Report | None:
    """What an export would lose of the layer as it is now, counted; None where counting takes longer than somebody
    wants to wait. Raises FormatError as ``begin_export``."""
    limits = _format_with(format_id, options).limits(options)
    if not limits:
        return Report()
    return None if count_shapes(layer) > MOST_WEIGHED else losses(dataset_of(layer), limits)


def _format_with(format_id: str, options: Mapping[str, str]) -> Format:
    found = formats.find(format_id)
    known = {option.id: option for option in found.options}
    if unknown := sorted(set(options) - set(known)):
        raise FormatError(f"{found.label} has the options {sorted(known) or 'none'}; {unknown[0]!r} came.")
    for option in known.values():
        chosen(options, option)
    return found


def begin_import(*, user: User, layer: Layer, format_id: str, file: UploadedFile[Any], how: How = AS_IT_IS) -> Transfer:
    """Keep an uploaded file and queue its import into a layer, or into a new one of its video.

    Raises:
        PermissionDenied: the user may not change every frame, or not make such a layer, or not make labels.
        ActionError, FormatError: a file that is empty or too large, a format that there isn't, a name for the new
            layer that it can't have.
    """
    if how.new_layer:
        access.access_video_for_layer(user, layer.video_id, LayerKind(how.new_kind))
        how = replace(how, new_layer=unused_name(layer.video, how.new_layer))
    else:
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
    require_room(transfer.whose.workspace, "This file", file.size)
    remove_old_transfers()
    transfer.kind, transfer.format, transfer.options = Transfer.Kind.IMPORT, format_id, asdict(how)
    transfer.file_name = PurePath(file.name or "import").name[-255:]
    with storage.arriving(transfer_file(transfer)) as arriving, arriving.open("wb") as target:
        for piece in file.chunks():
            target.write(piece)
    transfer.bytes = file.size
    with transaction.atomic():
        transfer.save(force_insert=True)
        _queue(transfer)
        where = f" into “{transfer.layer.video.name}”" if transfer.layer is not None else ""
        _record(AuditKind.IMPORT, f"began to import “{transfer.file_name}” ({format_id}){where}", transfer, by=user)
    return transfer


def _record(kind: AuditKind, what: str, transfer: Transfer, by: User) -> None:
    project = transfer.whose
    record(kind, f"{what} in the project “{project.name}”.", workspace=project.workspace_id, by=by)


def cancel_transfer(*, transfer: Transfer) -> Transfer:
    """End a transfer that waits or runs; its worker ends the process that does it. One that is over stays as it is."""
    if transfer.state in OPEN:
        # Before the row: an import that writes to SQLite keeps everybody else from writing until it is ended.
        mark = _cancel_mark(transfer)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    Transfer.objects.filter(pk=transfer.pk, state__in=OPEN).update(state=TransferState.CANCELLED)
    transfer.refresh_from_db()
    return transfer


def remove_old_transfers() -> None:
    """Forget transfers of last week, with their files; and files without a row, which a crash left."""
    for transfer in Transfer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).exclude(state__in=OPEN):
        storage.remove(storage.transfer_folder(transfer))
        transfer.delete()
    known = {str(key) for key in Transfer.objects.values_list("pk", flat=True)}
    for path in storage.forgotten("transfers", known, FORGOTTEN_S):
        storage.remove(path)


def transfer_file(transfer: Transfer) -> Path:
    """What an export made, or what is imported. Named by us: a person's file name is only shown."""
    return storage.transfer_folder(transfer) / "file"


def _cancel_mark(transfer: Transfer) -> Path:
    return storage.transfer_folder(transfer) / "cancelled"


def export_name(layer: Layer, format_id: str, suffix: str) -> str:
    """Under which an export is saved: the video's name, that of a layer beside its main one, cut to ``LONGEST_STEM``
    bytes, and the format."""
    stem = PurePath(layer.video.name.replace("/", "_")).stem or "video"
    if layer.kind != LayerKind.MAIN:
        stem = f"{stem}-{layer.name.replace('/', '_')}"
    short = stem.encode(errors="replace")[:LONGEST_STEM].decode(errors="ignore")
    return f"{short}-{format_id}{suffix}"


def _queue(transfer: Transfer) -> None:
    """In the transaction that makes it: a process that is killed then leaves both or none."""
    carry_out.enqueue(str(transfer.pk))


@task()
def carry_out(transfer_id: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    transfer = (
        Transfer.objects.select_related("layer__video__project", "project", "created_by").filter(pk=transfer_id).first()
    )
    if transfer is None or transfer.state not in OPEN:
        if transfer is not None and transfer.state == TransferState.CANCELLED:
            _remove_files(transfer)
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
    except Http404:
        _fail(transfer, f"The {transfer.kind} ended: what it is of was deleted, or isn't shared with you any more.")
    except MemoryError:
        raise  # Its process says so.
    except Layer.DoesNotExist:
        # Of a project's import; one into a single layer that is deleted is told so with it.
        _fail(transfer, "A video that it is for was deleted meanwhile, so nothing was imported. Begin it again.")
    except Exception as error:
        log.exception("Transfer %s failed", transfer.pk)
        _fail(
            transfer,
            f"The {transfer.kind} failed: {in_our_words(error)}. Try again; if it fails again, tell your admin.",
        )


def _export(transfer: Transfer) -> None:
    layer = transfer.layer
    if layer is None:
        raise ActionError("An export is of a layer; this one names none.")
    dataset = dataset_of(layer)
    watch = _Watch(transfer, total=count_shapes(layer))
    counted = Counted(dataset, watch.advance)
    with storage.arriving(transfer_file(transfer)) as target:
        report = formats.find(transfer.format).write(counted.dataset, target, transfer.options, watch.check)
        size = target.stat().st_size
    Transfer.objects.filter(pk=transfer.pk).update(bytes=size)
    _finish(transfer, report.as_json())


def _import(transfer: Transfer) -> None:
    if transfer.created_by is None:
        raise ActionError("Whoever began this import isn't here any more. Begin it again.")
    with storage.at_hand(transfer_file(transfer)) as file:
        _import_from(file, transfer, transfer.created_by)
    _remove_files(transfer)


def _import_from(file: Path, transfer: Transfer, user: User) -> None:
    watch = _Watch(transfer, total=0)
    reading = formats.find(transfer.format).read(file)
    watch.show(0.5)
    watch.check()
    how = How(**transfer.options)
    with transaction.atomic():
        into = _destination(transfer, how)
        report = import_reading(
            reading,
            into=into,
            user=user,
            summary=f"Imported {transfer.file_name}"[:200],
            how=how,
        )
        made = {"layer": {"id": into.pk, "name": into.name}} if isinstance(into, Layer) else {}
        # In one transaction: a worker that dies imports everything once, or nothing.
        _finish(transfer, {**report.as_json(), **made})


def _destination(transfer: Transfer, how: How) -> Layer | Project:
    """Where the tracks go; a new layer is made, in the transaction of the import."""
    if transfer.layer is None:
        return transfer.whose
    if not how.new_layer or transfer.created_by is None:
        return transfer.layer
    kind = LayerKind(how.new_kind)
    video = access.access_video_for_layer(transfer.created_by, transfer.layer.video_id, kind)
    return make_layer(video=video, kind=kind, name=how.new_layer, owner=transfer.created_by)


def _finish(transfer: Transfer, report: dict[str, object]) -> None:
    done = Transfer.objects.filter(pk=transfer.pk, state=TransferState.RUNNING)
    with transaction.atomic():
        if not done.update(state=TransferState.DONE, progress=1, report=report, message=""):
            raise Cancelled
        tell_transfer(Transfer.objects.select_related("layer__video__project", "project").get(pk=transfer.pk))


def _fail(transfer: Transfer, message: str, report: Report | None = None) -> None:
    failed = Transfer.objects.filter(pk=transfer.pk, state__in=OPEN)
    said = message[:LONGEST_MESSAGE]
    with transaction.atomic():
        if failed.update(state=TransferState.FAILED, message=said, report=report.as_json() if report else {}):
            tell_transfer(Transfer.objects.select_related("layer__video__project", "project").get(pk=transfer.pk))
    _remove_files(transfer)


def _remove_files(transfer: Transfer) -> None:
    storage.remove(storage.transfer_folder(transfer))
    Transfer.objects.filter(pk=transfer.pk).update(bytes=0)


class _Watch:
    """Writes progress to the transfer's row, seldom enough not to matter; notices when it was cancelled."""

    def __init__(self, transfer: Transfer, *, total: int) -> None:
        self.transfer = transfer
        self.total = total
        self.done = 0
        self.reported_at = 0.0
        self.checked_at = 0.0

    def advance(self, shapes: int) -> None:
        self.done += shapes
        self.show(min(self.done / self.total, 1.0) if self.total else 0.0)

    def show(self, share: float) -> None:
        now = time.monotonic()
        if now - self.reported_at >= REPORT_EVERY_S:
            self.reported_at = now
            self._write(share)

    def check(self, _tracks_done: int = 0) -> None:
        """Raises Cancelled when somebody cancelled; asked for every track it looks as seldom as it reports."""
        now = time.monotonic()
        if now - self.checked_at < REPORT_EVERY_S:
            return
        self.checked_at = now
        if not Transfer.objects.filter(pk=self.transfer.pk, state=TransferState.RUNNING).exists():
            raise Cancelled

    def _write(self, share: float) -> None:
        running = Transfer.objects.filter(pk=self.transfer.pk, state=TransferState.RUNNING)
        if not running.update(progress=share):
            raise Cancelled


def queue_forgotten_transfers() -> int:
    """Queue transfers that no task is to carry out. Returns how many."""
    return queue_forgotten(carry_out, Transfer.objects.filter(state__in=OPEN))


def latest_transfers(layer: Layer) -> Iterable[Transfer]:
    """A layer's transfers, newest first."""
    return Transfer.objects.filter(layer=layer).select_related("created_by")[:20]


def _find(key: str) -> Transfer | None:
    return Transfer.objects.filter(pk=key).first()


def _allowance(key: str) -> Allowance:
    """The more, the larger the file that is imported."""
    memory = config.transfer_memory * 2**20
    transfer = _find(key)
    if transfer is not None and transfer.kind == Transfer.Kind.IMPORT:
        with suppress(OSError):
            size = storage.told(transfer_file(transfer)).size
            most = max(memory, memory_of_machine() // 2)
            memory = min(max(memory, int(memory * size / ORDINARY_IMPORT)), most)
    return transfer_allowance(memory)


def _names(key: str) -> tuple[str, str]:
    transfer = _find(key)
    if transfer is not None and transfer.kind == Transfer.Kind.EXPORT:
        return "The export", "Export in another format, or fewer videos at a time."
    return "The import", "Nothing was imported. Take the file apart: fewer tracks, frames or videos at a time."


def _workspaces() -> dict[str, int]:
    waiting = Transfer.objects.filter(state__in=OPEN)
    found = waiting.values_list("pk", "project__workspace_id", "layer__video__project__workspace_id")
    return {str(key): of_project or of_layer for key, of_project, of_layer in found}


TRANSFERRING = Background.of_files(
    task=carry_out,
    names=_names,
    allowance=_allowance,
    workspaces=_workspaces,
    rows=Transfer.objects.all,
    open_states=OPEN,
    cancelled=TransferState.CANCELLED,
    mark=_cancel_mark,
    fail=_fail,
    folder=storage.transfer_folder,
)
