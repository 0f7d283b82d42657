"""One track of a CVAT file, as its elements come by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from annotator.formats import geometry
from annotator.formats.base import AttributeInfo, FormatError, LabelInfo, Report, TrackData
from annotator.formats.bounds import MOST_ATTRIBUTES
from annotator.formats.cvat import shapes
from annotator.formats.cvat.limits import SOURCE
from annotator.formats.cvat.skeletons import Joints, Place, joints_of
from annotator.formats.cvat.values import fits, of_text
from annotator.formats.limits import NOTHING_TO_SEE
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind, Row

KNOWN = {"id", "label", "source", "task_id", "subset", "group_id"}
SOURCES = {"manual": "person", "auto": SOURCE}


@dataclass(slots=True)
class _Seen:
    """One shape of the file. ``row``: of a skeleton only what isn't in its joints."""

    row: Row
    values: list[tuple[str, str]]
    joints: dict[str, Place] | None = None


@dataclass(slots=True)
class TrackReader:
    """Takes the elements of one track, one by one.

    ``label``: what the file says of its label; ``joints``: the label's, which grow by what shapes name where the file
    describes no skeleton; ``step``: frames from one annotated frame to the next; ``position``: in the file, from 1.
    """

    attributes: Mapping[str, str]
    label: LabelInfo
    joints: Joints
    step: int
    position: int
    report: Report
    shapes: list[_Seen] = field(default_factory=list)
    last: tuple[int, Element] | None = None
    constant: dict[str, str] = field(default_factory=dict)
    count: int = 0

    @property
    def where(self) -> str:
        return f"track {self.attributes.get('id', self.position)}"

    def add(self, element: Element) -> None:
        """A child of the track. What can't be read of it is noted."""
        if element.tag == "attribute":
            self.constant[element.get("name") or ""] = element.text or ""
            self._check_names(len(self.constant))
            return
        if element.tag not in shapes.SHAPES:
            self.report.lose(f"<{element.tag}> elements in tracks have no place here")
            return
        self.count += 1
        place = f"shape {self.count}"
        try:
            frame = shapes.frame_of(element)
            place = f"frame {frame}"
            self._add_shape(element, frame)
        except FormatError as error:
            self.report.unreadable.add(f"{self.where}, {place}", str(error))

    def _add_shape(self, element: Element, frame: int) -> None:
        if shapes.is_keyframe(element):
            self._note_the_rest(element)
            self.shapes.append(self._seen(element, frame))
        elif self.last is None or frame > self.last[0]:
            # CVAT's own interpolation: only where a track ends with it does it say anything.
            self.last = frame, element

    def _seen(self, element: Element, frame: int) -> _Seen:
        values = [(value.get("name") or "", value.text or "") for value in element.findall("attribute")]
        if element.tag != "skeleton":
            return _Seen(shapes.row_of(element, frame, self.report), values)
        joints = joints_of(element, self.joints, self.report)
        empty = Row(frame, Kind.SKELETON, shapes.flags_of(element), 1.0, (0.0, 0.0, 0.0, 0.0))
        return _Seen(empty, values, joints)

    def _note_the_rest(self, element: Element) -> None:
        """Tell what stands in a shape and is not taken."""
        known = shapes.STATES | shapes.OWN[element.tag]
        for name, value in element.attrib.items():
            if name not in known and value not in ("", "0", "0.0", "0.00"):
                self.report.lose(f"the {name} of a {element.tag} has no place here")
        if element.get("z_order", "0") not in ("0", ""):
            self.report.lose("the order in which shapes cover each other (z_order) has no place here")
        for child in element:
            if child.tag != "attribute" and not (element.tag == "skeleton" and child.tag == "points"):
                self.report.lose(f"<{child.tag}> elements in a {element.tag} have no place here")

    def finish(self) -> TrackData | None:
        """The track, if there is anything to see of it."""
        self._note_track()
        self._add_last()
        ordered = list(self._one_per_frame())
        rows = self._rows(ordered)
        shown = [row for row in rows if not row.flags & Flag.OUTSIDE]
        if not shown:
            self.report.lose(NOTHING_TO_SEE.words)
            return None
        constant, by_frame = self._values([seen for seen in ordered if not seen.row.flags & Flag.OUTSIDE])
        self.report.tracks += 1
        self.report.shapes += len(shown)
        number = self.attributes.get("id") or ""
        return TrackData(
            number=int(number) if number.isdecimal() and len(number) < 10 else self.position,
            label=self.label.name,
            rows=Rows.of(self._ended(_alike(rows))),
            source=SOURCES.get(self.attributes.get("source", "manual"), SOURCE),
            attributes=constant,
            frame_attributes=by_frame,
            place=self.where,
        )

    def _note_track(self) -> None:
        given = self.attributes
        self.report.lose("groups of tracks have no place here", int(given.get("group_id", "0") not in ("0", "")))
        self.report.lose("subsets have no place here", int(given.get("subset", "") not in ("", "default")))
        source = given.get("source", "manual")
        self.report.lose(f"the source {source} of tracks became CVAT", int(source not in SOURCES))
        for name in sorted(given.keys() - KNOWN):
            self.report.lose(f"the {name} of a track has no place here")

    def _add_last(self) -> None:
        """A track may end with a shape of CVAT's interpolation, which nothing closes."""
        if self.last is None:
            return
        frame, element = self.last
        if shapes.is_outside(element) or any(seen.row.frame >= frame for seen in self.shapes):
            return
        try:
            self.shapes.append(self._seen(element, frame))
        except FormatError as error:
            self.report.unreadable.add(f"{self.where}, frame {frame}", str(error))

    def _one_per_frame(self) -> Iterator[_Seen]:
        """The shapes in rising order. CVAT may write a closing shape twice."""
        before: _Seen | None = None
        for seen in sorted(self.shapes, key=lambda seen: seen.row.frame):
            if before is None or before.row.frame != seen.row.frame:
                yield seen
                before = seen
            elif _same(before, seen):
                self.report.lose("shapes that stand in the file twice were taken once")
            else:
                self.report.unreadable.add(
                    f"{self.where}, frame {seen.row.frame}",
                    "A track has one shape per frame; this is another one than the first.",
                )

    def _rows(self, ordered: Sequence[_Seen]) -> list[Row]:
        rows: list[Row] = []
        last_places: dict[str, tuple[float, float]] = {}
        for seen in ordered:
            if seen.joints is None:
                rows.append(seen.row)
            else:
                rows.append(self.joints.row(seen.row, seen.joints, last_places))
        return rows

    def _ended(self, rows: list[Row]) -> list[Row]:
        """Without the shapes that close a track: it ends with its last row here."""
        if not rows[-1].flags & Flag.OUTSIDE:
            return rows
        shown = max(index for index, row in enumerate(rows) if not row.flags & Flag.OUTSIDE)
        closing = rows[shown + 1]
        adjacent = closing.frame <= rows[shown].frame + self.step
        return rows[: shown + 1] if adjacent else rows[: shown + 2]

    def _values(self, shown: Sequence[_Seen]) -> tuple[dict[str, Any], dict[str, list[tuple[int, Any]]]]:
        """Constant and per-frame values. Constant ones stand in every shape; those that the file doesn't declare are
        what they look like."""
        declared = {info.name: info for info in self.label.attributes}
        changes: dict[str, list[tuple[int, Any]]] = {}
        for seen in shown:
            for name, text in seen.values:
                self._note_change(changes, name, seen.row.frame, text, declared)
        constant = {
            name: value
            for name, text in self.constant.items()
            if (value := of_text(text, declared[name].kind if name in declared else "text")) is not None
        }
        by_frame: dict[str, list[tuple[int, Any]]] = {}
        for name, steps in changes.items():
            if declared[name].per_frame if name in declared else len(steps) > 1:
                by_frame[name] = steps
            else:
                constant.setdefault(name, steps[0][1])
                more = len(steps) - 1
                self.report.lose(f"changes of the constant attribute {name}: its first value was taken", more)
        return constant, by_frame

    def _note_change(
        self,
        changes: dict[str, list[tuple[int, Any]]],
        name: str,
        frame: int,
        text: str,
        declared: Mapping[str, AttributeInfo],
    ) -> None:
        """Remember a value where it changes."""
        kind = declared[name].kind if name in declared else "text"
        if not fits(text, kind):
            self.report.unreadable.add(
                f"{self.where}, frame {frame}", f"The attribute {name} is a {kind}; {text[:40]!r} came."
            )
            return
        value = of_text(text, kind)
        steps = changes.get(name, [])
        if steps[-1][1] != value if steps else value is not None:
            changes.setdefault(name, []).append((frame, value))
            self._check_names(len(changes))

    def _check_names(self, count: int) -> None:
        if count > MOST_ATTRIBUTES:
            raise FormatError(f"A track has at most {MOST_ATTRIBUTES:,} attributes; {self.where} has more.")


def _same(one: _Seen, other: _Seen) -> bool:
    """Whether two shapes show the same; ones that are outside show nothing."""
    if one.row.flags & other.row.flags & Flag.OUTSIDE:
        return True
    return (one.row, one.joints) == (other.row, other.joints)


def _alike(rows: list[Row]) -> list[Row]:
    """CVAT writes no rotation where it is 0: in a track with turned boxes all are of that kind, or none would move
    from one to the next."""
    if not any(row.kind == Kind.ROTATED_BOX for row in rows):
        return rows
    return [geometry.as_rotated(row) if row.kind == Kind.BOX else row for row in rows]
