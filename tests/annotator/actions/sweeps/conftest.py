from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from annotator.actions.edits.apply import apply_edit
from annotator.actions.runs.store import EndedLeg, PredictedRow, store_predictions
from annotator.actions.sweeps.advance import advance
from annotator.actions.sweeps.begin import SweepIn, begin_sweep
from annotator.actions.sweeps.steps import take_step
from annotator.announce.messages import FindOptions
from annotator.models import Layer, ProxyState, Run, RunState, Sweep, SweptVideo, User, Video, VideoState
from tests.annotator.desk import Desk
from tests.annotator.worlds import World, create, edit, keyframe, predicted, put


@dataclass
class Sweeping:
    """What managers ask for and agents are told, with verbs."""

    desk: Desk
    commit: Callable[..., AbstractContextManager[Any]]

    @property
    def world(self) -> World:
        return self.desk.world

    @property
    def manager(self) -> User:
        return self.world.people["manager"]

    def add_video(self, name: str, frames: int = 100, *, drawn: bool = True) -> Video:
        """``drawn``: it has a track with a keyframe on frame 0."""
        video = Video.objects.create(
            project=self.world.project,
            name=name,
            state=VideoState.READY,
            proxy_state=ProxyState.READY,
            width=1280,
            height=720,
            frame_count=frames,
            fps=25,
        )
        layer = Layer.objects.create(video=video)
        if drawn:
            track = uuid4()
            change = edit(create(track, self.world.car), put(track, [keyframe(0)]))
            apply_edit(user=self.manager, layer_id=layer.pk, edit=change)
        return video

    def begin(self, videos: Sequence[Video] = (), **fields: Any) -> Sweep:
        keys = [video.pk for video in videos] or [self.world.video.pk]
        chosen = {"pipeline": "continue", "model": "framewise-cf", "destination": "main", "last": 99, **fields}
        wanted = SweepIn(id=uuid4(), videos=keys, **chosen)
        with self.commit(execute=True):
            return begin_sweep(user=self.manager, project=self.world.project, wanted=wanted)

    def find(self, videos: Sequence[Video], **fields: Any) -> Sweep:
        find = FindOptions(finder="spotting", every=5, labels={"car": self.world.car.pk})
        return self.begin(videos, **{"pipeline": "find", "destination": "empty", "find": find, **fields})

    def step(self, sweep: Sweep, step: str) -> Sweep:
        with self.commit(execute=True):
            return take_step(by=self.manager, sweep=sweep, step=step)

    def end(self, run: Run, tracks: Sequence[UUID] | None = None, *, last: int = 99) -> None:
        """The agent does all that is left of a run."""
        with self.commit(execute=True):
            keys = [UUID(key) for key in Run.objects.get(pk=run.pk).objects_state] if tracks is None else tracks
            rows = [
                PredictedRow(track, 0, predicted(frame, frame))
                for track in keys
                for frame in range(self.head(run, track) + 1, last + 1)
            ]
            ended = [EndedLeg(track, "forward", 0) for track in keys]
            store_predictions(run_id=run.pk, rows=rows, ended=ended, done=True)

    def head(self, run: Run, track: UUID) -> int:
        legs = Run.objects.get(pk=run.pk).objects_state[str(track)]["legs"]
        return int(legs[0]["at"] if legs[0]["at"] is not None else legs[0]["origin"])

    def advance(self) -> None:
        with self.commit(execute=True):
            advance()

    def runs(self, sweep: Sweep, *states: RunState) -> list[Run]:
        runs = Run.objects.filter(swept__sweep=sweep).order_by("created_at")
        return list(runs.filter(state__in=states) if states else runs)

    def states(self, sweep: Sweep) -> list[str]:
        return list(sweep.videos.values_list("state", flat=True))

    def only(self, sweep: Sweep) -> SweptVideo:
        return sweep.videos.select_related("layer", "video").get()


@pytest.fixture
def sweeping(
    desk: Desk,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Sweeping]:
    monkeypatch.setenv("FRAMEWISE_EXTRA_FINDERS", "tests.tracking.fakes:FINDERS")
    yield Sweeping(desk, django_capture_on_commit_callbacks)
