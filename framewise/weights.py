"""``framewise weights``: official files of parameters, where models look for them."""

from __future__ import annotations

import shutil
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from tracking import catalog, downloads
from tracking.catalog import Weights
from tracking.types import TrackingError
from tracking.verification import check, files, try_on_networks, verify
from tracking.weights import WeightsError, note_verdict, verdict_on, weights_folder


def show_files(console: Console) -> None:
    """Every file of the catalogue: whether it is here, what needs it, its licence, and where it comes from."""
    for weights, entries in files():
        console.print(f"[bold]{weights.file}[/]  {_here(weights)}", highlight=False)
        for name, value in (
            ("for", ", ".join(entry.id for entry in entries)),
            ("licence", entries[0].weights_licence),
            ("from", weights.url or weights.page),
            ("or from", weights.hub),
            ("or as", weights.other),
        ):
            if not value:
                continue
            console.print(f"  [dim]{name:<8}[/]{escape(value)}", highlight=False, soft_wrap=True)


def _here(weights: Weights) -> str:
    path = weights_folder() / weights.file
    if not path.is_file():
        return f"[green]here as {weights.folder}[/]" if catalog.is_here(weights) else "[yellow]not here[/]"
    return {None: "here, not checked yet", "": "[green]here[/]"}.get(verdict_on(path), "[red]refused[/]")


def verify_files(names: list[str], console: Console) -> bool:
    """Check the files that are here, or those of some models, and say what is wrong. Returns whether all are right.

    Raises:
        TrackingError: when there is no such model.
    """
    wanted = {weights.file for name in names for weights in catalog.find_with_weights(name).weights}
    right = True
    for weights, _ in files():
        present = (weights_folder() / weights.file).is_file()
        if (names and weights.file not in wanted) or not (names or present):
            continue
        problem = verify(weights) if present else "It isn't here."
        said = f"[red]{weights.file}:[/] {escape(problem)}" if problem else f"[green]{weights.file}:[/] right"
        console.print(said, highlight=False, soft_wrap=True)
        right = right and not problem
    return right


def import_file(file: Path) -> Path:
    """Copy ``file`` to the weights folder; what its authors publish in another form, too, in the one that models read.
    Returns where it is.

    Raises:
        WeightsError: when the catalogue doesn't list a file of that name, its bytes are other ones, or its keys are not
            those of the network.
    """
    listed = next((weights for weights, _ in files() if file.name in (weights.file, weights.other)), None)
    if listed is None:
        known = ", ".join(name for weights, _ in files() for name in (weights.file, weights.other) if name)
        raise WeightsError(f"Weights keep their official name; {file.name} is none of them: {known}. Rename it.")
    if file.name == listed.other:
        return _converted(file, listed)
    check(file, listed)
    target = _target(listed)
    partial = target.with_name(target.name + ".importing")
    shutil.copyfile(file, partial)
    partial.replace(target)
    note_verdict(target, "")
    return target


def _converted(file: Path, listed: Weights) -> Path:
    """Put what ``file`` holds, the other form of ``listed``, into the weights folder as that. Raises WeightsError."""
    import torch

    target = _target(listed)
    tensors = resolve_name(listed.other_reader)(file)
    with TemporaryDirectory(dir=target.parent) as folder:
        whole = Path(folder) / listed.file
        torch.save(tensors, whole)
        try_on_networks(listed, whole)
        whole.replace(target)
    note_verdict(target, "")
    return target


def download(model: str, console: Console) -> None:
    """Fetch all files of a model that aren't here yet.

    Raises:
        TrackingError: when there is no such model, its files have no address, or the download fails.
    """
    entry = catalog.find_with_weights(model)
    if not entry.weights:
        console.print(f"{entry.name} needs no weights.")
        return
    console.print(f"Licence of these weights: {entry.weights_licence or 'not stated'}", highlight=False, soft_wrap=True)
    for weights in entry.weights:
        target = _target(weights)
        if target.is_file() and not verify(weights):
            console.print(f"{weights.file} is there already.")
        else:
            _fetch(weights, target, console)


def _fetch(weights: Weights, target: Path, console: Console) -> None:
    if not weights.url:
        then = f"download {weights.hub}" if weights.hub else "import FILE"
        raise WeightsError(
            f"{weights.file} has no address to download from. Get it from {weights.page}, then run: "
            f"framewise weights {then}"
        )
    partial = target.with_name(target.name + ".partial")
    try:
        receive(weights.url, partial, console, name=weights.file)
    except httpx.HTTPError as error:
        raise TrackingError(
            f"{weights.file} could not be downloaded ({error}). Try again, it goes on where it stopped: {weights.url}"
        ) from error
    try:
        check(partial, weights)
    except WeightsError:
        # Nothing to go on from.
        partial.unlink()
        raise
    partial.replace(target)
    note_verdict(target, "")


def receive(url: str, partial: Path, console: Console, *, name: str, token: str = "") -> None:
    """Fetch what ``partial`` lacks of a file, and show how far it is. Raises httpx.HTTPError.

    Args:
        token: tells the host of ``url``, and no other, who asks.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with httpx.Client(headers=headers) as http, Progress(*columns, console=console) as progress:
        bar = progress.add_task(name, total=None)
        downloads.receive(
            http, url, partial, progress=lambda done, total: progress.update(bar, completed=done, total=total)
        )


def _target(weights: Weights) -> Path:
    folder = weights_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / weights.file
