"""What a label says of its tracks: what they may be drawn as, their joints, their attributes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracking.review.findings import Finding, Grade, counted
from tracking.review.layer import AttributeRule, Facts, LabelRule, Track, runs_of
from tracking.review.rule import Rule, Whole
from tracking.shapes.chunks import Kind
from tracking.shapes.payloads import point_count

KINDS, JOINTS, VALUES, UNUSED = "kind", "joints", "attribute", "unused-label"
NAMED = 20
"""Of labels that nobody uses, so many are named."""


def _label(track: Track, facts: Facts) -> LabelRule:
    return facts.labels.get(track.label) or LabelRule(track.label)


def _kinds(track: Track, facts: Facts) -> Iterator[Finding]:
    allowed = _label(track, facts).kinds
    if not allowed:
        return
    for kind in np.unique(track.rows.kinds).tolist():
        if Kind(kind) not in allowed:
            others = " or ".join(sorted(each.words for each in allowed))
            words = f"{track.label} may be drawn as {others}; this is a {Kind(kind).words}."
            for rows in runs_of(track.rows.kinds == kind):
                yield Finding.of(KINDS, Grade.ERROR, track, words, rows)


def _joints(track: Track, facts: Facts) -> Iterator[Finding]:
    wanted = _label(track, facts).joints
    skeletons = track.rows.kinds == Kind.SKELETON
    if wanted is None or not skeletons.any():
        return
    counts = np.array([point_count(len(payload)) for payload in track.rows.payloads])
    for rows in runs_of(skeletons & (counts != wanted)):
        has = counted(int(counts[rows[0]]), "joint", "joints")
        words = f"The skeleton of {track.label} has {wanted} joints; this one has {has}."
        yield Finding.of(JOINTS, Grade.ERROR, track, words, rows)


def _values(track: Track, facts: Facts) -> Iterator[Finding]:
    for attribute in _label(track, facts).attributes:
        yield from (_by_frame if attribute.per_frame else _constant)(track, attribute)


def _constant(track: Track, attribute: AttributeRule) -> Iterator[Finding]:
    value = track.attributes.get(attribute.name)
    if not attribute.fits(value):
        yield Finding.of(VALUES, Grade.ERROR, track, _misfit(attribute, value))
    elif attribute.needed and value in (None, "", []):
        yield Finding.of(VALUES, Grade.HINT, track, f"{attribute.name} has no value; it is {attribute.takes}.")


def _by_frame(track: Track, attribute: AttributeRule) -> Iterator[Finding]:
    steps = track.frame_attributes.get(attribute.name, ())
    for frame, value in steps:
        if not attribute.fits(value):
            words = _misfit(attribute, value)
            yield Finding(VALUES, Grade.ERROR, words, track.key, track.name, "", int(frame), int(frame))
    if attribute.needed and not steps:
        words = f"{attribute.name} has no value on any frame; it is {attribute.takes}."
        yield Finding.of(VALUES, Grade.HINT, track, words)


def _misfit(attribute: AttributeRule, value: object) -> str:
    return f"{attribute.name} is {attribute.takes}; this is {str(value)[:60]!r}."


def _unused(whole: Whole, facts: Facts) -> Iterator[Finding]:
    used = {track.label for track in whole.tracks}
    unused = [label for label in facts.labels if label not in used]
    if unused:
        named = ", ".join(unused[:NAMED]) + (f" and {len(unused) - NAMED} more" if len(unused) > NAMED else "")
        yield Finding(UNUSED, Grade.HINT, f"No track has the label{'s' * (len(unused) > 1)} {named}.")


RULES = (
    Rule(KINDS, "Kind not allowed", "A shape is of a kind that its label may not be drawn as.", of_track=_kinds),
    Rule(JOINTS, "Joints differ", "A skeleton has another number of joints than that of its label.", of_track=_joints),
    Rule(
        VALUES,
        "Attribute",
        "An attribute has a value that it can't have, or a needed one has none.",
        of_track=_values,
    ),
    Rule(UNUSED, "Unused label", "No track has the label.", of_layer=_unused),
)
