"""What an agent was asked about clicks: nobody else gets its answers, and whoever waits when it goes is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from annotator.announce.messages import SmartAnswer
from annotator.announce.notices import SmartNotice
from tracking.protocol import Segment, Segmented, prompt_row
from tracking.shapes.checks import Picture, check_geometry
from tracking.shapes.chunks import Kind
from tracking.shapes.payloads import single

MOST_OPEN = 10_000
"""Connections that wait for one agent; those that asked longest ago are forgotten."""
ENDS = ("ready", "answered", "failed")


@dataclass(frozen=True, slots=True)
class _Open:
    layer: int
    request: int
    frame: int
    picture: Picture


class Questions:
    """The newest open question of each connection that asked this agent."""

    def __init__(self, publish: Callable[[SmartNotice], None]) -> None:
        self._publish = publish
        self._open: dict[str, _Open] = {}

    def put(self, layer: int, asked: Segment) -> None:
        """The agent is asked this now, instead of what the same connection asked before."""
        self._open.pop(asked.reader, None)
        picture = Picture(asked.video.width, asked.video.height)
        self._open[asked.reader] = _Open(layer, asked.request, asked.frame, picture)
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]

    def answer(self, told: Segmented) -> None:
        """Pass on what an agent says, if it was asked.

        Raises:
            ValueError: what it says is no mask of that frame.
        """
        asked = self._open.get(told.reader)
        if asked is None or asked.request != told.request:
            return
        if told.table:
            row = prompt_row(told.table)
            if row.kind != Kind.MASK or row.frame != asked.frame:
                raise ValueError(f"An answer to clicks is a mask of frame {asked.frame}; something else came.")
            check_geometry(single(row), asked.picture)
        if told.stage in ENDS:
            del self._open[told.reader]
        answer = SmartAnswer.model_validate(told.model_dump(exclude={"type", "reader"}))
        self._publish(SmartNotice(layer=asked.layer, connection=told.reader, answer=answer))

    def give_up(self) -> None:
        """The agent is gone."""
        for reader, asked in self._open.items():
            answer = SmartAnswer(
                request=asked.request,
                stage="failed",
                message="The machine that answers clicks has lost its connection. Click again.",
            )
            self._publish(SmartNotice(layer=asked.layer, connection=reader, answer=answer))
        self._open.clear()
