"""Where weights lie, and how they're read: without running anything that a file contains.

A model folder's ``weights.py`` knows the official file and its key names; this module finds the file, reads tensors
out of it, and puts them into a network that they fit exactly.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.types import TrackingError

if TYPE_CHECKING:
    from torch import Tensor, nn

SHOWN_KEYS = 40
"""How many keys of each kind a refusal spells out; its attributes hold all of them."""


class WeightsError(TrackingError):
    """Weights that are missing, damaged, unsafe, or of another network."""


class WeightsMisfit(WeightsError):
    """Weights of another network: the keys that are ``missing``, ``unexpected``, or of another shape (``reshaped``)."""

    def __init__(
        self, file: str, *, missing: Sequence[str] = (), unexpected: Sequence[str] = (), reshaped: Sequence[str] = ()
    ) -> None:
        self.missing, self.unexpected, self.reshaped = tuple(missing), tuple(unexpected), tuple(reshaped)
        differences = [
            _list_keys("missing", self.missing),
            _list_keys("unexpected", self.unexpected),
            _list_keys("of another shape", self.reshaped),
        ]
        super().__init__(
            f"Weights must fit their network key by key; {file} differs. {' '.join(filter(None, differences))} "
            "Check that the file belongs to the chosen model."
        )


def weights_folder() -> Path:
    """The folder that holds weights: ``$FRAMEWISE_WEIGHTS``, or ``~/.cache/framewise/weights``."""
    chosen = os.environ.get("FRAMEWISE_WEIGHTS")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "framewise" / "weights"


def weights_path(file: str, *, model: str, licence: str, source: str) -> Path:
    """Where the official ``file`` lies. Raises WeightsError saying how to get it when it isn't there."""
    path = weights_folder() / file
    if not path.is_file():
        raise WeightsError(
            f"{model} needs its weights; {file} is not in {path.parent}. "
            f"Get it from {source} (licence: {licence}) and put it there, or run: framewise weights import FILE"
        )
    return path


def verdict_on(path: Path) -> str | None:
    """What the last check of a weights file found wrong; '' where it is right, None where nothing checked it since it
    was last written."""
    try:
        noted = json.loads(_note_of(path).read_text())
        return str(noted["problem"]) if noted["file"] == _state_of(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_verdict(path: Path, problem: str) -> None:
    """Keep what a check of ``path`` found, for programs that can't load networks and for the next start.

    Raises:
        OSError: the folder can't be written to.
    """
    note = _note_of(path)
    partial = note.with_name(f"{note.name}.{os.getpid()}")
    partial.write_text(json.dumps({"file": _state_of(path), "problem": problem}))
    partial.replace(note)


def _note_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.checked.json")


def _state_of(path: Path) -> list[int]:
    """Other numbers: another file."""
    state = path.stat()
    return [state.st_size, state.st_mtime_ns]


def read_tensors(
    path: Path, entry: str = "", *, optional: bool = False, needed: Callable[[str], bool] = lambda key: True
) -> dict[str, Tensor]:
    """The tensors of a weights file, by the file's own key names, on the CPU.

    Args:
        path: ``.safetensors``, or anything that ``torch.save`` wrote.
        entry: the key of the dictionary under which the tensors lie, where they aren't at the top.
        optional: they may lie at the top as well.
        needed: of a ``.safetensors`` file, the keys that are read at all.

    Raises:
        WeightsError: when the file is damaged, holds no tensors there, or would need code to be run.
    """
    import safetensors

    if path.suffix == ".safetensors":
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                return {key: file.get_tensor(key) for key in filter(needed, file.keys())}
        except (safetensors.SafetensorError, OSError) as error:
            raise WeightsError(f"Weights must be readable; {path.name} is damaged ({error}). Get it again.") from error
    checkpoint = read_checkpoint(path)
    at_top = optional and not (isinstance(checkpoint, Mapping) and entry in checkpoint)
    return _tensors_under("" if at_top else entry, checkpoint, path.name)


def renamed_by(*rules: tuple[str, str | Callable[[re.Match[str]], str]]) -> Callable[[str], str]:
    """For ``load_exactly``: each rule (pattern, replacement, as of ``re.sub``) in turn, wherever it matches."""
    compiled = [(re.compile(pattern), ours) for pattern, ours in rules]

    def rename(official: str) -> str:
        for pattern, ours in compiled:
            official = pattern.sub(ours, official)
        return official

    return rename


def load_exactly(
    network: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    file: str,
    rename: Callable[[str], str] = str,
    unused: Callable[[str], bool] = lambda key: False,
) -> None:
    """Put ``tensors`` into ``network``, all of them, each in its place.

    The network may have been built on the ``meta`` device; it takes the tensors over as float32.

    Args:
        network: what to fill; it is switched to evaluation.
        tensors: by official key.
        file: the name to tell people.
        rename: official key to the network's own.
        unused: True for an official key that the network has no use for and that may be absent.

    Raises:
        WeightsMisfit: naming, by official key where there is one, all that differs.
    """
    from torch import float32

    wanted = network.state_dict()
    used = [key for key in tensors if not unused(key)]
    official = {rename(key): key for key in used}
    doubled = set(used) - set(official.values())
    _refuse_misfit(file, wanted, official, tensors, doubled)
    values = {}
    for ours, key in official.items():
        value = tensors[key]
        values[ours] = value.to(float32) if value.is_floating_point() else value
    network.load_state_dict(values, strict=True, assign=True)
    network.requires_grad_(False).eval()


def _refuse_misfit(
    file: str,
    wanted: Mapping[str, Tensor],
    official: Mapping[str, str],
    tensors: Mapping[str, Tensor],
    doubled: Collection[str],
) -> None:
    missing = sorted(wanted.keys() - official.keys())
    unexpected = sorted({official[ours] for ours in official.keys() - wanted.keys()}.union(doubled))
    reshaped = sorted(
        f"{key} (needs {tuple(wanted[ours].shape)}, has {tuple(tensors[key].shape)})"
        for ours, key in official.items()
        if ours in wanted and wanted[ours].shape != tensors[key].shape
    )
    if missing or unexpected or reshaped:
        raise WeightsMisfit(file, missing=missing, unexpected=unexpected, reshaped=reshaped)


def read_records(path: Path) -> object:
    """What ``torch.save`` wrote where parameters lie inside of pickled objects: a ``tracking.unpickling.Record`` stands
    for each of these.

    Raises:
        WeightsError: when the file is damaged, or would need code to be run.
    """
    from tracking.unpickling import load_records

    return _read_restricted(path, load_records)


def read_checkpoint(path: Path) -> object:
    """What ``torch.save`` wrote: tensors and plain values, foreign objects replaced by inert placeholders.

    Raises:
        WeightsError: when the file is damaged, or would need code to be run.
    """
    import pickle

    import torch

    from tracking.unpickling import load_inert

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError):
        # Damaged, or an official file that pickles settings beside its tensors: the stricter reader finds out which.
        return _read_restricted(path, load_inert)


def _read_restricted(path: Path, read: Callable[[Path], object]) -> object:
    from tracking.unpickling import UnsafePickle

    try:
        return read(path)
    except UnsafePickle as error:
        raise WeightsError(
            f"Weights may hold tensors and plain values only; {path.name} {error}. Don't use this file; get it from "
            "its official page."
        ) from error
    except Exception as error:
        raise WeightsError(
            f"Weights must be readable; {path.name} is damaged or no checkpoint ({type(error).__name__}: {error}). "
            "Get it again."
        ) from error


def _tensors_under(entry: str, checkpoint: object, file: str) -> dict[str, Tensor]:
    import torch

    found = checkpoint.get(entry) if entry and isinstance(checkpoint, Mapping) else checkpoint
    if not isinstance(found, Mapping) or not found:
        place = f"under {entry!r}" if entry else "at the top"
        raise WeightsError(f"Weights must be a dictionary of tensors {place}; {file} has none. Check the file.")
    strange = [str(key) for key, value in found.items() if not isinstance(value, torch.Tensor)]
    if strange:
        raise WeightsError(f"Weights must be tensors; in {file} these are not: {_shorten(strange)}. Check the file.")
    return {str(key): value for key, value in found.items()}


def _list_keys(kind: str, keys: Collection[str]) -> str:
    return f"{len(keys)} {kind}: {_shorten(keys)}." if keys else ""


def _shorten(keys: Collection[str]) -> str:
    shown = ", ".join(list(keys)[:SHOWN_KEYS])
    return shown if len(keys) <= SHOWN_KEYS else f"{shown}, and {len(keys) - SHOWN_KEYS} more"
