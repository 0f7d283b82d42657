"""Videos come in: uploads that can be resumed, and the ingest they lead to."""

from __future__ import annotations

import re
from pathlib import PurePath

from django.conf import settings
from django.db import transaction

from annotator.actions.errors import ActionError
from annotator.media import storage
from annotator.models import Layer, Project, Upload, Video, VideoState
from annotator.models.user import User

ROOM_TO_SPARE = 2.5
"""An upload needs this many times its size free: the file itself, and the proxy that is made of it."""


class OffsetConflict(ActionError):
    """The bytes that came don't continue the ones that are there; ``received`` says where to go on."""

    def __init__(self, received: int) -> None:
        super().__init__(f"The upload goes on at byte {received}; ask for its state and send from there.")
        self.received = received


def begin_upload(*, user: User, project: Project, name: str, size: int) -> Upload:
    """Make room for a file of ``size`` bytes. Raises ActionError when it is empty, too large, or nothing is free."""
    if project.archived_at:
        raise ActionError("This project is archived; restore it before you upload to it.")
    if size <= 0:
        raise ActionError("The file is empty (0 bytes). Choose the original video.")
    if size > settings.UPLOAD_LIMIT:
        raise ActionError(f"A video may have {_gigabytes(settings.UPLOAD_LIMIT)}; this one has {_gigabytes(size)}.")
    if size * ROOM_TO_SPARE > storage.free_bytes():
        raise ActionError(
            f"The server has too little room: {_gigabytes(storage.free_bytes())} are free, and a video of "
            f"{_gigabytes(size)} needs {_gigabytes(int(size * ROOM_TO_SPARE))}. Ask your admin to make room."
        )
    upload = Upload.objects.create(project=project, name=_file_name(name), size=size, created_by=user)
    path = storage.upload_file(upload)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return upload


def append_upload(*, upload: Upload, offset: int, data: bytes) -> Upload:
    """Put bytes at the end. Raises OffsetConflict when they don't begin there, ActionError when there are too many."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        if offset != upload.received:
            raise OffsetConflict(upload.received)
        if upload.received + len(data) > upload.size:
            raise ActionError(f"The file was said to have {upload.size} bytes; more came. Begin the upload again.")
        with storage.upload_file(upload).open("r+b") as file:
            # Bytes of a chunk whose request died half-way lie beyond what counts; they are written over.
            file.seek(upload.received)
            file.write(data)
            file.truncate()
        upload.received += len(data)
        upload.save(update_fields=["received", "touched_at"])
    return upload


def cancel_upload(*, upload: Upload) -> None:
    storage.upload_file(upload).unlink(missing_ok=True)
    upload.delete()


def finish_upload(*, upload: Upload) -> Video:
    """The last byte is here: make the video with its main layer, and queue its ingest."""
    if upload.received != upload.size:
        raise ActionError(f"The upload has {upload.received} of {upload.size} bytes; send the rest first.")
    with transaction.atomic():
        video = Video.objects.create(
            project=upload.project, name=upload.name, size_bytes=upload.size, created_by=upload.created_by
        )
        Layer.objects.create(video=video)
        target = storage.video_file(video, storage.SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.upload_file(upload).replace(target)
        upload.delete()
        queue_ingest(video)
    return video


def retry_video(*, video: Video) -> Video:
    """Ingest a failed video once more."""
    if video.state != VideoState.FAILED:
        raise ActionError("Only a video that failed can be tried again.")
    if not storage.video_file(video, storage.SOURCE).exists():
        raise ActionError("The file wasn't kept because it is no usable video. Upload it again.")
    with transaction.atomic():
        video.state, video.error, video.progress = VideoState.QUEUED, "", 0
        video.save(update_fields=["state", "error", "progress"])
        queue_ingest(video)
    return video


def rename_video(*, video: Video, name: str) -> Video:
    video.name = _file_name(name)
    video.save(update_fields=["name"])
    return video


def delete_video(*, video: Video) -> None:
    """Remove a video with its layers, jobs and files. An ingest under way notices and stops."""
    with transaction.atomic():
        for layer in video.layers.all():
            # Labels protect tracks; a track of a removed video protects nothing.
            layer.tracks.all().delete()
        video.delete()
    storage.remove_video_files(video)


def queue_ingest(video: Video) -> None:
    """Have the jobs worker ingest a video once the transaction is through."""
    from annotator.actions.ingest import ingest

    transaction.on_commit(lambda: ingest.enqueue(video.pk))


def _file_name(name: str) -> str:
    """The last part of a path, without control characters, at most 255 long."""
    last = PurePath(name.replace("\\", "/")).name
    clean = re.sub(r"[\x00-\x1f\x7f]", "", last).strip()
    if not clean:
        raise ActionError("A video needs a file name.")
    return clean[-255:]


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**28 else f"{size / 2**20:.0f} MiB"
