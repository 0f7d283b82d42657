"""Where media lives: ``videos/<key>/…``, ``uploads/<id>``, ``transfers/<id>/…`` and ``parcels/<id>/…`` below the media
folder.

Files appear whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

from annotator.models import Parcel, Transfer, Upload, Video

SOURCE, INDEX, PACKETS, PROXY, STRIP = "source", "index.npz", "packets.bin", "proxy.mp4", "strip.jpg"


def media_root() -> Path:
    return Path(settings.MEDIA_ROOT)


def video_file(video: Video, name: str) -> Path:
    """One of SOURCE, INDEX, PACKETS, PROXY and STRIP of a video; see its model for which exist when."""
    return _folder("videos", video.key) / name


def upload_file(upload: Upload) -> Path:
    """What has come of an upload so far."""
    return media_root() / "uploads" / str(upload.pk)


def transfer_folder(transfer: Transfer) -> Path:
    return _folder("transfers", transfer.pk)


def parcel_folder(parcel: Parcel) -> Path:
    return _folder("parcels", parcel.pk)


def remove_video_files(video: Video) -> None:
    shutil.rmtree(_folder("videos", video.key), ignore_errors=True)


def remove_prepared(video: Video, *, but: Collection[str] = (SOURCE,)) -> None:
    """Remove all that was made of a video's source, also what a killed worker had only begun, ``but`` these."""
    folder = _folder("videos", video.key)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in but:
            path.unlink(missing_ok=True)


def forgotten(kind: str, known: Collection[str], older_than_s: float) -> Iterator[Path]:
    """Entries of ``videos``, ``uploads`` or ``parcels`` whose name isn't among the known, untouched for so long."""
    folder = media_root() / kind
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in known and time.time() - path.stat().st_mtime > older_than_s:
            yield path


def remove(path: Path) -> None:
    """Remove a file or a whole folder."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def free_bytes() -> int:
    """Room left where media lives."""
    media_root().mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(media_root()).free


@contextmanager
def arriving(target: Path) -> Iterator[Path]:
    """A path to write to; what was written becomes ``target`` when the block ends well, and vanishes otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".arriving-", suffix=target.suffix)
    os.close(handle)
    path = Path(name)
    try:
        yield path
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)


def _folder(kind: str, key: UUID) -> Path:
    return media_root() / kind / str(key)
