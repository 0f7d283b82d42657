"""What has to be so before a machine is asked to look at a frame of a video, at once and for one person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from annotator.actions.agents import agent_for
from annotator.actions.errors import ActionError
from annotator.models import Agent, Video, VideoState
from tracking.types import TrackingError

Entry = TypeVar("Entry")


def require_frame(video: Video, frame: int, *, who_needs: str) -> None:
    """Raises ActionError where the video can't be looked at on that frame. ``who_needs``: "A preview needs"."""
    if video.state != VideoState.READY:
        raise ActionError(f"{who_needs} a video that is ready; this one isn't yet.")
    if not 0 <= frame < video.frame_count:
        raise ActionError(f"The video has frames 0..{video.frame_count - 1}; {frame} came.")


def entry_of(find: Callable[[str], Entry], model: str) -> Entry:
    """What the catalogue says of a model. Raises ActionError where it doesn't know it."""
    try:
        return find(model)
    except TrackingError as error:
        raise ActionError(str(error)) from error


def machine_for(video: Video, kind: Literal["segmenters", "finders"], model: str, *, otherwise: str) -> Agent:
    """As ``agent_for``. Raises ActionError with the words ``otherwise`` where there is none."""
    agent = agent_for(video, kind, model)
    if agent is None:
        raise ActionError(otherwise)
    return agent
