"""Clicks of the smart tool: which machine answers them, and what it is asked. Nothing is stored."""

from __future__ import annotations

from uuid import UUID

from annotator import access
from annotator.actions.edits.shown import shown_at
from annotator.actions.errors import ActionError
from annotator.actions.looking import entry_of, machine_for, require_frame
from annotator.announce.messages import SmartClicks
from annotator.announce.publish import tell_agent
from annotator.media.agent_access import video_access
from annotator.models import Layer, User
from tracking import catalog
from tracking.protocol import ClickAt, Segment, prompt_text
from tracking.shapes.chunks import Kind


def ask_clicks(*, user: User, layer_id: int, connection: str, asked: SmartClicks, base: str | None) -> str:
    """Ask a machine for the mask that clicks mean; the answers go to ``connection``.

    Args:
        base: the mask that the clicks correct, as this returned it before; None: it is looked up. What a run does to it
            while a person clicks doesn't matter to them.

    Returns:
        The mask that the clicks correct, as a prompt's text; "" when they start afresh.

    Raises:
        Http404, PermissionDenied: the layer isn't the user's to change.
        ActionError: it can't be asked.
    """
    layer = access.access_layer(user, layer_id, "annotate")
    video = layer.video
    require_frame(video, asked.frame, who_needs="Clicks need")
    entry = entry_of(catalog.find_segmenter, asked.model or catalog.DEFAULT_SEGMENTER)
    agent = machine_for(
        video,
        "segmenters",
        entry.id,
        otherwise=f"No connected machine answers clicks with {entry.name}. Look at the page Neural networks, or choose "
        "another model.",
    )
    if base is None:
        base = "" if asked.track is None else _mask_of(layer, asked.track, asked.frame)
    segment = Segment(
        reader=connection,
        request=asked.request,
        model=entry.id,
        video=video_access(video, agent),
        frame=asked.frame,
        clicks=[ClickAt(x=click.x, y=click.y, positive=click.positive) for click in asked.clicks],
        box=asked.box,
        base=base,
    )
    tell_agent(agent.pk, segment, layer_id=layer_id)
    return base


def _mask_of(layer: Layer, track: UUID, frame: int) -> str:
    row = shown_at(layer, [(track, frame)]).get((track, frame))
    if row is None:
        return ""
    if row.kind != Kind.MASK:
        raise ActionError(f"Clicks correct a mask; this object is a {Kind(row.kind).name.lower().replace('_', ' ')}.")
    return prompt_text(row)
