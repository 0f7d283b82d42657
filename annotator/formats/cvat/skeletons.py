"""Skeletons in CVAT: joints are found by name, in any order, and one that isn't written isn't there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from annotator.formats import geometry
from annotator.formats.base import FormatError, Report
from annotator.formats.cvat import shapes
from tracking.shapes.chunks import Kind, Row
from tracking.shapes.skeletons import MOST_JOINTS, Joint, Skeleton
from tracking.shapes.values import ABSENT, OCCLUDED, VISIBLE

Place = tuple[float, float, int]
"""x, y in px and ABSENT, OCCLUDED or VISIBLE."""


@dataclass(slots=True)
class Joints:
    """The joints of a label in order. ``template``: the file's; without one, the names are those that shapes use."""

    template: Skeleton | None
    names: list[str]

    @classmethod
    def of(cls, template: Skeleton | None) -> Joints:
        return cls(template, [joint.name for joint in template.joints] if template else [])

    def take(self, name: str) -> bool:
        """Whether there is such a joint; a label without a template gets it."""
        if name not in self.names and self.template is None and len(self.names) < MOST_JOINTS:
            self.names.append(name)
        return name in self.names

    def row(self, row: Row, named: Mapping[str, Place], last: dict[str, tuple[float, float]]) -> Row:
        """A skeleton with a point for each joint. One that the shape doesn't have is absent, where it was ``last``
        (which is kept up to date), or where the template has it."""
        last.update({name: (x, y) for name, (x, y, _) in named.items()})
        places, seen = [], []
        for index, name in enumerate(self.names):
            x, y, state = named.get(name) or (*(last.get(name) or self._likely(index, named)), ABSENT)
            places.append((x, y))
            seen.append(state)
        return geometry.point_row(Kind.SKELETON, row.frame, row.flags, 1.0, places, seen)

    def _likely(self, index: int, named: Mapping[str, Place]) -> tuple[float, float]:
        """Where the template has a joint in the box around the others; in its middle without a template."""
        xy = np.array([(x, y) for x, y, _ in named.values()])
        low, high = xy.min(axis=0), xy.max(axis=0)
        share = np.array([0.5, 0.5])
        if self.template:
            joint = self.template.joints[index]
            share = np.array([joint.x, joint.y])
        x, y = (low + (high - low) * share).tolist()
        return x, y

    def as_skeleton(self, row: Row | None) -> Skeleton | None:
        """The template; where the file has none, one of the joints' names, placed as in ``row``."""
        if self.template or not self.names or row is None:
            return self.template
        shares = geometry.shares(row)
        shares += [(0.5, 0.5)] * (len(self.names) - len(shares))
        joints = tuple(Joint(name=name, x=x, y=y) for name, (x, y) in zip(self.names, shares, strict=True))
        return Skeleton(joints=joints)


def joints_of(element: Element, joints: Joints, report: Report) -> dict[str, Place]:
    """The joints of a skeleton's element by name. Raises FormatError where there is none."""
    named: dict[str, Place] = {}
    for point in element.findall("points"):
        name = " ".join((point.get("label") or "").split())
        report.lose("attributes of joints have no place here", len(point.findall("attribute")))
        if name in named:
            report.lose("joints that a skeleton has twice were taken once")
        elif not joints.take(name):
            report.lose(f"joints called {name}, which the skeleton doesn't have, were left out")
        else:
            hidden = OCCLUDED if shapes.is_set(point, "occluded") else VISIBLE
            x, y = shapes.points(point)[0]
            named[name] = (x, y, ABSENT if shapes.is_set(point, "outside") else hidden)
    if not named:
        raise FormatError("A skeleton has at least one joint that its label has; this one has none.")
    return named


def padded(row: Row, joints: Joints) -> Row:
    """A skeleton read before a later shape named more joints: those are absent."""
    count = len(geometry.visibilities(row))
    missing = len(joints.names) - count
    if row.kind != Kind.SKELETON or missing <= 0:
        return row
    places: list[Sequence[float]] = [*geometry.vertices(row).tolist()]
    middle = [(row.bounds[0] + row.bounds[2]) / 2, (row.bounds[1] + row.bounds[3]) / 2]
    seen = [*geometry.visibilities(row), *[ABSENT] * missing]
    return geometry.point_row(Kind.SKELETON, row.frame, row.flags, 1.0, [*places, *[middle] * missing], seen)
