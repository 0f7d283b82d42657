"""Folders of models as on the Hugging Face hub, where the catalogue says that such a one does as well as a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

import httpx
from rich.console import Console

from framewise.weights import receive
from tracking.catalog import AnyEntry, Weights
from tracking.parts import hub_address, hub_files
from tracking.types import TrackingError
from tracking.verification import files, try_on_networks
from tracking.weights import WeightsError, weights_folder

Accept = Callable[[str], bool]
"""Asks whether somebody accepts a licence, by its words."""


def import_folder(folder: Path, accept: Accept = lambda licence: False) -> Path:
    """Copy a folder of the hub to the weights folder. Returns where it is.

    Args:
        accept: is asked where the hub gives such a folder only to who accepted its licence.

    Raises:
        TrackingError: when the catalogue knows no such folder, it lacks a file or belongs to another network, or its
            licence isn't accepted.
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
    _require_accepted(listed, entries, accept)
    _check(folder, listed)
    partial = _partial(listed)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in names:
        shutil.copyfile(folder / name, partial / name)
    return _settled(partial, listed)


def download_folder(hub_id: str, console: Console, accept: Accept = lambda licence: False) -> None:
    """Fetch a model's folder by its id on the hub, after showing its licence; goes on where it stopped. Who is let in
    there is told by the token in ``$HF_TOKEN``.

    Args:
        accept: is asked where the hub gives it only to who accepted its licence.

    Raises:
        TrackingError: when the catalogue doesn't list the id, its licence isn't accepted, the download fails, or what
            came is something else.
    """
    found = next(((weights, entries) for weights, entries in files() if weights.hub == hub_id), None)
    if found is None:
        known = ", ".join(weights.hub for weights, _ in files() if weights.hub)
        raise TrackingError(f"A model of the hub is one of these: {known}; {hub_id} came. Choose one of them.")
    weights, entries = found
    console.print(f"Licence of these weights: {entries[0].weights_licence}", highlight=False, soft_wrap=True)
    _require_accepted(weights, entries, accept)
    partial = _partial(weights)
    partial.mkdir(parents=True, exist_ok=True)
    for name in hub_files(entries):
        url = f"{hub_address()}/{hub_id}/resolve/main/{name}"
        try:
            # httpx takes the token along to no other host that the hub may point to.
            receive(url, partial / name, console, name=name, token=os.environ.get("HF_TOKEN", ""))
        except httpx.HTTPError as error:
            if weights.gated and _is_kept_out(error):
                raise TrackingError(
                    f"{hub_id} is given only to who accepted its licence on {weights.page}; this machine was kept out "
                    f"({error}). Accept it there, put a token of that account into HF_TOKEN and try again, or download "
                    "the folder there and run: framewise weights import FOLDER"
                ) from error
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


def _require_accepted(weights: Weights, entries: Sequence[AnyEntry], accept: Accept) -> None:
    """Raises TrackingError where a gated folder's licence isn't accepted."""
    licence = entries[0].weights_licence
    if weights.gated and not accept(licence):
        raise TrackingError(
            f"Who takes the weights of {entries[0].name} accepts their licence: {licence}. Read it on {weights.page} "
            "and say so, or add --accept-licence."
        )


def _is_kept_out(error: httpx.HTTPError) -> bool:
    kept_out = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code in kept_out


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
