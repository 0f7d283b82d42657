"""Projects leave and come whole, in the background: with progress, and until somebody cancels."""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path, PurePath

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django_tasks import task

from annotator import access
from annotator.actions.appending import GONE, append
from annotator.actions.audit import record
from annotator.actions.background import Allowance, Background, NotWanted, Watch, queue_forgotten
from annotator.actions.errors import ActionError, in_our_words
from annotator.actions.ingest import ingest
from annotator.actions.parcels.packing import pack
from annotator.actions.parcels.reading import Parcelled
from annotator.actions.parcels.report import Report
from annotator.actions.parcels.unpacking import unpack
from annotator.actions.storage_use import require_room
from annotator.actions.webhooks.telling import tell_project_exported
from annotator.config import config
from annotator.media import storage
from annotator.models import AuditKind, Parcel, ParcelState, Project, User, Video, VideoState, Workspace

log = logging.getLogger(__name__)

OPEN = (ParcelState.QUEUED, ParcelState.RUNNING)
KEPT_FOR = timedelta(days=7)
"""An export's file, what failed, and an upload that nobody goes on with are kept for so long."""
MOST_COMING = 20
"""Imports of one person that are under way."""
SUFFIX = ".framewise.zip"
LONGEST_STEM = 200
ROOM_FOR_RECORDS = 256 * 2**20
COPIES = 3
"""An import needs so many times its size: the file itself, what is in it, and the copies of its videos for playback."""
SHARE_OF_CHECK, SHARE_OF_MEDIA = 0.5, 0.8
MESSAGE_CHARACTERS = 2000


# ------------------------------------------------------------------ out


def begin_export(*, by: User, project: Project, with_media: bool) -> Parcel:
    """Queue the export of a project. Raises ActionError where one is under way, or the disk has too little room."""
    remove_old_parcels()
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        if Parcel.objects.filter(project=project, kind=Parcel.Kind.EXPORT, state__in=OPEN).exists():
            raise ActionError("This project is being exported already. Wait for that, or cancel it.")
        size = _bytes_of_media(project) if with_media else 0
        require_room(project.workspace, "The file", size)
        _require_room(ROOM_FOR_RECORDS + size, "the file")
        parcel = Parcel.objects.create(
            kind=Parcel.Kind.EXPORT,
            workspace_id=project.workspace_id,
            project=project,
            with_media=with_media,
            file_name=_file_name_of(project),
            created_by=by,
        )
        _queue(parcel)
        videos = "with its videos" if with_media else "without its videos"
        what = f"began to export the project “{project}” whole, {videos}."
        record(AuditKind.EXPORT, what, workspace=project.workspace_id, by=by)
    return parcel


def _bytes_of_media(project: Project) -> int:
    size = 0
    for video in project.videos.all():
        with suppress(FileNotFoundError):
            size += storage.told(storage.video_file(video, storage.SOURCE)).size
    return size


def _file_name_of(project: Project) -> str:
    stem = re.sub(r"[\x00-\x1f\x7f/\\]", "_", project.name).strip() or "project"
    return stem.encode(errors="replace")[:LONGEST_STEM].decode(errors="ignore") + SUFFIX


# ------------------------------------------------------------------ in


def begin_import(*, by: User, workspace: Workspace, name: str, size: int) -> Parcel:
    """Make room for a file of ``size`` bytes that becomes a project. Raises ActionError when it is empty, too large, or
    nothing is free."""
    remove_old_parcels()
    if not 0 < size <= config.project_limit:
        raise ActionError(f"A project's file has 1 to {config.project_limit:,} bytes; this one has {size:,}.")
    coming = Parcel.objects.filter(created_by=by, kind=Parcel.Kind.IMPORT, state=ParcelState.COMING)
    if coming.count() >= MOST_COMING:
        raise ActionError(f"You have {MOST_COMING} imports under way. Finish or cancel some.")
    require_room(workspace, "This project", size)
    _require_room(COPIES * size, "the file, what is in it, and copies of its videos")
    parcel = Parcel.objects.create(
        kind=Parcel.Kind.IMPORT,
        workspace=workspace,
        file_name=_shown_name(name),
        size=size,
        state=ParcelState.COMING,
        created_by=by,
    )
    storage.begin(storage.Coming(parcel_file(parcel), parcel_file(parcel), size))
    return parcel


def append_parcel(*, parcel: Parcel, offset: int, data: bytes) -> Parcel:
    """Put bytes at the end; the last ones have it read. Raises what ``append`` does."""
    with transaction.atomic():
        locked = Parcel.objects.select_for_update().filter(pk=parcel.pk, state=ParcelState.COMING).first()
        if locked is None:
            raise ActionError(GONE)
        append(locked, parcel_file(locked), offset=offset, data=data)
        if locked.received == locked.size:
            locked.state = ParcelState.QUEUED
            _queue(locked)
        locked.save(update_fields=["received", "state", "touched_at"])
    return locked


def _shown_name(name: str) -> str:
    """It is only shown: files are named by us."""
    clean = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "", PurePath(name.replace("\\", "/")).name).strip()
    return clean[-255:] or f"project{SUFFIX}"


def _require_room(needed: int, what: str) -> None:
    free = storage.free_bytes()
    if free is not None and needed > free:
        raise ActionError(
            f"The server has too little room: {free / 1e9:.1f} GB are free, and {what} needs {needed / 1e9:.1f} GB. "
            "Ask your admin to make room."
        )


# ------------------------------------------------------------------ both


def cancel_parcel(*, parcel: Parcel) -> None:
    """End what waits, comes or runs; of what is over the file goes. What became a project stays one."""
    if parcel.state in OPEN:
        # Before the row: an import that writes to SQLite keeps everybody else from writing until it is ended.
        with suppress(OSError):
            parcel_file(parcel).parent.mkdir(parents=True, exist_ok=True)
            _cancel_mark(parcel).touch()
        Parcel.objects.filter(pk=parcel.pk, state__in=OPEN).update(state=ParcelState.CANCELLED)
        parcel.refresh_from_db()
        return
    with transaction.atomic():
        Parcel.objects.filter(pk=parcel.pk).exclude(state__in=OPEN).delete()
    _remove_files(parcel)


def remove_old_parcels() -> None:
    """Forget files that were kept long enough. What an import became says for ever where it came from."""
    old = Parcel.objects.filter(touched_at__lt=timezone.now() - KEPT_FOR).exclude(state__in=OPEN)
    for parcel in old.exclude(kind=Parcel.Kind.IMPORT, state=ParcelState.DONE):
        _remove_files(parcel)
        parcel.delete()


def parcel_file(parcel: Parcel) -> Path:
    """What an export made, or what came."""
    return storage.parcel_folder(parcel) / "file"


def _cancel_mark(parcel: Parcel) -> Path:
    return storage.parcel_folder(parcel) / "cancelled"


def _remove_files(parcel: Parcel) -> None:
    storage.remove(storage.parcel_folder(parcel))


def _queue(parcel: Parcel) -> None:
    """In the transaction that makes it wanted: a process that is killed then leaves both or none."""
    carry_out_parcel.enqueue(str(parcel.pk))


@task()
def carry_out_parcel(key: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    parcel = Parcel.objects.select_related("workspace", "project", "created_by").filter(pk=key).first()
    if parcel is None or parcel.state not in OPEN:
        return
    Parcel.objects.filter(pk=key, state__in=OPEN).update(state=ParcelState.RUNNING, progress=0)
    try:
        if parcel.kind == Parcel.Kind.EXPORT:
            _export(parcel)
        else:
            _import(parcel)
    except NotWanted:
        _remove_files(parcel)
    except (ActionError, PermissionDenied) as error:
        _fail(parcel, str(error))
    except Http404:
        _fail(parcel, f"The {parcel.kind} ended: whoever began it is no admin here any more.")
    except MemoryError:
        raise  # Its process says so.
    except Exception as error:
        log.exception("Parcel %s failed", parcel.pk)
        again = "Try again; if it fails again, tell your admin."
        _fail(parcel, f"The {parcel.kind} of the project failed: {in_our_words(error)}. {again}")


def _whose(parcel: Parcel) -> User:
    """Whoever began it, who may still do it."""
    if parcel.created_by is None:
        raise ActionError(f"Whoever began this {parcel.kind} isn't here any more. Begin it again.")
    access.check(parcel.created_by, parcel.workspace_id, "admin")
    return parcel.created_by


def _running(parcel: Parcel) -> Watch:
    return Watch(Parcel.objects.filter(pk=parcel.pk, state=ParcelState.RUNNING))


def _export(parcel: Parcel) -> None:
    _whose(parcel)
    if parcel.project is None:
        raise ActionError("An export is of a project; this one names none.")
    with storage.arriving(parcel_file(parcel)) as target:
        report = pack(parcel.project, target, with_media=parcel.with_media, show=_running(parcel).show)
        size = target.stat().st_size
    _finish(parcel, report, size=size)


def _finish(parcel: Parcel, report: Report, **more: object) -> None:
    running = Parcel.objects.filter(pk=parcel.pk, state=ParcelState.RUNNING)
    said = report.model_dump(mode="json")
    done = {"state": ParcelState.DONE, "progress": 1.0, "report": said, "touched_at": timezone.now()}
    with transaction.atomic():
        if not running.update(**done, **more):
            raise NotWanted
        _tell(parcel)


def _tell(parcel: Parcel) -> None:
    """Tell webhooks of an export that is over."""
    if parcel.kind == Parcel.Kind.EXPORT:
        parcel.refresh_from_db()
        tell_project_exported(parcel)


def _import(parcel: Parcel) -> None:
    by = _whose(parcel)

    def finish(project: Project, report: Report) -> None:
        _finish(parcel, report, project=project, with_media=_has_media(project))
        what = f"imported the project “{project}” whole from “{parcel.file_name}”."
        record(AuditKind.IMPORT, what[:600], workspace=parcel.workspace_id, by=by)

    with storage.at_hand(parcel_file(parcel)) as file:
        made = bring_project(
            file,
            workspace=parcel.workspace,
            folder=storage.work_folder(storage.parcel_folder(parcel) / "media"),
            show=_running(parcel).show,
            finish=finish,
        )
    log.info("Parcel %s became project %s", parcel.pk, made.pk)
    _remove_files(parcel)


def _has_media(project: Project) -> bool:
    return not project.videos.filter(state=VideoState.FAILED).exists()


def bring_project(
    source: Path,
    *,
    workspace: Workspace,
    folder: Path,
    show: Callable[[float], None],
    finish: Callable[[Project, Report], None] = lambda project, report: None,
) -> Project:
    """Make a project of a file: whole, or not at all.

    Args:
        folder: for what is unpacked on the way, on the disk of the media; it goes.
        show: as in ``packing.Show``.
        finish: called in the transaction that makes the project.

    Raises:
        ActionError: why the file can't become one.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with Parcelled.opened(source) as parcelled:
            share = max(parcelled.size, 1)
            parcelled.verify(_counting(share, 0, SHARE_OF_CHECK, show))
            _extract(parcelled, folder, _counting(share, SHARE_OF_CHECK, SHARE_OF_MEDIA, show))
            # Its progress can't be seen by others: it is one transaction, which a cancelled process never ends.
            show(SHARE_OF_MEDIA)
            with _all_or_nothing() as placed:
                name = _free_name(workspace, parcelled.manifest.project)
                made = unpack(parcelled, workspace=workspace, name=name, advance=lambda _: None)
                for old, new in made.videos.items():
                    _place(folder / str(old), Video.objects.get(pk=new), placed)
                finish(made.project, made.report)
            return made.project
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _extract(parcelled: Parcelled, folder: Path, advance: Callable[[int], None]) -> None:
    for original in parcelled.manifest.media:
        if original.included:
            with (folder / str(original.video)).open("wb") as target:
                parcelled.extract(original, target, advance)


def _place(file: Path, video: Video, placed: list[Video]) -> None:
    if file.exists():
        placed.append(video)
        storage.place(file, storage.video_file(video, storage.SOURCE))
        ingest.enqueue(video.pk)


@contextmanager
def _all_or_nothing() -> Iterator[list[Video]]:
    """A transaction; the files of the videos that are put into the list go with it when it fails."""
    placed: list[Video] = []
    try:
        with transaction.atomic():
            yield placed
    except BaseException:
        for video in placed:
            storage.remove_video_files(video)
        raise


def _free_name(workspace: Workspace, name: str) -> str:
    taken = set(workspace.projects.values_list("name", flat=True))
    clean = " ".join(name.split())[:100] or "Imported project"
    names = [clean, f"{clean} (imported)", *(f"{clean} (imported {number})" for number in range(2, 1000))]
    return next((each for each in names if each not in taken), clean)


def _counting(total: int, first: float, last: float, show: Callable[[float], None]) -> Callable[[int], None]:
    done = 0
    latest = time.monotonic()

    def advance(size: int) -> None:
        nonlocal done, latest
        done += size
        if time.monotonic() - latest > 0.2:
            latest = time.monotonic()
            show(first + (last - first) * min(done / total, 1.0))

    return advance


# ------------------------------------------------------------------ for the jobs worker


def _fail(parcel: Parcel, message: str) -> None:
    failed = Parcel.objects.filter(pk=parcel.pk, state__in=OPEN)
    with transaction.atomic():
        if failed.update(state=ParcelState.FAILED, message=message[:MESSAGE_CHARACTERS], touched_at=timezone.now()):
            _tell(parcel)
    _remove_files(parcel)


def queue_forgotten_parcels() -> int:
    """Queue those that no task is to carry out. Returns how many."""
    return queue_forgotten(carry_out_parcel, Parcel.objects.filter(state__in=OPEN))


def _find(key: str) -> Parcel | None:
    return Parcel.objects.filter(pk=key).first()


def _names(key: str) -> tuple[str, str]:
    parcel = _find(key)
    if parcel is not None and parcel.kind == Parcel.Kind.EXPORT:
        return "The export of the project", "Export it without its videos."
    return "The import of the project", "Nothing was imported."


PARCELLING = Background.of_files(
    task=carry_out_parcel,
    names=_names,
    allowance=lambda _: Allowance(
        config.transfer_memory * 2**20,
        config.video_hours * 3600,
        "FRAMEWISE_TRANSFER_MEMORY",
        "FRAMEWISE_VIDEO_HOURS",
    ),
    workspaces=lambda: {
        str(key): of for key, of in Parcel.objects.filter(state__in=OPEN).values_list("pk", "workspace_id")
    },
    rows=Parcel.objects.all,
    open_states=OPEN,
    cancelled=ParcelState.CANCELLED,
    mark=_cancel_mark,
    fail=_fail,
    folder=storage.parcel_folder,
)
