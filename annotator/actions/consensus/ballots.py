"""The copies of a consensus, read, and the objects in them put to the vote (the rule: ``tracking/consensus.py``)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from annotator import stored_shapes
from annotator.formats.rows import Rows
from annotator.models import Consensus, ConsensusCopy, Track
from tracking.shapes.chunks import Kind

if TYPE_CHECKING:
    from tracking.comparing import Tracks
    from tracking.consensus import Vote, Voted


class ReadCopy:
    """A copy on the frames of its consensus. ``keys``: the ids of its tracks, by their numbers in ``tracks``;
    ``votes``: the tracks, by the same; ``by_bounds``: how many have shapes that aren't boxes; ``tags``: how many say
    something of whole frames, and don't vote. ``place``: in the list of those that vote."""

    def __init__(self, copy: ConsensusCopy, place: int, consensus: Consensus) -> None:
        from tracking.comparing import Tracks

        self.copy, self.place, self.revision = copy, place, copy.layer.revision
        self.keys: list[UUID] = []
        self.votes: list[Vote] = []
        self.by_bounds = self.tags = 0
        found = copy.layer.tracks.filter(deleted_at=None, candidate=False)
        self.about: dict[UUID, Track] = {track.pk: track for track in found}
        parts = list(self._parts(consensus.first, consensus.last))
        self.tracks: Tracks = Tracks.joined(parts)

    def _parts(self, first: int, last: int) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        from tracking.comparing import shown
        from tracking.consensus import Vote

        chunks = stored_shapes.read_packed(stored_shapes.chunks_of(self.about))
        for key, several in groupby(chunks, key=lambda chunk: chunk[0]):
            rows = Rows.of_packed([packed for _, packed in several])
            if (rows.kinds == Kind.TAG).any():
                self.tags += bool(((rows.frames >= first) & (rows.frames <= last)).any())
                continue
            frames, boxes = shown(rows.frames, rows.kinds, rows.flags, rows.bounds.astype(np.float64))
            inside = (frames >= first) & (frames <= last)
            if not inside.any():
                continue
            self.by_bounds += bool((rows.kinds != Kind.BOX).any())
            self.keys.append(key)
            self.votes.append(Vote(self.place, rows, frames, boxes))
            yield len(self.keys) - 1, self.about[key].label_id, frames[inside], boxes[inside]


@dataclass(frozen=True, slots=True)
class Contested:
    """An object of which somebody has a track.

    Attributes:
        key: the same as long as it is made of the same tracks.
        votes: its tracks, by copy, and ``tracks`` what is said of them.
        copies: their places in the list of those that vote.
        wins: whether enough have it; ``need``: how many of those who have it have to show it on a frame.
        labels: ids by how many say so, the most first.
    """

    key: str
    votes: Sequence[Vote]
    tracks: Sequence[Track]
    copies: Sequence[int]
    wins: bool
    need: int
    labels: Sequence[tuple[int, int]]

    @property
    def label(self) -> int | None:
        """What most say; None: as many say something else."""
        (best, count), *others = self.labels
        return None if others and others[0][1] == count else best

    @property
    def tied(self) -> list[int]:
        """The labels that as many say as any."""
        return [label for label, count in self.labels if count == self.labels[0][1]]

    def extent(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last frame within these on which anybody shows it."""
        seen = [each.frames[(each.frames >= first) & (each.frames <= last)] for each in self.votes]
        return int(min(frames[0] for frames in seen)), int(max(frames[-1] for frames in seen))


def contested(copies: Sequence[ReadCopy], votes: int, frames: int) -> Iterator[Contested]:
    """All objects of some copies, those that most have first. ``votes``: how many have to have one."""
    from tracking.consensus import objects_of

    for found in objects_of([copy.tracks for copy in copies], frames):
        places = list(found.tracks)
        keys = [copies[place].keys[track] for place, track in found.tracks.items()]
        tracks = [copies[place].about[key] for place, key in zip(places, keys, strict=True)]
        wins = len(places) >= votes
        yield Contested(
            key=hashlib.sha256(" ".join(sorted(map(str, keys))).encode()).hexdigest()[:16],
            votes=[copies[place].votes[track] for place, track in found.tracks.items()],
            tracks=tracks,
            copies=places,
            wins=wins,
            need=votes if wins else len(places) // 2 + 1,
            labels=_ranked(track.label_id for track in tracks),
        )


def vote_on(consensus: Consensus, found: Contested, decided: Sequence[tuple[int, int, int]] = ()) -> Voted:
    """The object as most have it. ``decided``: as ``tracking.consensus.vote`` has it; people are places of copies."""
    from tracking.consensus import vote

    return vote(
        found.votes,
        first=consensus.first,
        last=consensus.last,
        need=found.need,
        least=consensus.least_overlap,
        decided=decided,
    )


def _ranked(labels: Iterator[int]) -> list[tuple[int, int]]:
    return sorted(Counter(labels).items(), key=lambda each: (-each[1], each[0]))


def minority_id(found: Contested) -> str:
    """Of the conflict that too few have an object."""
    return f"minority:{found.key}"


def label_id(found: Contested) -> str:
    """Of the conflict of labels that as many say."""
    return f"label:{found.key}"


def shape_id(found: Contested, first: int, last: int) -> str:
    """Of the conflict of shapes on some frames."""
    return f"shape:{found.key}:{first}-{last}"


def decided_label(found: Contested, decisions: Mapping[str, str]) -> int | None:
    """The label that was voted or decided; None: it isn't decided, or the object is left."""
    if found.label is not None:
        return found.label
    choice = decisions.get(label_id(found), "")
    key = choice.removeprefix("label:")
    return int(key) if choice != key and key.isdigit() and int(key) in found.tied else None
