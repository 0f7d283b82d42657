"""What a video segmenter remembers of one object, and what of that it looks at on a frame.

Rules of SAM 2 (Ravi et al. 2024, https://arxiv.org/abs/2408.00714, section 4) and of its distractor-aware memory
(Videnovic et al. 2025, DAM4SAM, https://arxiv.org/abs/2411.17576, section 3). A memory here never grows: what no later
frame can look at is let go of at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from torch import Tensor

ANCHORS = 7
"""Most frames with a prompt that are kept of one object: the first one and the latest ones."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One object on one frame. ``features``: (tokens, C), the picture where the object is; None once no frame looks at
    them. ``pointer``: (P,), what the object is."""

    frame: int
    features: Tensor | None
    pointer: Tensor

    def move(self, change: Callable[[Tensor], Tensor]) -> Memory:
        """The same with its tensors changed, e.g. brought to another device."""
        features = None if self.features is None else change(self.features)
        return replace(self, features=features, pointer=change(self.pointer))


@dataclass(frozen=True, slots=True)
class Recall:
    """What an object's next frame looks at.

    ``memories``: features with their place in time, 0 for an anchor, else 1 (latest) to 6. ``pointers``: each with its
    age in frames, 0 or more.
    """

    memories: list[tuple[int, Tensor]]
    pointers: list[tuple[int, Tensor]]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a step saw of an object, as far as remembering depends on it.

    ``area``: pixels of its mask, 0 where it isn't to be seen; ``quality``: the IoU that the network expects of it;
    ``distracted``: asks whether something that looks alike is beside it, which costs time.
    """

    area: int
    quality: float
    distracted: Callable[[], bool]


def _frame_of(memory: Memory) -> int:
    return memory.frame


class Bank(Protocol):
    """The memories of one object."""

    def recall(self, frame: int) -> Recall:
        """What ``frame``, the next one, looks at."""
        ...

    def anchor(self, memory: Memory) -> None:
        """A prompt or a correction: of what was followed before it nothing counts any more, earlier prompts do."""
        ...

    def keep(self, memory: Memory, sight: Sight) -> None:
        """What was found on a frame."""
        ...

    def copy(self) -> Bank:
        """Another bank of the same memories; changing one leaves the other alone."""
        ...

    def move(self, change: Callable[[Tensor], Tensor]) -> None:
        """Bring all tensors to another device."""
        ...

    @property
    def said(self) -> Sequence[Memory]:
        """The prompts and corrections that are kept, the last one last."""
        ...

    def hear(self, said: Sequence[Memory]) -> None:
        """Take over what was said of the object before; where it was on the same frame, what is known here counts."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """How far the network looks back. ``memories``: frames with features, anchors beside them; ``pointers``: frames
    with pointers, the current one counted; ``prompts``: most of these that are anchors at a time, 0: all that are
    kept."""

    memories: int = 6
    pointers: int = 16
    prompts: int = 0


@dataclass
class _Kept(ABC):
    """``prompts``: the anchors, oldest first; ``recent``: what was followed since the last one, newest first."""

    window: Window
    prompts: list[Memory] = field(default_factory=list)
    recent: deque[Memory] = field(default_factory=deque)

    def anchor(self, memory: Memory) -> None:
        self.recent.clear()
        self.prompts = [kept for kept in self.prompts if kept.frame != memory.frame] + [memory]
        self._let_go()

    @property
    def said(self) -> Sequence[Memory]:
        return tuple(self.prompts)

    def hear(self, said: Sequence[Memory]) -> None:
        known = {one.frame for one in self.prompts}
        self.prompts = [one for one in said if one.frame not in known] + self.prompts
        self._let_go()

    def _let_go(self) -> None:
        del self.prompts[1 : 1 + max(0, len(self.prompts) - ANCHORS)]

    @abstractmethod
    def _pointers(self, frame: int) -> Iterable[Memory]:
        """What was followed, and is looked at by its pointer."""

    def _way(self, frame: int) -> int:
        """Where a run goes: it comes from its last prompt."""
        return 1 if frame > self.prompts[-1].frame else -1

    def _all_pointers(self, frame: int, anchors: Iterable[Memory]) -> list[tuple[int, Tensor]]:
        """Of anchors those that lie behind."""
        behind = [one for one in anchors if (frame - one.frame) * self._way(frame) >= 0]
        return [(abs(frame - one.frame), one.pointer) for one in (*behind, *self._pointers(frame))]

    def _nearest_prompts(self, frame: int) -> list[Memory]:
        """Those that are anchors for ``frame``: where not all may be, the nearest before it, the nearest from it on,
        and the nearest of the others (SAM 3)."""
        most = self.window.prompts
        if not most or len(self.prompts) <= most:
            return list(self.prompts)
        before = max((one for one in self.prompts if one.frame < frame), key=_frame_of, default=None)
        onward = min((one for one in self.prompts if one.frame >= frame), key=_frame_of, default=None)
        chosen = [one for one in (before, onward) if one is not None]
        others = [one for one in self.prompts if one is not before and one is not onward]
        others.sort(key=lambda one: abs(one.frame - frame))
        return chosen + others[: most - len(chosen)]

    def _recent_within(self, frame: int, reach: int) -> list[Memory]:
        return [one for one in self.recent if abs(frame - one.frame) <= reach]


@dataclass
class PlainBank(_Kept):
    """SAM 2's own rule: prompts, the features of the last 6 frames, the pointers of the last 15."""

    def recall(self, frame: int) -> Recall:
        anchors = self._nearest_prompts(frame)
        # A prompt that is no anchor now is remembered as what was followed is.
        taken = {one.frame for one in anchors}
        behind = [one for one in self.prompts if one.frame not in taken and self._just_behind(frame, one)]
        near = [*self._recent_within(frame, self.window.memories), *behind]
        near.sort(key=lambda one: abs(frame - one.frame), reverse=True)
        memories = [(0, one.features) for one in anchors]
        memories += [(abs(frame - one.frame), one.features) for one in near]
        return Recall([(at, it) for at, it in memories if it is not None], self._all_pointers(frame, self.prompts))

    def _just_behind(self, frame: int, one: Memory) -> bool:
        return 0 < (frame - one.frame) * self._way(frame) <= self.window.memories

    def _pointers(self, frame: int) -> Iterable[Memory]:
        return self._recent_within(frame, self.window.pointers - 1)

    def keep(self, memory: Memory, sight: Sight) -> None:
        self.recent.appendleft(memory)
        while len(self.recent) >= self.window.pointers:
            self.recent.pop()
        if len(self.recent) > self.window.memories:
            old = self.recent[self.window.memories]
            self.recent[self.window.memories] = replace(old, features=None)

    def copy(self) -> PlainBank:
        return replace(self, prompts=list(self.prompts), recent=deque(self.recent))

    def move(self, change: Callable[[Tensor], Tensor]) -> None:
        self.prompts = [one.move(change) for one in self.prompts]
        self.recent = deque(one.move(change) for one in self.recent)


EVERY = 5
"""Of what was followed longer ago, every so many frames are looked at."""
STRIDED = 10
"""That many of those are kept: more than can be looked at, as some are anchors too."""
DISTRACTED_ANCHORS = 3
SURE = 0.8
"""The expected IoU from which a mask may become an anchor."""
STEADY = (0.8, 1.2)
"""What share of its usual area an object must have for that; the usual one is the median of the last so many."""
USUAL_OF = 10


@dataclass
class DistractorAwareBank(_Kept):
    """DAM4SAM's rule, with the same weights: what was followed lately, where the object was to be seen, is for telling
    where it is; frames on which something that looks alike was told from it are kept as anchors.

    ``apart``: anchors of that kind, oldest first; ``visible``: the latest frames that showed the object, and
    ``strided``: every fifth of them, newest first; ``areas``: the latest ones, in pixels; ``began``: the last prompt's
    frame.
    """

    apart: list[Memory] = field(default_factory=list)
    visible: deque[Memory] = field(default_factory=lambda: deque(maxlen=2))
    strided: deque[Memory] = field(default_factory=lambda: deque(maxlen=STRIDED))
    areas: deque[int] = field(default_factory=lambda: deque(maxlen=USUAL_OF))
    began: int = 0

    def anchor(self, memory: Memory) -> None:
        super().anchor(memory)
        self.apart.clear()
        self.visible.clear()
        self.strided.clear()
        self.areas.clear()
        self.began = memory.frame

    def recall(self, frame: int) -> Recall:
        apart = self._apart_at(frame)
        anchors = [*self._nearest_prompts(frame), *apart]
        slots = max(1, self.window.memories - (len(anchors) - 1))
        memories = [(0, one.features) for one in anchors]
        memories += [(place, one.features) for place, one in enumerate(self._followed(apart)[:slots], start=1)]
        pointers = self._all_pointers(frame, [*self.prompts, *apart])
        return Recall([(at, it) for at, it in memories if it is not None], pointers)

    def _apart_at(self, frame: int) -> list[Memory]:
        """The last frame is always one that was followed, also where it is an anchor."""
        return [one for one in self.apart if abs(frame - one.frame) > 1][-DISTRACTED_ANCHORS:]

    def _followed(self, apart: list[Memory]) -> list[Memory]:
        """The latest frame that showed the object, then every fifth before it; newest first."""
        anchored = {one.frame for one in apart}
        latest = [one for one in self.visible if one.frame not in anchored][:1]
        met = anchored.union(one.frame for one in latest)
        return latest + [one for one in self.strided if one.frame not in met]

    def _pointers(self, frame: int) -> Iterable[Memory]:
        anchored = {one.frame for one in self._apart_at(frame)}
        return [one for one in self._recent_within(frame, self.window.pointers - 1) if one.frame not in anchored]

    def keep(self, memory: Memory, sight: Sight) -> None:
        if sight.area == 0:
            return
        self.areas.append(sight.area)
        if self._may_anchor(memory, sight) and sight.distracted():
            self.apart = [*self.apart, memory][-(DISTRACTED_ANCHORS + 1) :]
        self.recent.appendleft(replace(memory, features=None))
        while len(self.recent) >= self.window.pointers:
            self.recent.pop()
        self.visible.appendleft(memory)
        if (memory.frame - self.began) % EVERY == 0:
            self.strided.appendleft(memory)

    def _may_anchor(self, memory: Memory, sight: Sight) -> bool:
        last = self.apart[-1].frame if self.apart else None
        share = sight.area / float(np.median(self.areas))
        return (
            sight.quality > SURE
            and len(self.areas) > 1
            and STEADY[0] <= share <= STEADY[1]
            and (last is None or abs(memory.frame - last) > EVERY)
        )

    def copy(self) -> DistractorAwareBank:
        return replace(
            self,
            prompts=list(self.prompts),
            recent=deque(self.recent),
            apart=list(self.apart),
            visible=deque(self.visible, maxlen=2),
            strided=deque(self.strided, maxlen=STRIDED),
            areas=deque(self.areas, maxlen=USUAL_OF),
        )

    def move(self, change: Callable[[Tensor], Tensor]) -> None:
        self.prompts = [one.move(change) for one in self.prompts]
        self.recent = deque(one.move(change) for one in self.recent)
        self.apart = [one.move(change) for one in self.apart]
        self.visible = deque((one.move(change) for one in self.visible), maxlen=2)
        self.strided = deque((one.move(change) for one in self.strided), maxlen=STRIDED)
