"""Videos come in: uploads that can be resumed, and the ingest they lead to."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import PurePath

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, Sum
from django.db.models.functions import Least
from django.utils import timezone

from annotator.actions.appending import GONE, append
from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.ingest import ingest, make_quick
from annotator.actions.layers import empty_layer
from annotator.actions.removals import remember_video
from annotator.actions.runs.ending import end_runs
from annotator.actions.storage_use import in_gb, require_room
from annotator.announce.publish import announce_names
from annotator.media import storage
from annotator.models import AuditKind, Layer, Parcel, Project, ProxyState, Upload, Video, VideoState
from annotator.models.user import User

ROOM_TO_SPARE = 3
"""An upload needs this many times its size free: the file itself, and the proxy of up to twice its size."""
MOST_UPLOADS = 500
"""That one person may have under way."""
EMPTY_KEPT = timedelta(days=1)
"""An upload of which no byte has come is removed after this long."""
UPLOAD_KEPT = timedelta(days=7)
"""An upload that nobody goes on with is removed after this long."""
PATH = re.compile(r"([A-Za-z]:)?[\\/]|\.{1,2}[\\/]")
"""What some programs send instead of a file's name begins like this."""
FORGOTTEN_S = 24 * 3600.0
"""Files that no row names are left alone for this long: their row may be about to be committed."""


def begin_upload(*, user: User, project: Project, name: str, size: int) -> Upload:
    """Make room for a file of ``size`` bytes. Raises ActionError when it is empty, too large, or nothing is free."""
    _refuse_archived(project)
    if size <= 0:
        raise ActionError("The file is empty (0 bytes). Choose the original video.")
    if size > settings.UPLOAD_LIMIT:
        raise ActionError(f"A video may have {in_gb(settings.UPLOAD_LIMIT)}; this one has {in_gb(size)}.")
    kept = _kept_for_uploads()
    require_room(project.workspace, "This video", size)
    on_disk = storage.free_bytes()
    free = max(on_disk - kept, 0) if on_disk is not None else None
    if free is not None and size * ROOM_TO_SPARE > free:
        under_way = f" beside {in_gb(kept)} kept for uploads under way" if kept else ""
        raise ActionError(
            f"The server has too little room: {in_gb(free)} are free{under_way}, and a video of "
            f"{in_gb(size)} needs {in_gb(int(size * ROOM_TO_SPARE))}. Ask your admin to make room."
        )
    open_ = Upload.objects.filter(created_by=user).count()
    if open_ >= MOST_UPLOADS:
        raise ActionError(
            f"A person may have {MOST_UPLOADS} uploads under way; you have {open_}. Finish or cancel some, or wait: "
            f"those without a byte are removed after {EMPTY_KEPT.days} day, others after {UPLOAD_KEPT.days} days."
        )
    upload = Upload.objects.create(project=project, name=_file_name(_last_part(name)), size=size, created_by=user)
    storage.begin(_file_of(upload))
    return upload


def _file_of(upload: Upload) -> storage.Coming:
    """The video takes over the upload's key."""
    becomes = storage.video_file(Video(key=upload.pk), storage.SOURCE)
    return storage.Coming(storage.upload_file(upload), becomes, upload.size)


def _kept_for_uploads() -> int:
    """Bytes of room that are kept for what is still to come of uploads: of each as much as has come, so that saying
    that something large will come keeps nothing from others."""
    number = BigIntegerField()
    rest = ExpressionWrapper(F("size") - F("received"), output_field=number)
    return Upload.objects.aggregate(bytes=Sum(Least(rest, F("received"), output_field=number)))["bytes"] or 0


def append_upload(*, upload: Upload, offset: int, data: bytes) -> Upload:
    """Put bytes at the end. Raises what ``append`` does, and ActionError where the project is archived."""
    with transaction.atomic():
        upload = _locked(upload)
        _refuse_archived(upload.project)
        file = _file_of(upload)
        append(upload, file.path, target=file.target, offset=offset, data=data)
        upload.save(update_fields=["received", "touched_at"])
    return upload


def _locked(upload: Upload) -> Upload:
    """Raises ActionError where it was cancelled meanwhile."""
    locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
    if locked is None:
        raise ActionError(GONE)
    return locked


def cancel_upload(*, upload: Upload) -> None:
    """Forget an upload and what has come of it. A chunk that is being written is awaited."""
    came = storage.upload_file(upload)
    with transaction.atomic():
        # After a chunk that is being written, before the next one.
        Upload.objects.select_for_update().filter(pk=upload.pk).first()
        Upload.objects.filter(pk=upload.pk).delete()
    storage.remove(came)


def finish_upload(*, upload: Upload) -> Video:
    """The last byte is here: make the video with its main layer, and queue its ingest.

    The video takes over the upload's key, so that doing it again after a crash half-way finds the file where it is.

    Raises:
        ActionError: bytes are missing, the upload was cancelled, or the project is archived.
    """
    _refuse_archived(upload.project)
    if upload.received != upload.size:
        raise ActionError(f"The upload has {upload.received} of {upload.size} bytes; send the rest first.")
    # Others may have taken the room meanwhile.
    require_room(upload.project.workspace, "This video", upload.size, counted=upload.received)
    came = _file_of(upload)
    with transaction.atomic():
        _locked(upload)
        video = _awaiting(upload) or _new_video(upload)
        what = f"uploaded the video “{video.name}” ({in_gb(video.size_bytes)}) to the project “{video.project}”."
        record(AuditKind.IMPORT, what, workspace=video.project.workspace_id, by=upload.created_by)
        upload.delete()
        queue_ingest(video)
        storage.finish(came)
    return video


def _new_video(upload: Upload) -> Video:
    video = Video.objects.create(
        key=upload.pk,
        project=upload.project,
        name=upload.name,
        size_bytes=upload.size,
        created_by=upload.created_by,
    )
    Layer.objects.create(video=video)
    return video


def _awaiting(upload: Upload) -> Video | None:
    """The video that was imported without this file, if there is one; whether it is exactly this file is seen when it
    is opened."""
    missing = upload.project.videos.select_for_update().filter(state=VideoState.FAILED).exclude(awaited="")
    video = missing.filter(name=upload.name, size_bytes=upload.size).first()
    if video is not None:
        video.key, video.state, video.error, video.progress = upload.pk, VideoState.QUEUED, "", 0
        video.save(update_fields=["key", "state", "error", "progress"])
    return video


def may_retry(video: Video) -> bool:
    """Whether something of it failed that may go well now: its file is still there."""
    failed = video.state == VideoState.FAILED or video.proxy_error != ""
    return failed and storage.exists(storage.video_file(video, storage.SOURCE))


def retry_video(*, video: Video) -> Video:
    """Prepare a failed video once more, or make the proxy or the thumbnails that failed. Raises ActionError where
    nothing failed, or the file wasn't kept."""
    if video.state != VideoState.FAILED and not video.proxy_error:
        raise ActionError("Only a video that failed can be tried again.")
    if not may_retry(video):
        raise ActionError("The file wasn't kept because it is no usable video. Upload it again.")
    with transaction.atomic():
        if video.state == VideoState.FAILED:
            video.state, video.error, video.progress = VideoState.QUEUED, "", 0
            video.save(update_fields=["state", "error", "progress"])
            queue_ingest(video)
        else:
            needed = video.proxy_state != ProxyState.UNNEEDED
            video.proxy_state = ProxyState.WAITING if needed else ProxyState.UNNEEDED
            video.proxy_error, video.proxy_progress = "", 0
            video.save(update_fields=["proxy_state", "proxy_error", "proxy_progress"])
            make_quick.enqueue(video.pk)
    return video


def rename_video(*, by: User, video: Video, name: str) -> Video:
    """Whoever has it open reads the new name at once. Raises ActionError for one of nothing."""
    former, video.name = video.name, _file_name(name)
    with transaction.atomic():
        video.save(update_fields=["name"])
        for layer in video.layers.all():
            announce_names(layer=layer.pk, why=f"{by} renamed “{former}” to “{video.name}”.")
    return video


def delete_video(*, by: User, video: Video) -> None:
    """Remove a video with its layers, jobs and files. Its runs end, and whoever has it open is told why. An ingest
    under way notices and stops."""
    with transaction.atomic():
        if not Video.objects.select_for_update().filter(pk=video.pk).exists():
            return
        layers = list(video.layers.all())
        why = remember_video(video=video, by=by)
        end_runs(layer_ids=[layer.pk for layer in layers], why=why)
        for layer in layers:
            empty_layer(layer, why)
        video.delete()
    storage.remove_video_files(video)


def queue_ingest(video: Video) -> None:
    """Have the jobs worker ingest a video. The queue is in the same database: it is there when the transaction is."""
    ingest.enqueue(video.pk)


def remove_leftovers() -> int:
    """Remove uploads that nobody goes on with, and files that no row names. Returns how many."""
    now = timezone.now()
    stale = list(
        Upload.objects.filter(
            Q(touched_at__lt=now - UPLOAD_KEPT) | Q(received=0, touched_at__lt=now - EMPTY_KEPT),
        )
    )
    for upload in stale:
        cancel_upload(upload=upload)
    uploads = {str(key) for key in Upload.objects.values_list("pk", flat=True)}
    videos = {str(key) for key in Video.objects.values_list("key", flat=True)}
    parcels = {str(key) for key in Parcel.objects.values_list("pk", flat=True)}
    forgotten = [
        *storage.forgotten("uploads", uploads, FORGOTTEN_S),
        *storage.forgotten("videos", videos, FORGOTTEN_S),
        *storage.forgotten("parcels", parcels, FORGOTTEN_S),
    ]
    for path in forgotten:
        storage.remove(path)
    return len(stale) + len(forgotten)


def _refuse_archived(project: Project) -> None:
    if project.archived_at:
        raise ActionError("This project is archived; restore it before you upload to it.")


def _file_name(name: str) -> str:
    """Without control characters, at most 255 long. It is only shown: files are named by us."""
    clean = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "", name).strip()
    if not clean:
        raise ActionError("A video needs a file name.")
    return clean[-255:]


def _last_part(name: str) -> str:
    """Of a path the last part; a name may have a slash in it."""
    return PurePath(name.replace("\\", "/")).name if PATH.match(name) else name
