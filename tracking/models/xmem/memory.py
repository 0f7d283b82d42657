"""XMem's working and long-term memory (sections 3.2 and 3.3 of the paper), kept object by object.

Every *element* is one cell of one frame: a key that all objects share, and of each object that the cell was remembered
for a value. What was remembered of the newest frames is the working memory; a frame that a person showed an object on
(an *anchor*) stays in it. What gets old is condensed to a few prototypes, and of these the least used go.

The authors' code keeps objects that enter later as the last part of all values. Here an object may have a value for
any element: it can be corrected, forgotten and removed without a word to the others.

M elements, Q = cells of a frame, K key and V value channels.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tracking.types import ObjectId

LONG = -1
"""Where prototypes come from, instead of a frame."""
NEWBORN = 1e-7
"""Age of an element that nothing was compared with yet."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How much is kept; the defaults are the authors'.

    ``every``: frames between two that are remembered. ``most_frames`` in the working memory: once there are so many,
    all but the first and the newest ``least_frames - 1`` are condensed to ``prototypes`` elements. ``most_long``:
    elements of the long-term memory. ``top``: so many elements are read for each cell. ``most_anchors``: frames that a
    person showed an object on which are kept for good; beyond them the oldest but the first get old like others.
    """

    every: int = 5
    most_frames: int = 10
    least_frames: int = 5
    prototypes: int = 128
    most_long: int = 10_000
    top: int = 30
    most_anchors: int = 8


@dataclass(frozen=True, slots=True)
class Elements:
    """``key``, ``selection``: (M, K); ``shrinkage``, ``used``, ``age``: (M,). How much it was read in all, and on how
    many frames it could have been."""

    key: Tensor
    shrinkage: Tensor
    selection: Tensor
    used: Tensor
    age: Tensor

    @classmethod
    def new(cls, key: Tensor, shrinkage: Tensor, selection: Tensor) -> Elements:
        """That nothing was compared with yet."""
        return cls(key, shrinkage, selection, torch.zeros_like(shrinkage), torch.full_like(shrinkage, NEWBORN))

    @property
    def usage(self) -> Tensor:
        """(M,): how much each is read on a frame."""
        return self.used / self.age

    def at(self, rows: Tensor) -> Elements:
        return Elements(*(tensor[rows] for tensor in self._tensors))

    def with_more(self, more: Elements) -> Elements:
        return Elements(*map(torch.cat, zip(self._tensors, more._tensors, strict=True)))

    def to(self, device: torch.device) -> Elements:
        return Elements(*(tensor.to(device) for tensor in self._tensors))

    @property
    def _tensors(self) -> tuple[Tensor, ...]:
        return self.key, self.shrinkage, self.selection, self.used, self.age


@dataclass(frozen=True, slots=True)
class Held:
    """What is remembered of one object: ``mask`` (M,), which elements have a value of it; ``values``: (n, V), these in
    order."""

    mask: NDArray[np.bool_]
    values: Tensor

    def at(self, rows: NDArray[np.bool_]) -> Held:
        """Of some elements."""
        return Held(self.mask[rows], self.values[_index(rows[self.mask], self.values.device)])

    def within(self, rows: NDArray[np.bool_]) -> Held:
        """Nothing of any other element."""
        return Held(self.mask & rows, self.values[_index(rows[self.mask], self.values.device)])

    def with_more(self, mask: NDArray[np.bool_], values: Tensor) -> Held:
        return Held(np.concatenate([self.mask, mask]), torch.cat([self.values, values]))


@dataclass(frozen=True, slots=True)
class Group:
    """Objects that have values of the same elements: ``columns``, or of all (None)."""

    columns: Tensor | None
    objects: tuple[ObjectId, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What is remembered of one object on a frame that a person showed it on: n ``elements`` and ``values`` (n, V).
    ``frame``: the video's."""

    frame: int
    elements: Elements
    values: Tensor

    def to(self, device: torch.device) -> Said:
        return replace(self, elements=self.elements.to(device), values=self.values.to(device))


class Memory:
    """What is remembered, of all objects. Tensors are replaced, never changed: a ``copy`` keeps a state.

    Frames are told apart by a number that grows, whichever way the video is followed.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.elements: Elements | None = None
        self.origin: NDArray[np.int64] = np.empty(0, np.int64)
        """(M,): which frame an element is of, or LONG."""
        self.held: dict[ObjectId, Held] = {}
        self.anchors: dict[ObjectId, tuple[int, ...]] = {}
        self._groups: list[Group] | None = None

    def copy(self) -> Memory:
        """The same, to come back to."""
        copied = Memory(self.rules)
        copied.elements, copied.origin = self.elements, self.origin
        copied.held, copied.anchors = dict(self.held), dict(self.anchors)
        return copied

    def to(self, device: torch.device) -> Memory:
        """The same with its tensors on ``device``."""
        moved = self.copy()
        moved.elements = None if self.elements is None else self.elements.to(device)
        moved.held = {name: replace(held, values=held.values.to(device)) for name, held in self.held.items()}
        return moved

    # -------------------------------------------------------------- reading

    def read(self, key: Tensor, selection: Tensor) -> dict[ObjectId, Tensor]:
        """What is remembered of each object for the cells of a frame, (Q, V) by object; notes what was read.

        Args:
            key, selection: (Q, K) of the frame.
        """
        if self.elements is None:
            return {}
        likeness = similarity(key, selection, self.elements.key, self.elements.shrinkage)  # (Q, M)
        answers: dict[ObjectId, Tensor] = {}
        used = self.elements.used
        for number, group in enumerate(self.groups):
            own = likeness if group.columns is None else likeness[:, group.columns]
            best, rows = own.topk(min(self.rules.top, own.shape[1]), dim=1, sorted=False)
            weights = best.softmax(dim=1)
            for name in group.objects:
                answers[name] = F.embedding_bag(
                    rows, self.held[name].values, per_sample_weights=weights, mode="sum"
                )  # only the rows that were chosen are read
            if number == 0:
                read = torch.zeros_like(own[0]).index_add_(0, rows.flatten(), weights.flatten())
                used = used + read if group.columns is None else used.index_add(0, group.columns, read)
        self.elements = replace(self.elements, used=used, age=self.elements.age + 1)
        return answers

    @property
    def groups(self) -> list[Group]:
        """Objects by what they have values of, those with most elements first: how much is used is counted for them."""
        if self._groups is None:
            alike: dict[bytes, list[ObjectId]] = {}
            for name, held in self.held.items():
                alike.setdefault(held.mask.tobytes(), []).append(name)
            by_size = sorted(alike.values(), key=lambda names: -len(self.held[names[0]].values))
            self._groups = [Group(self._columns(names[0]), tuple(names)) for names in by_size]
        return self._groups

    def _columns(self, name: ObjectId) -> Tensor | None:
        held = self.held[name]
        return None if held.mask.all() else _index(held.mask, held.values.device)

    # -------------------------------------------------------------- remembering

    def add(
        self,
        frame: int,
        elements: Elements,
        values: Mapping[ObjectId, Tensor],
        anchored: Collection[ObjectId] = (),
    ) -> None:
        """Remember objects on a frame, and condense what gets old.

        Args:
            frame: its number; larger than that of every frame before, or one again: then what was remembered of these
                objects on it goes.
            elements: Q new ones.
            values: (Q, V) by object.
            anchored: those of them that a person showed there.
        """
        for name in values:
            self._forget(name, self.origin == frame)
        for name in anchored:
            first, *more = dict.fromkeys((*self.anchors.get(name, ()), frame))
            self.anchors[name] = (first, *more[max(len(more) - (self.rules.most_anchors - 1), 0) :])
        self._tidy()
        self._append(frame, elements, values)
        self._condense()

    def _append(self, frame: int, elements: Elements, values: Mapping[ObjectId, Tensor]) -> None:
        count, size = len(self.origin), len(elements.key)
        self.elements = elements if self.elements is None else self.elements.with_more(elements)
        self.origin = np.concatenate([self.origin, np.full(size, frame)])
        for name in {**self.held, **values}:
            told = values.get(name)
            held = self.held.get(name)
            if held is None:
                assert told is not None  # noqa: S101 (for the type checker: it is one of values)
                self.held[name] = Held(np.repeat([False, True], [count, size]), told)
            else:
                fresh = held.values[:0] if told is None else told
                self.held[name] = held.with_more(np.full(size, told is not None), fresh)
        self._groups = None

    def said(self, name: ObjectId, frames: Mapping[int, int]) -> list[Said]:
        """What people said of an object, the oldest first. ``frames``: the video's, by the number of each here."""
        found = []
        for anchor in self.anchors.get(name, ()):
            rows = (self.origin == anchor) & self.held[name].mask
            if self.elements is not None and rows.any():
                device = self.elements.key.device
                of_frame = self.elements.at(_index(rows, device))
                own = Elements.new(of_frame.key, of_frame.shrinkage, of_frame.selection)
                found.append(Said(frames[anchor], own, self.held[name].at(rows).values))
        return found

    def hear(self, name: ObjectId, said: Sequence[Said]) -> dict[int, int]:
        """Take over what was said of an object elsewhere, as if it had been before all that is remembered. Returns the
        video's frames by the numbers that they have here."""
        below = min(int(self.origin.min(initial=LONG)), LONG)
        numbers = [below - len(said) + place for place in range(len(said))]
        for number, one in zip(numbers, said, strict=True):
            self._append(number, one.elements, {name: one.values})
        first, *more = dict.fromkeys((*numbers, *self.anchors.get(name, ())))
        self.anchors[name] = (first, *more[max(len(more) - (self.rules.most_anchors - 1), 0) :])
        return dict(zip(numbers, (one.frame for one in said), strict=True))

    def forget_recent(self, name: ObjectId) -> None:
        """Let go of what the working memory has of an object, but for its anchors: it may be what went wrong."""
        anchored = np.isin(self.origin, self.anchors.get(name, ()))
        self._forget(name, (self.origin != LONG) & ~anchored)
        self._tidy()

    def drop(self, names: Collection[ObjectId]) -> None:
        """Let go of all that is remembered of objects."""
        for name in names:
            self.held.pop(name, None)
            self.anchors.pop(name, None)
        self._groups = None
        self._tidy()

    def _forget(self, name: ObjectId, rows: NDArray[np.bool_]) -> None:
        """Let go of an object's values of some elements."""
        if name in self.held:
            self.held[name] = self.held[name].within(~rows)
            self._groups = None

    def _tidy(self) -> None:
        """Let go of elements that no object has a value of."""
        if self.elements is None:
            return
        wanted = np.zeros(len(self.origin), np.bool_)
        for held in self.held.values():
            wanted |= held.mask
        if not wanted.all():
            self._keep(wanted)

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        assert self.elements is not None  # noqa: S101 (for the type checker: there are rows)
        self.elements = self.elements.at(_index(rows, self.elements.key.device)) if rows.any() else None
        self.origin = self.origin[rows]
        self.held = {name: held.at(rows) for name, held in self.held.items()}
        self._groups = None

    # -------------------------------------------------------------- condensing

    def _condense(self) -> None:
        """Once the working memory is full: make prototypes of all but anchors and the newest frames."""
        ageing = {name: self._ageing(name) for name in self.held}
        frames = np.unique(self.origin[np.any(list(ageing.values()), axis=0)]) if ageing else np.empty(0)
        if len(frames) < self.rules.most_frames - 1:
            return
        old = np.isin(self.origin, frames[: len(frames) - (self.rules.least_frames - 1)])
        candidates = {name: rows & old for name, rows in ageing.items()}
        self._make_room()
        kept = self.origin  # _make_room took prototypes away only, which come before frames
        lost = len(old) - len(kept)
        self._condense_to_prototypes({name: rows[lost:] for name, rows in candidates.items()})

    def _ageing(self, name: ObjectId) -> NDArray[np.bool_]:
        """(M,): elements of the working memory that have an object's value and aren't its anchors."""
        anchored = np.isin(self.origin, self.anchors.get(name, ()))
        ageing: NDArray[np.bool_] = self.held[name].mask & (self.origin != LONG) & ~anchored
        return ageing

    def _condense_to_prototypes(self, candidates: Mapping[ObjectId, NDArray[np.bool_]]) -> None:
        assert self.elements is not None  # noqa: S101 (for the type checker: there are candidates)
        device = self.elements.key.device
        rows = np.any(list(candidates.values()), axis=0)  # (M,), n of them
        old = self.elements.at(_index(rows, device))
        chosen = old.usage.topk(min(self.rules.prototypes, len(old.key))).indices  # (P,)
        likeness = similarity(old.key[chosen], old.selection[chosen], old.key, old.shrinkage)  # (P, n)
        shrinkage = likeness.softmax(dim=1) @ old.shrinkage
        values, having = {}, {}
        for name, own in candidates.items():
            held = self.held[name]
            among = own[rows]  # (n,): candidates that have its value
            having[name] = among[chosen.cpu().numpy()]  # (P,)
            if having[name].any():
                weights = likeness[_index(having[name], device)][:, _index(among, device)].softmax(dim=1)
                values[name] = weights @ held.values[_index(own[held.mask], device)]
            self._forget(name, own)
        self._insert_long(Elements.new(old.key[chosen], shrinkage, old.selection[chosen]), having, values)
        self._tidy()

    def _insert_long(
        self, prototypes: Elements, having: Mapping[ObjectId, NDArray[np.bool_]], values: Mapping[ObjectId, Tensor]
    ) -> None:
        """Put prototypes behind those that are there, before all frames."""
        assert self.elements is not None  # noqa: S101 (as above)
        count, more = self.long_size, len(prototypes.key)
        device = prototypes.key.device
        order = torch.arange(len(self.origin), device=device)
        self.elements = self.elements.at(order[:count]).with_more(prototypes).with_more(self.elements.at(order[count:]))
        self.origin = np.insert(self.origin, count, np.full(more, LONG))
        for name, held in self.held.items():
            mine = having.get(name, np.zeros(more, np.bool_))
            before = int(held.mask[:count].sum())
            told = values.get(name, held.values[:0])
            self.held[name] = Held(
                np.concatenate([held.mask[:count], mine, held.mask[count:]]),
                torch.cat([held.values[:before], told, held.values[before:]]),
            )
        self._groups = None

    def _make_room(self) -> None:
        """Let go of the least used prototypes, and all that are used no more than the best of them."""
        count = self.long_size
        over = count - (self.rules.most_long - self.rules.prototypes)
        if over <= 0 or self.elements is None:
            return
        usage = self.elements.usage[:count]
        cut = usage.topk(min(over, count), largest=False).values.max()
        stay = np.ones(len(self.origin), np.bool_)
        stay[:count] = (usage > cut).cpu().numpy()
        self._keep(stay)

    # -------------------------------------------------------------- how much there is

    @property
    def long_size(self) -> int:
        """Elements of the long-term memory; they are the first ones."""
        return int(np.count_nonzero(self.origin == LONG))

    @property
    def size(self) -> int:
        """Elements in all."""
        return len(self.origin)


def similarity(query: Tensor, selection: Tensor, key: Tensor, shrinkage: Tensor) -> Tensor:
    """How like (Q, K) queries are to (M, K) keys, at most 0: (Q, M).

    The squared distance, of which each query says by ``selection`` (Q, K) in [0, 1] what counts, and each key by
    ``shrinkage`` (M,) how much (equation 2).
    """
    # s * (k - q)^2 = s k^2 - 2 s k q + s q^2, summed over channels; the first two in one product.
    both = torch.cat([selection, -2 * selection * query], dim=1) @ torch.cat([key * key, key], dim=1).T
    constant = (selection * query * query).sum(dim=1, keepdim=True)
    return (both + constant) * (-shrinkage / math.sqrt(key.shape[1]))


def _index(rows: NDArray[np.bool_] | Sequence[bool], device: torch.device) -> Tensor:
    return torch.from_numpy(np.flatnonzero(rows)).to(device)
