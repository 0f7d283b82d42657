"""Which files the weights of a model come as, and where they come together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracking.catalog import HUB_TENSORS, AnyEntry, DetectorEntry, Weights
from tracking.weights import weights_folder

HUB_FILES = ("config.json", HUB_TENSORS)
OF_DETECTORS = ("preprocessor_config.json",)
"""What a detector's folder holds besides."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file as it travels.

    ``name``: below the weights folder, e.g. ``XMem.pth`` or ``sam-vit-base/config.json``. ``url``: where it comes from;
    '' when only a page links to it. ``size`` in bytes and ``sha256`` where known.
    """

    name: str
    url: str = ""
    size: int | None = None
    sha256: str | None = None


def hub_address() -> str:
    """The hub: ``$HF_ENDPOINT`` as its own tools take it, or the public one."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def hub_files(users: Sequence[AnyEntry]) -> tuple[str, ...]:
    """The files of a hub's folder that these models, which share it, need."""
    detectors = [entry for entry in users if isinstance(entry, DetectorEntry)]
    own = dict.fromkeys(name for entry in detectors for name in entry.files)
    return (*HUB_FILES, *(OF_DETECTORS if detectors else ()), *own)


def is_folder(weights: Weights) -> bool:
    """Whether weights come as the hub's folder: they have no address of their own, and the hub has them."""
    return bool(weights.hub) and not weights.url


def parts_of(weights: Weights, users: Sequence[AnyEntry]) -> tuple[Part, ...]:
    """The files that weights come as; ``users``: the models that share them."""
    if not is_folder(weights):
        return (Part(weights.file, weights.url, weights.size, weights.sha256),)
    base = f"{hub_address()}/{weights.hub}/resolve/main"
    # Of gated ones a machine gets nothing without an account that was let in.
    urls = ("" if weights.gated else f"{base}/{name}" for name in hub_files(users))
    return tuple(Part(f"{weights.folder}/{name}", url) for name, url in zip(hub_files(users), urls, strict=True))


def partial_of(weights: Weights, part: Part) -> Path:
    """Where a part comes together: beside its place, and for a folder's parts in a folder beside it."""
    if is_folder(weights):
        return weights_folder() / f"{weights.folder}.partial" / Path(part.name).name
    return weights_folder() / f"{part.name}.partial"
