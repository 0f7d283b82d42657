"""Every rule there is, in the order in which they are listed. A new one is a file here, a line in ``RULES``, and in
``tests/tracking/review/test_rules.py`` a layer that breaks it beside one that doesn't."""

from __future__ import annotations

from tracking.review.rule import Rule
from tracking.review.rules import degenerate, empty, gap, human, jump, labels, outside, static, twins

RULES: tuple[Rule, ...] = (
    human.RULE,
    outside.RULE,
    degenerate.RULE,
    twins.DUPLICATES,
    twins.IDENTITIES,
    *labels.RULES,
    jump.PLACES,
    jump.SIZES,
    gap.RULE,
    static.RULE,
    empty.RULE,
)
