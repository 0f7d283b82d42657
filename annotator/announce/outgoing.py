"""Rows of the database as the messages that browsers get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from annotator.announce.messages import EventOut, RunInfo
from annotator.announce.progress import OBJECTS, SearchState
from annotator.announce.waiting import place_of
from annotator.models import Agent, Event, EventKind, Run, RunState
from tracking.association import registry as associations

TOLD_BYTES = 1_000_000
"""Changes with more than that in tables aren't sent to everybody watching: they fetch what they show."""


def event_out(event: Event) -> EventOut:
    """An event as everybody sees it. What is too large to be told is left out, and that is said."""
    payload = event.payload
    told = bool(payload.get("told", event.kind != EventKind.IMPORT)) and not is_heavy(payload["operations"])
    operations = payload["operations"] if told else []
    return EventOut.model_validate({**event.account(), **payload, "operations": operations, "told": told})


def is_heavy(operations: Iterable[dict[str, Any]]) -> bool:
    """Whether operations, as JSON, are too large to be told to everybody."""
    return weight(operations) > TOLD_BYTES


def weight(operations: Iterable[dict[str, Any]]) -> int:
    """About how many bytes operations are, as JSON."""
    return sum(len(table) for operation in operations for table in operation.get("tables", ()))


def run_info(run: Run, *, reader: int | None = None, fps: float = 0.0, stalled_s: float | None = None) -> RunInfo:
    """A run as everybody sees it; ``reader``: the id of the person it is for."""
    place = place_of(run)
    objects = OBJECTS.validate_python(run.objects_state)
    looked = _looked(run)
    going = [leg for state in objects.values() for leg in state.unfinished]
    return RunInfo.model_validate(
        {
            "id": run.pk,
            "model": run.model,
            "state": run.state,
            "direction": run.direction,
            "first": run.first,
            "last": run.last,
            "tracks": list(objects),
            "frames_done": run.frames_done - looked,
            "frames_total": run.frames_total - looked,
            "ahead": place and place.ahead,
            "wait_s": place and place.seconds,
            "stalled_s": stalled_s,
            "searched": _searched(run),
            "chosen": run.chosen,
            "linked": linking_name(run.options.get("find")),
            "checking": bool(going) and all(leg.check for leg in going),
            "redone": sum(leg.redone for state in objects.values() for leg in state.legs),
            "stale": sum(leg.stale for state in objects.values() for leg in state.legs),
            "fps": fps,
            "heads": {track: state.head for track, state in objects.items()},
            "left": {track: leg.head for track, state in objects.items() for leg in state.legs if leg.left},
            "agent": _name_of(run.agent) if run.agent is not None else "",
            "message": run.said,
            "created_by": str(run.created_by) if run.created_by is not None else "",
            "mine": reader is not None and run.created_by_id == reader,
        }
    )


def linking_name(find: Mapping[str, Any] | None) -> str:
    """What links the objects that are found so, as people call it; empty: nothing, or it is known no more."""
    linked = find.get("linked") if find else None
    return associations.name_of(linked) if linked else ""


def _looked(run: Run) -> int:
    """Of the frames that a run has behind it, those that it only looked at, once it is over: nothing is on them."""
    over = run.state not in (RunState.QUEUED, RunState.RUNNING)
    return SearchState.model_validate(run.search).done if run.search is not None and over else 0


def _searched(run: Run) -> int | None:
    search = SearchState.model_validate(run.search) if run.search is not None else None
    if search is None or search.ended:
        return None
    return search.origin if search.at is None else search.at


def _name_of(agent: Agent) -> str:
    return agent.name if agent.workspace_id else "this server"
