"""XMem's way through a video: what is computed on a frame, and what of it is remembered (section 3 of the paper).

Frames are pictures as the network takes them, normalised and a whole number of cells wide and high.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from tracking.models.xmem.memory import Elements, Memory, Rules
from tracking.models.xmem.network import Seen, aggregated
from tracking.types import ObjectId

Objects = dict[ObjectId, Tensor]
"""A tensor for each object."""


class Passes(Protocol):
    """The network's passes, wherever and however precisely they are computed; see ``XMem``."""

    def see(self, image: Tensor) -> Seen: ...

    def decode(self, seen: Seen, readout: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]: ...

    def remember(self, image: Tensor, f16: Tensor, masks: Tensor, others: Tensor) -> Tensor: ...

    def refresh(self, value: Tensor, hidden: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Look:
    """The frame seen last. ``found``: (H, W) probabilities by object; ``basis``: the sensory memory that remembering
    starts from, (H, h, w) by object; ``stored``: whether it was remembered."""

    image: Tensor
    seen: Seen
    found: Objects = field(default_factory=dict)
    basis: Objects = field(default_factory=dict)
    stored: bool = False

    def to(self, device: torch.device) -> Look:
        found, basis = _moved(self.found, device), _moved(self.basis, device)
        return replace(self, image=self.image.to(device), seen=self.seen.to(device), found=found, basis=basis)


@dataclass
class State:
    """All that is carried from frame to frame. Tensors are replaced, never changed.

    ``now``: frames seen, less one; ``remembered``, ``refreshed``: on which of them objects were remembered and sensory
    memory was refreshed last. ``hidden``: sensory memory, (H, h, w) by object.
    """

    memory: Memory
    hidden: Objects = field(default_factory=dict)
    now: int = -1
    remembered: int = 0
    refreshed: int = 0
    look: Look | None = None

    def copy(self) -> State:
        """The same, to come back to."""
        return replace(self, memory=self.memory.copy())

    def to(self, device: torch.device) -> State:
        """The same with its tensors on ``device``."""
        look = None if self.look is None else self.look.to(device)
        return replace(self, memory=self.memory.to(device), hidden=_moved(self.hidden, device), look=look)


class Propagation:
    """Follows objects from frame to frame.

    Args:
        passes: the network's.
        hidden: its sensory channels.
        rules: what is remembered.
        refresh_every: frames after which sensory memory is refreshed from what is remembered; None: always then, and
            instead of the decoder's update. The authors have tried other numbers.
        batch: so many objects share a pass.
    """

    def __init__(
        self, passes: Passes, hidden: int, rules: Rules, *, refresh_every: int | None = None, batch: int = 1
    ) -> None:
        self.passes, self.channels, self.rules = passes, hidden, rules
        self.refresh_every, self.batch = refresh_every, batch
        self.state = State(Memory(rules))

    @property
    def objects(self) -> tuple[ObjectId, ...]:
        return tuple(self.state.memory.held)

    def step(self, image: Tensor) -> Objects:
        """See the next frame, (1, 3, 16h, 16w). Returns each object's probability on it, (16h, 16w)."""
        state = self.state
        state.now += 1
        seen = self.passes.see(image)
        look = Look(image, seen)
        if self.objects:
            due = state.now - state.remembered >= self.rules.every
            found, updated = self._find(seen)
            # Where it is about to be refreshed, the sensory memory goes without the decoder's update.
            basis = state.hidden if due and self.refresh_every is None else updated
            look = Look(image, seen, found, state.hidden if self.refresh_every is None else updated, due)
            state.hidden = basis
            if due:
                state.remembered = state.now
                self._remember(look, self.objects, found)
        state.look = look
        return look.found

    def show(self, masks: Mapping[ObjectId, Tensor]) -> Objects:
        """A person shows objects on the frame seen last: new ones, or known ones that are to be followed from here.

        The others go on as they were; where this frame is one that is remembered, what they lost to the shown ones is
        remembered, too.

        Args:
            masks: (16h, 16w) of 0 and 1 by object.

        Returns: each object's probability on the frame, (16h, 16w).
        """
        state = self.state
        assert state.look is not None  # noqa: S101 (a frame was seen)
        look = replace(state.look, found=_shown(state.look.found, masks))
        everybody = set(masks).issuperset(self.objects)
        if everybody:
            state.remembered = state.now
        look = replace(look, stored=look.stored or everybody)
        self._remember(look, tuple(look.found) if look.stored else tuple(masks), look.found, anchored=tuple(masks))
        state.look = look
        return look.found

    def forget_recent(self, name: ObjectId) -> None:
        """Let go of what led to a wrong mask: the object's working and sensory memory, but for what a person showed."""
        state = self.state
        state.memory.forget_recent(name)
        state.hidden = _without(state.hidden, [name])
        if state.look is not None:
            state.look = replace(state.look, basis=_without(state.look.basis, [name]))

    def drop(self, names: Collection[ObjectId]) -> None:
        state = self.state
        state.memory.drop(names)
        state.hidden = _without(state.hidden, names)
        if state.look is not None:
            look = state.look
            state.look = replace(look, found=_without(look.found, names), basis=_without(look.basis, names))

    def _find(self, seen: Seen) -> tuple[Objects, Objects]:
        """Each object's probability, and its sensory memory updated."""
        readouts = self.state.memory.read(seen.key, seen.selection)
        height, width = seen.cells
        alone: list[Tensor] = []
        updated: Objects = {}
        for names in _batches(self.objects, self.batch):
            readout = torch.stack([readouts[name].T.reshape(-1, height, width) for name in names])
            logits, hidden = self.passes.decode(seen, readout, self._hidden(self.state.hidden, names, seen))
            alone.append(logits.sigmoid())
            updated.update(zip(names, hidden, strict=True))
        each = aggregated(torch.cat(alone))
        return dict(zip(self.objects, each[1:], strict=True)), updated

    def _remember(
        self, look: Look, names: Sequence[ObjectId], found: Objects, anchored: Collection[ObjectId] = ()
    ) -> None:
        state, seen = self.state, look.seen
        refreshing = self.refresh_every is None or not look.found or self._is_due_for_refreshing()
        total = torch.stack(tuple(found.values())).sum(dim=0)
        values: Objects = {}
        for some in _batches(names, self.batch):
            masks = torch.stack([found[name] for name in some])
            value = self.passes.remember(look.image, seen.f16, masks, total - masks)
            if refreshing:
                hidden = self.passes.refresh(value, self._hidden(look.basis, some, seen))
                state.hidden = {**state.hidden, **dict(zip(some, hidden, strict=True))}
            values.update((name, one.flatten(1).T.contiguous()) for name, one in zip(some, value, strict=True))
        if refreshing:
            state.refreshed = state.now
        state.memory.add(state.now, Elements.new(seen.key, seen.shrinkage, seen.selection), values, anchored)

    def _is_due_for_refreshing(self) -> bool:
        every = self.refresh_every or 0
        return self.state.now == 0 or self.state.now - self.state.refreshed >= every

    def _hidden(self, hidden: Objects, names: Sequence[ObjectId], seen: Seen) -> Tensor:
        """(N, H, h, w); of an object that has none, zeros."""
        empty = seen.f16.new_zeros((self.channels, *seen.cells), dtype=torch.float32)
        return torch.stack([hidden.get(name, empty) for name in names])


def _shown(found: Objects, masks: Mapping[ObjectId, Tensor]) -> Objects:
    """What is to be seen on a frame where a person showed some objects: elsewhere, the others where they were found."""
    covered = torch.stack(tuple(masks.values())).sum(dim=0) > 0.5
    each = {name: probability.masked_fill(covered, 0) for name, probability in found.items()} | dict(masks)
    return dict(zip(each, aggregated(torch.stack(tuple(each.values())))[1:], strict=True))


def _moved(objects: Objects, device: torch.device) -> Objects:
    return {name: tensor.to(device) for name, tensor in objects.items()}


def _without(objects: Objects, names: Collection[ObjectId]) -> Objects:
    return {name: tensor for name, tensor in objects.items() if name not in names}


def _batches(names: Sequence[ObjectId], size: int) -> Iterator[Sequence[ObjectId]]:
    return (names[first : first + size] for first in range(0, len(names), size))
