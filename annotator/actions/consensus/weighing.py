"""How the copies of a consensus agree, and what a vote finds: computed in the background when copies are submitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from annotator.actions.background import Watch
from annotator.actions.consensus.ballots import (
    Contested,
    ReadCopy,
    contested,
    label_id,
    minority_id,
    shape_id,
    vote_on,
)
from annotator.actions.consensus.reports import (
    LEAVE,
    TAKE,
    Choice,
    Conflict,
    CopyRead,
    Pair,
    Report,
    Span,
    counted,
    needed,
)
from annotator.actions.errors import ActionError
from annotator.models import Consensus

MOST_SPANS = 500
"""Differences that are listed of a pair; of more, how many there are is told."""
MOST_CONFLICTS = 5_000


def read_copies(consensus: Consensus) -> list[ReadCopy]:
    """Those that vote. Raises ActionError where these are fewer than two."""
    copies = counted(consensus)
    if len(copies) < 2:
        raise ActionError(f"A vote takes two copies that are submitted; {len(copies)} of this consensus are.")
    return [ReadCopy(copy, place, consensus) for place, copy in enumerate(copies)]


def weigh(consensus: Consensus, watch: Watch) -> Report:
    """Compare the copies, and put their objects to the vote; nothing is written."""
    from tracking.comparing import why_no_scores

    copies = read_copies(consensus)
    watch.show(0.1)
    note = why_no_scores()
    pairs = []
    everyone = list(combinations(copies, 2))
    for number, (one, other) in enumerate(everyone):
        pairs.append(_pair(one, other, consensus.last + 1, scored=not note))
        watch.show(0.1 + 0.5 * (number + 1) / len(everyone))
    votes = needed(consensus, len(copies))
    found = list(contested(copies, votes, consensus.last + 1))
    labels = dict(consensus.video.project.labels.values_list("pk", "name"))
    conflicts: list[Conflict] = []
    outvoted = 0
    for number, each in enumerate(found):
        came, lost = _conflicts(consensus, copies, each, number + 1, labels)
        conflicts += came
        outvoted += lost if each.wins else 0
        watch.show(0.6 + 0.4 * (number + 1) / len(found))
    if len(conflicts) > MOST_CONFLICTS:
        raise ActionError(
            f"The copies have {len(conflicts):,} conflicts, and at most {MOST_CONFLICTS:,} can be decided. Return "
            "those that differ most, or lower the agreement that is asked for."
        )
    return Report(
        copies=[
            CopyRead(
                number=each.copy.number,
                layer=each.copy.layer_id,
                revision=each.revision,
                whose=each.copy.whose,
                objects=len(each.keys),
                tags=each.tags,
            )
            for each in copies
        ],
        votes=votes,
        least_overlap=consensus.least_overlap,
        pairs=pairs,
        merged=sum(each.wins for each in found),
        minority=sum(not each.wins for each in found),
        outvoted=outvoted,
        by_bounds=sum(each.by_bounds for each in copies),
        conflicts=conflicts,
        note=note,
    )


def _pair(one: ReadCopy, other: ReadCopy, frames: int, *, scored: bool) -> Pair:
    from tracking.comparing import differences, scores

    result = differences(one.tracks, other.tracks, frames)
    # Nothing is agreed on where one alone has anything; which of them is the reference doesn't matter.
    empty = [not len(each.tracks) for each in (one, other)]
    found: Mapping[str, float | None] = {}
    if scored and not any(empty):
        found = scores(one.tracks, other.tracks, frames)
    elif scored and not all(empty):
        found = {"idf1": 0.0, "hota": 0.0}
    spans = [Span(kind=each.kind, first=each.first, last=each.last) for each in result.found[:MOST_SPANS]]
    return Pair(
        one=one.copy.number,
        other=other.copy.number,
        idf1=found.get("idf1"),
        hota=found.get("hota"),
        overlap=result.overlap,
        spans=spans,
        not_listed=len(result.found) - len(spans),
    )


def _conflicts(
    consensus: Consensus, copies: Sequence[ReadCopy], found: Contested, number: int, labels: Mapping[int, str]
) -> tuple[list[Conflict], int]:
    """Of one object; and on how many frames too few show it."""
    first, last = found.extent(consensus.first, consensus.last)
    voted = vote_on(consensus, found)
    under = "" if found.wins else minority_id(found)

    def conflict(
        key: str, kind: str, ends: tuple[int, int], choices: Iterator[Choice], least: float | None
    ) -> Conflict:
        return Conflict.model_validate(
            {
                "id": key,
                "kind": kind,
                "under": "" if kind == "minority" else under,
                "object": number,
                "label": " or ".join(labels.get(label, "?") for label in found.tied),
                "first": ends[0],
                "last": ends[1],
                "copies": [copies[place].copy.number for place in found.copies],
                "least": least,
                "choices": [*choices, Choice(id=LEAVE, text="Leave out")],
                "layer": copies[found.copies[0]].copy.layer_id,
                "track": found.tracks[0].pk,
            }
        )

    made = []
    if not found.wins:
        made.append(conflict(minority_id(found), "minority", (first, last), iter([Choice(id=TAKE, text="Take")]), None))
    if found.label is None:
        names = (Choice(id=f"label:{label}", text=labels.get(label, "?")) for label in found.tied)
        made.append(conflict(label_id(found), "label", (first, last), names, None))
    for each in voted.disputes:
        ends = (each.first, each.last)
        made.append(conflict(shape_id(found, *ends), "shape", ends, _shapes(copies, found), round(each.least, 3)))
    return made, voted.outvoted


def _shapes(copies: Sequence[ReadCopy], found: Contested) -> Iterator[Choice]:
    """Whose shape may count."""
    yield Choice(id=TAKE, text="Take the vote's")
    for place in found.copies:
        copy = copies[place].copy
        yield Choice(id=f"copy:{copy.number}", text=f"{copy.whose}'s")
