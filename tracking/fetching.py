"""Gets weights onto this machine for its agent: one model after the other, resumed, checked, and used at once."""

from __future__ import annotations

import errno
import logging
import platform
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import httpx

from tracking import catalog
from tracking.catalog import AnyEntry, Weights
from tracking.downloads import Cancelled, length_of, receive
from tracking.parts import Part, is_folder, partial_of, parts_of
from tracking.protocol import Fetch, Fetched, FetchStage
from tracking.types import TrackingError
from tracking.verification import check, try_on_networks
from tracking.weights import WeightsError, note_verdict, verdict_on, weights_folder

TELL_EVERY_S = 0.5
PAUSES_S = (1.0, 3.0, 10.0)
"""Between tries after the line was cut; a try that brought something begins the row anew."""
CLOSING_S = 5.0
SERVED_FROM = "/api/agent-weights/"
"""Where the server's own copies are; an address elsewhere on it is none of them."""

log = logging.getLogger("framewise.agent")

Tell = Callable[[Fetched], None]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One file that is lacking: what it is of, where it comes from, where it comes together."""

    weights: Weights
    part: Part
    url: str
    path: Path


@dataclass(eq=False, slots=True)
class _Job:
    asked: Fetch
    cancelled: threading.Event = field(default_factory=threading.Event)
    said_at: float = 0.0


class Fetcher:
    """Carries out ``Fetch``. ``get``, ``drop`` and ``close`` may be called from any thread, and don't block.

    Args:
        http: with the server's address as its base.
        tell: takes how a fetch stands, in the thread that fetches.
        machine: how people call this machine.
    """

    def __init__(self, http: httpx.Client, tell: Tell, *, machine: str = "") -> None:
        self._http = http
        self._tell = tell
        self._machine = machine or platform.node()
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def get(self, asked: Fetch) -> None:
        """Get a model's weights once those asked for before are here. What is under way already goes on."""
        with self._changed:
            if asked.model in self._jobs:
                return
            self._jobs[asked.model] = _Job(asked)
            first = len(self._jobs) == 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="weights", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        if not first:
            self._tell(Fetched(model=asked.model, stage="waiting"))

    def drop(self, model: str) -> None:
        """Go on with it no further; what has come stays for the next time."""
        with self._changed:
            if job := self._jobs.get(model):
                job.cancelled.set()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            for job in self._jobs.values():
                job.cancelled.set()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    # -------------------------------------------------------------- in the thread

    def _work(self) -> None:
        while (job := self._next()) is not None:
            stage, message = self._outcome(job)
            with self._changed:
                del self._jobs[job.asked.model]
            # One that was closed says nothing: the server asks for it again.
            if not self._closed:
                self._tell(Fetched(model=job.asked.model, stage=stage, message=message))

    def _next(self) -> _Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._jobs))
            return None if self._closed else next(iter(self._jobs.values()))

    def _outcome(self, job: _Job) -> tuple[FetchStage, str]:
        model = job.asked.model
        try:
            entry = catalog.find_with_weights(model)
            self._fetch(job, entry)
        except Cancelled:
            log.info("Weights of %s: nobody wants them any more.", model)
            return "cancelled", ""
        except Exception as error:
            # Whatever happens to a file, the agent lives on.
            words = self._in_words(error)
            log.error("Weights of %s: %s", model, words)
            return "failed", words
        log.info("Weights of %s are here.", model)
        packages = catalog.missing_packages(entry)
        lacking = f"{entry.name} also needs on {self._machine}: pip install {' '.join(packages)}" if packages else ""
        return "done", lacking

    def _fetch(self, job: _Job, entry: AnyEntry) -> None:
        pieces = self._lacking(job, entry)
        if not pieces:
            return
        sizes = {piece.path: self._size(piece) for piece in pieces}
        _require_room(self._machine, pieces, sizes)
        here = {piece.path: _bytes_at(piece.path) for piece in pieces}

        def progress(path: Path, done: int, total: int | None) -> None:
            here[path] = done
            sizes[path] = total if total is not None else sizes[path]
            self._say(job, "downloading", here, sizes)

        log.info("Weights of %s: %s.", entry.name, ", ".join(piece.part.name for piece in pieces))
        self._say(job, "downloading", here, sizes, now=True)
        for piece in pieces:
            self._receive(job, piece, lambda done, total, path=piece.path: progress(path, done, total))  # type: ignore[misc]
        self._say(job, "checking", here, sizes, now=True)
        for weights in dict.fromkeys(piece.weights for piece in pieces):
            _settle(weights, [piece for piece in pieces if piece.weights == weights])

    def _lacking(self, job: _Job, entry: AnyEntry) -> list[_Piece]:
        pieces = []
        for weights in entry.weights:
            if catalog.is_here(weights) and not verdict_on(weights_folder() / weights.file):
                continue
            for part in parts_of(weights, catalog.users_of(weights)):
                url = job.asked.sources.get(part.name, "")
                if url and not url.startswith(SERVED_FROM):
                    raise TrackingError(f"The server's copies are below {SERVED_FROM}; it sent {url[:60]!r}.")
                if not (url or part.url):
                    raise WeightsError(
                        f"{part.name} has no address to download from. Get it from {weights.page}, upload it on the "
                        "page Neural networks, then get it here."
                    )
                pieces.append(_Piece(weights, part, url or part.url, partial_of(weights, part)))
        return pieces

    def _size(self, piece: _Piece) -> int | None:
        return piece.part.size if piece.part.size is not None else length_of(self._http, piece.url)

    def _receive(self, job: _Job, piece: _Piece, progress: Callable[[int, int | None], None]) -> None:
        """One file, tried again where the line is cut."""
        piece.path.parent.mkdir(parents=True, exist_ok=True)
        pauses = iter(PAUSES_S)
        while True:
            before = _bytes_at(piece.path)
            try:
                receive(self._http, piece.url, piece.path, progress=progress, cancelled=job.cancelled.is_set)
                return
            except httpx.HTTPError as error:
                if _bytes_at(piece.path) > before:
                    pauses = iter(PAUSES_S)
                pause = next(pauses, None) if _may_pass(error) else None
                if pause is None:
                    raise
                log.warning("%s: %s; trying again in %g s.", piece.part.name, _reason(error), pause)
                if job.cancelled.wait(pause):
                    raise Cancelled from error

    def _say(
        self,
        job: _Job,
        stage: FetchStage,
        here: dict[Path, int],
        sizes: dict[Path, int | None],
        *,
        now: bool = False,
    ) -> None:
        if job.cancelled.is_set():
            raise Cancelled
        if not now and monotonic() - job.said_at < TELL_EVERY_S:
            return
        job.said_at = monotonic()
        known = [size for size in sizes.values() if size is not None]
        total = sum(known) if len(known) == len(sizes) else None
        self._tell(Fetched(model=job.asked.model, stage=stage, done=sum(here.values()), total=total))

    def _in_words(self, error: Exception) -> str:
        if isinstance(error, TrackingError):
            return str(error)
        if isinstance(error, httpx.HTTPStatusError):
            address, status = error.request.url, error.response.status_code
            if address.path.startswith(SERVED_FROM):
                return f"The server doesn't hand its copy out any more ({status}). Press Get again."
            return f"{address.host} answered {status} for {address.path}. Get the file elsewhere, and upload it here."
        if isinstance(error, httpx.HTTPError):
            host = urlsplit(str(error.request.url)).hostname
            return (
                f"{self._machine} can't reach {host} ({_reason(error)}). Look at its network and press Get again: it "
                "goes on where it stopped. Without internet: upload the file here, and it comes from this server."
            )
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _no_room(self._machine, "It ran full while they came.")
        if isinstance(error, OSError):
            return (
                f"{self._machine} can't write to {weights_folder()} ({error.strerror or error}). Let the agent write "
                "there, or choose another folder with FRAMEWISE_WEIGHTS, and press Get again."
            )
        return f"It failed ({type(error).__name__}: {error}). The agent's log says more."


def _settle(weights: Weights, pieces: list[_Piece]) -> None:
    """Check what came, and put it where models look for it.

    Raises:
        WeightsError: it is something else; it is thrown away, there is nothing to go on from.
    """
    target = weights_folder() / weights.file
    if is_folder(weights):
        partial, target = pieces[0].path.parent, weights_folder() / weights.folder
    else:
        partial = pieces[0].path
    try:
        if is_folder(weights):
            try_on_networks(weights, partial)
        else:
            check(partial, weights)
    except WeightsError:
        shutil.rmtree(partial) if partial.is_dir() else partial.unlink()
        raise
    if target.is_dir():
        shutil.rmtree(target)
    partial.replace(target)
    if not is_folder(weights):
        note_verdict(target, "")


def _require_room(machine: str, pieces: list[_Piece], sizes: dict[Path, int | None]) -> None:
    """Raises WeightsError where the disk hasn't room for all that is to come, as far as sizes are known."""
    weights_folder().mkdir(parents=True, exist_ok=True)
    needed = sum(max((sizes[piece.path] or 0) - _bytes_at(piece.path), 0) for piece in pieces)
    if needed > shutil.disk_usage(weights_folder()).free:
        raise WeightsError(_no_room(machine, f"They take {_amount(needed)} more."))


def _no_room(machine: str, why: str) -> str:
    free = shutil.disk_usage(weights_folder()).free
    return (
        f"The disk of {machine} has too little room for these weights: {_amount(free)} are free in {weights_folder()}. "
        f"{why} Make room there, or choose another folder with FRAMEWISE_WEIGHTS, and press Get again."
    )


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _bytes_at(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _may_pass(error: httpx.HTTPError) -> bool:
    """Whether another try may go better: the line was cut, or the other side has trouble of its own."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, httpx.TransportError)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
