"""How much of what is wrong comes first: of spans that are made up."""

from __future__ import annotations

import math

import pytest

from framewise.bench.ranking import Span, first_tenth, most_in_tenth


def spans(*gains_and_wrong: tuple[float, int]) -> list[Span]:
    return [Span("clip", gain, wrong, 10) for gain, wrong in gains_and_wrong]


def test_the_first_tenth_holds_what_is_ranked_first() -> None:
    ranked = spans((9, 2), (8, 8), *[(1, 0)] * 18)
    assert first_tenth(ranked) == pytest.approx((1.0, 1.0))
    assert first_tenth(ranked[:10]) == pytest.approx((0.2, 0.2))


def test_no_order_holds_more_than_the_perfect_one() -> None:
    ranked = spans((9, 2), (8, 8), (1, 10), *[(1, 0)] * 7)
    assert first_tenth(ranked)[0] == pytest.approx(0.1)
    assert most_in_tenth(ranked) == pytest.approx(0.5)


def test_where_nothing_is_wrong_there_is_no_share() -> None:
    assert math.isnan(most_in_tenth(spans((1, 0), (2, 0))))
    assert all(map(math.isnan, first_tenth(spans((1, 0)))))
