"""Where media lives: ``videos/<key>/…``, ``uploads/<id>``, ``transfers/<id>/…`` and ``parcels/<id>/…``, below the media
folder or, where ``FRAMEWISE_S3_BUCKET`` names one, in a bucket; weights beside it.

A path below the media folder is the name of a file in either. Whether one is there, and what is in it, is asked here
alone: with a bucket nothing lies under its path, but a temporary copy elsewhere while somebody works on it
(``at_hand``).

Files appear whole or not at all.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import psutil
from django.conf import settings

from annotator.config import BucketAddress
from annotator.media.away import MediaAway
from annotator.media.bucket import Bucket, Told, part_size
from annotator.models import Parcel, StoredWeights, Transfer, Upload, Video

log = logging.getLogger(__name__)

SOURCE, INDEX, PACKETS, PROXY, STRIP = "source", "index.npz", "packets.bin", "proxy.mp4", "strip.jpg"
BLOCK, REMOTE_BLOCK = 256 * 1024, 2 * 2**20
REQUESTS_AT_ONCE = 16
COMING = ".coming"
"""Ends the folder of what is noted of a file that comes in parts into a bucket."""


# ------------------------------------------------------------------ names


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


def weights_file(stored: StoredWeights) -> Path:
    """Its name is one of the catalogue's, so it leads nowhere else."""
    return _weights() / str(stored.workspace_id) / stored.name


# ------------------------------------------------------------------ files


def told(path: Path, *, recently: bool = False) -> Told:
    """Size and validators. ``recently``: as ``Bucket.told``. Raises FileNotFoundError, MediaAway."""
    if (kept := _kept(path)) is not None:
        bucket, key = kept
        return bucket.told(key, recently=recently)
    stat = path.stat()
    return Told(stat.st_size, f"{stat.st_size:x}-{stat.st_mtime_ns:x}", stat.st_mtime)


def exists(path: Path) -> bool:
    """Raises MediaAway."""
    try:
        told(path)
    except FileNotFoundError:
        return False
    return True


async def blocks(path: Path, file: Told, first: int, last: int) -> AsyncIterator[bytes]:
    """Bytes ``first`` to ``last``, both included, block by block, read off the event loop.

    Args:
        file: what was ``told`` of it. Raises MediaAway where a bucket has another one by now.
    """
    if (kept := _kept(path)) is not None:
        bucket, key = kept
        loop = asyncio.get_running_loop()
        # Each block is a request of its own: a slow reader holds no connection to the bucket.
        for at in range(first, last + 1, REMOTE_BLOCK):
            end = min(at + REMOTE_BLOCK - 1, last)
            yield await loop.run_in_executor(_asking_buckets(), bucket.part, key, at, end, file.etag)
        return
    opened = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(opened.seek, first)
        left = last - first + 1
        while left > 0:
            block = await asyncio.to_thread(opened.read, min(BLOCK, left))
            if not block:
                return
            left -= len(block)
            yield block
    finally:
        await asyncio.to_thread(opened.close)


@cache
def _asking_buckets() -> ThreadPoolExecutor:
    """Threads of their own: a bucket that doesn't answer keeps nobody from reading files."""
    return ThreadPoolExecutor(REQUESTS_AT_ONCE, "bucket")


class Copy:
    """A file on a disk: the file itself, or a copy that is there until ``close``.

    Raises FileNotFoundError, MediaAway, and OSError where there is no room for a copy.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._is_copy = path, False
        if (kept := _kept(path)) is None:
            return
        bucket, key = kept
        self.path, self._is_copy = _scratch_file(path.suffix), True
        try:
            bucket.fetch(key, self.path)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._is_copy:
            self.path.unlink(missing_ok=True)


@contextmanager
def at_hand(path: Path) -> Iterator[Path]:
    """A file's place on a disk, to be read until the block ends. Raises as ``Copy``."""
    copy = Copy(path)
    try:
        yield copy.path
    finally:
        copy.close()


@contextmanager
def folder_at_hand(files: Collection[Path]) -> Iterator[Path]:
    """The place on a disk of the one folder that ``files`` are in, to be read until the block ends. Raises as
    ``Copy``."""
    (folder,) = {file.parent for file in files}
    if _kept(folder) is None:
        yield folder
        return
    copies = work_folder(folder)
    copies.mkdir(parents=True, exist_ok=True)
    try:
        for file in files:
            with at_hand(file) as copy:
                shutil.move(copy, copies / file.name)
        yield copies
    finally:
        shutil.rmtree(copies, ignore_errors=True)


@contextmanager
def arriving(target: Path) -> Iterator[Path]:
    """A path to write to; what was written becomes ``target`` when the block ends well, and vanishes otherwise."""
    kept = _kept(target)
    if kept is None:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".arriving-", suffix=target.suffix)
        os.close(handle)
        path = Path(name)
    else:
        path = _scratch_file(target.suffix)
    try:
        yield path
        if kept is None:
            path.replace(target)
        else:
            bucket, key = kept
            bucket.put(path, key)
    finally:
        path.unlink(missing_ok=True)


def place(file: Path, target: Path) -> None:
    """Make a file on the disk of the media ``target``; it is gone from where it was."""
    if (kept := _kept(target)) is not None:
        bucket, key = kept
        bucket.put(file, key)
        file.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    file.replace(target)


def work_folder(folder: Path) -> Path:
    """Where to unpack what becomes media of ``folder``: on the same disk, or where copies are made."""
    return folder if _kept(folder) is None else _scratch() / f"{os.getpid()}-{folder.parent.name}-{folder.name}"


def remove(path: Path) -> None:
    """Remove a file or a whole folder. What a store that is away keeps goes later, with ``forgotten`` files."""
    if (kept := _kept(path)) is not None:
        bucket, key = kept
        try:
            inside = [each for ending in ("/", f"{COMING}/") for each, _ in bucket.keys(f"{key}{ending}")]
            for each in inside:
                if each.endswith(f"{COMING}/id"):
                    _give_up(bucket, each.removesuffix(f"{COMING}/id"))
            bucket.remove(key, *inside)
        except MediaAway as error:
            log.warning("%s wasn't removed: %s (%s).", key, error.words, error)
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_video_files(video: Video) -> None:
    remove(_folder("videos", video.key))


def remove_prepared(video: Video, *, but: Collection[str] = (SOURCE,)) -> None:
    """Remove all that was made of a video's source, also what a killed worker had only begun, ``but`` these."""
    folder = _folder("videos", video.key)
    if (kept := _kept(folder)) is not None:
        bucket, key = kept
        bucket.remove(*(each for each, _ in bucket.keys(f"{key}/") if each.rpartition("/")[2] not in but))
        return
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in but:
            path.unlink(missing_ok=True)


def forgotten(kind: str, known: Collection[str], older_than_s: float) -> Iterator[Path]:
    """Entries of ``videos``, ``uploads``, … whose name isn't among the known, untouched for so long."""
    folder = media_root() / kind
    touched: dict[str, float] = {}
    if (kept := _kept(folder)) is not None:
        bucket, key = kept
        for each, modified in bucket.keys(f"{key}/"):
            name = each[len(key) + 1 :].partition("/")[0].removesuffix(COMING)
            touched[name] = max(modified, touched.get(name, 0.0))
    for path in folder.iterdir() if folder.is_dir() else ():
        touched[path.name] = max(path.stat().st_mtime, touched.get(path.name, 0.0))
    for name, at in touched.items():
        if name not in known and time.time() - at > older_than_s:
            yield folder / name


def make_bucket() -> bool:
    """Make the bucket, if there is to be one and isn't. Returns whether it was made. Raises MediaAway."""
    bucket = _bucket()
    return bucket is not None and bucket.make()


def free_bytes(folder: Path | None = None) -> int | None:
    """Room left where ``folder`` lies, or the media; None: a bucket doesn't say, and ends nowhere but at what
    workspaces may take."""
    if _bucket() is not None:
        return None
    folder = folder or media_root()
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free


# ------------------------------------------------------------------ files that come in parts


@dataclass(frozen=True, slots=True)
class Coming:
    """A file of ``size`` bytes that comes in parts. ``path``: what has come of it; ``target``: what it becomes, maybe
    the same."""

    path: Path
    target: Path
    size: int


def begin(coming: Coming) -> None:
    """Nothing has come yet. Raises MediaAway."""
    if (kept := _kept(coming.path)) is None:
        coming.path.parent.mkdir(parents=True, exist_ok=True)
        coming.path.write_bytes(b"")
        return
    bucket, key = kept
    target = _key(coming.target)
    bucket.write(f"{key}{COMING}/id", f"{bucket.begin_parts(target)} {target}".encode())


def append(coming: Coming, offset: int, data: bytes) -> None:
    """Put bytes at ``offset``, up to which the file is here; what a request that was broken off had put there goes.

    Raises:
        FileNotFoundError: what had come is gone.
        MediaAway; OSError where the disk is full.
    """
    if (kept := _kept(coming.path)) is None:
        with coming.path.open("r+b") as file:
            file.truncate(offset)
            file.seek(offset)
            file.write(data)
        return
    bucket, key = kept
    upload, target = _upload_of(bucket, key)
    whole = part_size(coming.size)
    number, before = divmod(offset, whole)
    # S3 takes large parts only: what doesn't fill one waits in a file of its own.
    waiting = bucket.read(f"{key}{COMING}/{number}")[:before] if before else b""
    if len(waiting) < before:
        raise FileNotFoundError(f"{before - len(waiting)} bytes of {key} before {offset} are gone")
    waiting += data
    is_last = offset + len(data) == coming.size
    while len(waiting) >= whole or (waiting and is_last):
        bucket.put_part(target, upload, number, waiting[:whole])
        number, waiting = number + 1, waiting[whole:]
    if waiting:
        bucket.write(f"{key}{COMING}/{number}", waiting)


def finish(coming: Coming) -> None:
    """All is here: it becomes ``target``. Doing it again is no fault.

    Raises:
        FileNotFoundError: what had come is gone.
        MediaAway.
    """
    kept = _kept(coming.path)
    if coming.path == coming.target and kept is None:
        return
    if exists(coming.target):
        return
    if kept is None:
        coming.target.parent.mkdir(parents=True, exist_ok=True)
        coming.path.replace(coming.target)
        return
    bucket, key = kept
    upload, target = _upload_of(bucket, key)
    bucket.finish_parts(target, upload, coming.size)
    bucket.remove(*(each for each, _ in bucket.keys(f"{key}{COMING}/")))


def _upload_of(bucket: Bucket, key: str) -> tuple[str, str]:
    """(id, key of what it becomes) of a file that comes in parts."""
    upload, _, target = bucket.read(f"{key}{COMING}/id").decode().partition(" ")
    return upload, target


def _give_up(bucket: Bucket, key: str) -> None:
    """Of a file that comes in parts."""
    with suppress(FileNotFoundError):
        upload, target = _upload_of(bucket, key)
        bucket.give_up_parts(target, upload)


# ------------------------------------------------------------------ inside


def _folder(kind: str, key: UUID) -> Path:
    return media_root() / kind / str(key)


def _weights() -> Path:
    return Path(settings.DATA_DIR) / "weights"


def _key(path: Path) -> str:
    if path.is_relative_to(_weights()):
        return f"weights/{path.relative_to(_weights()).as_posix()}"
    return path.relative_to(media_root()).as_posix()


def _kept(path: Path) -> tuple[Bucket, str] | None:
    """The bucket that keeps a file, and its key there; None: it is on a disk, as is what is no media."""
    bucket = _bucket()
    if bucket is None or not (path.is_relative_to(media_root()) or path.is_relative_to(_weights())):
        return None
    return bucket, _key(path)


def _bucket() -> Bucket | None:
    address: BucketAddress | None = settings.MEDIA_BUCKET
    return None if address is None else _bucket_at(address)


@cache
def _bucket_at(address: BucketAddress) -> Bucket:
    return Bucket(address)


def _scratch() -> Path:
    """Where copies lie. Those of processes that ended go."""
    folder = Path(settings.SCRATCH_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in folder.iterdir():
        pid = path.name.partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return folder


def _scratch_file(suffix: str) -> Path:
    handle, name = tempfile.mkstemp(dir=_scratch(), prefix=f"{os.getpid()}-", suffix=suffix)
    os.close(handle)
    return Path(name)
