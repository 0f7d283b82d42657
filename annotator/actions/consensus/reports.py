"""What is known of a consensus: how people agree, what the vote finds, and what is left for a person to decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from annotator.models import Consensus, ConsensusCopy

ConflictKind = Literal["minority", "label", "shape"]
TAKE, LEAVE = "take", "leave"


class CopyRead(BaseModel):
    """A copy as it was compared. ``objects``: its tracks in these frames; ``tags``: frame tags, which don't vote."""

    number: int
    layer: int
    revision: int
    whose: str
    objects: int
    tags: int


class Span(BaseModel):
    """Frames, both ends included, on which two copies differ in one way (``tracking.comparing.Difference``)."""

    kind: Literal["missed", "extra", "switch", "overlap", "label"]
    first: int
    last: int


class Pair(BaseModel):
    """How two copies agree, as shares in [0, 1]; None: neither has an object, or nothing computes it here.

    ``overlap``: mean intersection over union of boxes that belong together; ``spans``: where they differ, as far as
    they are listed; ``not_listed``: of how many more there are.
    """

    one: int
    other: int
    idf1: float | None
    hota: float | None
    overlap: float | None
    spans: list[Span]
    not_listed: int


class Choice(BaseModel):
    """What a person may decide. ``id``: "take", "leave", "label:<id>" or "copy:<number>"."""

    id: str
    text: str


class Conflict(BaseModel):
    """What the vote doesn't settle.

    ``minority``: too few have the object; ``label``: as many say one label as another; ``shape``: shapes disagree on
    these frames. ``id`` stays the same as long as the tracks and frames do. ``under``: it matters only where that
    conflict is taken; empty: always. ``least``: the lowest agreement of shapes, in [0, 1].
    """

    id: str
    kind: ConflictKind
    under: str
    object: int
    label: str
    first: int
    last: int
    copies: list[int]
    least: float | None
    choices: list[Choice]
    layer: int
    track: UUID


class Report(BaseModel):
    """``votes``: how many copies have to show an object; ``merged``: objects that enough have; ``minority``: that too
    few have; ``outvoted``: frames of the former on which too few show them; ``note``: why there is no HOTA and IDF1."""

    copies: list[CopyRead]
    votes: int
    least_overlap: float
    pairs: list[Pair]
    merged: int
    minority: int
    outvoted: int
    by_bounds: int
    conflicts: list[Conflict]
    note: str = ""


class Outcome(BaseModel):
    """What a merge did. ``tracks``: ids of those that came; ``objects_left``: that too few have; ``labels_left``: whose
    label was not decided or that were left; ``frames_left``: with shapes in conflict; ``undecided``: conflicts nobody
    had decided, which left theirs out; ``outvoted``: frames on which too few showed an object; ``attributes_open``:
    values of attributes on which no more than half agreed; ``tags``: frame tags, which aren't merged."""

    tracks: list[UUID]
    shapes: int
    objects_left: int
    labels_left: int
    frames_left: int
    undecided: int
    outvoted: int
    attributes_open: int
    tags: int
    into: str


def report_of(consensus: Consensus) -> Report | None:
    """None: nothing was computed yet."""
    return Report.model_validate(consensus.report) if consensus.report else None


def outcome_of(consensus: Consensus) -> Outcome | None:
    """None: it isn't merged."""
    return Outcome.model_validate(consensus.outcome) if consensus.merged_at is not None else None


def counted(consensus: Consensus) -> list[ConsensusCopy]:
    """The copies that vote now: those that are submitted."""
    copies = consensus.copies.select_related("layer", "job__assignee")
    return [copy for copy in copies if copy.counts]


def is_current(consensus: Consensus, report: Report) -> bool:
    """Whether copies, and what was asked of them, still are what they were."""
    read = [(copy.layer, copy.revision) for copy in report.copies]
    now = [(copy.layer_id, copy.layer.revision) for copy in counted(consensus)]
    asked = (needed(consensus, len(now)), consensus.least_overlap)
    return (read, (report.votes, report.least_overlap)) == (now, asked)


def needed(consensus: Consensus, copies: int) -> int:
    """How many of some copies have to show an object: as many as are set, at most all; else more than half."""
    return min(consensus.votes, copies) if consensus.votes else copies // 2 + 1


def matters(conflict: Conflict, decisions: Mapping[str, str]) -> bool:
    """Whether a conflict has to be decided, as others are."""
    return not conflict.under or decisions.get(conflict.under) == TAKE


def undecided(conflicts: Iterable[Conflict], decisions: Mapping[str, str]) -> list[Conflict]:
    """Those that are left for a person."""
    return [each for each in conflicts if matters(each, decisions) and each.id not in decisions]
