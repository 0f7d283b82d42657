"""What a manager may do with a sweep: pause it, let it go on, cancel it, try again what failed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from annotator.actions.edits.events import lock_layer
from annotator.actions.errors import ActionError
from annotator.actions.runs.ask import ACTIVE
from annotator.actions.runs.dispatch import finish, withdraw
from annotator.actions.sweeps.advance import advance_soon, close, note_progress
from annotator.announce.publish import tell_agent
from annotator.models import Run, RunState, Sweep, SweepState, SweptState, User
from tracking.protocol import Stop

AGAIN = (SweptState.FAILED, SweptState.STOPPED)


@dataclass(frozen=True, slots=True)
class SweepStep:
    """``verb``: what its button says."""

    id: str
    verb: str


PAUSE, RESUME = SweepStep("pause", "Pause"), SweepStep("resume", "Go on")
CANCEL, RETRY = SweepStep("cancel", "Cancel"), SweepStep("retry", "Try again")


def steps_for(sweep: Sweep) -> list[SweepStep]:
    """Those that can be taken now by whoever manages the project, which is at work."""
    found = {SweepState.RUNNING: [PAUSE, CANCEL], SweepState.PAUSED: [RESUME, CANCEL]}.get(SweepState(sweep.state), [])
    if sweep.state != SweepState.CANCELLED and sweep.videos.filter(state__in=AGAIN).exists():
        found = [*found, RETRY]
    return found


def take_step(*, by: User, sweep: Sweep, step: str) -> Sweep:
    """Take a step that may be taken now. What is stored stays in any case.

    Args:
        by: their right to manage the project has been checked, and that it is at work.

    Raises:
        ActionError: it can't be taken (any more).
    """
    with transaction.atomic():
        sweep = Sweep.objects.select_for_update(of=("self",)).select_related("project", "created_by").get(pk=sweep.pk)
        if step not in {each.id for each in steps_for(sweep)}:
            raise ActionError(f"It is {sweep.get_state_display().lower()}, so this can't be done now. Reload the page.")
        {"pause": _pause, "resume": _resume, "cancel": _cancel, "retry": _retry}[step](by, sweep)
    sweep.refresh_from_db()
    return sweep


def _pause(by: User, sweep: Sweep) -> None:
    _stand(sweep, SweepState.PAUSED, f"{by} paused it.")
    for run in _locked_runs(sweep):
        withdraw(run, f"{by} paused it on the project's page Apply.")
    for swept in sweep.videos.filter(state=SweptState.RUNNING):
        note_progress(swept)


def _resume(by: User, sweep: Sweep) -> None:
    sweep.videos.filter(state=SweptState.RUNNING).update(began_at=timezone.now())
    for swept in sweep.videos.filter(state=SweptState.RUNNING):
        swept.done_before = swept.done
        swept.save(update_fields=["done_before"])
    _stand(sweep, SweepState.RUNNING, "")
    advance_soon()


def _cancel(by: User, sweep: Sweep) -> None:
    why = f"{by} cancelled it on the project's page Apply. What was found until then is kept."
    for run in _locked_runs(sweep):
        if run.agent_id is not None:
            tell_agent(run.agent_id, Stop(run=str(run.pk)), layer_id=run.layer_id)
        finish(run, RunState.STOPPED, why)
    close(sweep, SweepState.CANCELLED, f"{by} cancelled it.")


def _retry(by: User, sweep: Sweep) -> None:
    """Those go on from what they have."""
    sweep.videos.filter(state__in=AGAIN).update(state=SweptState.WAITING, message="", ended_at=None)
    if sweep.state == SweepState.DONE:
        _stand(sweep, SweepState.RUNNING, "")
    advance_soon()


def _stand(sweep: Sweep, state: SweepState, message: str) -> None:
    sweep.state, sweep.message, sweep.finished_at = state, message, None
    sweep.save(update_fields=["state", "message", "finished_at"])


def _locked_runs(sweep: Sweep) -> list[Run]:
    """Its runs that aren't over, as they are once all of their layers are locked."""
    runs = Run.objects.filter(swept__sweep=sweep, state__in=ACTIVE)
    for layer_id in sorted(set(runs.order_by().values_list("layer_id", flat=True))):
        lock_layer(layer_id)
    return list(runs.select_related("layer__video__project", "agent", "created_by", "swept__sweep"))
