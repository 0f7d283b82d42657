"""Answers clicks for an agent, beside its runs: one thread, one request after the other, of each reader the newest.

What was seen of a frame is kept, bounded in bytes, for everybody who clicks on it with the same model.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from tracking import catalog
from tracking.asked import InTurn, Superseded, give_memory_back
from tracking.engine import OpenVideo, one_frame
from tracking.protocol import Segment, Segmented, SegmentStage, prompt_row, prompt_text
from tracking.segmenter import Click, Embedding, Segmenter
from tracking.segmenter import Segmented as Answer
from tracking.segmenting import Answers
from tracking.shapes.chunks import Flag
from tracking.shapes.payloads import row_of, shape_of
from tracking.types import Box, Mask, TrackingError
from tracking.warm import Warm, used_by

KEPT_BYTES = 512 * 2**20
"""What was seen of frames, together; the newest is kept whatever it takes."""
IDLE_S = 3600.0
"""A model that nobody clicked with for so long leaves memory; it comes back with the next click."""

log = logging.getLogger("framewise.agent")

Tell = Callable[[Segmented], None]
"""Takes what a reader is told, in the thread that answers."""


@dataclass(eq=False, slots=True)
class _Seen:
    """A frame as a model has seen it, and the answers that were given on it."""

    embedding: Embedding
    answers: Answers = field(default_factory=Answers)

    @property
    def nbytes(self) -> int:
        return self.embedding.nbytes + self.answers.nbytes


@dataclass(eq=False, slots=True)
class _Asked:
    request: Segment
    tell: Tell

    def say(self, stage: SegmentStage, **more: object) -> None:
        self.tell(
            Segmented.model_validate(
                {"reader": self.request.reader, "request": self.request.request, "stage": stage, **more}
            )
        )


class Smart(InTurn[_Asked]):
    """Answers ``Segment`` requests. ``ask`` and ``close`` may be called from any thread, and don't block.

    Args:
        open_video: as of an engine.
        create: makes a segmenter by its id; called once for each.
        kept_bytes: how much of what was seen is kept.
        warm: where the segmenters' networks stay; None: they are its own.
    """

    def __init__(
        self,
        open_video: OpenVideo,
        *,
        create: Callable[[str], Segmenter] = catalog.create_segmenter,
        kept_bytes: int = KEPT_BYTES,
        warm: Warm | None = None,
    ) -> None:
        super().__init__("clicks")
        self._open_video = open_video
        self._create = create
        self._kept_bytes = kept_bytes
        self._warm = warm
        if warm is not None:
            warm.when_gone(self.forget)
        self._segmenters: dict[str, Segmenter] = {}
        self._used: dict[str, float] = {}
        self._seen: OrderedDict[tuple[str, str, int], _Seen] = OrderedDict()

    def ask(self, request: Segment, tell: Tell) -> None:
        """Answer a request once those of others that came before it are; an older one of its reader is dropped."""
        # It keeps its reader's place in the line.
        self._put(request.reader, _Asked(request, tell))

    # -------------------------------------------------------------- in the thread

    def _fail(self, asked: _Asked, message: str) -> None:
        asked.say("failed", message=message)

    def _who(self, asked: _Asked) -> str:
        return f"The model {asked.request.model}"

    def _until_idle(self) -> float | None:
        """Seconds until a model is idle; None: none is loaded."""
        return max(min(self._used.values()) + IDLE_S - monotonic(), 0.0) if self._used else None

    def _let_go(self) -> None:
        for model in [model for model, used in self._used.items() if self._goes(model, used)]:
            log.info("%s: what it saw leaves memory until somebody clicks.", model)
            del self._used[model], self._segmenters[model]
            for key in [key for key in self._seen if key[0] == model]:
                del self._seen[key]
        give_memory_back()

    def _goes(self, model: str, used: float) -> bool:
        return model in self._unwanted or monotonic() - used >= IDLE_S

    def _answer(self, asked: _Asked) -> None:
        with used_by(self._warm, "clicks", asked.request.model):
            self._answer_now(asked)

    def _answer_now(self, asked: _Asked) -> None:
        request = asked.request
        segmenter = self._segmenter(request.model)
        seen = self._look(asked, segmenter)
        if self._is_stale(asked):
            return
        if not request.clicks and request.box is None:
            asked.say("ready")
            return
        clicks = [Click(click.x, click.y, click.positive) for click in request.clicks]
        box = None if request.box is None else Box(*request.box)
        answer = seen.answers.of(segmenter, seen.embedding, clicks, box, _mask_of(request.base))
        asked.say("answered", table=_table(answer, request.frame), score=answer.score)

    def _segmenter(self, model: str) -> Segmenter:
        if model not in self._segmenters:
            self._segmenters[model] = self._create(model)
        self._used[model] = monotonic()
        return self._segmenters[model]

    def _look(self, asked: _Asked, segmenter: Segmenter) -> _Seen:
        """What the model sees of the frame, looked at unless that is kept."""
        request = asked.request
        key = (request.model, request.video.key, request.frame)
        seen = self._seen.get(key)
        if seen is None:
            asked.say("fetching")
            picture = one_frame(self._open_video, request.video, request.frame, lambda: self._is_stale(asked))
            if self._is_stale(asked):
                raise Superseded
            asked.say("looking")
            seen = self._seen[key] = _Seen(segmenter.embed(picture.image))
        self._seen.move_to_end(key)
        self._make_room()
        return seen

    def _is_stale(self, asked: _Asked) -> bool:
        """Whether its reader waits for something else by now."""
        with self._changed:
            return self._closed or asked.request.reader in self._line

    def _make_room(self) -> None:
        taken = sum(seen.nbytes for seen in self._seen.values())
        while taken > self._kept_bytes and len(self._seen) > 1:
            taken -= self._seen.popitem(last=False)[1].nbytes


def _mask_of(base: str) -> Mask | None:
    if not base:
        return None
    shape = shape_of(prompt_row(base))
    if not isinstance(shape, Mask):
        raise TrackingError(f"Clicks correct a mask; a {type(shape).__name__} came. Start without it.")
    return shape


def _table(answer: Answer, frame: int) -> str:
    if not answer.mask.area:
        return ""
    return prompt_text(row_of(answer.mask, frame, Flag.KEYFRAME, 1.0))
