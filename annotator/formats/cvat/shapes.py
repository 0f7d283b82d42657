"""A shape's element as a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import acos, ceil, cos, isfinite, pi, radians, sin
from xml.etree.ElementTree import Element

import numpy as np
import shapely

from annotator.formats import bounds, geometry
from annotator.formats.base import FormatError, Report
from tracking.shapes.checks import FARTHEST_PX
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.values import VISIBLE

FINE_PX = 0.25
"""How far a polygon may lie off the ellipse that it stands for."""
MOST_VERTICES = 256

RUNS = re.compile(r"\s*[0-9]{1,10}(\s*,\s*[0-9]{1,10})*+\s*")

STATES = {"frame", "keyframe", "outside", "occluded", "z_order"}
CORNERS = {"xtl", "ytl", "xbr", "ybr"}
CUBOID = tuple(f"{axis}{corner}{side}" for side in "12" for corner in ("tl", "bl", "tr", "br") for axis in "xy")
OWN = {
    "box": CORNERS | {"rotation"},
    "polygon": {"points"},
    "polyline": {"points"},
    "points": {"points"},
    "mask": {"rle", "left", "top", "width", "height"},
    "ellipse": {"cx", "cy", "rx", "ry", "rotation"},
    "cuboid": set(CUBOID),
    "skeleton": set[str](),
}
"""Which attributes each kind of shape has besides its states: what else stands in the file is told."""


def frame_of(element: Element) -> int:
    """Raises FormatError for a frame that is none."""
    text = (element.get("frame") or "").strip()
    if not text.isdecimal() or len(text) > 9:
        raise FormatError(f"A shape's frame is a whole number from 0; {text[:20]!r} came.")
    return int(text)


def is_set(element: Element, state: str) -> bool:
    return (element.get(state) or "").strip().lower() in ("1", "true")


def is_keyframe(element: Element) -> bool:
    """CVAT's interpolation has ``keyframe="0"``. A skeleton's frame is a keyframe where one of its joints is."""
    own = element.get("keyframe")
    return own is None or is_set(element, "keyframe") or any(is_set(joint, "keyframe") for joint in element)


def is_outside(element: Element) -> bool:
    """A skeleton, which in CVAT isn't outside itself, is when all of its joints are."""
    if element.tag != "skeleton" or is_set(element, "outside"):
        return is_set(element, "outside")
    joints = element.findall("points")
    return bool(joints) and all(is_set(joint, "outside") for joint in joints)


def flags_of(element: Element) -> Flag:
    flags = Flag.KEYFRAME
    if is_outside(element):
        flags |= Flag.OUTSIDE
    return flags | Flag.OCCLUDED if is_set(element, "occluded") else flags


def row_of(element: Element, frame: int, report: Report) -> Row:
    """The row of any shape but a skeleton, which needs to know its joints. Raises FormatError for geometry that can't
    be."""
    return _READERS[element.tag](element, frame, flags_of(element), report)


def _box(element: Element, frame: int, flags: Flag, report: Report) -> Row:
    x1, y1, x2, y2 = (number(element, name) for name in ("xtl", "ytl", "xbr", "ybr"))
    if x1 > x2 or y1 > y2:
        report.lose("boxes from their right or bottom corner were turned over")
        (x1, x2), (y1, y2) = sorted((x1, x2)), sorted((y1, y2))
    if not element.get("rotation"):
        return Row(frame, Kind.BOX, flags, 1.0, (x1, y1, x2, y2))
    return geometry.rotated_row(frame, flags, 1.0, geometry.turned(x1, y1, x2, y2, number(element, "rotation")))


def _outline(element: Element, frame: int, flags: Flag, _: Report) -> Row:
    kind = Kind.POLYGON if element.tag == "polygon" else Kind.POLYLINE
    return geometry.vertex_row(kind, frame, flags, 1.0, points(element))


def _points(element: Element, frame: int, flags: Flag, _: Report) -> Row:
    places = points(element)
    return geometry.point_row(Kind.POINTS, frame, flags, 1.0, places, [VISIBLE] * len(places))


def _mask(element: Element, frame: int, flags: Flag, _: Report) -> Row:
    left, top, width, height = (int(number(element, name)) for name in ("left", "top", "width", "height"))
    text = element.get("rle") or ""
    if not RUNS.fullmatch(text):
        raise FormatError("A mask's rle is whole numbers separated by commas; this one isn't.")
    runs = np.fromstring(text, np.float64, sep=",")
    return geometry.mask_of_runs(frame, flags, 1.0, (left, top, width, height), runs, order="C")


def _ellipse(element: Element, frame: int, flags: Flag, report: Report) -> Row:
    x, y, rx, ry = (number(element, name) for name in ("cx", "cy", "rx", "ry"))
    if rx <= 0 or ry <= 0:
        raise FormatError(f"An ellipse has radii above 0; {rx:g} and {ry:g} came.")
    turn = radians(number(element, "rotation")) if element.get("rotation") else 0.0
    angles = np.arange(count := _vertex_count(max(rx, ry))) * (2 * pi / count)
    across, down = rx * np.cos(angles), ry * np.sin(angles)
    xy = np.stack([x + across * cos(turn) - down * sin(turn), y + across * sin(turn) + down * cos(turn)], axis=1)
    if not flags & Flag.OUTSIDE:
        report.lose(f"ellipses became polygons, which lie within {FINE_PX:g} px of them")
    return geometry.vertex_row(Kind.POLYGON, frame, flags, 1.0, xy.tolist())


def _vertex_count(radius: float) -> int:
    """How many vertices keep a polygon within FINE_PX of a circle; the same for radii near each other, so that growing
    ellipses move vertex by vertex."""
    count = 16
    least = pi / acos(1 - FINE_PX / radius) if radius > FINE_PX else count
    while count < min(ceil(least), MOST_VERTICES):
        count *= 2
    return count


def _cuboid(element: Element, frame: int, flags: Flag, report: Report) -> Row:
    numbers = np.array([number(element, name) for name in CUBOID]).reshape(-1, 2)
    outline = shapely.MultiPoint(numbers).convex_hull
    if not isinstance(outline, shapely.Polygon):
        raise FormatError("A cuboid has corners that don't all lie on a line; this one's do.")
    if not flags & Flag.OUTSIDE:
        report.lose("cuboids became polygons of their outline")
    return geometry.vertex_row(Kind.POLYGON, frame, flags, 1.0, np.asarray(outline.exterior.coords)[:-1].tolist())


def points(element: Element) -> list[list[float]]:
    """Raises FormatError unless an element's points are "x,y;x,y"."""
    text = element.get("points") or ""
    count = text.count(";") + 1
    if count > bounds.MOST_VERTICES:
        raise FormatError(f"A shape has at most {bounds.MOST_VERTICES:,} points; this one has {count:,}.")
    try:
        pairs = [[float(value) for value in pair.split(",")] for pair in text.split(";")]
    except ValueError as error:
        raise FormatError(f'Points are "x,y;x,y"; {text[:40]!r} came.') from error
    if any(len(pair) != 2 or not all(_sensible(value) for value in pair) for pair in pairs):
        raise FormatError(f'Points are "x,y;x,y" in px; {text[:40]!r} came.')
    return pairs


def number(element: Element, name: str) -> float:
    """Raises FormatError unless an attribute is a sensible number."""
    try:
        value = float(element.get(name) or "")
    except ValueError:
        value = float("nan")
    if not _sensible(value):
        raise FormatError(f"A {element.tag}'s {name} is a number; {element.get(name)!r} came.")
    return value


def _sensible(value: float) -> bool:
    # Corners before a box was turned are rounded.
    return isfinite(value) and abs(value) <= FARTHEST_PX + 1


_READERS: dict[str, Callable[[Element, int, Flag, Report], Row]] = {
    "box": _box,
    "polygon": _outline,
    "polyline": _outline,
    "points": _points,
    "mask": _mask,
    "ellipse": _ellipse,
    "cuboid": _cuboid,
}
SHAPES = frozenset(OWN)
