"""Models in the memory of machines: loaded before somebody wants them, let go of, and pinned."""

from __future__ import annotations

from django.db import transaction

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.announce.publish import tell_agent
from annotator.models import Agent, AuditKind
from tracking import catalog
from tracking.catalog import AnyEntry
from tracking.protocol import LoadModel, PinModels, UnloadModel
from tracking.types import TrackingError

READY = ("models", "finders", "segmenters")
"""Where an agent's info lists what it can run."""


def load_model(*, agent: Agent, model: str) -> None:
    """Have a machine bring a model into its memory.

    Raises:
        ActionError: there is no such model, it takes no memory, or the machine is away or lacks it.
    """
    _ready_entry(agent, model)
    _tell(agent, LoadModel(model=model))


def unload_model(*, agent: Agent, model: str) -> None:
    """Have a machine let a model go: at once, or when the runs with it are over.

    Raises:
        ActionError: the machine is away, or the model is pinned there.
    """
    _require_connected(agent)
    if model in agent.pinned:
        raise ActionError(f"{catalog.name_of(model)} is pinned to {agent}: it stays in memory. Unpin it first.")
    _tell(agent, UnloadModel(model=model))


def pin_model(*, agent: Agent, model: str, pinned: bool) -> None:
    """Keep a model in a machine's memory, used or not, from now on and whenever the machine connects; or end that.

    Raises:
        ActionError: what is to be pinned can't be loaded, see ``load_model``.
    """
    if pinned:
        _ready_entry(agent, model)
    with transaction.atomic():
        agent = Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
        agent.pinned = sorted({*agent.pinned, model} if pinned else {*agent.pinned} - {model})
        agent.save(update_fields=["pinned"])
        did = f"{'pinned' if pinned else 'unpinned'} {catalog.name_of(model)}"
        record(AuditKind.MACHINE, f"{did} in the memory of the machine “{agent.name}”.", workspace=agent.workspace_id)
        tell_agent(agent.pk, PinModels(models=agent.pinned), layer_id=None)


def pins_of(agent_id: int) -> list[PinModels]:
    """What an agent that has connected is to keep in memory; empty: nothing."""
    pinned = Agent.objects.get(pk=agent_id).pinned
    return [PinModels(models=pinned)] if pinned else []


def _ready_entry(agent: Agent, model: str) -> AnyEntry:
    try:
        entry = catalog.find_with_weights(model)
    except TrackingError as error:
        raise ActionError(str(error)) from error
    if not entry.weights:
        raise ActionError(f"{entry.name} has no weights: there is nothing of it to keep in memory.")
    _require_connected(agent)
    if not any(model in agent.info.get(kind, ()) for kind in READY):
        raise ActionError(f"{entry.name} isn't ready on {agent}. Get it there first.")
    return entry


def _require_connected(agent: Agent) -> None:
    if not agent.connected:
        raise ActionError(f"{agent} is away; what is in its memory can be changed when it is back.")


def _tell(agent: Agent, message: LoadModel | UnloadModel) -> None:
    with transaction.atomic():
        tell_agent(agent.pk, message, layer_id=None)
