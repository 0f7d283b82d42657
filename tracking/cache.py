"""The agent's copy of videos: fetched by range requests, resumed where a fetch broke off, bounded in size.

A video's folder is named by its key, which stands for its bytes for ever. While a run uses it, it holds a shared lock
on the folder's lock file; fetching and removing need the exclusive one. So several agents of one machine share a cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from tracking.types import TrackingError

ATTEMPTS = 6
"""How often a broken fetch is taken up again, with growing pauses, before a run gives up."""
LOCK_POLL_S = 0.1


class FetchError(TrackingError):
    """A video that can't be brought to this machine."""


class Cancelled(TrackingError):
    """Nobody waits for the video any more."""


@dataclass(frozen=True, slots=True)
class _Partial:
    """What a partial file is part of: ``tag`` is the server's ETag ('' without one), ``size`` the whole in bytes."""

    tag: str
    size: int


class VideoCache:
    """Files of videos below ``folder``, at most ``limit`` bytes of them unless more are in use at once.

    Args:
        folder: made when it isn't there.
        limit: bytes; the videos used longest ago go first.
        http: fetches; its base URL is the server's.
        pause_s: before the second attempt of a broken fetch; doubled with each further one.
    """

    def __init__(self, folder: Path, limit: int, http: httpx.Client, *, pause_s: float = 0.5) -> None:
        self.folder = folder
        self.limit = limit
        self.http = http
        self.pause_s = pause_s

    @contextmanager
    def video(
        self, key: str, urls: Mapping[str, str], cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[dict[str, Path]]:
        """The files of one video by name, fetched if they aren't here yet, and kept while the context is open.

        Raises:
            FetchError: when the server refuses, or stays away.
            Cancelled: when ``cancelled()`` turned True meanwhile.
        """
        folder = self.folder / _folder_name(key)
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{folder.name}.lock").open("w") as lock:
            files = {name: folder / name for name in urls}
            while True:
                _lock(lock, fcntl.LOCK_SH, cancelled)
                if all(file.exists() for file in files.values()):
                    break
                _lock(lock, fcntl.LOCK_EX, cancelled)
                folder.mkdir(exist_ok=True)
                for name, url in urls.items():
                    if not files[name].exists():
                        self._fetch(url, files[name], cancelled)
                # Others may remove it between the two locks; then it is fetched again.
            os.utime(folder)
            yield files

    def _fetch(self, url: str, target: Path, cancelled: Callable[[], bool]) -> None:
        for attempt in range(ATTEMPTS):
            try:
                self._fetch_rest(url, target, cancelled)
                return
            except httpx.TransportError as error:
                if attempt == ATTEMPTS - 1:
                    raise FetchError(
                        f"A run needs its video; the server failed {ATTEMPTS} times ({error}). Check the network "
                        "between agent and server, then start the run again."
                    ) from error
                _wait(self.pause_s * 2**attempt, cancelled)

    def _fetch_rest(self, url: str, target: Path, cancelled: Callable[[], bool]) -> None:
        """One attempt: append what is missing to the partial file, then put it in place whole."""
        partial, note = target.with_suffix(".partial"), target.with_suffix(".json")
        known = _read_note(note)
        have = partial.stat().st_size if known and partial.exists() else 0
        if known and have == known.size:
            partial.replace(target)
            note.unlink()
            return
        headers = {"Accept-Encoding": "identity"}
        if known and have:
            headers |= {"Range": f"bytes={have}-"} | ({"If-Range": known.tag} if known.tag else {})
        with self.http.stream("GET", url, headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                note.unlink()
                raise httpx.RemoteProtocolError("the file on the server has changed")
            if response.is_server_error:
                raise httpx.RemoteProtocolError(f"the server answered with status {response.status_code}")
            if response.is_error:
                raise FetchError(_refusal(response))
            resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
            coming = int(response.headers.get("Content-Length", 0))
            size = coming + have if resumed else coming
            if resumed and known and size != known.size:
                note.unlink()
                raise httpx.RemoteProtocolError("the file on the server has changed")
            self._make_room(coming, keep=target.parent)
            note.write_text(json.dumps({"tag": response.headers.get("ETag", ""), "size": size}))
            with partial.open("ab" if resumed else "wb") as output:
                for piece in response.iter_raw():
                    output.write(piece)
                    if cancelled():
                        raise Cancelled("The run was stopped while its video was fetched.")
                output.flush()
                os.fsync(output.fileno())
        if size and partial.stat().st_size != size:
            raise httpx.RemoteProtocolError(f"{partial.stat().st_size} of {size} bytes came")
        partial.replace(target)
        note.unlink(missing_ok=True)

    def _make_room(self, needed: int, keep: Path) -> None:
        """Remove the videos used longest ago until ``needed`` more bytes fit."""
        if needed > self.limit:
            raise FetchError(
                f"A video must fit the agent's cache; it has {needed} bytes, the cache {self.limit}. Give the agent "
                "more with --cache-gb."
            )
        folders = sorted(
            (entry for entry in self.folder.iterdir() if entry.is_dir()), key=lambda one: one.stat().st_mtime
        )
        used = sum(_size(folder) for folder in folders)
        for folder in folders:
            if used + needed <= self.limit and shutil.disk_usage(self.folder).free > needed:
                return
            if folder != keep:
                used -= self._remove(folder)
        if shutil.disk_usage(self.folder).free <= needed:
            raise FetchError(f"A video needs room on the agent's disk; {needed} bytes are not free. Make room there.")

    def _remove(self, folder: Path) -> int:
        """Bytes freed; 0 when somebody uses the video."""
        with (self.folder / f"{folder.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return 0
            size = _size(folder)
            shutil.rmtree(folder)
            return size


def _folder_name(key: str) -> str:
    """A key as the server gives it, if it is harmless as a file name; otherwise its hash."""
    return key if re.fullmatch(r"[0-9A-Za-z_-]{1,80}", key) else hashlib.sha256(key.encode()).hexdigest()


def _lock(lock: IO[str], kind: int, cancelled: Callable[[], bool]) -> None:
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            _wait(LOCK_POLL_S, cancelled)


def _wait(seconds: float, cancelled: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while True:
        if cancelled():
            raise Cancelled("The run was stopped while its video was fetched.")
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, LOCK_POLL_S))


def _read_note(note: Path) -> _Partial | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(note.read_text())
        return _Partial(str(told["tag"]), int(told["size"]))
    return None


def _size(folder: Path) -> int:
    total = 0
    for file in folder.iterdir():
        with suppress(OSError):
            total += file.stat().st_size
    return total


def _why(response: httpx.Response) -> str:
    """The server's own words, or what may be."""
    with suppress(ValueError, KeyError, TypeError, httpx.HTTPError):
        response.read()
        return str(response.json()["message"])
    return (
        f"(Status {response.status_code}: the address has expired, or the video was deleted.) Start the run again, "
        "unless it is gone."
    )


def _refusal(response: httpx.Response) -> str:
    if response.status_code in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return f"A run needs its video; the server gives it out no more. {_why(response)}"
    return f"A run needs its video; the server answered with status {response.status_code}. Look at the server's log."
