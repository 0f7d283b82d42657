"""What CVAT for video can't hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from annotator.formats import geometry
from annotator.formats import limits as shared
from annotator.formats.base import AttributeInfo, LabelInfo, Limit, TrackData
from annotator.formats.cvat.text import legal
from annotator.formats.cvat.values import to_text
from annotator.formats.limits import rows_of, with_rows
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import shape_at
from tracking.shapes.payloads import point_count
from tracking.shapes.skeletons import Skeleton
from tracking.shapes.values import ABSENT, VISIBLE

Held = tuple[TrackData | None, int]
FORMAT = "CVAT"
SOURCE = "cvat"
"""Where a track that CVAT marks auto comes from; it doesn't tell models apart."""


def _source(track: TrackData, _: LabelInfo) -> Held:
    known = track.source in ("person", SOURCE)
    return (track, 0) if known else (replace(track, source=SOURCE), 1)


def _predicted(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    predicted = rows.has(Flag.PREDICTED)
    flags = np.where(predicted, rows.flags & ~np.uint8(Flag.PREDICTED) | np.uint8(Flag.KEYFRAME), rows.flags)
    confidence = np.where(predicted, 1.0, rows.confidence)
    return with_rows(track, replace(rows, flags=flags, confidence=confidence)), int((predicted & rows.shown).sum())


def _confidence(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    unsure = (rows.confidence < 1) & rows.shown
    return with_rows(track, replace(rows, confidence=np.ones(len(rows)))), int(unsure.sum())


def _turned(track: TrackData, _: LabelInfo) -> Held:
    """CVAT has one kind of box, turned or not; a track of both is one of turned boxes."""
    rows = rows_of(track)
    upright = rows.kinds == Kind.BOX
    if not upright.any() or not (rows.kinds == Kind.ROTATED_BOX).any():
        return track, 0
    changed = [geometry.as_rotated(row) if row.kind == Kind.BOX else row for row in rows]
    return with_rows(track, Rows.of(changed)), int((upright & rows.shown).sum())


def _hidden_points(track: TrackData, _: LabelInfo) -> Held:
    """Points have no visibility of their own in CVAT, which skeletons' joints have: absent ones go."""
    rows = rows_of(track)
    if not (rows.kinds == Kind.POINTS).any():
        return track, 0
    changed = [_all_visible(row) if row.kind == Kind.POINTS else (row, 0) for row in rows]
    if all(not lost for _, lost in changed):
        return track, 0
    return with_rows(track, Rows.of(row for row, _ in changed)), sum(lost for _, lost in changed)


def _all_visible(row: Row) -> tuple[Row, int]:
    xy, seen = geometry.vertices(row), np.array(geometry.visibilities(row), np.uint8)
    hidden = int((seen != VISIBLE).sum())
    if not hidden or row.flags & Flag.OUTSIDE:
        return row, 0
    present = xy[seen != ABSENT].tolist()
    if not present:
        return replace(row, flags=row.flags | Flag.OUTSIDE), hidden
    shown = geometry.point_row(Kind.POINTS, row.frame, row.flags, row.confidence, present, [VISIBLE] * len(present))
    return shown, hidden


def _unseen_skeletons(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    if not (rows.kinds == Kind.SKELETON).any():
        return track, 0
    shown = [
        kind == Kind.SKELETON and _is_absent(payload) for kind, payload in zip(rows.kinds, rows.payloads, strict=True)
    ]
    unseen = np.array(shown) & rows.shown
    flags = np.where(unseen, rows.flags | np.uint8(Flag.OUTSIDE), rows.flags)
    return with_rows(track, replace(rows, flags=flags)), int(unseen.sum())


def _is_absent(payload: bytes) -> bool:
    count = point_count(len(payload))
    return all(seen == ABSENT for seen in payload[8 * count : 9 * count])


def _taken_back(track: TrackData, label: LabelInfo) -> Held:
    """A value that is taken back again has no text of its own where an empty text, or no tick, is a value."""
    empty = {info.name: _emptied(info.kind) for info in label.attributes}
    constant = {name: value for name, value in track.attributes.items() if value is not None}
    lost, by_frame = 0, {}
    for name, steps in track.frame_attributes.items():
        kept = list(_begun(steps))
        if name in empty and empty[name] is not None:
            lost += sum(value is None for _, value in kept)
            kept = [(frame, empty[name] if value is None else value) for frame, value in kept]
        if kept:
            by_frame[name] = kept
    return replace(track, attributes=constant, frame_attributes=by_frame), lost


def _emptied(kind: str) -> Any:
    return {"checkbox": False, "text": "", "multi_select": ""}.get(kind)


def _begun(steps: Sequence[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Steps that change a value, from the first that gives one."""
    before: Any = None
    for frame, value in steps:
        if (to_text(value), value is None) != (to_text(before), before is None):
            yield frame, value
        before = value


def _lists(track: TrackData, _: LabelInfo) -> Held:
    constant = {name: _as_text(value) for name, value in track.attributes.items()}
    by_frame = {
        name: [(frame, _as_text(value)) for frame, value in steps] for name, steps in track.frame_attributes.items()
    }
    return replace(track, attributes=constant, frame_attributes=by_frame), 0


def _as_text(value: Any) -> Any:
    return to_text(value) if isinstance(value, list | tuple) else value


def _list_attributes(label: LabelInfo) -> tuple[LabelInfo, int]:
    several = [info.kind == "multi_select" for info in label.attributes]
    attributes = tuple(
        replace(info, kind="text", choices=(), default=_as_text(info.default)) if is_list else info
        for info, is_list in zip(label.attributes, several, strict=True)
    )
    return replace(label, attributes=attributes), sum(several)


def _defaults(label: LabelInfo) -> tuple[LabelInfo, int]:
    """An empty text, or no tick, is what CVAT writes for no default."""
    attributes = tuple(replace(info, default=_without_default(info)) for info in label.attributes)
    lost = sum(info.default != other.default for info, other in zip(label.attributes, attributes, strict=True))
    return replace(label, attributes=attributes), lost


def _without_default(info: AttributeInfo) -> Any:
    if info.kind == "checkbox":
        return bool(info.default)
    return None if info.default == "" else info.default


def _legal_track(track: TrackData, label: LabelInfo) -> Held:
    cleaned = _Cleaned()
    chosen = {info.name for info in label.attributes if info.kind == "select"}
    constant = {cleaned.text(name): cleaned.value(value, name in chosen) for name, value in track.attributes.items()}
    by_frame = {
        cleaned.text(name): [(frame, cleaned.value(value, name in chosen)) for frame, value in steps]
        for name, steps in track.frame_attributes.items()
    }
    return (
        replace(track, label=cleaned.text(track.label), attributes=constant, frame_attributes=by_frame),
        cleaned.lost,
    )


def _legal_label(label: LabelInfo) -> tuple[LabelInfo, int]:
    cleaned = _Cleaned()
    attributes = tuple(
        replace(
            info,
            name=cleaned.text(info.name),
            choices=tuple(cleaned.line(choice) for choice in info.choices),
            default=cleaned.value(info.default, info.kind == "select"),
        )
        for info in label.attributes
    )
    skeleton = label.skeleton and _legal_skeleton(label.skeleton, cleaned)
    return replace(label, name=cleaned.text(label.name), attributes=attributes, skeleton=skeleton), cleaned.lost


def _legal_skeleton(skeleton: Skeleton, cleaned: _Cleaned) -> Skeleton:
    joints = tuple(joint.model_copy(update={"name": cleaned.text(joint.name)}) for joint in skeleton.joints)
    return skeleton.model_copy(update={"joints": joints})


class _Cleaned:
    """Texts that XML, and CVAT's list of choices with one a line, can hold; ``lost`` counts what was replaced."""

    def __init__(self) -> None:
        self.lost = 0

    def text(self, text: str) -> str:
        cleaned, lost = legal(text)
        self.lost += lost
        return cleaned

    def line(self, text: str) -> str:
        cleaned = self.text(text)
        flat = cleaned.replace("\r", " ").replace("\n", " ")
        self.lost += sum(one != other for one, other in zip(cleaned, flat, strict=True))
        return flat

    def value(self, value: Any, is_choice: bool) -> Any:
        if isinstance(value, list | tuple):
            return [self.value(part, is_choice) for part in value]
        if not isinstance(value, str):
            return value
        return self.line(value) if is_choice else self.text(value)


def _changes(track: TrackData, _: LabelInfo) -> Held:
    """CVAT keeps attributes in keyframes: a change between two becomes one, and what changes while there is nothing to
    see comes with the next shape."""
    rows = rows_of(track)
    added: dict[int, Row] = {}
    by_frame: dict[str, list[tuple[int, Any]]] = {}
    for name, steps in track.frame_attributes.items():
        placed = {_place(rows, frame, added): value for frame, value in steps}
        kept = list(_begun([(frame, value) for frame, value in placed.items() if frame is not None]))
        if kept:
            by_frame[name] = kept
    if added:
        rows = Rows.of(sorted([*rows, *added.values()], key=lambda row: row.frame))
    return replace(track, rows=rows, frame_attributes=by_frame), len(added)


def _place(rows: Rows, frame: int, added: dict[int, Row]) -> int | None:
    """The frame from which on a value is seen; None after the last shape. It gets a row, in ``added``."""
    at = int(np.searchsorted(rows.frames, frame))
    if at < len(rows) and rows.frames[at] == frame and rows.shown[at]:
        return frame
    between = shape_at(rows, frame) if at else None
    if between is not None:
        added[frame] = replace(between, flags=between.flags | Flag.KEYFRAME)
        return frame
    following = np.flatnonzero(rows.shown[at:])
    return int(rows.frames[at + following[0]]) if len(following) else None


LIMITS: tuple[Limit, ...] = (
    shared.CANDIDATES,
    shared.frame_tags("CVAT for video"),
    shared.NOTHING_TO_SEE,
    shared.verdicts(FORMAT),
    shared.colours(FORMAT),
    Limit("tracks from a model are marked auto, without its name", track=_source),
    shared.doubts(FORMAT),
    Limit("predicted shapes become keyframes, without a confidence", track=_predicted),
    Limit("keyframes are without their confidence", track=_confidence),
    Limit("boxes in tracks with rotated boxes become rotated boxes", track=_turned),
    Limit("points that are occluded become visible, and absent ones are left out", track=_hidden_points),
    Limit("skeletons without a joint to see become absent", track=_unseen_skeletons),
    shared.NOTHING_TO_SEE,
    Limit("multi-select attributes become text", track=_lists, label=_list_attributes),
    Limit("attributes that were taken back become empty", track=_taken_back),
    Limit("empty defaults of attributes become none", label=_defaults),
    Limit(
        "characters that XML can't hold are replaced by \N{REPLACEMENT CHARACTER}",
        track=_legal_track,
        label=_legal_label,
    ),
    Limit("shapes become keyframes because an attribute changes there", track=_changes),
)
