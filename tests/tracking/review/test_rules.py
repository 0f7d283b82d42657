"""One suite over all rules: each has a layer that breaks it, with where, and one beside it that doesn't."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from annotator.formats.rows import Rows
from tests.tracking.review.layers import FACTS, boxes, flagged, shapes, track, walk
from tracking.review import check as check_module
from tracking.review.check import MOST_OF_A_RULE, Check, check
from tracking.review.findings import Finding, Grade
from tracking.review.layer import AttributeRule, Facts, LabelRule, Track
from tracking.review.rule import Rule
from tracking.review.rules import RULES
from tracking.shapes.checks import Picture
from tracking.shapes.chunks import Flag, Kind
from tracking.shapes.values import Box, Mask, Polygon, RotatedBox, Skeleton


@dataclass(frozen=True)
class Case:
    """``broken``: tracks in which the rule finds something, on ``first``..``last``; ``sound``: in which nothing."""

    rule: str
    name: str
    broken: tuple[Track, ...]
    sound: tuple[Track, ...]
    first: int | None = None
    last: int | None = None
    grade: Grade = Grade.ERROR
    facts: Facts = FACTS


def moved(by: float, *, at: int = 30, until: int | None = None) -> Rows:
    way = walk()
    way[at:until] += by
    return boxes(way)


def sides(*, at: int, by: float) -> Rows:
    side = np.full(60, 40.0)
    side[at:] *= by
    return boxes(walk(), side=side)


def labelled(**rule: object) -> Facts:
    return replace(FACTS, labels={"car": LabelRule("car", **rule)})  # type: ignore[arg-type]


def seen(*flags: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.array(flags, np.uint8)


def dots(count: int, flag: int = 2) -> Skeleton:
    return Skeleton(np.arange(2 * count, dtype=np.float32).reshape(-1, 2) * 7, np.full(count, flag, np.uint8))


COLOUR = AttributeRule("colour", "one of red, blue", lambda value: value in (None, "red", "blue"), needed=True)
LIT = AttributeRule("lit", "on or off", lambda value: value is None or isinstance(value, bool), per_frame=True)
STILL = np.repeat(walk(30), [1] * 10 + [40] + [1] * 19, axis=0)
FLAT = Polygon(np.array([(0, 0), (50, 50), (100, 100)], np.float32))
WIDE = Polygon(np.array([(0, 0), (50, 5), (100, 100)], np.float32))
THIN, FINE = Box(10, 10, 10.5, 60), Box(10, 10, 12, 60)

CASES = (
    Case("human", "of a history", (track(boxes(walk())),), (), 7, 7, facts=replace(FACTS, replaced={"1": [7]})),
    Case(
        "out-of-bounds",
        "beside the picture",
        (track(boxes(walk(start=(500, 100), by=8))),),
        (track(boxes(walk(start=(500, 100)))),),
        21,
        59,
    ),
    Case(
        "out-of-bounds",
        "beyond the video's end",
        (track(boxes(walk(), frames=range(150, 210))),),
        (track(boxes(walk(), frames=range(140, 200))),),
        200,
        209,
    ),
    Case("degenerate", "box", (track(shapes(FINE, THIN, THIN)),), (track(shapes(FINE, FINE)),), 1, 2),
    Case("degenerate", "polygon", (track(shapes(WIDE, FLAT)),), (track(shapes(WIDE, WIDE)),), 1, 1),
    Case(
        "degenerate",
        "rotated box",
        (track(shapes(RotatedBox(50, 50, 40, 0.2, 0.5))),),
        (track(shapes(RotatedBox(50, 50, 40, 2, 0.5))),),
        0,
        0,
    ),
    Case(
        "degenerate",
        "mask",
        (track(shapes(Mask(5, 5, np.zeros((8, 8), np.bool_)))),),
        (track(shapes(Mask(5, 5, np.ones((8, 8), np.bool_)))),),
        0,
        0,
    ),
    Case("degenerate", "skeleton", (track(shapes(dots(3, 0))),), (track(shapes(dots(3, 1))),), 0, 0),
    Case(
        "duplicate",
        "of one label",
        (track(boxes(walk())), track(boxes(walk() + 0.5), 2)),
        (track(boxes(walk())), track(boxes(walk() + 20), 2), track(boxes(walk() + 0.5), 3, "van")),
        0,
        59,
    ),
    Case(
        "identity",
        "a number twice",
        (track(boxes(walk())), track(boxes(walk(start=(300, 200))))),
        (track(boxes(walk())), track(boxes(walk(start=(300, 200))), 2)),
    ),
    Case(
        "identity",
        "a frame twice",
        (track(boxes(walk(4), frames=(0, 1, 1, 2))),),
        (track(boxes(walk(4), frames=(0, 1, 2, 3))),),
        1,
        1,
    ),
    Case(
        "kind",
        "not allowed",
        (track(shapes(FINE, WIDE)),),
        (track(shapes(FINE, FINE)),),
        1,
        1,
        facts=labelled(kinds=frozenset({Kind.BOX})),
    ),
    Case("joints", "other", (track(shapes(dots(4))),), (track(shapes(dots(3))),), 0, 0, facts=labelled(joints=3)),
    Case(
        "attribute",
        "that can't be",
        (track(shapes(FINE), attributes={"colour": "loud"}),),
        (track(shapes(FINE), attributes={"colour": "red"}),),
        facts=labelled(attributes=(COLOUR,)),
    ),
    Case(
        "attribute",
        "without a value",
        (track(shapes(FINE)),),
        (track(shapes(FINE), attributes={"colour": "red"}),),
        grade=Grade.HINT,
        facts=labelled(attributes=(COLOUR,)),
    ),
    Case(
        "attribute",
        "of a frame",
        (track(shapes(FINE, FINE), frame_attributes={"lit": [(0, True), (1, "no")]}),),
        (track(shapes(FINE, FINE), frame_attributes={"lit": [(0, True), (1, False)]}),),
        1,
        1,
        facts=labelled(attributes=(LIT,)),
    ),
    Case(
        "unused-label",
        "of a project",
        (track(boxes(walk()), label="van"),),
        (track(boxes(walk())),),
        grade=Grade.HINT,
    ),
    Case("jump", "to another place", (track(moved(90)),), (track(moved(9)),), 29, 30, Grade.WARNING),
    Case(
        "size-jump",
        "to twice its size",
        (track(sides(at=30, by=2)),),
        (track(sides(at=30, by=1.1)),),
        29,
        30,
        Grade.WARNING,
    ),
    Case(
        "gap",
        "that a tracker left",
        (track(boxes(walk(), frames=[*range(30), *range(60, 90)])),),
        (
            track(boxes(walk())),
            track(flagged(boxes(walk(4, by=30), frames=(0, 40, 80, 120)), Flag.KEYFRAME, at=slice(None)), 2),
            track(
                flagged(
                    boxes(walk(), frames=[*range(30), *range(60, 90)]), Flag.PREDICTED | Flag.OUTSIDE, at=slice(29, 30)
                ),
                3,
            ),
        ),
        30,
        59,
        Grade.WARNING,
    ),
    Case("static", "while it moves", (track(boxes(STILL)),), (track(boxes(walk())),), 10, 49, Grade.WARNING),
    Case(
        "empty",
        "all outside",
        (track(flagged(boxes(walk(5)), Flag.KEYFRAME | Flag.OUTSIDE, at=slice(None))),),
        (track(boxes(walk(5))),),
        grade=Grade.WARNING,
    ),
)


def found(case: Case, tracks: tuple[Track, ...]) -> list[Finding]:
    return [one for one in check(tracks, case.facts).findings if one.rule == case.rule]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule} {case.name}")
def test_a_rule_finds_what_breaks_it_and_says_where(case: Case) -> None:
    one, *others = found(case, case.broken)
    assert not others
    assert (one.first, one.last, one.grade) == (case.first, case.last, case.grade)
    assert one.words.endswith((".", "?"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule} {case.name}")
def test_a_rule_finds_nothing_in_what_is_sound(case: Case) -> None:
    facts = replace(case.facts, replaced={})
    if case.rule == "unused-label":
        facts = FACTS
    assert [one for one in check(case.sound, facts).findings if one.rule == case.rule] == []


def test_each_rule_is_tried() -> None:
    assert {case.rule for case in CASES} == {rule.id for rule in RULES}
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rate", [1, 5])
@pytest.mark.parametrize("scale", [0.25, 4.0])
def test_what_a_jump_is_depends_on_neither_rate_nor_size(rate: int, scale: float) -> None:
    """The same ride seen on every fifth frame, four times as large or as small: smooth, then with one jump."""
    way = np.stack([100 + 60 * np.sin(np.arange(300) / 20), 200 + np.arange(300) * 0.5], axis=1)[::rate] * scale
    smooth = track(boxes(way, side=40 * scale))
    facts = replace(FACTS, picture=Picture(4000, 4000), frame_count=0, fps=25 / rate)
    assert [one.rule for one in check([smooth], facts).findings] == []
    way[len(way) // 2 :] += 100 * scale
    assert [one.rule for one in check([track(boxes(way, side=40 * scale))], facts).findings] == ["jump"]


def test_the_worst_come_first_and_what_is_left_out_is_counted() -> None:
    tracks = [track(boxes(walk(40, start=(20 * at, 50))), at + 1) for at in range(MOST_OF_A_RULE + 3)]
    facts = replace(FACTS, picture=Picture(20_000, 360), labels=labelled(attributes=(COLOUR,)).labels)
    checked = check([*tracks, track(shapes(THIN), MOST_OF_A_RULE + 4, attributes={"colour": "red"})], facts)
    assert checked.findings[0].rule == "degenerate"
    assert checked.left_out == {"attribute": 3}


def test_a_long_track_of_few_shapes_is_not_filled_in_frame_by_frame() -> None:
    checking = Check(replace(FACTS, frame_count=0))
    for number in range(1, 4):
        checking.take(track(boxes(walk(2, start=(100 * number, 50)), frames=(0, 10_000_000)), number))
    assert checking._samples.count < 600_000
    assert checking.end().every > 1


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.count is not None], ids=lambda rule: rule.id)
def test_what_is_only_counted_is_as_much_as_would_be_found(rule: Rule) -> None:
    draw = np.random.default_rng(4)
    way = walk(400)
    side = np.full(400, 40.0)
    for at in draw.integers(20, 380, 6).tolist():
        way[at : at + 15] += draw.uniform(60, 90, 2)
        side[at + 5 : at + 12] *= 2.5
    one = track(boxes(way, side=side))
    assert rule.of_track is not None and rule.count is not None
    found = list(rule.of_track(one, FACTS))
    assert (len(found) > 2, rule.count(one, FACTS)) == (True, len(found))


def test_of_a_rule_that_finds_very_much_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    way = walk(400)
    for at in range(20, 380, 40):
        way[at : at + 15] += 80
    checking = Check(FACTS)
    for number in range(1, 5):
        checking.take(track(boxes(way), number))
    whole = checking.end()
    monkeypatch.setattr(check_module, "MOST_OF_A_RULE", 20)
    checking = Check(FACTS)
    for number in range(1, 5):
        checking.take(track(boxes(way), number))
    ended = checking.end()
    jumps = [finding for finding in whole.findings if finding.rule == "jump"]
    assert ended.left_out["jump"] == len(jumps) - 20 > 0
