"""The labels of a project with their attributes, saved together or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Annotated, Any

from django.db import transaction
from pydantic import AliasChoices, ConfigDict, Field

from annotator.actions.errors import ActionError
from annotator.actions.label_changes import changes_in_words, with_others
from annotator.actions.removals import remember_label
from annotator.announce.publish import announce_names
from annotator.models import Attribute, Label, Project, Removal, Track, User
from annotator.ontology import LONGEST_NAME, MOST, UNSTORABLE, AttributeKind, GeometryKind, fits, takes
from tracking.shapes.skeletons import Skeleton, skeleton_of

COLOUR = re.compile(r"#[0-9a-f]{6}")
HOTKEY = re.compile(r"[0-9a-z]?")


@dataclass(frozen=True, slots=True)
class AttributeDraft:
    """An attribute as it shall be. `id` null: a new one. `choices` are those of a select; `default` is what a new
    object begins with."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    kind: AttributeKind
    id: int | None = None
    per_frame: bool = False
    choices: Annotated[tuple[str, ...], Field(max_length=MOST)] = ()
    default: Any = None


@dataclass(frozen=True, slots=True)
class LabelDraft:
    """A label as it shall be. `id` null: a new one."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    colour: str
    id: int | None = None
    hotkey: str = ""
    # `kinds`: what programs that people wrote call it too.
    geometry_kinds: Annotated[
        tuple[GeometryKind, ...], Field(validation_alias=AliasChoices("geometry_kinds", "kinds"))
    ] = (GeometryKind.BOX,)
    attributes: Annotated[tuple[AttributeDraft, ...], Field(max_length=MOST)] = ()
    skeleton: Skeleton | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place: ``("0", "hotkey")`` is the hotkey of the first label, ``("0", "attributes", "1",
    "name")`` the name of its second attribute, ``("removed", "7")`` the removal of the label with id 7."""

    path: tuple[str, ...]
    message: str


class LabelsRefused(ActionError):
    """Nothing was saved; every problem is named."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(dict.fromkeys(problem.message for problem in problems)))
        self.problems = tuple(problems)


def save_labels(
    *,
    by: User,
    project: Project,
    drafts: Sequence[LabelDraft],
    removed: Iterable[int] = (),
    removed_attributes: Iterable[int] = (),
    seen: Sequence[LabelDraft] = (),
) -> list[Label]:
    """Make a project's labels what the drafts say, in their order. What is not mentioned (somebody else may have added
    it meanwhile) stays, at the end. Open pages show the new ones at once.

    Args:
        seen: what the author began from: of a label that is here, what others changed since and the author did not
            stays changed.
        removed: ids of labels to delete; refused while tracks have them.
        removed_attributes: ids of attributes to delete; refused while tracks have values for them.

    Raises:
        LabelsRefused: with everything that is wrong.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        removed, removed_attributes = set(removed), set(removed_attributes)
        existing = {label.pk: label for label in project.labels.prefetch_related("attributes")}
        before = {label.pk: _draft_of(label) for label in existing.values()}
        sent = with_others([_tidy(draft) for draft in drafts], [_tidy(each) for each in seen], before)
        wanted = _completed(sent, existing, removed, removed_attributes)
        problems = [
            *_too_many(wanted),
            *problems_of(wanted),
            *_unknown(wanted, existing),
            *_in_use(project, wanted, removed, removed_attributes),
        ]
        if problems:
            raise LabelsRefused(_where_they_were_sent(problems, wanted, drafts))
        for label in project.labels.filter(pk__in=removed):
            remember_label(label=label, by=by)
            label.delete()
        Attribute.objects.filter(label__project=project, pk__in=removed_attributes).delete()
        saved = _write(project, wanted)
        after = [replace(each, id=label.pk) for each, label in zip(wanted, saved, strict=True)]
        if done := changes_in_words(before, after):
            announce_names(project=project.pk, why=f"{by} {done}.")
        return saved


def add_label(*, project: Project, draft: LabelDraft) -> Label:
    """Put a new label at the end of a project's, for the tracks of a file that have it: it may be drawn as whatever
    they are. Nobody is told by it, but by the import that it belongs to.

    Raises:
        LabelsRefused: its name, colour or attributes go against the rules, or its name is taken.
    """
    draft = _tidy(draft)
    others = [_draft_of(label) for label in project.labels.prefetch_related("attributes")]
    drawn_as_any = replace(draft, geometry_kinds=(GeometryKind.BOX,))
    at = len(others)
    problems = [each for each in problems_of([*others, drawn_as_any]) if each.path[0] == str(at)]
    if problems:
        raise LabelsRefused(problems)
    return _write_label(project, draft, at)


def _where_they_were_sent(
    problems: Iterable[Problem], wanted: Sequence[LabelDraft], drafts: Sequence[LabelDraft]
) -> list[Problem]:
    """Problems of labels as they shall be, by the places that they had among the drafts."""
    new = iter([at for at, draft in enumerate(drafts) if draft.id is None])
    known = {draft.id: at for at, draft in enumerate(drafts) if draft.id is not None}
    beyond = count(len(drafts))
    places = [next(new) if each.id is None else known.get(each.id, next(beyond)) for each in wanted]
    return [
        replace(each, path=(str(places[int(each.path[0])]), *each.path[1:])) if each.path[0].isdigit() else each
        for each in problems
    ]


def _too_many(drafts: Sequence[LabelDraft]) -> Iterator[Problem]:
    if len(drafts) > MOST:
        yield Problem((str(MOST), "name"), f"A project may have {MOST} labels; {len(drafts):,} came.")


def problems_of(drafts: Sequence[LabelDraft]) -> list[Problem]:
    """What is wrong with labels in themselves."""
    return [*_clashes(drafts), *(problem for at, draft in enumerate(drafts) for problem in _label_problems(at, draft))]


def _clashes(drafts: Sequence[LabelDraft]) -> Iterator[Problem]:
    names: dict[str, int] = {}
    keys: dict[str, int] = {}
    for at, draft in enumerate(drafts):
        if draft.name and names.setdefault(draft.name.casefold(), at) != at:
            yield Problem((str(at), "name"), f"Two labels are called {draft.name}. Names differ in more than case.")
        if draft.hotkey and (owner := keys.setdefault(draft.hotkey, at)) != at:
            yield Problem((str(at), "hotkey"), f"{drafts[owner].name} has the hotkey {draft.hotkey} already.")


def _label_problems(at: int, draft: LabelDraft) -> Iterator[Problem]:
    here = str(at)
    if not _is_name(draft.name):
        yield Problem((here, "name"), f"A label needs a name of at most {LONGEST_NAME} characters.")
    if not COLOUR.fullmatch(draft.colour):
        yield Problem((here, "colour"), f"A colour is #rrggbb; {draft.colour!r} came.")
    if not HOTKEY.fullmatch(draft.hotkey):
        yield Problem((here, "hotkey"), "A hotkey is one digit or letter.")
    if not draft.geometry_kinds:
        yield Problem((here, "geometry_kinds"), "Choose at least one shape that it may be drawn as.")
    if GeometryKind.TAG in draft.geometry_kinds and len(draft.geometry_kinds) > 1:
        yield Problem((here, "geometry_kinds"), "A frame tag marks whole frames: choose it alone, or shapes.")
    if GeometryKind.SKELETON in draft.geometry_kinds:
        for message in (draft.skeleton or Skeleton()).problems():
            yield Problem((here, "skeleton"), message)
    names: set[str] = set()
    for number, attribute in enumerate(draft.attributes):
        place = (here, "attributes", str(number))
        if attribute.name.casefold() in names:
            yield Problem((*place, "name"), f"{draft.name} has two attributes called {attribute.name}.")
        names.add(attribute.name.casefold())
        yield from _attribute_problems(place, attribute)


def _attribute_problems(place: tuple[str, ...], attribute: AttributeDraft) -> Iterator[Problem]:
    if not _is_name(attribute.name):
        yield Problem((*place, "name"), f"An attribute needs a name of at most {LONGEST_NAME} characters.")
    if attribute.kind.has_choices:
        if not attribute.choices:
            yield Problem((*place, "choices"), "A select needs at least one choice.")
        elif len(set(attribute.choices)) < len(attribute.choices):
            yield Problem((*place, "choices"), "Each choice may be there once.")
        if any(UNSTORABLE.search(choice) for choice in attribute.choices):
            yield Problem((*place, "choices"), "A choice has a character that can't be stored.")
    if not fits(attribute.kind, attribute.choices, attribute.default):
        yield Problem((*place, "default"), f"The default is {takes(attribute.kind, attribute.choices)}.")


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= LONGEST_NAME and not UNSTORABLE.search(text)


def _unknown(drafts: Sequence[LabelDraft], existing: dict[int, Label]) -> Iterator[Problem]:
    """Ids that aren't there (any more), or belong to something else."""
    for at, draft in enumerate(drafts):
        label = existing.get(draft.id) if draft.id is not None else None
        if draft.id is not None and label is None:
            gone = Removal.objects.filter(kind=Removal.Kind.LABEL, key=draft.id).first()
            said = gone or f"{draft.name} was deleted by somebody else."
            yield Problem((str(at), "name"), f"{said} Reload the page.")
        known = {attribute.pk for attribute in label.attributes.all()} if label else set()
        for number, attribute in enumerate(draft.attributes):
            if attribute.id is not None and attribute.id not in known:
                message = f"{attribute.name} was deleted by somebody else. Reload the page."
                yield Problem((str(at), "attributes", str(number), "name"), message)


def _in_use(
    project: Project, drafts: Sequence[LabelDraft], removed: set[int], removed_attributes: set[int]
) -> Iterator[Problem]:
    """Removals, and changes of kind, that would take values away from tracks."""
    for label in project.labels.filter(pk__in=removed):
        if count := Track.objects.filter(label=label).count():
            yield Problem(
                ("removed", str(label.pk)),
                f"{label.name} can't be deleted: {_tracks(count)} it (deleted ones, which can be restored, count). "
                "Give them another label first.",
            )
    for attribute in Attribute.objects.filter(label__project=project, pk__in=removed_attributes).exclude(
        label__in=removed
    ):
        if count := _users_of(attribute):
            yield Problem(
                ("removed_attributes", str(attribute.pk)),
                f"{attribute.name} can't be deleted: {_tracks(count)} a value for it.",
            )
    yield from _reshaped(project, drafts)
    kinds = {
        (draft.id, each.id): (at, number, each.kind)
        for at, draft in enumerate(drafts)
        for number, each in enumerate(draft.attributes)
    }
    for attribute in Attribute.objects.filter(label__project=project):
        found = kinds.get((attribute.label_id, attribute.pk))
        if found and found[2] != attribute.kind and (count := _users_of(attribute)):
            yield Problem(
                (str(found[0]), "attributes", str(found[1]), "kind"),
                f"{attribute.name} stays a {attribute.get_kind_display().lower()}: {_tracks(count)} a value for it. "
                "Add another attribute instead.",
            )


def _reshaped(project: Project, drafts: Sequence[LabelDraft]) -> Iterator[Problem]:
    """Skeletons that gain or lose joints while shapes have a point for each."""
    before = {label.pk: skeleton_of(label.skeleton) for label in project.labels.exclude(skeleton=None)}
    for at, draft in enumerate(drafts):
        had = before.get(draft.id) if draft.id is not None else None
        count = len(draft.skeleton.joints) if draft.skeleton else 0
        if draft.id is None or had is None or count == len(had.joints):
            continue
        if tracks := Track.objects.filter(label_id=draft.id).count():
            yield Problem(
                (str(at), "skeleton"),
                f"{draft.name} keeps its {len(had.joints)} joints: {_tracks(tracks)} this label. "
                "Names, places and lines can change; for other joints add another label.",
            )


def _users_of(attribute: Attribute) -> int:
    tracks = Track.objects.filter(label_id=attribute.label_id)
    key = str(attribute.pk)
    return (tracks.filter(attributes__has_key=key) | tracks.filter(frame_attributes__has_key=key)).count()


def _tracks(count: int) -> str:
    return f"{count} track{'s have' if count > 1 else ' has'}"


def _completed(
    drafts: Sequence[LabelDraft], existing: dict[int, Label], removed: set[int], removed_attributes: set[int]
) -> list[LabelDraft]:
    """The drafts, and after them what is there and neither mentioned nor removed."""
    completed = []
    for draft in drafts:
        label = existing.get(draft.id) if draft.id is not None else None
        gone = removed_attributes | {each.id for each in draft.attributes}
        rest = [each for each in _draft_of(label).attributes if each.id not in gone] if label else []
        completed.append(replace(draft, attributes=(*draft.attributes, *rest)))
    gone_labels = removed | {draft.id for draft in drafts}
    return completed + [_draft_of(label) for pk, label in existing.items() if pk not in gone_labels]


def _write(project: Project, drafts: Sequence[LabelDraft]) -> list[Label]:
    """Rows for the drafts. Names and keys may go round in a circle, so all of them are freed first: no tidy name
    begins with a tab."""
    for label in project.labels.all():
        Label.objects.filter(pk=label.pk).update(name=f"\t{label.pk}", hotkey="")
    return [_write_label(project, draft, position) for position, draft in enumerate(drafts)]


def _write_label(project: Project, draft: LabelDraft, position: int) -> Label:
    label = Label(
        id=draft.id,
        project=project,
        name=draft.name,
        colour=draft.colour,
        hotkey=draft.hotkey,
        geometry_kinds=[kind.value for kind in draft.geometry_kinds],
        skeleton=draft.skeleton.as_json() if draft.skeleton else None,
        position=position,
    )
    label.save()
    _write_attributes(label, draft.attributes)
    return label


def _write_attributes(label: Label, drafts: Sequence[AttributeDraft]) -> None:
    for attribute in label.attributes.all():
        Attribute.objects.filter(pk=attribute.pk).update(name=f"\t{attribute.pk}")
    for position, draft in enumerate(drafts):
        Attribute(
            id=draft.id,
            label=label,
            name=draft.name,
            kind=draft.kind,
            per_frame=draft.per_frame,
            choices=list(draft.choices) if draft.kind.has_choices else [],
            default=draft.default,
            position=position,
        ).save()


def _tidy(draft: LabelDraft) -> LabelDraft:
    attributes = tuple(
        replace(each, name=" ".join(each.name.split()), choices=tuple(filter(None, map(str.strip, each.choices))))
        for each in draft.attributes
    )
    return replace(
        draft,
        name=" ".join(draft.name.split()),
        colour=draft.colour.lower(),
        hotkey=draft.hotkey.strip().lower(),
        geometry_kinds=tuple(kind for kind in GeometryKind if kind in draft.geometry_kinds),
        attributes=attributes,
        skeleton=draft.skeleton.tidy() if draft.skeleton else None,
    )


def _draft_of(label: Label) -> LabelDraft:
    attributes = tuple(
        AttributeDraft(each.name, AttributeKind(each.kind), each.pk, each.per_frame, tuple(each.choices), each.default)
        for each in label.attributes.all()
    )
    return LabelDraft(
        label.name,
        label.colour,
        label.pk,
        label.hotkey,
        tuple(map(GeometryKind, label.geometry_kinds)),
        attributes,
        skeleton_of(label.skeleton),
    )
