"""Looks at single frames for an agent, beside its runs, so that people see what a finder would find before they let it,
and what any model does: one thread, one preview after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from tracking import catalog
from tracking.asked import InTurn, give_memory_back
from tracking.engine import OpenVideo, one_frame
from tracking.finding import are_same
from tracking.protocol import MOST_SEEN, Preview, Previewed, PreviewStage, SeenObject, prompt_text
from tracking.segmenter import Segmenter
from tracking.shapes.values import bounds_of
from tracking.tracker import Tracker
from tracking.trying import Meant, Tried, begin_with, cut_out, follow, picture_of
from tracking.types import Box, Click, Frame, TrackingError
from tracking.warm import Warm, used_by

IDLE_S = 600.0
"""What nobody looked with for so long leaves memory; it comes back with the next preview."""

MOST_NOTES, LONGEST_NOTE = 20, 1000

Tell = Callable[[Previewed], None]
"""Takes what is told of a preview, in the thread that looks."""

Sight = tuple[str, float, Box]
"""Class, confidence in [0, 1], and box in px of the frame."""

Look = Callable[[Frame], Sequence[Sight]]
"""All that is on a frame, in any order."""


def open_look(finder: str, confidence: float, words: Sequence[str] = ()) -> Look:
    """What looks with ``finder`` for all classes that it knows, or for ``words``. What is less sure than ``confidence``
    is left, where the finder can be told; each box counts, also those that show one object under two names.

    Raises:
        TrackingError: there is no such finder, or it lacks something.
    """
    entry = catalog.find_finder(finder)
    if entry.factory:
        found = catalog.create_finder(finder, classes=entry.classes)
        return lambda frame: [(one.label, one.confidence, bounds_of(one.shape)) for one in found.find(frame, ())]
    known = "confidence" in catalog.find_detector(finder).settings
    settings: dict[str, object] = {"confidence": confidence} if known else {}
    detector = catalog.create_detector(finder, classes=words, **settings)
    return lambda frame: [(one.label, one.confidence, one.box) for one in detector.detect([frame])[0]]


@dataclass(eq=False, slots=True)
class _Asked:
    request: Preview
    tell: Tell

    def say(self, stage: PreviewStage, **more: object) -> None:
        self.tell(Previewed.model_validate({"preview": self.request.preview, "stage": stage, **more}))


class Previews(InTurn[_Asked]):
    """Answers ``Preview`` requests. ``ask``, ``drop`` and ``close`` may be called from any thread, and don't block.

    Args:
        open_video: as of an engine.
        open_look: makes what looks, by a finder's id, the least confidence and words; the last one is kept for the
            next preview.
        create, create_segmenter: make what follows, and what cuts out, by their ids.
        warm: where the finders' networks stay; None: they are its own.
    """

    def __init__(
        self,
        open_video: OpenVideo,
        *,
        open_look: Callable[[str, float, Sequence[str]], Look] = open_look,
        create: Callable[[str], Tracker] = catalog.create,
        create_segmenter: Callable[[str], Segmenter] = catalog.create_segmenter,
        warm: Warm | None = None,
    ) -> None:
        super().__init__("previews")
        self._open_video = open_video
        self._open_look = open_look
        self._create = create
        self._create_segmenter = create_segmenter
        self._warm = warm
        if warm is not None:
            warm.when_gone(self.forget)
        self._look: tuple[tuple[str, float, tuple[str, ...]], Look] | None = None
        self._used = 0.0
        self._dropped: str | None = None
        self._at_work: str | None = None

    def ask(self, request: Preview, tell: Tell) -> None:
        """Look once those that were asked before are done."""
        self._put(request.preview, _Asked(request, tell))

    def drop(self, preview: str) -> None:
        """Nobody waits for it: nothing more is told of it."""
        with self._changed:
            if self._line.pop(preview, None) is None and self._at_work == preview:
                self._dropped = preview

    # -------------------------------------------------------------- in the thread

    def _fail(self, asked: _Asked, message: str) -> None:
        self._say(asked, "failed", message=message)

    def _who(self, asked: _Asked) -> str:
        request = asked.request
        return f"The {'detector' if request.task == 'find' else 'model'} {request.model}"

    def _took(self, key: str | None) -> None:
        self._at_work, self._dropped = key, None

    def _until_idle(self) -> float | None:
        """Seconds until what looks is idle; None: nothing is loaded."""
        return None if self._look is None else max(self._used + IDLE_S - monotonic(), 0.0)

    def _let_go(self) -> None:
        """Free what looked last, if nobody has looked for a while, or its model is to leave."""
        if self._look is not None and (self._look[0][0] in self._unwanted or self._until_idle() == 0):
            self._free()

    def _free(self) -> None:
        self._look = None
        give_memory_back()

    def _answer(self, asked: _Asked) -> None:
        with used_by(self._warm, "previews", asked.request.model):
            self._answer_now(asked)

    def _answer_now(self, asked: _Asked) -> None:
        request = asked.request
        self._say(asked, "fetching")
        picture = self._picture(request)
        self._say(asked, "looking")
        if request.task == "find":
            self._find(asked, picture)
            return
        tried = self._click(request, picture) if request.task == "click" else self._follow(asked, picture)
        shapes = [prompt_text(row) for row in tried.rows]
        notes = [note[:LONGEST_NOTE] for note in tried.notes[:MOST_NOTES]]
        self._say(asked, "done", shapes=shapes, notes=notes, seconds=round(tried.seconds, 3))

    def _picture(self, request: Preview) -> Frame:
        if request.video is None:
            return picture_of(request.picture)
        return one_frame(self._open_video, request.video, request.frame, partial(self._is_dropped, request.preview))

    def _click(self, request: Preview, picture: Frame) -> Tried:
        return cut_out(self._create_segmenter(request.model), picture, _meant(request))

    def _follow(self, asked: _Asked, picture: Frame) -> Tried:
        request = asked.request
        video = request.video
        if video is None:
            raise TrackingError("A model follows objects through a video; a picture has no next frame. Choose a video.")
        segmenter = partial(self._create_segmenter, request.segmenter) if request.segmenter else None
        shape, notes = begin_with(picture, _meant(request), catalog.find(request.model).prompts, segmenter)
        dropped = partial(self._is_dropped, request.preview)
        tried = follow(
            lambda: self._open_video(video, dropped),
            partial(self._create, request.model),
            shape,
            request.frame,
            min(request.last, video.frame_count - 1),
            got_on=lambda: self._say(asked, "looking"),
            cancelled=dropped,
        )
        if request.last >= video.frame_count:
            notes += (f"The video ends with frame {video.frame_count - 1}.",)
        return replace(tried, notes=notes + tried.notes)

    def _find(self, asked: _Asked, picture: Frame) -> None:
        request = asked.request
        look = self._looking(request.model, request.confidence, tuple(request.words))
        if self._is_dropped(request.preview):
            return
        began = monotonic()
        seen = [sight for sight in look(picture) if sight[1] >= request.confidence]
        seconds = monotonic() - began
        told = seen_objects(seen)
        self._say(asked, "done", seen=told, left_out=len(seen) - len(told), seconds=round(seconds, 3))

    def _looking(self, finder: str, confidence: float, words: tuple[str, ...]) -> Look:
        key = (finder, confidence, words)
        if self._look is None or self._look[0] != key:
            if self._look is not None:
                self._free()
            self._look = (key, self._open_look(finder, confidence, words))
        self._used = monotonic()
        return self._look[1]

    def _say(self, asked: _Asked, stage: PreviewStage, **more: object) -> None:
        if not self._is_dropped(asked.request.preview):
            asked.say(stage, **more)

    def _is_dropped(self, preview: str) -> bool:
        with self._changed:
            return self._closed or self._dropped == preview


def _meant(request: Preview) -> Meant:
    clicks = tuple(Click(click.x, click.y, click.positive) for click in request.clicks)
    return Meant(clicks, None if request.box is None else Box(*request.box))


def seen_objects(seen: Sequence[Sight]) -> list[SeenObject]:
    """As a preview tells them: the surest ``MOST_SEEN``, each with those before it that show the same object."""
    ordered = sorted(seen, key=lambda sight: -sight[1])[:MOST_SEEN]
    boxes = [box for _, _, box in ordered]
    return [
        SeenObject(
            label=label,
            confidence=min(max(float(confidence), 0.0), 1.0),
            box=(box.x1, box.y1, box.x2, box.y2),
            same=[before for before in range(index) if are_same(box, boxes[before])],
        )
        for index, (label, confidence, box) in enumerate(ordered)
    ]
