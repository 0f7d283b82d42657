"""Whose turn it is: what ended is settled, and agents that are free get the next videos.

An agent works at one video of a sweep at a time, and begins none while it works on what somebody asked for in the
editor. Everything that is known lies in the database: whatever process dies, the next call goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.utils import timezone

from annotator.actions.edits.shown import shown_at
from annotator.actions.errors import ActionError, in_our_words
from annotator.actions.runs.ask import start_run
from annotator.actions.runs.dispatch import dispatch_queued, has_free_agent, run_ended
from annotator.actions.sweeps.planning import count_tracks, plan_continue, range_in
from annotator.actions.sweeps.target import bring, main_layer, target_layer
from annotator.announce.messages import MOST_PROMPTS, FindOptions, PromptIn, RunOptions, RunStart
from annotator.announce.progress import OBJECTS, SearchState
from annotator.faults import fault_of
from annotator.models import (
    Destination,
    Pipeline,
    Run,
    RunState,
    Sweep,
    SweepState,
    SweptState,
    SweptVideo,
    Track,
)
from tracking import catalog

OVER = (SweptState.DONE, SweptState.SKIPPED, SweptState.STOPPED, SweptState.FAILED, SweptState.CANCELLED)
ENDS: dict[str, SweptState] = {
    RunState.DONE: SweptState.DONE,
    RunState.STOPPED: SweptState.STOPPED,
    RunState.FAILED: SweptState.FAILED,
}
log = logging.getLogger(__name__)


def advance() -> None:
    """Settle what has ended, and begin what can be. It may be called at any time, by any process."""
    if not Sweep.objects.filter(state=SweepState.RUNNING).exists():
        return
    _settle_all()
    dispatch_queued()
    while _begin_next():
        _settle_all()  # One that has nothing to do is over at once.


def advance_soon() -> None:
    """Once what is being done is committed."""
    transaction.on_commit(advance, robust=True)


def _on_run_ended(run: Run, **_: object) -> None:
    # Any run's end may leave an agent free.
    if run.swept_id is not None or Sweep.objects.filter(state=SweepState.RUNNING).exists():
        advance_soon()


run_ended.connect(_on_run_ended, dispatch_uid="sweeps")


def _locked() -> list[Sweep]:
    """Sweeps under way, oldest first: who changes one holds it."""
    rows = Sweep.objects.select_for_update(of=("self",)).select_related("project", "created_by")
    return list(rows.filter(state=SweepState.RUNNING).order_by("created_at", "pk"))


# ---------------------------------------------------------------- what has ended


def _settle_all() -> None:
    with transaction.atomic():
        for sweep in _locked():
            _settle(sweep)


def _settle(sweep: Sweep) -> None:
    if sweep.project.archived_at is not None:
        close(sweep, SweepState.CANCELLED, f"The project “{sweep.project}” was archived.")
        return
    for swept in sweep.videos.filter(state=SweptState.RUNNING).select_related("video", "layer"):
        swept.sweep = sweep
        run = swept.runs.order_by("-created_at").first()
        if run is None:
            _end(swept, SweptState.STOPPED, "Its run is gone: somebody deleted the layer.")
        elif run.state in ENDS:
            note_progress(swept)
            if run.state == RunState.DONE and swept.waiting:
                _attempt(swept, partial(_continue, swept, *range_in(sweep, swept.video)))
            else:
                _end(swept, ENDS[run.state], run.message)
    if not sweep.videos.exclude(state__in=OVER).exists():
        close(sweep, SweepState.DONE)


def close(sweep: Sweep, state: SweepState, why: str = "") -> None:
    """End a locked sweep: what has not ended yet never will."""
    for swept in sweep.videos.exclude(state__in=OVER):
        note_progress(swept)
        _end(swept, SweptState.CANCELLED)
    sweep.state, sweep.message, sweep.finished_at = state, why, timezone.now()
    sweep.save(update_fields=["state", "message", "finished_at"])


def note_progress(swept: SweptVideo) -> None:
    """Take over from its runs how far a video has come."""
    counts = list(swept.runs.values_list("frames_done", "frames_total", "objects_state"))
    swept.done = sum(done for done, _, _ in counts)
    swept.total = max(swept.done, sum(total for _, total, _ in counts))
    swept.tracks = sum(len(objects) for _, _, objects in counts)
    swept.save(update_fields=["done", "total", "tracks"])


def _end(swept: SweptVideo, state: SweptState, *said: str) -> None:
    lines = dict.fromkeys(line for text in (swept.message, *said) for line in text.split("\n") if line)
    swept.state, swept.message, swept.ended_at = state, "\n".join(lines), timezone.now()
    swept.waiting = []
    swept.save(update_fields=["state", "message", "ended_at", "waiting"])


# ---------------------------------------------------------------- what begins


def _begin_next() -> bool:
    """Begin one video where an agent is free for it. Returns whether one was; it may have ended at once."""
    with transaction.atomic():
        for sweep in _in_turn(_locked()):
            swept = sweep.videos.filter(state=SweptState.WAITING).select_related("video", "layer").first()
            if swept is None or not has_free_agent(sweep):
                continue
            swept.sweep = sweep
            _attempt(swept, partial(_start, swept))
            return True
    return False


def _in_turn(sweeps: Iterable[Sweep]) -> list[Sweep]:
    """Those first that have the fewest videos under way, then that began one the longest ago."""

    def turn(sweep: Sweep) -> tuple[int, float]:
        began = sweep.videos.aggregate(latest=Max("began_at"))["latest"]
        return sweep.videos.filter(state=SweptState.RUNNING).count(), began.timestamp() if began else 0.0

    return sorted(sweeps, key=turn)


def _attempt(swept: SweptVideo, begin: Callable[[], None]) -> None:
    """Begin a run; where that can't be, the video has failed, says why, and keeps no other from its turn."""
    try:
        with transaction.atomic():
            begin()
    except (ActionError, Http404, PermissionDenied) as error:
        _end(swept, SweptState.FAILED, str(error))
    except Exception as error:
        if fault_of(error) is not None:
            raise
        log.exception("A model can't be applied to video %s.", swept.video_id)
        _end(swept, SweptState.FAILED, f"It could not begin: {in_our_words(error)}.")


def _start(swept: SweptVideo) -> None:
    sweep = swept.sweep
    first, last = range_in(sweep, swept.video)
    main = main_layer(swept)
    if sweep.destination == Destination.EMPTY and swept.layer is None and (there := count_tracks(main)):
        _end(swept, SweptState.SKIPPED, f"Its main layer has {there} already.")
        return
    plan = None
    if sweep.pipeline == Pipeline.CONTINUE:
        entry = catalog.find(sweep.model)
        plan = plan_continue(swept.layer or main, first=first, last=last, prompts=entry.prompts)
        if not plan.rows:
            _end(swept, SweptState.SKIPPED, plan.told() or "It has no track to continue.")
            return
        swept.message = plan.told()
    layer = target_layer(swept, main)
    swept.waiting = [[str(track), frame] for track, frame in bring(swept, plan, main, layer)] if plan else []
    swept.layer, swept.state, swept.ended_at = layer, SweptState.RUNNING, None
    swept.began_at, swept.done_before = timezone.now(), swept.done
    swept.save()
    if plan:
        _continue(swept, first, last)
    else:
        _find(swept, first, last)


def _continue(swept: SweptVideo, first: int, last: int) -> None:
    """Continue the next of the tracks that wait, as many as one run takes, and are there still."""
    next_ones, swept.waiting = swept.waiting[:MOST_PROMPTS], swept.waiting[MOST_PROMPTS:]
    swept.save(update_fields=["waiting"])
    here = set(
        Track.objects.filter(pk__in=[track for track, _ in next_ones], deleted_at=None).values_list("pk", flat=True)
    )
    prompts = [PromptIn(track=UUID(track), frame=frame) for track, frame in next_ones if UUID(track) in here]
    if not prompts:
        _end(swept, SweptState.DONE, "Its tracks were deleted meanwhile.")
        return
    _run(swept, RunStart(id=uuid4(), model=swept.sweep.model, prompts=prompts, first=first, last=last))


def _find(swept: SweptVideo, first: int, last: int) -> None:
    """Look for objects, and follow what is found; after a run that broke off from where it had come to, with what it
    followed then."""
    former = swept.runs.exclude(search=None).order_by("-created_at").first()
    prompts: list[PromptIn] = []
    seek = True
    if former is not None:
        search, prompts = SearchState.model_validate(former.search), _unfinished(former)
        seek = not search.ended
        first = min(max(search.next, first), last, *(prompt.frame for prompt in prompts))
    if not (seek or prompts):
        _end(swept, SweptState.DONE)
        return
    options = RunOptions(find=FindOptions.model_validate(swept.sweep.find) if seek else None)
    start = RunStart(id=uuid4(), model=swept.sweep.model, prompts=prompts, first=first, last=last, options=options)
    _run(swept, start)


def _unfinished(run: Run) -> list[PromptIn]:
    """The tracks that a run was in the midst of, where it was."""
    objects = OBJECTS.validate_python(run.objects_state)
    here = set(run.layer.tracks.filter(deleted_at=None).values_list("pk", flat=True))
    heads = {UUID(key): state.head for key, state in objects.items() if state.unfinished}
    shown = shown_at(run.layer, [(track, frame) for track, frame in heads.items() if track in here])
    return [PromptIn(track=track, frame=frame) for track, frame in shown][:MOST_PROMPTS]


def _run(swept: SweptVideo, start: RunStart) -> None:
    sweep = swept.sweep
    if sweep.created_by is None or swept.layer is None:
        raise ActionError("It goes on in the name of who began it; that account was deleted.")
    start.settings = sweep.model_settings
    start_run(user=sweep.created_by, layer_id=swept.layer.pk, start=start, swept=swept)
