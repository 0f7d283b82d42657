"""Random layers: every kind of shape, gaps, attributes, any script, far coordinates; and when two are equal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from annotator.formats import geometry
from annotator.formats.base import AttributeInfo, Dataset, LabelInfo, TrackData, VideoInfo
from annotator.formats.cvat.text import legal
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind, Row, quantised
from tracking.shapes.skeletons import Joint, Skeleton

FRAMES = 600
KEYFRAME, PREDICTED, OUTSIDE = Flag.KEYFRAME, Flag.PREDICTED, Flag.OUTSIDE
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _as_told_apart(name: str) -> str:
    return legal(name)[0].casefold()


# A byte order mark at the beginning of a file is none of its text.
NAME = TEXT.map(_tidy).filter(lambda name: name and name[0] != "\ufeff")


def _pixels(most: float) -> st.SearchStrategy[float]:
    """No smaller than what a screen could show, 0.00002 px, and without a negative 0."""
    return st.floats(-most, most, width=32).map(lambda value: value if abs(value) > 2**-16 else 0.0)


PIXELS = _pixels(1e6)
NEAR = _pixels(5000)
SIDE = st.floats(0.5, 5000, width=32)
SEEN = st.integers(0, 2)
CORNER = st.integers(-3, 12) | st.integers(0, 60) | st.integers(-5000, 5000)
"""Of a mask, in px: near others, within the picture, far from it."""


@st.composite
def attributes(draw: st.DrawFn) -> AttributeInfo:
    kind = draw(st.sampled_from(["select", "multi_select", "checkbox", "number", "text"]))
    choices: tuple[str, ...] = ()
    if "select" in kind:
        listed = st.lists(TEXT.map(str.strip).filter(bool), min_size=1, max_size=4, unique_by=_as_told_apart)
        choices = tuple(draw(listed))
    info = AttributeInfo(draw(NAME), kind, draw(st.booleans()), choices)
    return AttributeInfo(info.name, kind, info.per_frame, choices, draw(st.none() | values(info)))


def values(info: AttributeInfo) -> st.SearchStrategy[Any]:
    match info.kind:
        case "select":
            return st.sampled_from(info.choices)
        case "multi_select":
            return st.lists(st.sampled_from(info.choices), unique=True)
        case "checkbox":
            return st.booleans()
        case "number":
            return st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
        case _:
            return TEXT


@st.composite
def skeletons(draw: st.DrawFn) -> Skeleton:
    names = draw(st.lists(NAME, min_size=1, max_size=4, unique_by=_as_told_apart))
    share = st.floats(0, 1)
    joints = tuple(Joint(name=name, x=draw(share), y=draw(share)) for name in names)
    count = len(names)
    pairs = [(first, second) for second in range(count) for first in range(second)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return Skeleton(joints=joints, edges=tuple(edges))


@st.composite
def label_infos(draw: st.DrawFn, name: str) -> LabelInfo:
    infos = draw(st.lists(attributes(), max_size=3, unique_by=lambda info: _as_told_apart(info.name)))
    colour = f"#{draw(st.integers(0, 0xFFFFFF)):06x}"
    return LabelInfo(name, colour, tuple(infos), draw(st.none() | skeletons()))


@st.composite
def rows_of_kind(draw: st.DrawFn, kind: Kind, frame: int, joints: int) -> Row:
    flags = draw(st.sampled_from([KEYFRAME, KEYFRAME, PREDICTED, PREDICTED | Flag.DOUBTFUL]))
    flags |= draw(st.sampled_from([Flag(0), Flag(0), Flag.OCCLUDED, OUTSIDE]))
    sure = draw(st.integers(0, 65535)) / 65535
    point = st.tuples(PIXELS, PIXELS)
    match kind:
        case Kind.BOX:
            x1, x2 = sorted(draw(point))
            y1, y2 = sorted(draw(point))
            return Row(frame, kind, flags, sure, (x1, y1, x2, y2))
        case Kind.ROTATED_BOX:
            angle = draw(st.floats(-3.125, 3.125, width=32))
            return geometry.rotated_row(
                frame, flags, sure, (draw(NEAR), draw(NEAR), draw(SIDE), draw(SIDE), angle if abs(angle) > 1e-3 else 0)
            )
        case Kind.POLYGON | Kind.POLYLINE:
            xy = draw(st.lists(point, min_size=3, max_size=5))
            return geometry.vertex_row(kind, frame, flags, sure, xy)
        case Kind.POINTS | Kind.SKELETON:
            count = joints if kind == Kind.SKELETON else draw(st.integers(1, 3))
            xy = draw(st.lists(point, min_size=count, max_size=count))
            seen = draw(st.lists(SEEN, min_size=count, max_size=count))
            return geometry.point_row(kind, frame, flags, sure, xy, seen)
        case Kind.MASK:
            bits = draw(st.lists(st.booleans(), min_size=1, max_size=12))
            bitmap = np.array(bits).reshape(draw(st.sampled_from([(1, -1), (-1, 1)])))
            left, top = draw(CORNER), draw(CORNER)
            return geometry.mask_row(frame, flags, sure, left, top, bitmap)
        case Kind.TAG:
            return Row(frame, kind, flags, sure, (0.0, 0.0, 0.0, 0.0))


@st.composite
def tracks(draw: st.DrawFn, number: int, label: LabelInfo) -> TrackData:
    joints = len(label.skeleton.joints) if label.skeleton else 0
    kinds = [kind for kind in Kind if kind != Kind.TAG and (kind != Kind.SKELETON or joints)]
    used = draw(
        st.sampled_from(
            [[kind] for kind in kinds] + [[Kind.BOX, Kind.ROTATED_BOX], [Kind.BOX, Kind.MASK], [Kind.MASK], [Kind.TAG]]
        )
    )
    frames = sorted(draw(st.sets(st.integers(0, 40) | st.integers(0, FRAMES - 1), max_size=5)))
    rows = [draw(rows_of_kind(draw(st.sampled_from(used)), frame, joints)) for frame in frames]
    constant, by_frame = {}, {}
    for info in label.attributes:
        if not draw(st.booleans()):
            continue
        if info.per_frame:
            steps = sorted(draw(st.sets(st.integers(0, FRAMES - 1), min_size=1, max_size=3)))
            by_frame[info.name] = [(frame, draw(st.none() | values(info))) for frame in steps]
        else:
            constant[info.name] = draw(values(info))
    return TrackData(
        number=number,
        label=label.name,
        rows=rows,
        colour=draw(st.sampled_from(["", "#12ab34"])),
        source=draw(st.sampled_from(["person", "framewise-cf", "cvat", "mot"])),
        verdict=draw(st.sampled_from(["", "accepted", "rejected"])),
        attributes=constant,
        frame_attributes=by_frame,
        candidate=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def layers(draw: st.DrawFn) -> Dataset:
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique_by=_as_told_apart))
    labels = [draw(label_infos(name)) for name in names]
    numbers = draw(st.lists(st.integers(1, 1_000_000), max_size=3, unique=True))
    listed = [draw(tracks(number, draw(st.sampled_from(labels)))) for number in numbers]
    return Dataset(VideoInfo(draw(TEXT), 64, 48, FRAMES, 25.0), labels, listed, len(listed))


# ---------------------------------------------------------------- what is equal


def said(tracks_: Iterable[TrackData]) -> list[dict[str, Any]]:
    """Everything that is said of tracks but where their shapes are, so that tracks that are equal say the same: a gap
    has no geometry of its own, and a track ends with its last shape."""
    return [
        {
            "number": track.number,
            "label": track.label,
            "colour": track.colour,
            "source": track.source,
            "verdict": track.verdict,
            "candidate": track.candidate,
            "attributes": dict(track.attributes),
            "frame_attributes": {name: list(steps) for name, steps in track.frame_attributes.items()},
            "rows": [_said(row) for row in _ended(list(Rows.of(track.rows)))],
        }
        for track in sorted(tracks_, key=lambda track: track.number)
    ]


def places(tracks_: Iterable[TrackData]) -> NDArray[np.float64]:
    """(n, 4) bounds of all shapes, in px as tables keep them."""
    ordered = sorted(tracks_, key=lambda track: track.number)
    bounds = [row.bounds for track in ordered for row in Rows.of(track.rows) if not row.flags & OUTSIDE]
    return np.array(bounds, np.float32).astype(np.float64).reshape(-1, 4)


def _said(row: Row) -> Any:
    if row.flags & OUTSIDE:
        return row.frame, "gap"
    return row.frame, row.kind.name, str(row.flags), quantised([row.confidence]).tolist(), row.payload.hex()


def _ended(rows: list[Row]) -> list[Row]:
    """Without what closes a track; a gap that begins later holds the last shape up to it."""
    shown = [index for index, row in enumerate(rows) if not row.flags & OUTSIDE]
    if not shown:
        return []
    rest = rows[shown[-1] + 1 :][:1]
    return rows[: shown[-1] + 1] + [row for row in rest if row.frame > rows[shown[-1]].frame + 1]
