"""Verdicts on spans of tracks: reading them, giving them, and what was looked at when they were given."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from annotator.access import access_layer
from annotator.actions.edits.clicked import clicks_on
from annotator.actions.edits.former import former_rows
from annotator.actions.edits.layer_draft import encoded
from annotator.actions.edits.verdicts import read_verdicts
from annotator.actions.errors import ActionError
from annotator.actions.verdicts import Judged, give_verdict
from annotator.announce.messages import Click
from annotator.api.people import signed_in
from annotator.operations import LONGEST_REASON, MOST_SPANS, Frame, Message, TrackVerdicts, Verdict

router = Router(tags=["verdicts"])

MOST_FORMER = 1024
"""Frames whose former shapes are asked for at once."""


class VerdictsOut(Message):
    """Verdicts as of `revision`. Tracks without any aren't among them."""

    revision: int
    tracks: list[TrackVerdicts]


class JudgedIn(Message):
    track: UUID
    ranges: list[tuple[Frame, Frame]] | None = Field(
        None, max_length=MOST_SPANS, description="[first, last] pairs, both included; null: all of the track."
    )


class VerdictIn(Message):
    """One verdict on some spans."""

    spans: list[JudgedIn] = Field(min_length=1, max_length=MOST_SPANS)
    verdict: Verdict | Literal[""] = Field(description="Empty: what was said is taken away.")
    reason: str = Field("", max_length=LONGEST_REASON, description="Of a rejection: what is wrong.")
    edit: UUID | None = Field(None, description="Chosen by the client: a request sent twice counts once.")


class GivenOut(Message):
    """`edit`: by which it can be taken back."""

    edit: UUID
    revision: int
    tracks: list[TrackVerdicts]


class ClickedMaskOut(Message):
    """`mask`: its packed geometry, base64; empty: the mask has no clicks that are known. `alone`: it came of them
    alone, not of another mask before."""

    mask: str = ""
    clicks: list[Click] = []
    box: tuple[float, float, float, float] | None = None
    alone: bool = False


class FormerOut(Message):
    """Packed tables, base64, of a track's rows on the frames asked for, and of the nearest ones beside them."""

    revision: int
    exact: bool = Field(description="False: changes of old versions of the program didn't keep what they replaced.")
    tables: list[str]


@router.get("/{layer_id}/verdicts", response=VerdictsOut, summary="Verdicts on a layer's tracks")
def verdicts(
    request: HttpRequest,
    layer_id: int,
    track: UUID | None = None,
    verdict: Verdict | None = None,
    reopened: Annotated[bool, Query(description="Only spans that were changed after their verdict.")] = False,
) -> VerdictsOut:
    """What isn't said filters nothing out."""
    layer = access_layer(request.user, layer_id, "view")
    found = read_verdicts(layer, None if track is None else [track])
    listed = [
        TrackVerdicts(track=key, spans=kept)
        for key, spans in found.items()
        if (
            kept := [
                span
                for span in spans
                if verdict in (None, span.verdict) and (span.reopened is not None or not reopened)
            ]
        )
    ]
    return VerdictsOut(revision=layer.revision, tracks=listed)


@router.put("/{layer_id}/verdicts", response=GivenOut, summary="Accept, reject or flag spans of tracks")
def put_verdict(request: HttpRequest, layer_id: int, sent: VerdictIn) -> GivenOut:
    """For reviewers. What was said of the same frames before is replaced."""
    event = give_verdict(
        user=signed_in(request),
        layer_id=layer_id,
        spans=[Judged(each.track, each.ranges) for each in sent.spans],
        verdict=sent.verdict,
        reason=sent.reason,
        edit_id=sent.edit,
    )
    return GivenOut(edit=event.edit_id, revision=event.revision, tracks=event.payload.get("verdicts", []))


@router.get("/{layer_id}/clicked", response=ClickedMaskOut, summary="What a track's mask on a frame was clicked with")
def clicked(request: HttpRequest, layer_id: int, track: UUID, frame: int) -> ClickedMaskOut:
    """Clicks of the smart tool, to go on from, as long as the mask is what came of them."""
    found = clicks_on(access_layer(request.user, layer_id, "view"), track, frame)
    if found is None:
        return ClickedMaskOut()
    row, said = found
    return ClickedMaskOut(
        mask=b64encode(row.payload).decode(),
        clicks=[Click(x=x, y=y, positive=positive) for x, y, positive in said.clicks],
        box=said.box,
        alone=said.alone,
    )


@router.get("/{layer_id}/former", response=FormerOut, summary="A track's shapes at an earlier revision")
def former(request: HttpRequest, layer_id: int, track: UUID, revision: int, first: int, last: int) -> FormerOut:
    """What was looked at when a span was accepted that was changed since: before and after."""
    layer = access_layer(request.user, layer_id, "view")
    if not 0 <= first <= last < first + MOST_FORMER:
        raise ActionError(f"Former shapes are told of 1..{MOST_FORMER} frames; {first}..{last} came.")
    if not 0 <= revision <= layer.revision:
        raise ActionError(f"This layer has had revisions 0..{layer.revision}; {revision} is none.")
    tables, exact = former_rows(layer, track, revision, first, last)
    return FormerOut(revision=revision, exact=exact, tables=[encoded(table) for table in tables])
