from __future__ import annotations

from dataclasses import replace

from annotator.actions.label_changes import changes_in_words, with_others
from annotator.actions.labels import AttributeDraft, LabelDraft
from annotator.ontology import AttributeKind

FUR = AttributeDraft("fur", AttributeKind.TEXT, id=7)
CAR = LabelDraft("car", "#ff0000", id=1, hotkey="1")
BUS = LabelDraft("bus", "#00ff00", id=2)
DOG = LabelDraft("dog", "#0000ff", id=3, attributes=(FUR,))
SEEN = [CAR, BUS, DOG]


def now(*labels: LabelDraft) -> dict[int, LabelDraft]:
    return {label.id or 0: label for label in labels}


def test_what_others_renamed_stays_renamed_beside_ones_own_changes() -> None:
    lorry = replace(CAR, name="lorry")
    mine = [CAR, replace(BUS, colour="#123456"), DOG]
    assert with_others(mine, SEEN, now(lorry, BUS, DOG)) == [lorry, mine[1], DOG]


def test_of_one_label_each_field_is_whose_it_was_last() -> None:
    theirs, mine = replace(CAR, name="lorry"), replace(CAR, hotkey="l")
    assert with_others([mine, BUS, DOG], SEEN, now(theirs, BUS, DOG))[0] == replace(theirs, hotkey="l")


def test_where_both_changed_the_same_ones_own_counts() -> None:
    mine = replace(CAR, name="van")
    assert with_others([mine, BUS, DOG], SEEN, now(replace(CAR, name="lorry"), BUS, DOG))[0] == mine


def test_attributes_are_merged_alike() -> None:
    coat, gone = replace(DOG, attributes=(replace(FUR, name="coat"),)), replace(DOG, attributes=())
    mine = replace(DOG, attributes=(replace(FUR, default="brown"),))
    assert with_others([CAR, BUS, mine], SEEN, now(CAR, BUS, coat))[2].attributes == (
        replace(FUR, name="coat", default="brown"),
    )
    assert with_others(SEEN, SEEN, now(CAR, BUS, gone))[2].attributes == ()


def test_what_others_deleted_stays_deleted_unless_one_has_changed_it() -> None:
    assert with_others(SEEN, SEEN, now(CAR, DOG)) == [CAR, DOG]
    mine = replace(BUS, name="coach")
    assert mine in with_others([CAR, mine, DOG], SEEN, now(CAR, DOG))


def test_the_order_is_the_others_unless_one_has_changed_it() -> None:
    new = LabelDraft("cat", "#111111")
    assert with_others([*SEEN, new], SEEN, now(DOG, CAR, BUS)) == [DOG, CAR, BUS, new]
    assert with_others([BUS, CAR, DOG], SEEN, now(DOG, CAR, BUS)) == [BUS, CAR, DOG]


def test_who_began_from_nothing_says_everything() -> None:
    assert with_others([CAR], [], now(replace(CAR, name="lorry"))) == [CAR]


def test_changes_in_words() -> None:
    before = now(*SEEN)
    assert changes_in_words(before, SEEN) == ""
    assert changes_in_words(before, [replace(CAR, name="lorry"), BUS, DOG]) == "renamed the label “car” to “lorry”"
    assert changes_in_words(before, [CAR, replace(BUS, colour="#000000")]) == (
        "changed the label “bus”, and deleted the label “dog”"
    )
    assert changes_in_words(before, [BUS, CAR, DOG]) == "put the labels in another order"
    many = [LabelDraft(name, "#000000", id=10 + at) for at, name in enumerate("abcde")]
    assert changes_in_words(before, [*SEEN, *many]) == (
        "added the label “a”, added the label “b”, added the label “c”, and 2 more changes"
    )
