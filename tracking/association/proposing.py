"""All tracks of a video looked at together after they were made: which are one object, and which two exchanged their
identities. What is found is proposed, with how sure it is and why; nothing is changed here.

Tracks come one after the other, and only their ends are kept, and where they are on every n-th frame.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tracking.association import exchanges, linking
from tracking.association.colours import Look, Pictures, Seen, Sight, see
from tracking.association.drift import Drift, drift_of
from tracking.association.exchanges import Exchange, Path
from tracking.association.linking import MOST_ROWS, Candidates, Join, Tracklet
from tracking.review.pairs import Samples
from tracking.types import Box

LONGEST_S = 5.0
"""Seconds up to which an object may have been away."""
LEAST = 0.2
"""How sure a proposal is at least."""
WORTH_A_LOOK = 0.02
"""What motion takes for less likely isn't looked at."""
MOST_SAMPLES = 1_000_000
MEETING = 0.3
"""IoU from which two tracks meet."""
LOOKS_S = (0.0, 0.2, 0.4)
"""So many seconds inside of a track's end it is looked at."""
MOST_LOOKING_S = 30.0
"""For so many seconds frames are read at most."""
MOST_LISTED = 1_000
NOTHING = 0.25
"""So many sizes astray are as good as none."""

Numbers = NDArray[np.intp]
Array = NDArray[np.float64]
Kind = Literal["join", "swap"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that a person may accept.

    Attributes:
        kind: "join": the second track goes on where the first ended; "swap": from ``frame`` on each is the other.
        tracks: both, by key.
        frame: where it is: of a join the first one's last frame.
        gap: of a join, the frames between; else 0.
        sure: in [0, 1].
        why: sentences.
        pictures: which of the tracks (0 or 1), the frame, and the box in px, in the order of time.
    """

    kind: Kind
    tracks: tuple[str, str]
    frame: int
    gap: int
    sure: float
    why: tuple[str, ...]
    pictures: tuple[tuple[int, int, Box], ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """``proposals``: the surest first; ``left_out``: so many less sure ones aren't among them; ``tracks``: that were
    compared; ``every``: on each so-many-th frame it was looked who meets whom; ``camera_moves``: as tracks show it;
    ``seen``: at which frames was looked; None: at none."""

    proposals: tuple[Proposal, ...]
    left_out: int
    tracks: int
    every: int
    camera_moves: bool
    seen: Seen | None


@dataclass
class Proposing:
    """``rate``: frames a second. ``take`` every track, then ``end``."""

    rate: float
    keys: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    tracklets: list[Tracklet] = field(default_factory=list)
    samples: Samples = field(default_factory=lambda: Samples(most=MOST_SAMPLES))

    def take(self, key: str, name: str, label: str, frames: Numbers, boxes: NDArray[np.floating]) -> None:
        """A track that shows on ``frames`` (n,), rising, in ``boxes`` (n, 4) px. ``name``: what people call it."""
        if not len(frames):
            return
        position = len(self.tracklets)
        self.keys.append(key)
        self.names.append(name)
        ends = slice(None) if len(frames) <= 2 * MOST_ROWS else np.r_[:MOST_ROWS, len(frames) - MOST_ROWS : len(frames)]
        self.tracklets.append(
            Tracklet(position, label, np.array(frames[ends], np.intp), np.array(boxes[ends], np.float64))
        )
        kept = frames % self.samples.every == 0
        self.samples.add_shown(position, frames[kept].astype(np.int64), boxes[kept].astype(np.float32))

    def end(
        self,
        source: Pictures | None = None,
        *,
        least: float = LEAST,
        most_s: float = MOST_LOOKING_S,
        watch: Callable[[float], None] = lambda _: None,
    ) -> Proposed:
        """What is proposed of all that were taken.

        Args:
            source: where frames can be read; None: nobody looks, and motion decides.
            least: how sure a proposal is at least, in [0, 1].
            most_s: for so many seconds frames are read at most.
            watch: is told which share is done, in [0, 1].
        """
        watch(0.0)
        found = linking.candidates(self._still, self.rate, longest=LONGEST_S)
        watch(0.1)
        swaps = list(self._exchanges())
        watch(0.2)
        seen = None
        if source is not None:
            sights = [*self._ends_to_see(found), *_meetings_to_see(swaps)]
            seen = see(source, sights, most_s=most_s, watch=lambda share: watch(0.2 + 0.8 * share))
        looks = {} if seen is None else seen.looks
        proposals = [*self._joins(found, looks, least), *self._swaps(swaps, looks, least)]
        proposals.sort(key=lambda one: (-one.sure, one.frame))
        return Proposed(
            tuple(proposals[:MOST_LISTED]),
            max(len(proposals) - MOST_LISTED, 0),
            len(self.tracklets),
            self.samples.every,
            self.drift.moves,
            seen,
        )

    @cached_property
    def drift(self) -> Drift:
        """How the camera moved."""
        tracks, frames, boxes = self._columns
        return drift_of(tracks, frames, boxes, self.samples.every, self.rate)

    @cached_property
    def _columns(self) -> tuple[Numbers, Numbers, Array]:
        tracks, frames, boxes = self.samples.columns()
        return tracks.astype(np.intp), frames.astype(np.intp), boxes.astype(np.float64)

    @cached_property
    def _still(self) -> list[Tracklet]:
        """The ends of tracks, as a camera that doesn't move would have seen them."""
        if not self.drift.moves:
            return self.tracklets
        return [
            Tracklet(one.track, one.label, one.frames, self.drift.still(one.frames, one.boxes))
            for one in self.tracklets
        ]

    # ------------------------------------------------------------------ joins

    def _ends_to_see(self, found: Candidates) -> Iterator[Sight]:
        likely = linking.shares(found, found.odds, len(self.tracklets)) >= WORTH_A_LOOK
        for row in np.unique(found.earlier[likely]).tolist():
            yield from self._sights(("end", row), self.tracklets[row], last=True)
        for row in np.unique(found.later[likely]).tolist():
            yield from self._sights(("start", row), self.tracklets[row], last=False)

    def _sights(self, who: Hashable, one: Tracklet, *, last: bool) -> Iterator[Sight]:
        away = np.abs(one.frames - one.frames[-1 if last else 0])
        places = {int(np.argmin(np.abs(away - seconds * self.rate))) for seconds in LOOKS_S}
        return (Sight(who, int(one.frames[at]), Box(*one.boxes[at].tolist())) for at in sorted(places))

    def _joins(self, found: Candidates, looks: Mapping[Hashable, Look], least: float) -> Iterator[Proposal]:
        unlike = np.array(
            [
                _distance(looks.get(("end", row)), looks.get(("start", column)))
                for row, column in zip(found.earlier.tolist(), found.later.tolist(), strict=True)
            ],
            np.float64,
        )
        for join in linking.choose(self.tracklets, found, unlike, least=least):
            (last, before), (first, after) = join.ends
            yield Proposal(
                "join",
                (self.keys[join.earlier], self.keys[join.later]),
                last,
                join.gap,
                join.sure,
                tuple(self._why_join(join)),
                ((0, last, before), (1, first, after)),
            )

    def _why_join(self, join: Join) -> Iterator[str]:
        yield f"It was away for {self._time(join.gap)}." if join.gap else "No frame lies between them."
        where = "just" if join.astray < NOTHING else f"{join.astray:.1f} times its own size away from"
        yield f"It comes back {where} where it was expected, {_growth(join.growth)}."
        yield _alike(join.unlike)
        if join.rival is not None and join.rival[1] >= 0.05:
            yield f"It could be {self.names[join.rival[0]]} instead ({join.rival[1]:.0%})."

    # ------------------------------------------------------------------ swaps

    def _exchanges(self) -> Iterator[Exchange]:
        tracks, frames, boxes = self._columns
        if not len(tracks):
            return
        labels = {label: number for number, label in enumerate(dict.fromkeys(one.label for one in self.tracklets))}
        every = self.samples.every
        together = self.samples.pairs([labels[one.label] for one in self.tracklets]).together(MEETING)
        edges = np.searchsorted(tracks, np.arange(len(self.tracklets) + 1))

        def path(position: int) -> Path:
            part = slice(edges[position], edges[position + 1])
            return Path(frames[part], boxes[part])

        for met in exchanges.meetings(together, every, self.rate):
            found = exchanges.exchange(met, path, self.drift.still, every, self.rate)
            if found is not None:
                yield found

    def _swaps(self, found: Sequence[Exchange], looks: Mapping[Hashable, Look], least: float) -> Iterator[Proposal]:
        for number, one in enumerate(found):
            straight, crossed = _compared(number, looks)
            sure = exchanges.sure(one, straight, crossed)
            if sure >= least:
                yield Proposal(
                    "swap",
                    (self.keys[one.one], self.keys[one.other]),
                    one.frame,
                    0,
                    sure,
                    tuple(_why_swap(one, straight, crossed)),
                    tuple((which, *place) for pair in (one.before, one.after) for which, place in enumerate(pair)),
                )

    def _time(self, frames: int) -> str:
        return f"{frames} frame{'' if frames == 1 else 's'} ({frames / self.rate:.1f} s)"


def _meetings_to_see(found: Sequence[Exchange]) -> Iterator[Sight]:
    for number, one in enumerate(found):
        for when, places in (("before", one.before), ("after", one.after)):
            for which, (frame, box) in enumerate(places):
                yield Sight((number, when, which), frame, box)


def _compared(number: int, looks: Mapping[Hashable, Look]) -> tuple[float | None, float | None]:
    """Summed distances of the looks before and after a meeting, as tracks are and exchanged."""

    def between(one: int, other: int) -> float:
        return _distance(looks.get((number, "before", one)), looks.get((number, "after", other)))

    straight, crossed = between(0, 0) + between(1, 1), between(0, 1) + between(1, 0)
    return (None, None) if np.isnan(straight + crossed) else (straight, crossed)


def _why_swap(one: Exchange, straight: float | None, crossed: float | None) -> Iterator[str]:
    yield "Where they meet, each goes on as the other was going."
    yield f"They stray {one.straight:.1f} times their size from their ways; swapped, {one.crossed:.1f} times."
    if straight is None or crossed is None:
        yield _alike(None)
    else:
        yield f"Before and after, their colours are {1 - straight / 2:.0%} alike; swapped, {1 - crossed / 2:.0%}."


def _alike(unlike: float | None) -> str:
    return "Nobody saw what they look like." if unlike is None else f"Their colours are {1 - unlike:.0%} alike."


def _growth(growth: float) -> str:
    if abs(growth - 1) < 0.08:
        return "as large as before"
    return f"{growth:.1f} times as large" if growth > 1 else f"{1 / growth:.1f} times as small"


def _distance(one: Look | None, other: Look | None) -> float:
    return float("nan") if one is None or other is None else max(1 - float(one @ other), 0.0)
