"""Reads pickles of plain values and numpy arrays, building nothing else: what data sets and JAX's checkpoints come in.

No name that a pickle asks for is imported. What numpy would rebuild an array with is replaced by placeholders that keep
shape, type and bytes, and become arrays here once all is read.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib import format as npy

PLAIN: dict[tuple[str, str], Callable[..., Any]] = {
    ("builtins", "bytearray"): lambda *args: bytearray(_bytes(*args)),
    ("builtins", "bytes"): lambda *args: bytes(_bytes(*args)),
    ("builtins", "complex"): complex,
    ("builtins", "set"): set,
    ("collections", "OrderedDict"): dict,
    ("collections", "defaultdict"): lambda *_: {},
    ("_codecs", "encode"): lambda text, encoding: str(text).encode("latin-1"),
}
"""What a pickle may call beside numpy's own."""
NUMPY = re.compile(r"numpy(\.core|\._core)?(\.multiarray|\.numeric)?")
SIMPLE = re.compile(r"[?bB]|[biufc](1|2|4|8|16)|[SU]\d{1,6}|O8?")
"""Types of numbers and texts; records have none of their own here."""
DEEPEST = 50
"""So many containers may lie in each other."""


class UnsafePickle(Exception):
    """A file that asks for code to be run; the message completes the sentence "the file ..."."""


class DamagedPickle(Exception):
    """A file that isn't what it says; the message completes the sentence "the file ..."."""


def load_plain(data: bytes) -> Any:
    """What ``data`` pickles: numbers, texts, bytes, lists, tuples, dictionaries, sets, and arrays of them.

    Raises:
        UnsafePickle: it asks for anything else.
        DamagedPickle: it can't be read.
    """
    try:
        return _finished(_Plain(io.BytesIO(data), encoding="latin1").load(), 0)
    except (UnsafePickle, DamagedPickle, MemoryError):
        raise
    except Exception as error:  # whatever a parser meets in a damaged file
        raise DamagedPickle(f"is damaged or no pickle ({type(error).__name__}: {error})") from error


def load_npy(data: bytes) -> Any:
    """What ``numpy.save`` wrote, also of an object: then the object itself. Raises as ``load_plain``, DamagedPickle too
    where numpy's own reader gives up."""
    stream = io.BytesIO(data)
    try:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
        if not dtype.hasobject:
            stream.seek(0)
            return np.load(stream, allow_pickle=False)
    except ValueError as error:
        raise DamagedPickle(f"is damaged or no array ({error})") from error
    found = load_plain(data[stream.tell() :])
    return found.item() if shape == () and isinstance(found, np.ndarray) and found.ndim == 0 else found


def _bytes(given: object = b"", encoding: object = "latin-1") -> bytes:
    if isinstance(given, str) and encoding == "latin-1":
        return given.encode("latin-1")
    if not isinstance(given, bytes):
        raise UnsafePickle(f"makes bytes of a {type(given).__name__}")  # of a number: as many as it says
    return given


class _Type:
    """Stands for a numpy dtype while a pickle is read."""

    def __init__(self, code: object = "", *_: object) -> None:
        if not isinstance(code, str) or not SIMPLE.fullmatch(code):
            raise UnsafePickle(f"holds an array of {str(code)[:40]!r}")
        self.code, self.order = code, "<"

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
            self.order = state[1]

    @property
    def value(self) -> np.dtype[Any]:
        return np.dtype(self.code if self.code in ("?", "b", "B") else self.order + self.code)


class _Array:
    """Stands for an array while a pickle is read."""

    def __init__(self, *_: object) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: object) -> None:
        self.state = state if isinstance(state, tuple) else ()

    def value(self, depth: int) -> Any:
        if len(self.state) != 5 or not isinstance(self.state[2], _Type):
            raise DamagedPickle("holds an array without a state")
        _, shape, kind, fortran, data = self.state
        return _shaped(data, kind, shape, "F" if fortran else "C", depth)


def _shaped(data: Any, kind: _Type, shape: Any, order: Any, depth: int) -> Any:
    if kind.code.startswith("O"):
        if not isinstance(data, list) or len(data) != np.prod(shape, dtype=object):
            raise DamagedPickle("holds an array with another number of objects than its shape says")
        found = np.empty(len(data), object)
        for place, each in enumerate(data):
            found[place] = _finished(each, depth + 1)
        return found.reshape(shape, order="F" if order == "F" else "C")
    data = data.encode("latin-1") if isinstance(data, str) else data
    return np.frombuffer(data, kind.value).reshape(shape, order="F" if order == "F" else "C").copy()


class _Buffer:
    """An array as protocol 5 pickles it."""

    def __init__(self, data: Any, kind: Any, shape: Any, order: Any = "C") -> None:
        if not isinstance(kind, _Type):
            raise DamagedPickle("holds an array without a type")
        self.data, self.kind, self.shape, self.order = data, kind, shape, order


class _Scalar:
    """A numpy number."""

    def __init__(self, kind: Any, data: Any = b"") -> None:
        if not isinstance(kind, _Type) or kind.code.startswith("O"):
            raise UnsafePickle("holds a number without a type")
        self.kind, self.data = kind, data

    @property
    def value(self) -> Any:
        data = self.data.encode("latin-1") if isinstance(self.data, str) else self.data
        return np.frombuffer(data, self.kind.value)[0]


REBUILDERS: dict[str, Any] = {
    "_reconstruct": _Array,
    "ndarray": _Array,
    "dtype": _Type,
    "_frombuffer": _Buffer,
    "scalar": _Scalar,
}


class _Plain(pickle.Unpickler):
    """Gives a pickle plain values and placeholders of arrays, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        module = "builtins" if module == "__builtin__" else module  # how protocol 2 writes it
        if (module, name) in PLAIN:
            return _Call(PLAIN[module, name])
        if NUMPY.fullmatch(module) and name in REBUILDERS:
            return _Call(REBUILDERS[name])
        raise UnsafePickle(f"asks for {module}.{name}"[:200])

    def persistent_load(self, pid: object) -> Any:
        raise UnsafePickle("refers to something outside of itself")


class _Call:
    """Calls one thing; it has no attributes that a pickle could set."""

    __slots__ = ("_made",)

    def __init__(self, made: Callable[..., Any]) -> None:
        self._made = made

    def __call__(self, *args: object) -> Any:
        return self._made(*args)


def _finished(value: Any, depth: int) -> Any:
    """``value`` with arrays in place of what stands for them."""
    if depth > DEEPEST:
        raise DamagedPickle(f"holds more than {DEEPEST} containers in each other")
    match value:
        case _Array():
            return value.value(depth)
        case _Buffer():
            return _shaped(value.data, value.kind, value.shape, value.order, depth)
        case _Scalar():
            return value.value
        case dict():
            return {_key(key): _finished(each, depth + 1) for key, each in value.items()}
        case list():
            return [_finished(each, depth + 1) for each in value]
        case tuple():
            return tuple(_finished(each, depth + 1) for each in value)
        case _Type() | _Call():
            raise UnsafePickle("holds a type or a function where a value belongs")
    return value


def _key(key: Any) -> Any:
    return key.value if isinstance(key, _Scalar) else key
