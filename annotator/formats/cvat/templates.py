"""A skeleton's template as CVAT writes it into a label: an SVG of circles and lines on a field of 100 x 100."""

from __future__ import annotations

from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import ValidationError

from annotator.formats.bounds import LONGEST_TEMPLATE
from tracking.shapes.skeletons import Joint, Skeleton

FIELD = 100


def _place(share: float) -> str:
    """A share of the field, without a rounding: 0.07 is 7, not 7.000000000000001."""
    return f"{(Decimal(repr(share)) * FIELD).normalize():f}"


def _share(text: str | None) -> float:
    return float(Decimal((text or "").strip()) / FIELD)


def svg_of(skeleton: Skeleton) -> str:
    """Lines and circles without a root element, nodes counted from 1."""
    root = Element("svg")
    for first, second in skeleton.edges:
        ends = skeleton.joints[first], skeleton.joints[second]
        (x1, y1), (x2, y2) = ((_place(joint.x), _place(joint.y)) for joint in ends)
        nodes = {"data-type": "edge", "data-node-from": str(first + 1), "data-node-to": str(second + 1)}
        SubElement(
            root, "line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": "black", "stroke-width": "0.5", **nodes}
        )
    for node, joint in enumerate(skeleton.joints, start=1):
        place = {"r": "0.75", "cx": _place(joint.x), "cy": _place(joint.y)}
        names = {"data-type": "element node", "data-element-id": str(node), "data-node-id": str(node)}
        SubElement(root, "circle", {**place, **names, "data-label-name": joint.name})
    return "".join(tostring(part, encoding="unicode", short_empty_elements=False) for part in root)


def skeleton_of_svg(svg: str) -> Skeleton | None:
    """The template of a label's ``<svg>``; None where it holds none that can be used."""
    if len(svg) > LONGEST_TEMPLATE:
        return None
    try:
        root = fromstring(f"<svg>{svg}</svg>", forbid_dtd=True)
        circles = sorted(root.iter("circle"), key=lambda circle: int(circle.get("data-node-id", "0")))
        nodes = {circle.get("data-node-id"): index for index, circle in enumerate(circles)}
        joints = tuple(
            Joint(
                name=circle.get("data-label-name") or circle.get("data-node-id") or "",
                x=_share(circle.get("cx")),
                y=_share(circle.get("cy")),
            )
            for circle in circles
        )
        edges = tuple(
            (nodes[line.get("data-node-from")], nodes[line.get("data-node-to")]) for line in root.iter("line")
        )
        skeleton = Skeleton(joints=joints, edges=edges).tidy()
    except (ParseError, DefusedXmlException, ValidationError, ValueError, KeyError, ArithmeticError):
        return None
    return None if any(skeleton.problems()) else skeleton
