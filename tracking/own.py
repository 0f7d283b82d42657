"""A machine's own detectors: what who runs it put into the folder ``own`` of its weights folder. Without code, and
without a line in the catalogue.

``NAME.onnx`` with ``NAME.json`` beside it (``detectors/onnx``), ``NAME.json`` that names a server
(``detectors/remote``), or a folder ``NAME`` as the Hugging Face hub has them, fine-tuned for instance
(``detectors/detr``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tracking.types import TrackingError
from tracking.weights import weights_folder

FOLDER = "own"
PREFIX = "own:"
"""What the ids of own detectors begin with; a name follows."""
MOST = 50
"""Own detectors of a machine, the first by name."""
MOST_CLASSES = 1000
LONGEST_CLASS = 100
NAME = r"[\w][\w .-]{0,59}"
CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class OwnDetector:
    """``reader``: the folder of ``tracking/detectors/`` that reads ``path``. ``problem``: why it can't be used; empty:
    it can, as far as can be told without loading it."""

    name: str
    path: Path
    reader: str
    classes: tuple[str, ...]
    problem: str = ""

    @property
    def id(self) -> str:
        return PREFIX + self.name


def own_detectors() -> tuple[OwnDetector, ...]:
    """Those of this machine by name, also those that can't be used. Read anew when a file was written."""
    folder = weights_folder() / FOLDER
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return ()
    names = {path.stem if path.is_file() else path.name: None for path in inside if _counts(path)}
    return tuple(_own(folder, name) for name in list(names)[:MOST])


def _counts(path: Path) -> bool:
    named = path.name if path.is_dir() else path.stem
    if not re.fullmatch(NAME, named):
        return False
    return path.suffix in (".json", ".onnx") if path.is_file() else (path / CONFIG).is_file()


_known: dict[tuple[Path, str], tuple[tuple[int, ...], OwnDetector]] = {}


def _own(folder: Path, name: str) -> OwnDetector:
    path, reader, described = _kind(folder, name)
    written = tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in (path, described))
    known = _known.get((folder, name))
    if known and known[0] == written:
        return known[1]
    try:
        found = OwnDetector(name, path, reader, _checked(_CLASSES[reader](described)))
    except (TrackingError, OSError, ValueError, RecursionError) as error:
        found = OwnDetector(name, path, reader, (), str(error) or type(error).__name__)
    _known[folder, name] = written, found
    return found


def _kind(folder: Path, name: str) -> tuple[Path, str, Path]:
    """What a factory is given, which one, and the file that says its classes."""
    graph, description = folder / f"{name}.onnx", folder / f"{name}.json"
    if graph.is_file():
        return graph, "onnx", description
    if description.is_file():
        return description, "remote", description
    return folder / name, "detr", folder / name / CONFIG


def _of_description(reader: str) -> Callable[[Path], tuple[str, ...]]:
    def classes(path: Path) -> tuple[str, ...]:
        read = import_module(f"tracking.detectors.{reader}.description").read
        return tuple(read(path).classes)

    return classes


def _of_config(path: Path) -> Iterator[str]:
    config: Any = json.loads(path.read_bytes())
    labels = config.get("id2label") if isinstance(config, dict) else None
    if not isinstance(labels, dict):
        raise TrackingError(f'{path.parent.name}/{path.name} names no classes: "id2label" is missing.')
    for index in sorted(labels, key=int):
        yield str(labels[index])


_CLASSES: dict[str, Callable[[Path], Any]] = {
    "onnx": _of_description("onnx"),
    "remote": _of_description("remote"),
    "detr": _of_config,
}


def _checked(classes: Any) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(classes))
    if not found:
        raise TrackingError('Its description names no classes: write "classes": ["first", …] into it.')
    if len(found) > MOST_CLASSES:
        raise TrackingError(f"A detector has {MOST_CLASSES} classes at most; {len(found)} came.")
    if wrong := [each for each in found if not 1 <= len(each) <= LONGEST_CLASS or "\0" in each]:
        shown = wrong[0][:LONGEST_CLASS]
        raise TrackingError(f"A class has a name of 1 to {LONGEST_CLASS} characters; {shown!r} came.")
    return found
