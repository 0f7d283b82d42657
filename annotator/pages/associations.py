"""What may link the objects that a detector finds, as pages offer it."""

from __future__ import annotations

from annotator.operations import Message
from tracking.association.registry import ASSOCIATIONS


class AssociationOffer(Message):
    """What links the boxes of a detector into tracks; every agent has it. `masks`: a model carries masks for it, which
    may be chosen. `cost`: what it takes, where that is much; empty: it isn't."""

    id: str
    name: str
    summary: str
    masks: bool
    cost: str


def offered_associations() -> list[AssociationOffer]:
    """In the order of the registry."""
    return [
        AssociationOffer(id=entry.id, name=entry.name, summary=entry.summary, masks=entry.masks, cost=entry.cost)
        for entry in ASSOCIATIONS
    ]
