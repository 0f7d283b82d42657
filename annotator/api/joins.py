"""Joins and swaps of tracks that are proposed for a layer: begin the search, how it stands, and what it found."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from annotator.access import access_layer
from annotator.actions.joins import cancel_joins, changed_since, dismiss_join, propose_joins
from annotator.models import Layer, ProposedJoins
from annotator.operations import Message

router = Router(tags=["joins"])


class ProposalOut(Message):
    """`join`: the second of `tracks` goes on where the first ended; `swap`: from `frame` on each is the other. `sure`
    is in [0, 1], `why` are sentences. `pictures`: which of the tracks (0 or 1), frame, x1, y1, x2, y2 in px, in the
    order of time. `key` is another one as soon as one of the tracks is."""

    key: str
    kind: Literal["join", "swap"]
    tracks: tuple[UUID, UUID]
    frame: int = Field(description="Of a join, the first track's last frame.")
    gap: int = Field(description="Of a join, the frames between.")
    sure: float
    why: list[str]
    pictures: list[tuple[int, int, float, float, float, float]]


class ProposedOut(Message):
    """The surest proposals come first; `left_out` less sure ones are behind them. `frames_seen` of `frames_wanted`
    frames were looked at, where they aren't all for `problem`; of the rest motion alone decides."""

    proposals: list[ProposalOut]
    left_out: int
    tracks: int = Field(description="So many were compared.")
    frame_tags: int = Field(description="So many say something of frames, and weren't.")
    compared_every: int = Field(description="Who meets whom was looked at on every so-many-th frame.")
    frames_wanted: int
    frames_seen: int
    problem: str


class JoinsOut(Message):
    """The latest search. What it found is of `revision`; the layer's is `current` by now. Proposals on tracks that
    changed meanwhile, `outdated` of them, aren't among them, nor are those that were `dismissed`."""

    state: Literal["none", "queued", "running", "done", "failed", "cancelled"]
    progress: float
    message: str
    revision: int | None
    current: int
    outdated: int
    dismissed: list[ProposalOut]
    result: ProposedOut | None


class DismissIn(Message):
    key: str = Field(pattern=r"^[0-9a-f]{32}$")
    dismissed: bool = Field(description="False: it is proposed again.")


@router.get("/{layer_id}/joins", response=JoinsOut, summary="Joins of tracks that are proposed")
def get_joins(request: HttpRequest, layer_id: int) -> HttpResponse:
    return _answer(access_layer(request.user, layer_id, "view"))


@router.post("/{layer_id}/joins", response=JoinsOut, summary="Propose joins of tracks")
def begin_joins(request: HttpRequest, layer_id: int) -> HttpResponse:
    """In the background: ask again while `state` is `queued` or `running`. Nothing is done where what was found is of
    the present revision."""
    layer = access_layer(request.user, layer_id, "annotate")
    propose_joins(layer)
    return _answer(layer)


@router.delete("/{layer_id}/joins", response=JoinsOut, summary="Cancel the search for joins")
def end_joins(request: HttpRequest, layer_id: int) -> HttpResponse:
    layer = access_layer(request.user, layer_id, "annotate")
    cancel_joins(layer)
    return _answer(layer)


@router.post("/{layer_id}/joins/dismissed", response=JoinsOut, summary="Dismiss a proposed join")
def dismiss(request: HttpRequest, layer_id: int, body: DismissIn) -> HttpResponse:
    """It isn't proposed any more while its tracks stay as they are."""
    layer = access_layer(request.user, layer_id, "annotate")
    dismiss_join(layer, body.key, dismissed=body.dismissed)
    return _answer(layer)


def _answer(layer: Layer) -> HttpResponse:
    found = ProposedJoins.objects.filter(layer=layer).first()
    result, outdated, dismissed = _shown(layer, found)
    fields = {
        "state": found.state if found else "none",
        "progress": found.progress if found else 0,
        "message": found.message if found else "",
        "revision": found.revision if found else None,
        "current": layer.revision,
        "outdated": outdated,
        "dismissed": dismissed,
        "result": result,
    }
    return HttpResponse(msgspec.json.encode(fields), content_type="application/json")


def _shown(layer: Layer, found: ProposedJoins | None) -> tuple[dict[str, Any] | None, int, list[dict[str, Any]]]:
    """What is proposed still, how many proposals are of tracks that changed, and which were dismissed."""
    if found is None or not found.result or found.revision is None:
        return None, 0, []
    result: dict[str, Any] = msgspec.json.decode(found.result)
    changed = changed_since(layer, found.revision)
    current = [one for one in result["proposals"] if changed.isdisjoint(one["tracks"])]
    outdated = len(result["proposals"]) - len(current)
    gone = set(found.dismissed)
    result["proposals"] = [one for one in current if one["key"] not in gone]
    return result, outdated, [one for one in current if one["key"] in gone]
