"""Models tried on a frame: a machine that somebody names shows what it makes of it. Nothing of that comes into a
layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal
from uuid import UUID

from django.db.models import Q, QuerySet

from annotator.actions.errors import ActionError
from annotator.actions.looking import entry_of, require_frame
from annotator.actions.previews import ask_machine, check_words, require_new
from annotator.media.agent_access import video_access
from annotator.models import Agent, Preview, User, Video, VideoState, Workspace
from annotator.offers import finder_for
from tracking import catalog, protocol

Task = Literal["find", "click", "follow"]
LISTED: dict[Task, str] = {"follow": "models", "find": "finders", "click": "segmenters"}
"""Where an agent's info lists what it can run."""


def begin_try(
    *,
    by: User,
    agent: Agent,
    workspace: Workspace,
    preview_id: UUID,
    model: str,
    video: Video | None,
    frame: int,
    picture: str = "",
    confidence: float = 0.0,
    words: Sequence[str] = (),
    clicks: Sequence[protocol.ClickAt] = (),
    box: tuple[float, float, float, float] | None = None,
    frames: int = 8,
) -> Preview:
    """Ask a machine to try a model on a frame.

    Args:
        by: their right to annotate in the workspace, and the machine's to work for it, have been checked.
        video: of the workspace; None: ``picture`` is looked at, a file in base64.
        confidence: in [0, 1]; objects that are found less surely are left.
        words: what a finder looks for that looks by a word; of others none.
        clicks, box: in px of the frame: what is cut out or followed.
        frames: an object is followed over so many frames behind this one.

    Raises:
        ActionError: it can't be asked.
    """
    require_new(preview_id)
    if (video is None) == (not picture):
        raise ActionError("A model is tried on a frame of a video, or on a picture. Choose one of them.")
    if video is not None:
        require_frame(video, frame, who_needs="A try needs")
    task = _task(agent, workspace, model, words)
    _check_meant(task, picture=bool(picture), meant=bool(clicks) or box is not None)
    asked = protocol.Preview(
        preview=str(preview_id),
        task=task,
        model=model,
        video=None if video is None else video_access(video, agent),
        picture=picture,
        frame=0 if video is None else frame,
        confidence=confidence if task == "find" else 0.0,
        words=list(words),
        clicks=list(clicks),
        box=box,
        last=frame + frames,
        segmenter=_segmenter_on(agent) if task == "follow" else "",
    )
    return ask_machine(by=by, agent=agent, asked=asked, video=video, workspace=workspace)


def videos_with(workspace: Workspace, words: str) -> QuerySet[Video]:
    """The videos of a workspace that a model can be tried on, the newest first: those with ``words`` in their name or
    their project's."""
    ready = Video.objects.filter(
        project__workspace=workspace, project__archived_at=None, state=VideoState.READY
    ).select_related("project")
    for word in words.split():
        ready = ready.filter(Q(name__icontains=word) | Q(project__name__icontains=word))
    return ready.order_by("-pk")


def _task(agent: Agent, workspace: Workspace, model: str, words: Sequence[str]) -> Task:
    """What the model does. Raises ActionError where the machine can't try it."""
    if not agent.connected:
        raise ActionError(f"{agent} is away. Try the model on another machine, or when it is back.")
    if agent.resting:
        raise ActionError(f"{agent} is in maintenance and takes nothing new. Try the model on another machine.")
    task = next((task for task, listed in LISTED.items() if model in agent.info.get(listed, ())), None)
    if task is None:
        raise ActionError(f"{catalog.name_of(model)} isn't ready on {agent}. Get it there first.")
    if task == "find":
        check_words(entry_of(partial(finder_for, workspace.pk), model), words)
    return task


def _check_meant(task: Task, *, picture: bool, meant: bool) -> None:
    if task == "follow" and picture:
        raise ActionError("This model follows objects through a video; a picture has no next frame. Choose a video.")
    if task != "find" and not meant:
        raise ActionError("Say what is meant: click on an object, or drag a box around it.")


def _segmenter_on(agent: Agent) -> str:
    """What cuts objects out on a machine; empty: nothing."""
    ready = agent.info.get("segmenters", ())
    return catalog.DEFAULT_SEGMENTER if catalog.DEFAULT_SEGMENTER in ready else next(iter(ready), "")
