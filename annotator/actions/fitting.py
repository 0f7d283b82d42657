"""Rows and values of a file, as a video and its project can have them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from annotator.actions.edits.apply import ATTRIBUTE_BYTES
from annotator.actions.edits.layer_draft import picture_of
from annotator.actions.naming import UNSTORABLE_WORDS, Naming
from annotator.formats import geometry
from annotator.formats.base import JudgedSpan, Report, TrackData
from annotator.formats.limits import rows_of
from annotator.formats.rows import Rows, batched
from annotator.formats.texts import parted
from annotator.models import Attribute, Label, Layer, Track, Verdict
from annotator.ontology import UNSTORABLE, AttributeKind, storable
from annotator.operations import SpanVerdict
from tracking.shapes.checks import ShapeError, check_geometry
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.payloads import point_count, single
from tracking.shapes.skeletons import Skeleton, skeleton_of
from tracking.shapes.values import ABSENT

LONGEST_SOURCE = 64


class Fitting:
    """Fits tracks to one layer; what doesn't fit is noted in the report, with the track and frame.

    ``all_sound``: the geometry of all tracks is; nearly always, and asked of each one it takes long.
    """

    def __init__(self, layer: Layer, naming: Naming, report: Report, tracks: Sequence[TrackData]) -> None:
        self.layer = layer
        self.all_sound = all(map(self._are_sound, batched(rows_of(data) for data in tracks)))
        self.last = layer.video.frame_count - 1
        self.naming = naming
        self.report = report

    # ------------------------------------------------------------ rows

    def rows(self, data: TrackData) -> Rows:
        """The rows that the video and the label can have."""
        label = self.naming.label(data.label)
        rows = self._within(data, rows_of(data))
        rows = self._jointed(data, label, rows)
        return self._sound(data, rows)

    def _within(self, data: TrackData, rows: Rows) -> Rows:
        """Without what lies beyond the video's end. A gap that begins there shows nothing: what is held up to it ends
        with the video."""
        beyond = rows.frames > self.last
        if not beyond.any():
            return rows
        for frame in rows.frames[beyond & rows.shown].tolist():
            self.refuse(data, frame, f"Frames lie in 0..{self.last}; this is beyond. Is it another video's file?")
        kept = rows.take(~beyond)
        first_beyond = rows[int(np.flatnonzero(beyond)[0])]
        is_held = len(kept) and first_beyond.flags & Flag.OUTSIDE and kept.shown[-1] and kept.frames[-1] < self.last
        return Rows.of([*kept, replace(kept[len(kept) - 1], frame=self.last)]) if is_held else kept

    def _jointed(self, data: TrackData, label: Label, rows: Rows) -> Rows:
        """Skeletons with a point for each of the label's joints, in its order."""
        skeletons = rows.kinds == Kind.SKELETON
        if not skeletons.any():
            return rows
        ours = skeleton_of(label.skeleton) or Skeleton()
        order = self._order(self.naming.skeleton(data.label), ours)
        fitted, keep = list(rows), np.ones(len(rows), np.bool_)
        for index in np.flatnonzero(skeletons).tolist():
            row = fitted[index]
            count = point_count(len(row.payload))
            if count != len(order):
                keep[index] = False
                self.refuse(data, row.frame, _joints_differ(label, ours, count))
            elif order.moves:
                fitted[index] = order.applied(row)
        return Rows.of(fitted).take(keep)

    def _order(self, theirs: Skeleton | None, ours: Skeleton) -> _Order:
        order = _Order.between(theirs, ours)
        for name in order.unknown:
            self.report.lose(f"joints called {name}, which the project's skeleton doesn't have, were left out")
        return order

    def _sound(self, data: TrackData, rows: Rows) -> Rows:
        if self.all_sound or self._are_sound(rows):
            return rows
        return rows.take(np.array([self._is_sound(data, row) for row in rows], np.bool_))

    def _are_sound(self, rows: Rows) -> bool:
        try:
            check_geometry(rows, picture_of(self.layer.video))
        except ShapeError:
            return False
        return True

    def _is_sound(self, data: TrackData, row: Row) -> bool:
        try:
            check_geometry(single(row), picture_of(self.layer.video))
        except ShapeError as error:
            self.refuse(data, row.frame, str(error))
            return False
        return True

    # ------------------------------------------------------------ what is said of a track

    def track(self, data: TrackData, rows: Rows) -> Track:
        """An unsaved track."""
        label = self.naming.label(data.label)
        drawn = rows.kinds[rows.has(Flag.KEYFRAME)]
        for kind in np.unique(drawn).tolist():
            name = Kind(kind).name.lower()
            what = f"tracks of {label} have a {name}: allow it in the project's labels to change them"
            self.report.lose(what, int(name not in label.geometry_kinds))
        self.report.lose("names of models were cut", int(len(data.source) > LONGEST_SOURCE))
        constant, by_frame = self._values(data, label, int(rows.frames[rows.shown][0]))
        return Track(
            number=data.number,
            label=label,
            colour=data.colour,
            source=self._storable(data.source)[:LONGEST_SOURCE],
            attributes=constant,
            frame_attributes=by_frame,
            candidate=data.candidate,
        )

    def verdicts(self, data: TrackData, rows: Rows, *, given: bool) -> list[SpanVerdict]:
        """Its verdicts, those that end with the video. ``given``: whether who imports may give them."""
        spans = list(data.verdicts)
        if data.verdict and not spans and rows.first is not None and rows.last is not None:
            spans = [JudgedSpan(rows.first, rows.last, data.verdict)]
        if not given:
            self.report.lose("verdicts are a reviewer's to give", len(spans))
            return []
        inside = [span for span in spans if span.last < self.layer.video.frame_count]
        self.report.lose("verdicts on frames that the video doesn't have", len(spans) - len(inside))
        return [
            SpanVerdict(
                first=span.first,
                last=span.last,
                verdict=Verdict(span.verdict).value,
                reason=self._storable(span.reason),
            )
            for span in inside
        ]

    def _values(
        self, data: TrackData, label: Label, first: int
    ) -> tuple[dict[str, Any], dict[str, list[tuple[int, Any]]]]:
        """Constant and per-frame values by the attributes' ids, each where the project has its attribute."""
        constant: dict[str, Any] = {}
        by_frame: dict[str, list[tuple[int, Any]]] = {}
        for attribute, steps in self._steps(data, label, first):
            if attribute.per_frame:
                by_frame[str(attribute.pk)] = steps
            else:
                constant[str(attribute.pk)] = steps[0][1]
                what = f"changes of {attribute}, which is constant in the project: its first value was taken"
                self.report.lose(what, len(steps) - 1)
        if len(json.dumps([constant, by_frame])) > ATTRIBUTE_BYTES:
            self.refuse(data, None, f"The attributes of a track take at most {ATTRIBUTE_BYTES // 1024} KiB.")
            return {}, {}
        return constant, by_frame

    def _steps(self, data: TrackData, label: Label, first: int) -> Iterator[tuple[Attribute, list[tuple[int, Any]]]]:
        """Every attribute that the label has, with its values and the frames from which they hold."""
        given = [(name, [(first, value)], True) for name, value in data.attributes.items()]
        given += [(name, list(steps), False) for name, steps in data.frame_attributes.items()]
        for name, steps, is_constant in given:
            attribute = self.naming.attribute(label, name)
            if attribute is None:
                self.report.lose(f"the attribute {name} isn't one of the project's")
            elif fitted := list(self._fitted(data, attribute, steps, is_constant=is_constant)):
                yield attribute, fitted

    def _fitted(
        self, data: TrackData, attribute: Attribute, steps: Sequence[tuple[int, Any]], *, is_constant: bool
    ) -> Iterator[tuple[int, Any]]:
        """The values that the attribute can have, in rising order."""
        before = -1
        for frame, value in sorted(steps, key=lambda step: step[0]):
            place = None if is_constant else frame
            converted = self._converted(attribute, self._storable(value))
            if not attribute.fits(converted):
                self.refuse(data, place, f"A value of {attribute} is {attribute.takes}; {value!r:.60} came.")
            elif not 0 <= frame <= self.last:
                self.refuse(data, place, f"The values of {attribute} have frames in 0..{self.last}.")
            elif frame == before:
                self.refuse(data, place, f"{attribute} has one value per frame; this is another one.")
            else:
                yield frame, converted
                before = frame

    def _converted(self, attribute: Attribute, value: Any) -> Any:
        """A value in the type of the project's attribute where it says the same: formats hold some as text."""
        if value is None or attribute.fits(value):
            return value
        if attribute.kind == AttributeKind.TEXT and isinstance(value, int | float | bool):
            return json.dumps(value)
        if not isinstance(value, str):
            return value
        return _of_text(attribute, value)

    def _storable(self, value: Any) -> Any:
        """Without characters that a database can't keep."""
        if isinstance(value, list):
            return [self._storable(part) for part in value]
        if not isinstance(value, str):
            return value
        self.report.lose(UNSTORABLE_WORDS, len(UNSTORABLE.findall(value)))
        return storable(value)

    def refuse(self, data: TrackData, frame: int | None, why: str) -> None:
        """Note that a row of a track, or all of it, can't be taken."""
        track = data.place or f"track {data.number}"
        self.report.unreadable.add(track if frame is None else f"{track}, frame {frame}", why)


class _Order:
    """Which joint of a file's skeleton is which of the project's. ``positions``: of each of ours, theirs or -1."""

    def __init__(self, positions: Sequence[int], count: int, unknown: Sequence[str]) -> None:
        self.positions = positions
        self.count = count
        self.unknown = unknown

    @classmethod
    def between(cls, theirs: Skeleton | None, ours: Skeleton) -> _Order:
        """By name; by place where the file has no names, or none of ours."""
        names = [joint.name for joint in theirs.joints] if theirs else []
        known = [joint.name for joint in ours.joints]
        if not set(names) & set(known):
            return cls(range(len(known)), len(known), ())
        positions = [names.index(name) if name in names else -1 for name in known]
        return cls(positions, len(names), [name for name in names if name not in known])

    def __len__(self) -> int:
        return self.count

    @property
    def moves(self) -> bool:
        """Whether points have to move."""
        return list(self.positions) != list(range(self.count)) or self.count != len(self.positions)

    def applied(self, row: Row) -> Row:
        """A skeleton with our joints; those that the file doesn't have are absent, in the middle of the others."""
        places, seen = geometry.vertices(row).tolist(), geometry.visibilities(row)
        middle = [(row.bounds[0] + row.bounds[2]) / 2, (row.bounds[1] + row.bounds[3]) / 2]
        xy = [places[at] if at >= 0 else middle for at in self.positions]
        states = [seen[at] if at >= 0 else ABSENT for at in self.positions]
        return geometry.point_row(row.kind, row.frame, row.flags, row.confidence, xy, states)


def _of_text(attribute: Attribute, text: str) -> Any:
    match attribute.kind:
        case AttributeKind.CHECKBOX:
            return {"true": True, "false": False}.get(text.strip().lower(), text)
        case AttributeKind.NUMBER:
            return _number(text)
        case AttributeKind.MULTI_SELECT:
            return list(dict.fromkeys(parted(text)))
        case AttributeKind.SELECT:
            tidy = text.strip()
            return tidy if tidy or attribute.fits("") else None
        case _:
            return text


def _number(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text


def _joints_differ(label: Label, ours: Skeleton, count: int) -> str:
    joints = len(ours.joints)
    return f"A skeleton has a point for each joint of its label; {label} has {joints} joints, {count} points came."
