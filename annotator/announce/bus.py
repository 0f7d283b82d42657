"""How a notice leaves: to the hub of this web process, or over the channel layer to the others.

The live channel joins its hub here when it starts; what only sends (an action, the jobs worker) knows nothing of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from annotator.announce.notices import NOTICE, Notice, PredictionFrame
from annotator.faults import Complaint

GROUP = "framewise.hubs"

_untold = Complaint(logging.getLogger(__name__), "The channel layer takes no message; open pages hear of it later.")

_post: Callable[[Notice], bool] | None = None


def join(post: Callable[[Notice], bool]) -> None:
    """Let ``post`` take what is sent in this process from now on; it says whether it could."""
    global _post  # noqa: PLW0603 (one per process, by its nature)
    _post = post


def send(notice: Notice) -> None:
    """From any thread of any process: tell whom it concerns."""
    if _post is not None and _post(notice):
        return
    if not settings.SEVERAL_WEB_PROCESSES:
        return
    try:
        async_to_sync(channels().group_send)(GROUP, packed(notice, process=""))
    except Exception as error:
        # What it tells of is committed. The web processes look at the database themselves, once a second.
        _untold.note(error)
    else:
        _untold.over()


def channels() -> Any:
    """The channel layer that joins the web processes."""
    layer = get_channel_layer()
    assert layer is not None  # noqa: S101 (settings always name one)
    return layer


def packed(notice: Notice | PredictionFrame, *, process: str) -> dict[str, Any]:
    """A notice as the channel layer carries it; ``process``: which web process it comes from, '' for none."""
    message: dict[str, Any] = {"type": "relay", "process": process}
    if isinstance(notice, PredictionFrame):
        covers = [list(item) for item in notice.covers]
        return message | {"layer": notice.layer, "head": notice.head, "body": notice.body, "covers": covers}
    return message | {"notice": notice.model_dump_json()}


def unpacked(message: dict[str, Any]) -> Notice | PredictionFrame:
    """What ``packed`` was given."""
    if "notice" in message:
        return NOTICE.validate_json(message["notice"])
    covers = tuple((track, first, last) for track, first, last in message["covers"])
    return PredictionFrame(message["layer"], message["head"], message["body"], covers)
