from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from annotator.actions.runs import ask, store
from annotator.actions.runs.store import EndedLeg, PredictedRow
from annotator.announce.messages import PromptIn, RunCorrect, RunExtend, RunStart, RunStop
from annotator.announce.notices import AgentNotice, Notice
from annotator.models import Run
from tests.annotator.worlds import World, predicted
from tracking.protocol import ToAgent

BOX = (10.0, 20.0, 40.0, 60.0)


class Desk:
    """What people ask for and agents are told, with verbs."""

    def __init__(self, world: World, notices: list[Notice]) -> None:
        self.world = world
        self.notices = notices

    def start(self, *tracks: UUID, by: str = "annotator", frame: int = 0, **fields: Any) -> Run:
        prompts = [PromptIn(track=track, frame=frame) for track in tracks]
        start = RunStart(id=uuid4(), prompts=prompts, **{"first": 0, "last": 99, **fields})
        return ask.start_run(user=self.world.people[by], layer_id=self.world.layer.pk, start=start)

    def correct(self, run: Run, track: UUID, frame: int) -> None:
        correct = RunCorrect(run=run.pk, track=track, frame=frame)
        ask.correct_run(user=self.world.annotator, correct=correct)

    def extend(self, run: Run, last: int, first: int = 0) -> None:
        ask.extend_run(user=self.world.annotator, extend=RunExtend(run=run.pk, first=first, last=last))

    def stop(self, run: Run, *tracks: UUID) -> None:
        ask.stop_run(user=self.world.annotator, stop=RunStop(run=run.pk, tracks=list(tracks) or None))

    def predict(
        self, run: Run, track: UUID, first: int, last: int, *, epoch: int = 0, done: bool = False, by: float = 0
    ) -> None:
        """Store boxes that move with the frames, ``by`` px beside that."""
        step = 1 if first <= last else -1
        rows = [PredictedRow(track, epoch, predicted(frame, frame + by)) for frame in range(first, last + step, step)]
        ended = [EndedLeg(track, "forward" if step > 0 else "backward", epoch)] if done else []
        store.store_predictions(run_id=run.pk, rows=rows, ended=ended, done=done)

    def told(self, kind: type[ToAgent] | None = None) -> list[Any]:
        """What agents were told, of one kind."""
        messages = [notice.message for notice in self.notices if isinstance(notice, AgentNotice)]
        return [message for message in messages if kind is None or isinstance(message, kind)]
