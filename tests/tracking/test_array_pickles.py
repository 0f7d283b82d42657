"""Pickles of arrays are read without building anything else."""

from __future__ import annotations

import collections
import io
import os
import pickle
from typing import Any

import numpy as np
import pytest

from tracking.array_pickles import DamagedPickle, UnsafePickle, load_npy, load_plain

VALUE: dict[str, Any] = {
    "points": np.arange(6, dtype=np.float32).reshape(1, 3, 2),
    "occluded": np.array([[True, False, True]]),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "big endian": np.arange(3, dtype=">i4"),
    "names": np.array(["a", "bc"]),
    "empty": np.zeros((0, 4), np.uint8),
    "objects": np.array([{"x": np.float32(2.5)}, None], object),
    "plain": [1, 2.5, "text", b"bytes", None, (1, 2), {3}, collections.OrderedDict(a=1)],
    "number": np.float64(0.25),
}


def assert_equal(one: Any, other: Any) -> None:
    assert type(one) is type(other) or isinstance(other, dict)
    match other:
        case dict():
            assert list(one) == list(other)
            for key in other:
                assert_equal(one[key], other[key])
        case list() | tuple():
            assert len(one) == len(other)
            for a, b in zip(one, other, strict=True):
                assert_equal(a, b)
        case np.ndarray() if other.dtype == object:
            assert_equal(list(one), list(other))
        case np.ndarray():
            assert one.dtype == other.dtype
            assert np.array_equal(one, other)
        case _:
            assert one == other


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_plain_values_come_back_equal(protocol: int) -> None:
    assert_equal(load_plain(pickle.dumps(VALUE, protocol=protocol)), VALUE)


def test_pickles_of_older_numpy_and_python_come_back_equal() -> None:
    old = pickle.dumps({"a": np.arange(3)}, protocol=2).replace(b"numpy._core", b"numpy.core")
    assert_equal(load_plain(old), {"a": np.arange(3)})


@pytest.mark.parametrize("value", [np.array({"w": np.ones(2)}, object), np.arange(3.0)], ids=["object", "numbers"])
def test_what_numpy_saved_comes_back(value: np.ndarray) -> None:
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=True)
    assert_equal(load_npy(stream.getvalue()), value.item() if value.dtype == object else value)


class Reduced:
    """Pickles as the call of ``function`` with ``args``."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    "hostile",
    [
        Reduced(os.system, "exit 1"),
        Reduced(eval, "1"),
        Reduced(np.load, "file"),
        Reduced(getattr, os, "system"),
        [np.dtype([("a", "f4")])],
        np.array([(1,)], dtype=[("a", "i4")]),
        np.array([Reduced(os.getcwd)], object),
        os.system,
        {"a": np.float32},
        Reduced(bytes, 10**15),
    ],
    ids=[
        "system",
        "eval",
        "np.load",
        "getattr",
        "record type",
        "record",
        "inside an array",
        "a function",
        "a type",
        "a size",
    ],
)
@pytest.mark.parametrize("protocol", [0, 4])
def test_what_asks_for_code_is_refused(hostile: Any, protocol: int) -> None:
    with pytest.raises(UnsafePickle, match=r"asks for|holds|makes"):
        load_plain(pickle.dumps(hostile, protocol=protocol))


def test_a_reference_to_the_outside_is_refused() -> None:
    with pytest.raises(UnsafePickle, match="outside"):
        load_plain(b"Pabc\n.")


def test_damage_and_endless_depth_are_told_from_danger() -> None:
    deep: list[Any] = []
    deep.append(deep)
    whole = pickle.dumps(VALUE)
    for data in (b"", b"no pickle", whole[: len(whole) // 2], pickle.dumps(deep), b"\x80\x04N"):
        with pytest.raises(DamagedPickle, match=r"damaged|more than"):
            load_plain(data)
    lying = pickle.dumps(np.arange(4, dtype=np.int64), protocol=2).replace(b"K\x04\x85", b"K\x09\x85")
    with pytest.raises(DamagedPickle):
        load_plain(lying)
    with pytest.raises(DamagedPickle):
        load_npy(b"\x93NUMPY nothing")
