from __future__ import annotations

from dataclasses import replace

import pytest

from annotator.actions.labels import AttributeDraft, LabelDraft, LabelsRefused, add_label, problems_of, save_labels
from annotator.models import Attribute, Label, Track
from annotator.ontology import AttributeKind
from tests.people import Team
from tracking.shapes.skeletons import Joint, Skeleton

DOG = LabelDraft(name="dog", colour="#112233")
FUR = AttributeDraft(name="fur", kind=AttributeKind.SELECT, choices=("short", "long"))


def drafts(team: Team) -> list[LabelDraft]:
    return [
        LabelDraft("person", "#e8590c", team.person.pk, "1"),
        LabelDraft("car", "#1c7ed6", team.car.pk, "2"),
    ]


def test_a_label_that_a_file_brings_comes_last_by_the_rules_of_all_labels(team: Team) -> None:
    fur = replace(FUR, choices=(" short", "long", ""))
    label = add_label(project=team.project, draft=replace(DOG, name=" big  dog ", attributes=(fur,)))
    assert list(team.project.labels.values_list("name", flat=True)) == ["person", "car", "big dog"]
    assert (label.position, label.attributes.get().choices) == (2, ["short", "long"])
    for wrong in (replace(DOG, name="CAR"), replace(DOG, colour="red"), replace(DOG, name=" ")):
        with pytest.raises(LabelsRefused):
            add_label(project=team.project, draft=wrong)
    assert team.project.labels.count() == 3


def places(*wrong: LabelDraft) -> list[tuple[str, ...]]:
    return [problem.path for problem in problems_of(wrong)]


def refusal(team: Team, *args: LabelDraft, **removed: set[int]) -> LabelsRefused:
    with pytest.raises(LabelsRefused) as refused:
        save_labels(by=team.mona, project=team.project, drafts=args, **removed)
    return refused.value


def test_a_frame_tag_is_drawn_as_nothing_else() -> None:
    assert places(replace(DOG, geometry_kinds=("tag",))) == []
    assert places(replace(DOG, geometry_kinds=("box", "tag"))) == [("0", "geometry_kinds")]


def test_labels_are_added_changed_and_ordered(team: Team) -> None:
    person, car = drafts(team)
    save_labels(
        by=team.mona,
        project=team.project,
        drafts=[
            replace(DOG, name="  big  dog ", hotkey="D", geometry_kinds=("mask", "box"), attributes=(FUR,)),
            replace(car, name="van", colour="#ABCDEF"),
            person,
        ],
    )
    assert list(team.project.labels.values_list("name", "colour", "hotkey", "geometry_kinds")) == [
        ("big dog", "#112233", "d", ["box", "mask"]),
        ("van", "#abcdef", "2", ["box"]),
        ("person", "#e8590c", "1", ["box"]),
    ]
    assert list(Attribute.objects.values_list("label__name", "name", "choices")) == [
        ("big dog", "fur", ["short", "long"])
    ]


def test_names_and_hotkeys_may_be_swapped(team: Team) -> None:
    person, car = drafts(team)
    save_labels(
        by=team.mona,
        project=team.project,
        drafts=[replace(person, name="car", hotkey="2"), replace(car, name="person", hotkey="1")],
    )
    assert dict(team.project.labels.values_list("pk", "name")) == {team.person.pk: "car", team.car.pk: "person"}


def test_what_is_not_mentioned_stays(team: Team) -> None:
    Attribute.objects.create(label=team.car, name="colour", kind="text")
    save_labels(by=team.mona, project=team.project, drafts=[drafts(team)[1]])
    assert list(team.project.labels.values_list("name", flat=True)) == ["car", "person"]
    assert Attribute.objects.get().name == "colour"
    assert refusal(team, replace(DOG, name="Car")).problems[0].path == ("1", "name")


def test_a_label_is_removed(team: Team) -> None:
    save_labels(by=team.mona, project=team.project, drafts=drafts(team)[:1], removed={team.car.pk})
    assert list(team.project.labels.values_list("name", flat=True)) == ["person"]


def test_a_label_in_use_is_not_removed_and_nothing_else_is_saved(team: Team) -> None:
    Track.objects.create(layer=team.layer, number=1, label=team.car)
    refused = refusal(team, DOG, removed={team.car.pk})
    assert [problem.path for problem in refused.problems] == [("removed", str(team.car.pk))]
    assert "car can't be deleted: 1 track has it" in str(refused)
    assert not Label.objects.filter(name="dog").exists()


def test_an_attribute_with_values_is_neither_removed_nor_made_another_kind(team: Team) -> None:
    colour = Attribute.objects.create(label=team.car, name="colour", kind="text")
    Track.objects.create(layer=team.layer, number=1, label=team.car, attributes={str(colour.pk): "red"})
    person, car = drafts(team)
    assert refusal(team, person, car, removed_attributes={colour.pk}).problems[0].path == (
        "removed_attributes",
        str(colour.pk),
    )
    number = replace(car, attributes=(AttributeDraft("colour", AttributeKind.NUMBER, colour.pk),))
    assert refusal(team, person, number).problems[0].path == ("1", "attributes", "0", "kind")


def test_an_attribute_without_values_is_removed(team: Team) -> None:
    colour = Attribute.objects.create(label=team.car, name="colour", kind="text")
    save_labels(by=team.mona, project=team.project, drafts=drafts(team), removed_attributes={colour.pk})
    assert not Attribute.objects.exists()


def test_a_label_of_another_project_is_not_touched(team: Team) -> None:
    other = team.eves_workspace.projects.create(name="Hers").labels.create(name="tree", colour="#000000")
    assert refusal(team, replace(DOG, id=other.pk)).problems[0].path == ("0", "name")
    save_labels(by=team.mona, project=team.project, drafts=drafts(team), removed={other.pk})
    assert Label.objects.filter(pk=other.pk, name="tree").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"colour": "red"}, "colour"),
        ({"hotkey": "F1"}, "hotkey"),
        ({"hotkey": "?"}, "hotkey"),
        ({"geometry_kinds": ()}, "geometry_kinds"),
    ],
)
def test_a_label_that_breaks_a_rule_is_named(change: dict[str, object], field: str) -> None:
    assert places(replace(DOG, **change)) == [("0", field)]  # type: ignore[arg-type]


def test_two_labels_differ_in_name_and_hotkey() -> None:
    assert places(replace(DOG, hotkey="d"), replace(DOG, name="DOG", hotkey="d")) == [("1", "name"), ("1", "hotkey")]
    assert places(DOG, replace(DOG, name="cat")) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"choices": ()}, "choices"),
        ({"choices": ("a", "a")}, "choices"),
        ({"choices": ("a", "b\0")}, "choices"),
        ({"name": "fur\0"}, "name"),
        ({"default": "bald"}, "default"),
        ({"kind": AttributeKind.MULTI_SELECT, "default": "short"}, "default"),
        ({"kind": AttributeKind.CHECKBOX, "default": "yes"}, "default"),
        ({"kind": AttributeKind.NUMBER, "default": True}, "default"),
        ({"kind": AttributeKind.TEXT, "default": 3}, "default"),
    ],
)
def test_an_attribute_that_breaks_a_rule_is_named(change: dict[str, object], field: str) -> None:
    wrong = replace(FUR, **change)  # type: ignore[arg-type]
    assert places(replace(DOG, attributes=(wrong,))) == [("0", "attributes", "0", field)]


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        ("select", "long"),
        ("multi_select", ["short"]),
        ("checkbox", False),
        ("number", 1.5),
        ("text", "x"),
        ("select", None),
    ],
)
def test_a_default_that_fits_is_taken(kind: str, default: object) -> None:
    assert places(replace(DOG, attributes=(replace(FUR, kind=AttributeKind(kind), default=default),))) == []


SKELETON = Skeleton(
    joints=(Joint(name=" left  eye ", x=0.2, y=0.3), Joint(name="nose", x=0.5, y=0.5)), edges=((1, 0), (0, 1))
)


def test_a_skeleton_is_saved_tidy(team: Team) -> None:
    save_labels(
        by=team.mona, project=team.project, drafts=[replace(DOG, geometry_kinds=("skeleton",), skeleton=SKELETON)]
    )
    assert team.project.labels.get(name="dog").skeleton == {
        "joints": [{"name": "left eye", "x": 0.2, "y": 0.3}, {"name": "nose", "x": 0.5, "y": 0.5}],
        "edges": [[0, 1]],
    }


@pytest.mark.parametrize(
    ("skeleton", "message"),
    [
        (None, "at least one joint"),
        (Skeleton(joints=(Joint(name="", x=0, y=0),)), "needs a name"),
        (Skeleton(joints=(Joint(name="a", x=0, y=0), Joint(name="a ", x=1, y=1))), "Two joints are called a"),
        (Skeleton(joints=(Joint(name="a", x=0, y=0),), edges=((0, 3),)), "from one joint to another"),
    ],
)
def test_a_skeleton_that_is_none_is_refused(team: Team, skeleton: Skeleton | None, message: str) -> None:
    refused = refusal(team, replace(DOG, geometry_kinds=("skeleton",), skeleton=skeleton))
    assert [problem.path for problem in refused.problems] == [("0", "skeleton")]
    assert message in str(refused)


def test_a_skeleton_keeps_its_joints_while_objects_have_a_point_for_each(team: Team) -> None:
    save_labels(
        by=team.mona, project=team.project, drafts=[replace(DOG, geometry_kinds=("skeleton",), skeleton=SKELETON)]
    )
    dog = team.project.labels.get(name="dog")
    Track.objects.create(layer=team.layer, label=dog, number=1)
    draft = replace(DOG, id=dog.pk, geometry_kinds=("skeleton",))
    renamed = Skeleton(joints=(Joint(name="a", x=0, y=0), Joint(name="b", x=1, y=1)))
    save_labels(by=team.mona, project=team.project, drafts=[replace(draft, skeleton=renamed)])
    refused = refusal(team, replace(draft, skeleton=Skeleton(joints=renamed.joints[:1])))
    assert "keeps its 2 joints" in str(refused)


def test_what_others_changed_since_a_page_was_opened_is_kept(team: Team) -> None:
    person, car = drafts(team)
    save_labels(by=team.alice, project=team.project, drafts=[person, replace(car, name="lorry")])
    save_labels(by=team.mona, project=team.project, drafts=[replace(person, colour="#123456"), car], seen=[person, car])
    assert [(label.name, label.colour) for label in team.project.labels.all()] == [
        ("person", "#123456"),
        ("lorry", car.colour),
    ]


def test_a_problem_is_told_at_the_place_where_its_label_was_sent(team: Team) -> None:
    person, car = drafts(team)
    save_labels(by=team.alice, project=team.project, drafts=[person], removed={car.id or 0})
    with pytest.raises(LabelsRefused) as refused:
        save_labels(
            by=team.mona,
            project=team.project,
            drafts=[car, replace(person, colour="red")],
            seen=[car, person],
        )
    assert [problem.path for problem in refused.value.problems] == [("1", "colour")]
    with pytest.raises(LabelsRefused, match="The label “car” was deleted by Alice"):
        save_labels(by=team.mona, project=team.project, drafts=[replace(car, name="van"), person], seen=[car, person])
