"""Reads what ``torch.save`` wrote, building nothing but tensors and plain containers.

Some official checkpoints pickle objects of their training code beside the tensors. Here such an object becomes an
inert placeholder: its class is never imported, nothing of it runs, its content is thrown away. A name of the standard
library that no honest checkpoint needs (``os.system``, ``builtins.eval``) is refused outright.
"""

from __future__ import annotations

import collections
import pickle
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import torch
from torch import _utils as rebuild

from tracking.array_pickles import UnsafePickle as UnsafePickle

PLAIN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): collections.defaultdict,
    **{("builtins", kind.__name__): kind for kind in (bool, bytearray, complex, dict, float, int, list, set, str)},
    ("torch", "Size"): torch.Size,
    **{("torch", str(kind).removeprefix("torch.")): kind for kind in (
        torch.float16, torch.float32, torch.float64, torch.bfloat16,
        torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool,
    )},
}  # fmt: skip
"""What a pickle may name and get: containers, numbers, dtypes."""

REBUILDERS: dict[tuple[str, str], Callable[..., object]] = {
    ("torch._utils", "_rebuild_tensor"): rebuild._rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): rebuild._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): rebuild._rebuild_parameter,
    ("_codecs", "encode"): lambda text, encoding: str(text).encode("latin-1"),
}
"""What a pickle may call."""

IGNORED_STANDARD = {("argparse", "Namespace"), ("functools", "partial"), ("pathlib", "PosixPath")}
"""Names of the standard library that official settings are known to hold; they become placeholders too."""


def load_inert(path: Path) -> object:
    """What ``torch.save`` stored in ``path``, on the CPU, foreign objects replaced by inert placeholders.

    Raises:
        UnsafePickle: when the file names what only code to be run would need, or is a TorchScript or tar archive.
        Exception: whatever the parser meets in a damaged file.
    """
    _refuse_archives_with_code(path)
    # torch reads the storages; every name a pickle asks for goes through InertUnpickler.find_class.
    return torch.load(path, map_location="cpu", weights_only=False, pickle_module=_InertPickle)


def load_records(path: Path) -> object:
    """As ``load_inert``, for checkpoints whose parameters lie inside objects of foreign code: a ``Record`` stands for
    each of them and for torch's own modules."""
    _refuse_archives_with_code(path)
    return torch.load(path, map_location="cpu", weights_only=False, pickle_module=_RecordPickle)


def _refuse_archives_with_code(path: Path) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith("constants.pkl") for name in archive.namelist()):
                raise UnsafePickle("is a TorchScript program")
    elif tarfile.is_tarfile(path):
        raise UnsafePickle("is a tar archive")


class _Sealed(type):
    """A class that ignores attempts to set its attributes, which a pickle may make."""

    def __setattr__(cls, name: str, value: object) -> None: ...


class Inert(metaclass=_Sealed):
    """Stands for an object of foreign code: takes whatever a pickle gives to it and keeps nothing."""

    def __new__(cls, *args: object, **kwargs: object) -> Inert:
        return super().__new__(cls)

    def __init__(self, *args: object, **kwargs: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...

    def __setitem__(self, key: object, value: object) -> None: ...

    def append(self, value: object) -> None: ...

    def extend(self, values: object) -> None: ...

    def add(self, value: object) -> None: ...


class _Rebuilder:
    """Calls one permitted function; unlike the function itself it has no attributes that a pickle could set."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def __call__(self, *args: object) -> object:
        return self._function(*args)


class InertUnpickler(pickle.Unpickler):
    """Gives a pickle the plain values it names, placeholders for foreign objects, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        module = "builtins" if module == "__builtin__" else module  # how protocol 2 writes it
        if (module, name) in PLAIN:
            return PLAIN[module, name]
        if (module, name) in REBUILDERS:
            return _Rebuilder(REBUILDERS[module, name])
        foreign = module.partition(".")[0] not in sys.stdlib_module_names | {"torch", "__main__"}
        if foreign or (module, name) in IGNORED_STANDARD:
            return Inert
        raise UnsafePickle(f"asks for {module}.{name}")


class _InertPickle:
    """The part of the ``pickle`` module that ``torch.load`` uses, restricted."""

    Unpickler: type[pickle.Unpickler] = InertUnpickler

    @classmethod
    def load(cls, file: IO[bytes], **options: Any) -> object:
        return cls.Unpickler(file, **options).load()


class Record(Inert):
    """Stands for an object of foreign code as ``Inert`` does, and keeps what it was given as its attributes.

    ``kind``: the name of the class that it was of, "package.module.Class".
    """

    kind = ""
    state: dict[str, object]

    def __new__(cls, *args: object, **kwargs: object) -> Record:
        record = object.__new__(cls)
        object.__setattr__(record, "state", {})
        return record

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            object.__setattr__(self, "state", {str(name): value for name, value in state.items()})


class RecordUnpickler(InertUnpickler):
    """Gives a pickle plain values, records of foreign objects and of torch's modules, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        found = Inert if module.startswith("torch.nn.modules.") else super().find_class(module, name)
        return _Sealed(name, (Record,), {"kind": f"{module}.{name}"}) if found is Inert else found


class _RecordPickle(_InertPickle):
    Unpickler = RecordUnpickler
