"""How an agent carries out runs: on this machine, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from tracking.protocol import Device, DeviceLoad, Leg, Start, VideoAccess
from tracking.session import Pictures, Step
from tracking.types import Frame, TrackingError

OpenVideo = Callable[[VideoAccess, Callable[[], bool]], AbstractContextManager[Pictures]]
"""Brings a video to where it is read; gives up with TrackingError once the callable says that nobody waits."""

STALLED_AFTER_S = 60.0
"""A run that should get on and hasn't for so long has stalled."""


class Unreachable(TrackingError):
    """What is to carry runs out isn't there for now."""


def one_frame(open_video: OpenVideo, video: VideoAccess, number: int, cancelled: Callable[[], bool]) -> Frame:
    """A single frame of a video. Raises TrackingError when it can't be had, or ``cancelled`` says that nobody waits."""
    with open_video(video, cancelled) as pictures:
        frames = pictures.walk(number, "forward")
        try:
            picture = next(frames, None)
        finally:
            frames.close()
    if picture is None or picture.number != number:
        raise TrackingError(f"Frame {number} can't be decoded. Choose another one.")
    return picture


class Sink(Protocol):
    """Who hears of one run, in the thread that carries it out."""

    def stepped(self, step: Step) -> None:
        """A step's results. It may block, which holds the run back."""
        ...

    def done(self) -> None:
        """Every leg has ended."""
        ...

    def failed(self, message: str, detail: str) -> None:
        """The run can't go on: a sentence for the person, a traceback for the log."""
        ...

    def lost(self, message: str) -> None:
        """What carried the run out is gone, and the run begins again from what is stored. ``message``: what happened,
        for the person."""
        ...


class Engine(Protocol):
    """Carries out runs. No method blocks; what an unknown run is asked for is ignored.

    ``runs_at_once``: further ones wait for their turn, in the order they came.
    """

    @property
    def runs_at_once(self) -> int: ...

    def devices(self) -> list[Device]:
        """What it computes with; machines of a cluster come and go."""
        ...

    def loads(self, *, cpu: float) -> list[DeviceLoad]:
        """How busy these are, in their order. ``cpu``: the share of this machine's cores that is in use, in [0, 1]."""
        ...

    def start(self, run: Start, sink: Sink) -> None:
        """Begin a run; one of the same id is stopped first."""
        ...

    def correct(self, run: str, name: str, legs: Sequence[Leg]) -> None:
        """Replace all legs of the object ``name`` by ``legs`` (none: drop it), before the run's next model step."""
        ...

    def extend(
        self,
        run: str,
        way: Literal["forward", "backward"],
        last: int,
        objects: Sequence[str] | None,
        *,
        search: bool = False,
    ) -> None:
        """Let unfinished legs in a direction end on the frame ``last``; ``objects``: whose, None: everybody's."""
        ...

    def stop(self, run: str) -> None:
        """End a run within one model step, without a word to its sink. One that hangs in a step is abandoned soon, and
        keeps no other from its turn."""
        ...

    def stalled(self) -> dict[str, float]:
        """Runs that have not got on for ``STALLED_AFTER_S`` or longer, and for how many seconds. One that waits for its
        turn, or is held back by its sink, has no need to."""
        ...

    def hanging_s(self) -> float:
        """For how many seconds a thread has hung: that of a run that should get on, or, while no other run is at work,
        that of one that was abandoned. 0 when none does."""
        ...

    def close(self) -> None:
        """Stop everything."""
        ...
