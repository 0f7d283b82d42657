"""The check of a layer: all rules over all of its tracks, which come one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tracking.review.findings import WORST_FIRST, Finding
from tracking.review.layer import Facts, Track
from tracking.review.pairs import Samples
from tracking.review.rule import Listed, Rule, Whole
from tracking.review.rules import RULES

MOST_OF_A_RULE = 500
"""Findings of one rule that are kept; of the others it is told how many there are."""


@dataclass(slots=True)
class Checked:
    """What a check found, the worst first. ``left_out``: by rule, how many more there are; ``every``: tracks were
    compared with each other on each so-many-th frame; ``whole``: what is known of all tracks together."""

    findings: Sequence[Finding]
    left_out: dict[str, int]
    tracks: int
    rows: int
    whole: Whole

    @property
    def every(self) -> int:
        return self.whole.pairs.every


@dataclass
class Check:
    """Takes track after track; ``end`` says what was found. ``rules``: those that are checked."""

    facts: Facts
    rules: Sequence[Rule] = RULES
    _findings: list[Finding] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _samples: Samples = field(default_factory=Samples)
    _listed: list[Listed] = field(default_factory=list)
    _rows: int = 0

    def take(self, track: Track) -> None:
        self._samples.add(len(self._listed), track)
        self._listed.append(Listed(track.key, track.number, track.label))
        self._rows += len(track)
        for rule in self.rules:
            if rule.count is not None and self._counts[rule.id] >= MOST_OF_A_RULE:
                self._counts[rule.id] += rule.count(track, self.facts)
            elif rule.of_track is not None:
                self._keep(rule.of_track(track, self.facts))

    def end(self) -> Checked:
        labels = {label: position for position, label in enumerate(dict.fromkeys(one.label for one in self._listed))}
        whole = Whole(self._listed, self._samples.pairs([labels[one.label] for one in self._listed]))
        for rule in self.rules:
            if rule.of_layer is not None:
                self._keep(rule.of_layer(whole, self.facts))
        order = {rule.id: place for place, rule in enumerate(self.rules)}
        self._findings.sort(
            key=lambda one: (WORST_FIRST.index(one.grade), order[one.rule], one.first is None, one.first or 0)
        )
        left_out = {rule: count - MOST_OF_A_RULE for rule, count in self._counts.items() if count > MOST_OF_A_RULE}
        return Checked(self._findings, left_out, len(self._listed), self._rows, whole)

    def _keep(self, found: Iterable[Finding]) -> None:
        for finding in found:
            self._counts[finding.rule] += 1
            if self._counts[finding.rule] <= MOST_OF_A_RULE:
                self._findings.append(finding)


def check(tracks: Iterable[Track], facts: Facts, each: Callable[[Track], None] = lambda _: None) -> Checked:
    """Check a layer. ``each``: called with every track once it was looked at."""
    checking = Check(facts)
    for track in tracks:
        checking.take(track)
        each(track)
    return checking.end()
