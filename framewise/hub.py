"""Folders of models as on the Hugging Face hub, where the catalogue says that such a one does as well as a file."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
from rich.console import Console

from framewise.weights import receive
from tracking.catalog import Weights
from tracking.parts import hub_address, hub_files
from tracking.types import TrackingError
from tracking.verification import files, try_on_networks
from tracking.weights import WeightsError, weights_folder


def import_folder(folder: Path) -> Path:
    """Copy a folder of the hub to the weights folder. Returns where it is.

    Raises:
        TrackingError: when the catalogue knows no such folder, it lacks a file, or belongs to another network.
    """
    name = folder.resolve().name
    listed, entries = next(((weights, users) for weights, users in files() if weights.folder == name), (None, []))
    if listed is None:
        known = ", ".join(weights.folder for weights, _ in files() if weights.folder)
        raise WeightsError(f"A folder keeps its name on the hub; {name} is none of them: {known}. Rename it.")
    names = hub_files(entries)
    lacks = [name for name in names if not (folder / name).is_file()]
    if lacks:
        raise WeightsError(
            f"A model's folder holds {' and '.join(names)}; this one lacks {', '.join(lacks)}. Get it again."
        )
    _check(folder, listed)
    partial = _partial(listed)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in names:
        shutil.copyfile(folder / name, partial / name)
    return _settled(partial, listed)


def download_folder(hub_id: str, console: Console) -> None:
    """Fetch a model's folder by its id on the hub, after showing its licence; goes on where it stopped.

    Raises:
        TrackingError: when the catalogue doesn't list the id, the download fails, or what came is something else.
    """
    found = next(((weights, entries) for weights, entries in files() if weights.hub == hub_id), None)
    if found is None:
        known = ", ".join(weights.hub for weights, _ in files() if weights.hub)
        raise TrackingError(f"A model of the hub is one of these: {known}; {hub_id} came. Choose one of them.")
    weights, entries = found
    console.print(f"Licence of these weights: {entries[0].weights_licence}", highlight=False, soft_wrap=True)
    partial = _partial(weights)
    partial.mkdir(parents=True, exist_ok=True)
    for name in hub_files(entries):
        url = f"{hub_address()}/{hub_id}/resolve/main/{name}"
        try:
            receive(url, partial / name, console, name=name)
        except httpx.HTTPError as error:
            raise TrackingError(
                f"{hub_id} could not be downloaded ({error}). Try again, it goes on where it stopped: {url}"
            ) from error
    try:
        _check(partial, weights)
    except WeightsError:
        # Nothing to go on from.
        shutil.rmtree(partial)
        raise
    console.print(f"It is in {_settled(partial, weights)}", highlight=False, soft_wrap=True)


def _check(folder: Path, weights: Weights) -> None:
    """Raises WeightsError where a folder doesn't fit a network that uses it (of those whose packages are here)."""
    try_on_networks(weights, folder)


def _partial(weights: Weights) -> Path:
    return weights_folder() / f"{weights.folder}.partial"


def _settled(partial: Path, weights: Weights) -> Path:
    """Put a whole folder where models look for it."""
    target = weights_folder() / weights.folder
    shutil.rmtree(target, ignore_errors=True)
    return partial.replace(target)
