"""Whether weights files are what the catalogue says: their size, their SHA-256, and that they fit their network key by
key. What a check found is kept beside the file (``tracking.weights.verdict_on``)."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from tracking import catalog
from tracking.catalog import AnyEntry, DetectorEntry, ModelEntry, SegmenterEntry, Weights
from tracking.weights import WeightsError, note_verdict, read_checkpoint, verdict_on, weights_folder

MOST_JSON = 2**20
"""Bytes of a hub's configuration."""
PR_SET_PDEATHSIG = 1

log = logging.getLogger(__name__)


def files() -> Iterator[tuple[Weights, list[AnyEntry]]]:
    """Each weights file of the catalogue once, with the models that use it."""
    users: dict[str, tuple[Weights, list[AnyEntry]]] = {}
    for entry in catalog.with_weights():
        for weights in entry.weights:
            users.setdefault(weights.file, (weights, []))[1].append(entry)
    yield from users.values()


def check(path: Path, weights: Weights) -> None:
    """Raises WeightsError where ``path`` isn't the catalogue's ``weights``, or doesn't fit a network that uses it
    (of those whose packages are here)."""
    if weights.size is not None and path.stat().st_size != weights.size:
        raise WeightsError(
            f"{weights.file} has {weights.size} bytes; this file has {path.stat().st_size}. Get it again."
        )
    if weights.sha256 is not None:
        with path.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != weights.sha256:
            raise WeightsError(f"{weights.file} has the SHA-256 {weights.sha256}; this file has {found}. Get it again.")
    try_on_networks(weights, path)


def try_on_networks(weights: Weights, path: Path) -> None:
    """Raises WeightsError where the file or folder ``path`` doesn't fit a network that uses ``weights``."""
    # Of the hub's folders the tensors are looked for; they are read with what lies beside them.
    where = path.parent if weights.file == f"{weights.folder}/{path.name}" and path.is_file() else path
    for entry in catalog.with_weights():
        if isinstance(entry, SegmenterEntry) or not entry.takes_file:
            continue
        if weights in entry.weights and not catalog.missing_packages(entry):
            _try_on(entry, where)


def _try_on(entry: ModelEntry | DetectorEntry, where: Path) -> None:
    if not isinstance(entry, DetectorEntry):
        catalog.create(entry.id, weights=str(where), device="cpu")
        return
    words = ("object",) if entry.by_word else ()
    catalog.create_detector(entry.id, weights=str(where), device="cpu", classes=words)


def verify(weights: Weights) -> str:
    """Check a file of the weights folder and keep what was found. Returns what is wrong with it; '': nothing."""
    path = weights_folder() / weights.file
    problem = ""
    try:
        check(path, weights)
    except WeightsError as error:
        problem = str(error)
    except (OSError, RuntimeError, MemoryError) as error:
        problem = f"{weights.file} can't be read ({error}). Get it again."
    try:
        note_verdict(path, problem)
    except OSError as error:
        log.warning("What a check of %s found can't be kept (%s): it is checked again next time.", path, error)
    return problem


class Watch:
    """Checks what comes into the weights folder, once."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int]] = set()

    def usable_models(self) -> list[str]:
        """The models that this machine can run. New files are checked first, which takes seconds for large ones."""
        for weights, _ in files():
            path = weights_folder() / weights.file
            if path.is_file() and verdict_on(path) is None and self._is_new(path) and (problem := verify(weights)):
                log.error("%s is refused: %s", path, problem)
        return [entry.id for entry in catalog.entries() if not catalog.missing(entry)]

    def _is_new(self, path: Path) -> bool:
        """Whether it wasn't seen yet: in a folder that can't be written to no verdict is kept."""
        state = (path.name, path.stat().st_mtime_ns)
        new = state not in self._seen
        self._seen.add(state)
        return new


def check_copy(weights: Weights, path: Path) -> None:
    """As ``check``, for a file or a hub's folder that somebody sent: each file is read whole, without running anything
    that it contains, also where no network is there to try it on. Raises WeightsError."""
    for each in sorted(path.iterdir()) if path.is_dir() else [path]:
        _read_through(each)
    if path.is_dir():
        try_on_networks(weights, path)
    else:
        check(path, weights)


def _read_through(path: Path) -> None:
    """Raises WeightsError where a file isn't what its name says."""
    if path.suffix == ".json":
        if path.stat().st_size > MOST_JSON:
            raise WeightsError(f"A configuration has at most {MOST_JSON:,} bytes; {path.name} has more. Get it again.")
        try:
            json.loads(path.read_bytes())
        except ValueError as error:
            raise WeightsError(f"{path.name} must be JSON; it is none ({error}). Get it again.") from error
    elif path.suffix == ".safetensors":
        import safetensors

        try:
            with safetensors.safe_open(path, framework="np") as tensors:
                tensors.keys()
        except (safetensors.SafetensorError, OSError) as error:
            raise WeightsError(f"{path.name} is damaged ({error}). Get it again.") from error
    elif path.suffix in (".pt", ".pth", ".tar"):
        read_checkpoint(path)


def main(file: str, path: str) -> int:
    """Check a copy in a process of its own, which ends with the one that began it. Prints what is wrong.

    Returns:
        0: nothing is; 1: something is.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    weights = next(weights for weights, _ in files() if weights.file == file)
    try:
        check_copy(weights, Path(path))
    except WeightsError as error:
        with contextlib.suppress(OSError):
            print(error)
        return 1
    except MemoryError:
        print(f"{Path(path).name} takes more memory than its check may have. Is it the right file?")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
