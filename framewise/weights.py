"""``framewise weights``: official files of parameters, where models look for them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from tracking import catalog
from tracking.catalog import ModelEntry, Weights
from tracking.types import TrackingError
from tracking.weights import WeightsError, weights_folder

PIECE = 1 << 20


def table() -> Table:
    """Every file of the catalogue."""
    columns = [Column(name, overflow="fold") for name in ("file", "for", "licence", "here", "from")]
    found = Table(*columns, box=None, header_style="bold")
    for weights, entries in _files():
        here = "[green]yes[/]" if (weights_folder() / weights.file).is_file() else "no"
        names = ", ".join(entry.id for entry in entries)
        found.add_row(weights.file, names, entries[0].weights_licence, here, weights.url or weights.page)
    return found


def import_file(file: Path) -> Path:
    """Copy ``file`` to the weights folder. Returns where it is.

    Raises:
        WeightsError: when the catalogue doesn't list a file of that name, or its bytes are other ones.
    """
    listed = next((weights for weights, _ in _files() if weights.file == file.name), None)
    if listed is None:
        known = ", ".join(weights.file for weights, _ in _files())
        raise WeightsError(f"Weights keep their official name; {file.name} is none of them: {known}. Rename it.")
    _check(file, listed)
    target = _target(listed)
    partial = target.with_name(target.name + ".partial")
    shutil.copyfile(file, partial)
    partial.replace(target)
    return target


def download(model: str, console: Console) -> None:
    """Fetch all files of a model that aren't here yet.

    Raises:
        TrackingError: when there is no such model, its files have no address, or the download fails.
    """
    entry = catalog.find(model)
    if not entry.weights:
        console.print(f"{entry.name} needs no weights.")
        return
    console.print(f"Licence of these weights: {entry.weights_licence or 'not stated'}", highlight=False, soft_wrap=True)
    for weights in entry.weights:
        target = _target(weights)
        if target.is_file():
            console.print(f"{weights.file} is there already.")
        else:
            _fetch(weights, target, console)


def _fetch(weights: Weights, target: Path, console: Console) -> None:
    if not weights.url:
        raise WeightsError(
            f"{weights.file} has no address to download from. Get it from {weights.page}, then run: "
            "framewise weights import FILE"
        )
    partial = target.with_name(target.name + ".partial")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with (
            httpx.stream("GET", weights.url, follow_redirects=True, timeout=30) as response,
            partial.open("wb") as output,
            Progress(*columns, console=console) as progress,
        ):
            response.raise_for_status()
            bar = progress.add_task(weights.file, total=weights.size or int(response.headers.get("Content-Length", 0)))
            for piece in response.iter_bytes(PIECE):
                output.write(piece)
                progress.advance(bar, len(piece))
        _check(partial, weights)
    except httpx.HTTPError as error:
        raise TrackingError(f"{weights.file} could not be downloaded ({error}). Try again: {weights.url}") from error
    partial.replace(target)


def _check(file: Path, weights: Weights) -> None:
    """Raises WeightsError when the file has another size or hash than the catalogue says."""
    if weights.size is not None and file.stat().st_size != weights.size:
        raise WeightsError(
            f"{weights.file} has {weights.size} bytes; this file has {file.stat().st_size}. Get it again."
        )
    if weights.sha256 is not None:
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != weights.sha256:
            raise WeightsError(f"{weights.file} has the SHA-256 {weights.sha256}; this file has {found}. Get it again.")


def _target(weights: Weights) -> Path:
    folder = weights_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / weights.file


def _files() -> Iterator[tuple[Weights, list[ModelEntry]]]:
    """Each file once, with the models that use it."""
    users: dict[str, tuple[Weights, list[ModelEntry]]] = {}
    for entry in catalog.entries():
        for weights in entry.weights:
            users.setdefault(weights.file, (weights, []))[1].append(entry)
    yield from users.values()
