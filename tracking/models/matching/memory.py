"""What is remembered of one object: cells that belong to it, cells around it, and what tells them apart."""

from __future__ import annotations

from collections import deque
from copy import copy

import torch
from torch import Tensor

OBJECT_CELLS, OTHER_CELLS = 700, 900
"""Cells that are kept of one frame: of the object, and of what is around it."""
RECENT_FRAMES = 4
EVERY = 4
"""Of so many frames one is remembered for a while."""
PERMANENT_CELLS = 4 * (OBJECT_CELLS + OTHER_CELLS)
"""Cells kept for ever, of all prompts together; prompts share them."""
NEAREST = 8
"""Remembered cells that say what a cell is."""
SHARPNESS = 0.05
"""How quickly a remembered cell counts less as it is less alike."""
STIFFNESS = 0.02
"""What keeps the classifier from learning single cells by heart (ridge regression)."""
CLASSIFIER_WEIGHT = 2.0
"""How much the classifier counts beside what cells are like."""
NEVER = 0.02
"""Likeness alone is no surer than this that a cell is, or isn't, the object's."""
FADING = 0.9
"""What is left of what the classifier learnt of earlier frames, per frame."""


class Samples:
    """Cells of one frame: ``features`` (N, C), and to which part each is the object's, ``labels`` (N,)."""

    def __init__(self, features: Tensor, labels: Tensor) -> None:
        self.features, self.labels = features, labels

    @classmethod
    def of(cls, features: Tensor, labels: Tensor) -> Samples:
        """As many cells as are kept, spread evenly."""
        inside, outside = torch.nonzero(labels > 0.5)[:, 0], torch.nonzero(labels <= 0.5)[:, 0]
        kept = torch.cat([_spread(inside, OBJECT_CELLS), _spread(outside, OTHER_CELLS)])
        return cls(features[kept], labels[kept])

    def thinned(self, most: int) -> Samples:
        kept = _spread(torch.arange(len(self.labels)), most)
        return Samples(self.features[kept], self.labels[kept])


def _spread(numbers: Tensor, most: int) -> Tensor:
    """At most so many of ``numbers``, evenly spread."""
    if len(numbers) <= most:
        return numbers
    return numbers[torch.linspace(0, len(numbers) - 1, most).round().long()]


class Classifier:
    """Ridge regression from features to +1 (the object) and -1, object and surroundings weighing the same."""

    def __init__(self, channels: int) -> None:
        size = channels + 1
        self._permanent = torch.zeros(size, size), torch.zeros(size)
        self._recent = torch.zeros(size, size), torch.zeros(size)
        self._weights: Tensor | None = None

    def learn(self, features: Tensor, labels: Tensor, *, permanent: bool) -> None:
        """Cells (N, C) and to which part they are the object's (N,)."""
        inputs = _with_one(features)
        weights = labels / labels.sum().clamp_min(1) + (1 - labels) / (1 - labels).sum().clamp_min(1)
        weighed = inputs * weights[:, None]
        products, sums = weighed.T @ inputs, weighed.T @ (2 * labels - 1)
        if permanent:
            self._permanent = self._permanent[0] + products, self._permanent[1] + sums
        else:
            self._recent = (
                FADING * self._recent[0] + (1 - FADING) * products,
                FADING * self._recent[1] + (1 - FADING) * sums,
            )
        self._weights = None

    def learn_from(self, other: Classifier) -> None:
        """Take over what another one learnt for ever."""
        self._permanent = self._permanent[0] + other._permanent[0], self._permanent[1] + other._permanent[1]
        self._weights = None

    def forget_recent(self) -> None:
        self._recent = torch.zeros_like(self._recent[0]), torch.zeros_like(self._recent[1])
        self._weights = None

    def __call__(self, features: Tensor) -> Tensor:
        """(N, C) -> (N,): about +1 for the object's cells, -1 for others."""
        if self._weights is None:
            products, sums = (a + b for a, b in zip(self._permanent, self._recent, strict=True))
            self._weights = torch.linalg.solve(products + STIFFNESS * torch.eye(len(sums)), sums)
        return _with_one(features) @ self._weights


def _with_one(features: Tensor) -> Tensor:
    return torch.cat([features, torch.ones(len(features), 1)], dim=1)


class Memory:
    """Of one object. Its size doesn't grow with the frames that were seen."""

    def __init__(self, channels: int) -> None:
        self.classifier = Classifier(channels)
        self._prompts: list[Samples] = []
        self._recent: deque[Samples] = deque(maxlen=RECENT_FRAMES)
        self._since = 0

    @property
    def size(self) -> int:
        """Cells that are kept."""
        return sum(len(samples.labels) for samples in (*self._prompts, *self._recent))

    def anchor(self, features: Tensor, labels: Tensor) -> None:
        """Remember a prompt for ever, and forget what was made of earlier ones: it may have been wrong."""
        self.forget_recent()
        self.classifier.learn(features, labels, permanent=True)
        self._keep([*self._prompts, Samples.of(features, labels)])

    def learn_from(self, other: Memory) -> None:
        """Take over the prompts of another memory of the same object."""
        self.classifier.learn_from(other.classifier)
        self._keep([*other._prompts, *self._prompts])

    def _keep(self, prompts: list[Samples]) -> None:
        share = PERMANENT_CELLS // len(prompts)
        self._prompts = [samples.thinned(share) for samples in prompts]

    def of_prompts(self) -> Memory:
        """The same without what was found on the way. Neither changes the other."""
        other = copy(self)
        other.classifier, other._prompts = copy(self.classifier), list(self._prompts)
        other._recent = deque(maxlen=RECENT_FRAMES)
        other.forget_recent()
        return other

    def forget_recent(self) -> None:
        """Keep prompts alone: what was found lately may have been something else."""
        self._recent.clear()
        self._since = 0
        self.classifier.forget_recent()

    def learn(self, features: Tensor, labels: Tensor) -> None:
        """What was found on a frame and is believed."""
        self.classifier.learn(features, labels, permanent=False)
        self._since += 1
        if self._since % EVERY == 0:
            self._recent.append(Samples.of(features, labels))

    def evidence(self, features: Tensor) -> Tensor:
        """(N, C) -> (N,): log-odds that cells are the object's, by what they are like and by what tells it apart."""
        matched = self.match(features).clamp(NEVER, 1 - NEVER)
        return torch.logit(matched) + CLASSIFIER_WEIGHT * self.classifier(features)

    def match(self, features: Tensor) -> Tensor:
        """(N, C) -> (N,) in [0, 1]: to which part what is most like a cell was the object's."""
        known = [*self._prompts, *self._recent]
        remembered = torch.cat([samples.features for samples in known])
        labels = torch.cat([samples.labels for samples in known])
        alike, which = (features @ remembered.T).topk(min(NEAREST, len(labels)), dim=1)
        return (torch.softmax(alike / SHARPNESS, dim=1) * labels[which]).sum(dim=1)
