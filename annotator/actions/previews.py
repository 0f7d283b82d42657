"""Previews: what a detector sees on one frame, or what another model makes of it, asked of a machine before objects are
found or followed in earnest. Nothing of it comes into a layer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.actions.looking import entry_of, machine_for, require_frame
from annotator.announce.publish import tell_agent
from annotator.media.agent_access import video_access
from annotator.models import Agent, Preview, PreviewState, User, Video, Workspace
from annotator.offers import finder_for
from tracking import catalog, protocol
from tracking.types import TrackingError
from tracking.words import checked_words

KEPT = timedelta(hours=1)
OF_ONE_PERSON = 8
"""So many of a person's are kept; the oldest goes with the next one."""
SILENT_S = 120.0
"""Nothing was heard of the machine that looks for so long: the person is told. Loading a model takes long."""
LOST = "The machine that looked has lost its connection. Preview again."
UNREADABLE = "The machine answered with something that is no shape. Update its agent, or try another machine."
SILENT = (
    f"Nothing was heard of the machine that looks for {SILENT_S:.0f} s. Preview again; if that doesn't help, look at "
    "the page Neural networks."
)


def begin_preview(
    *,
    by: User,
    video: Video,
    preview_id: UUID,
    finder: str,
    frame: int,
    confidence: float,
    words: Sequence[str] = (),
) -> Preview:
    """Ask a machine what is on a frame.

    Args:
        by: their right to annotate the video has been checked.
        confidence: in [0, 1]; what is less sure is left.
        words: what a finder looks for that looks by a word; of others none.

    Raises:
        ActionError: it can't be asked.
    """
    require_frame(video, frame, who_needs="A preview needs")
    require_new(preview_id)
    entry = entry_of(partial(finder_for, video.project.workspace_id), finder)
    check_words(entry, words)
    agent = machine_for(
        video,
        "finders",
        entry.id,
        otherwise=f"{entry.name} isn't ready on any connected machine. Get it on the page Neural networks, or choose "
        "another detector.",
    )
    asked = protocol.Preview(
        preview=str(preview_id),
        model=finder,
        video=video_access(video, agent),
        frame=frame,
        confidence=confidence,
        words=list(words),
    )
    return ask_machine(by=by, agent=agent, asked=asked, video=video)


def ask_machine(
    *, by: User, agent: Agent, asked: protocol.Preview, video: Video | None = None, workspace: Workspace | None = None
) -> Preview:
    """Ask a machine for a preview, and keep that it was asked.

    Args:
        video: whose frame is looked at; None: it is a picture, looked at in ``workspace``.
    """
    now = timezone.now()
    with transaction.atomic():
        _make_room(by)
        preview = Preview.objects.create(
            id=UUID(asked.preview),
            video=video,
            workspace=workspace if video is None else None,
            agent=agent,
            model=asked.model,
            frame=asked.frame,
            least=asked.confidence,
            created_by=by,
            created_at=now,
            heard_at=now,
        )
        tell_agent(agent.pk, asked, layer_id=None)
    return preview


def require_new(preview_id: UUID) -> None:
    """Raises ActionError where there is a preview with this id."""
    if Preview.objects.filter(pk=preview_id).exists():
        raise ActionError("A preview has an id of its own; there is one with this id.")


def check_words(entry: catalog.FinderEntry, words: Sequence[str]) -> None:
    """Raises ActionError where a finder can't look for these."""
    if not entry.by_word and words:
        raise ActionError(f"{entry.name} knows its own classes and looks for no words. Leave them out.")
    try:
        if entry.by_word:
            checked_words(words)
    except TrackingError as error:
        raise ActionError(str(error)) from error


def drop_preview(preview: Preview) -> None:
    """Nobody waits for it any more: its machine needn't look."""
    with transaction.atomic():
        if Preview.objects.open().filter(pk=preview.pk).exists():
            tell_agent(preview.agent_id, protocol.DropPreview(preview=str(preview.pk)), layer_id=None)
        Preview.objects.filter(pk=preview.pk).delete()


def note_previewed(*, agent_id: int, told: protocol.Previewed) -> None:
    """How a preview stands, as its agent says; of one that nobody waits for nothing is kept."""
    try:
        preview_id = UUID(told.preview)
    except ValueError:
        return
    changes: dict[str, object] = {"state": PreviewState(told.stage), "heard_at": timezone.now()}
    if told.stage == "done":
        changes |= {
            "seen": [each.model_dump(mode="json") for each in told.seen],
            "left_out": told.left_out,
            "seconds": told.seconds,
            "shapes": told.shapes,
            "notes": told.notes,
        }
        if not all(map(_is_shape, told.shapes)):
            changes = {"state": PreviewState.FAILED, "message": UNREADABLE}
    if told.stage == "failed":
        changes["message"] = told.message
    Preview.objects.open().filter(pk=preview_id, agent=agent_id).update(**changes)


def _is_shape(table: str) -> bool:
    """Whether browsers can draw it."""
    try:
        protocol.prompt_row(table)
    except ValueError:
        return False
    return True


def give_up_previews(agent_id: int) -> None:
    """The agent is gone, and what it was asked with it."""
    Preview.objects.open().filter(agent=agent_id).update(state=PreviewState.FAILED, message=LOST)


def as_it_stands(preview: Preview) -> Preview:
    """The preview; failed where nothing was heard of its machine for long."""
    silent_since = timezone.now() - timedelta(seconds=SILENT_S)
    silent = Preview.objects.open().filter(pk=preview.pk, heard_at__lt=silent_since)
    if silent.update(state=PreviewState.FAILED, message=SILENT):
        preview.refresh_from_db()
    return preview


def _make_room(by: User) -> None:
    """Keep no preview for long, and few of one person: what is shown is on their page."""
    Preview.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    mine = Preview.objects.filter(created_by=by).order_by("-created_at")
    for preview in mine.defer("seen", "shapes")[OF_ONE_PERSON - 1 :]:
        drop_preview(preview)
