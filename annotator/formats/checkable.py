"""A dataset as the check of a layer (``tracking/review``) takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from annotator.formats.base import AttributeInfo, Dataset, LabelInfo, TrackData
from annotator.formats.rows import Rows
from annotator.ontology import AttributeKind, fits, takes
from tracking.review.layer import AttributeRule, Facts, LabelRule, Track
from tracking.shapes.checks import Picture
from tracking.shapes.chunks import Kind

NEEDED = (AttributeKind.SELECT, AttributeKind.NUMBER)
"""Without a default, an attribute of these kinds says something of every object."""


def facts_of(
    dataset: Dataset,
    *,
    kinds: Mapping[str, frozenset[Kind]] | None = None,
    replaced: Mapping[str, Sequence[int]] | None = None,
) -> Facts:
    """What is known of a dataset's video and labels. ``kinds``: what labels may be drawn as, where somebody knows."""
    video = dataset.video
    return Facts(
        picture=Picture(video.width, video.height),
        frame_count=video.frame_count,
        fps=video.fps,
        labels={label.name: _rule_of(label, (kinds or {}).get(label.name, frozenset())) for label in dataset.labels},
        replaced=replaced,
    )


def tracks_of(dataset: Dataset, keys: Mapping[int, str] | None = None) -> Iterator[Track]:
    """Its tracks, while they are read. ``keys``: what findings call each number; absent: by the place in the file."""
    for position, data in enumerate(dataset.tracks):
        yield track_of(data, str(position) if keys is None else keys[data.number])


def track_of(data: TrackData, key: str) -> Track:
    return Track(key, data.number, data.label, Rows.of(data.rows), data.attributes, data.frame_attributes)


def _rule_of(label: LabelInfo, kinds: frozenset[Kind]) -> LabelRule:
    joints = None if label.skeleton is None else len(label.skeleton.joints)
    return LabelRule(label.name, kinds, joints, tuple(map(_attribute, label.attributes)))


def _attribute(info: AttributeInfo) -> AttributeRule:
    kind = AttributeKind(info.kind)
    return AttributeRule(
        name=info.name,
        takes=takes(kind, info.choices),
        fits=partial(fits, kind, info.choices),
        per_frame=info.per_frame,
        needed=kind in NEEDED and info.default is None,
    )
