"""A file's names of labels, attributes and joints, and a project's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from annotator.actions.errors import ActionError
from annotator.actions.labels import AttributeDraft, LabelDraft, add_label
from annotator.formats import geometry
from annotator.formats.base import AttributeInfo, LabelInfo, Report, TrackData
from annotator.formats.limits import rows_of
from annotator.models import Attribute, Label, Project
from annotator.ontology import (
    LONGEST_NAME,
    MOST,
    UNSTORABLE,
    AttributeKind,
    GeometryKind,
    fits,
    next_colour,
    storable,
)
from tracking.shapes.chunks import Kind, Row
from tracking.shapes.skeletons import Skeleton, numbered

UNSTORABLE_WORDS = "characters that can't be stored were replaced by \N{REPLACEMENT CHARACTER}"


class Naming:
    """Finds, or makes, the project's labels and attributes for a file's names: the same, or else but for case."""

    def __init__(
        self,
        project: Project,
        infos: Sequence[LabelInfo],
        tracks: Sequence[TrackData],
        *,
        create: bool,
        report: Report,
    ) -> None:
        """Raises ActionError for labels that the project lacks, unless they shall be made. Those whose names no project
        can have are ``refused`` one by one."""
        self.project = project
        self.report = report
        self.infos = {info.name: self._storable(info) for info in infos}
        self.exact: dict[str, Label] = {}
        self.folded: dict[str, Label] = {}
        self.attributes: dict[int, dict[str, Attribute]] = {}
        for label in project.labels.prefetch_related("attributes"):
            self._add(label, label.attributes.all())
        used = _kinds_by_label(tracks)
        missing = [name for name in used if self._find(name) is None and not self.refused(name)]
        if missing and not create:
            raise ActionError(
                f"Tracks have labels of the project; it lacks {_listed(missing)}. Add them to the project, or let the "
                "import make them."
            )
        new = list({_tidy(name).casefold(): name for name in missing}.values())
        over = len(self.exact) + len(new) - MOST
        if new and over > 0:
            raise ActionError(
                f"A project may have {MOST} labels; with those that the file names it would have {MOST + over:,}. "
                f"Over it are {_listed(new[-over:])}."
            )
        for name in missing:
            info = self.infos.get(name) or self._storable(LabelInfo(name))
            self._create(info, used[name], _a_skeleton(tracks, name))

    def label(self, name: str) -> Label:
        """A label by the file's name for it. Raises KeyError for one that no track has."""
        label = self._find(name)
        if label is None:
            raise KeyError(name)
        return label

    def refused(self, name: str) -> str:
        """Why no label can have that name; empty where one can."""
        tidy = _tidy(name)
        if 0 < len(tidy) <= LONGEST_NAME:
            return ""
        return f"A label has a name of 1 to {LONGEST_NAME} characters; {_shown(tidy)} came."

    def skeleton(self, name: str) -> Skeleton | None:
        """The template that the file has for a label."""
        info = self.infos.get(name)
        return info.skeleton if info else None

    def attribute(self, label: Label, name: str) -> Attribute | None:
        """The label's attribute of that name, whatever its case and spaces; None where it has none."""
        return self.attributes[label.pk].get(_tidy(name).casefold())

    def _find(self, name: str) -> Label | None:
        return self.exact.get(name) or self.folded.get(_tidy(name).casefold())

    def _add(self, label: Label, attributes: Iterable[Attribute]) -> None:
        self.exact[label.name] = label
        self.folded[label.name.casefold()] = label
        self.attributes[label.pk] = {attribute.name.casefold(): attribute for attribute in attributes}

    def _create(self, info: LabelInfo, kinds: Sequence[str], example: Row | None) -> None:
        name = _tidy(info.name)
        if self._find(name) is not None:
            return  # another of the file's names is the same but for case
        skeleton = info.skeleton or (example and numbered(geometry.shares(example)))
        draft = LabelDraft(
            name=name,
            colour=info.colour or next_colour({each.colour for each in self.exact.values()}),
            geometry_kinds=tuple(map(GeometryKind, kinds)) or (GeometryKind.BOX,),
            attributes=tuple(self._sound(info)),
            skeleton=skeleton or None,
        )
        label = add_label(project=self.project, draft=draft)
        self._add(label, label.attributes.all())

    def _sound(self, info: LabelInfo) -> Iterator[AttributeDraft]:
        """The attributes as a project can have them."""
        seen: set[str] = set()
        for attribute in info.attributes:
            name = _tidy(attribute.name)
            if not 0 < len(name) <= LONGEST_NAME or name.casefold() in seen:
                self.report.lose(f"the attribute {name[:LONGEST_NAME]!r} of {info.name} has a name it can't have here")
                continue
            if len(seen) >= MOST:
                self.report.lose(f"attributes of {info.name} beyond {MOST}, which a label may have, were left out")
                continue
            seen.add(name.casefold())
            over = len(attribute.choices) - MOST
            self.report.lose(
                f"choices of {name} beyond {MOST}, which an attribute may have, were left out", max(over, 0)
            )
            yield _completed(replace(attribute, name=name, choices=attribute.choices[:MOST]))

    def _storable(self, info: LabelInfo) -> LabelInfo:
        """Without characters that a database can't keep."""
        texts = [info.name, *(text for each in info.attributes for text in (each.name, *each.choices))]
        lost = sum(len(UNSTORABLE.findall(text)) for text in texts)
        self.report.lose(UNSTORABLE_WORDS, lost)
        if not lost:
            return info
        attributes = tuple(
            replace(each, name=storable(each.name), choices=tuple(map(storable, each.choices)))
            for each in info.attributes
        )
        return replace(info, name=storable(info.name), attributes=attributes)


def _completed(info: AttributeInfo) -> AttributeDraft:
    """A select without choices is a text; a default is a value that the attribute can have."""
    choices = tuple(dict.fromkeys(filter(None, map(str.strip, info.choices))))
    kind = AttributeKind(info.kind)
    if kind.has_choices and not choices:
        kind = AttributeKind.TEXT
    default = info.default if fits(kind, choices, info.default) else None
    return AttributeDraft(info.name, kind, per_frame=info.per_frame, choices=choices, default=default)


def _a_skeleton(tracks: Iterable[TrackData], label: str) -> Row | None:
    """The first skeleton among a label's shapes."""
    for track in tracks:
        rows = rows_of(track)
        if track.label == label:
            for index in np.flatnonzero(rows.kinds == Kind.SKELETON)[:1]:
                return rows[int(index)]
    return None


def _kinds_by_label(tracks: Iterable[TrackData]) -> dict[str, list[str]]:
    """Names of the kinds of geometry that each label's tracks have."""
    found: dict[str, set[Kind]] = {}
    for track in tracks:
        found.setdefault(track.label, set()).update(Kind(kind) for kind in np.unique(rows_of(track).kinds).tolist())
    return {label: [kind.name.lower() for kind in sorted(kinds)] for label, kinds in found.items()}


def _tidy(name: str) -> str:
    return " ".join(storable(name).split())


def _shown(name: str) -> str:
    return repr(name) if len(name) <= LONGEST_NAME else f"{name[:40]!r} … with {len(name):,}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
