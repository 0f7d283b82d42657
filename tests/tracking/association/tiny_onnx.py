"""An ONNX file of one pooling layer, byte by byte: no package that writes such files is needed
(https://github.com/onnx/onnx/blob/main/onnx/onnx.proto)."""

from __future__ import annotations

FLOAT = 1


def mean_colours(shape: tuple[str | int, ...]) -> bytes:
    """A network that takes (n, c, height, width) and gives the mean of each channel, (n, c)."""
    pool = _text(1, "crops") + _text(2, "means") + _text(4, "GlobalAveragePool")
    flatten = _text(1, "means") + _text(2, "looks") + _text(4, "Flatten")
    graph = _part(1, pool) + _part(1, flatten) + _text(2, "colours")
    graph += _part(11, _value("crops", shape)) + _part(12, _value("looks", shape[:2]))
    return _number(1, 8) + _part(7, graph) + _part(8, _number(2, 13))


def _value(name: str, shape: tuple[str | int, ...]) -> bytes:
    sides = b"".join(_part(1, _number(1, side) if isinstance(side, int) else _text(2, side)) for side in shape)
    return _text(1, name) + _part(2, _part(1, _number(1, FLOAT) + _part(2, sides)))


def _text(field: int, text: str) -> bytes:
    return _part(field, text.encode())


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
