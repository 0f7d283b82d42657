"""What happened to a project's labels: others' changes kept beside one's own, and all of it in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from annotator.actions.labels import AttributeDraft, LabelDraft

Draft = TypeVar("Draft", "LabelDraft", "AttributeDraft")
MOST_TOLD = 3


def with_others(
    drafts: Sequence[LabelDraft], seen: Sequence[LabelDraft], now: Mapping[int, LabelDraft]
) -> list[LabelDraft]:
    """Drafts in which everything that their author left as they had seen it is as it is now.

    Args:
        seen: what the author began from.
        now: by id, in their order; somebody else may have changed any of it since.
    """
    before = {label.id: label for label in seen}
    kept = [draft for draft in drafts if not _was_deleted(draft, before.get(draft.id), now)]
    merged = [_merged(draft, before.get(draft.id), now.get(draft.id or 0)) for draft in kept]
    known = [draft for draft in merged if draft.id in now]
    if [draft.id for draft in known] != [label.id for label in seen if label.id in {draft.id for draft in known}]:
        return merged
    order = {label_id: at for at, label_id in enumerate(now)}
    known.sort(key=lambda draft: order[draft.id or 0])
    return known + [draft for draft in merged if draft.id not in now]


def _merged(draft: LabelDraft, before: LabelDraft | None, now: LabelDraft | None) -> LabelDraft:
    if before is None or now is None:
        return draft
    had, has = ({each.id: each for each in label.attributes} for label in (before, now))
    attributes = tuple(
        _field_by_field(each, had.get(each.id), has.get(each.id))
        for each in draft.attributes
        if not _was_deleted(each, had.get(each.id), has)
    )
    return replace(_field_by_field(draft, before, now), attributes=attributes)


def _was_deleted(draft: Draft, before: Draft | None, now: Mapping[int | None, Draft] | Mapping[int, Draft]) -> bool:
    """Whether somebody else deleted what the author hadn't touched."""
    return before is not None and draft == before and draft.id not in now


def _field_by_field(draft: Draft, before: Draft | None, now: Draft | None) -> Draft:
    if before is None or now is None:
        return draft
    untouched = [each.name for each in fields(draft) if getattr(draft, each.name) == getattr(before, each.name)]
    return replace(draft, **{name: getattr(now, name) for name in untouched})


def changes_in_words(before: Mapping[int, LabelDraft], after: Sequence[LabelDraft]) -> str:
    """What was done, to go on after a name: "renamed the label “car” to “lorry”, and deleted the label “bus”". Empty:
    nothing was."""
    kept = {label.id for label in after}
    told = [_change(before.get(label.id or 0), label) for label in after]
    told += [f"deleted the label “{label.name}”" for label_id, label in before.items() if label_id not in kept]
    told = [each for each in told if each]
    if not told and [label.id for label in after] != list(before):
        return "put the labels in another order"
    more = len(told) - MOST_TOLD
    said = told[:MOST_TOLD] + ([f"{more} more change{'s' if more > 1 else ''}"] if more > 0 else [])
    return ", and ".join([*([", ".join(said[:-1])] if said[:-1] else []), *said[-1:]])


def _change(before: LabelDraft | None, after: LabelDraft) -> str:
    if before is None:
        return f"added the label “{after.name}”"
    if before.name != after.name:
        return f"renamed the label “{before.name}” to “{after.name}”"
    return f"changed the label “{after.name}”" if before != after else ""
