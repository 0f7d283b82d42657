"""Weights are got onto machines: by their agents, from where the catalogue says, or from this server."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.actions.stored_weights import sources_for
from annotator.announce.publish import tell_agent
from annotator.models import Agent, Download, DownloadState, User, Workspace
from tracking import catalog
from tracking.catalog import AnyEntry
from tracking.parts import Part, parts_of
from tracking.protocol import DropFetch, Fetch, Fetched
from tracking.types import TrackingError


def begin_download(*, by: User, agent: Agent, workspace: Workspace, model: str, accepted: bool) -> Download:
    """Have a machine get a model's weights; one that is away begins when it connects.

    Args:
        workspace: on whose page it is asked for: what it has stored of them is handed out.
        accepted: whether the person has accepted the licence of the weights.

    Raises:
        ActionError: there is no such model or it needs none, the licence wasn't accepted, or a file has no address.
    """
    entry = entry_of(model)
    licence = licence_of(entry)
    if licence and not accepted:
        raise ActionError(
            f"Who gets the weights of {entry.name} takes them under their licence: {licence}. Accept it first."
        )
    stored = sources_for(agent, workspace.pk, files_of(entry))
    unreachable = [part.name for part in files_of(entry) if not part.url and part.name not in stored]
    if unreachable:
        raise ActionError(
            f"{', '.join(unreachable)} can't be downloaded: the authors only link to it from a page, or give it there "
            f"to who accepts its licence. Get it there and upload it here, or import it on {agent}: framewise weights "
            "import FILE"
        )
    with transaction.atomic():
        download, _ = Download.objects.update_or_create(
            agent=agent,
            model=entry.id,
            defaults={
                "workspace": workspace,
                "state": DownloadState.WAITING,
                "done_bytes": 0,
                "total_bytes": None,
                "message": "",
                "licence": licence,
                "created_by": by,
                "created_at": timezone.now(),
                "finished_at": None,
            },
        )
        tell_agent(agent.pk, _fetch(download), layer_id=None)
    return download


def cancel_download(*, agent: Agent, model: str) -> None:
    """Nobody wants it any more; what has come stays on the machine for the next time."""
    with transaction.atomic():
        asked = Download.objects.open().filter(agent=agent, model=model)
        if asked.update(state=DownloadState.CANCELLED, message="", finished_at=timezone.now()):
            tell_agent(agent.pk, DropFetch(model=model), layer_id=None)


def note_fetched(*, agent_id: int, told: Fetched) -> None:
    """How a download stands, as its agent says; one that was cancelled meanwhile stays so."""
    state = DownloadState(told.stage)
    over = state in (DownloadState.DONE, DownloadState.FAILED, DownloadState.CANCELLED)
    changes: dict[str, object] = {"state": state, "message": told.message}
    if over:
        changes["finished_at"] = timezone.now()
    else:
        changes |= {"done_bytes": told.done, "total_bytes": told.total}
    Download.objects.open().filter(agent=agent_id, model=told.model).update(**changes)


def open_fetches(agent_id: int) -> list[Fetch]:
    """What an agent that has connected is to get, in the order in which it was asked for."""
    return [_fetch(download) for download in Download.objects.open().filter(agent=agent_id).select_related("agent")]


def entry_of(model: str) -> AnyEntry:
    """The model of the catalogue. Raises ActionError when there is none of this id, or it needs no weights."""
    try:
        entry = catalog.find_with_weights(model)
    except TrackingError as error:
        raise ActionError(str(error)) from error
    if not entry.weights:
        raise ActionError(f"{entry.name} needs no weights: it is ready wherever an agent is.")
    return entry


def licence_of(entry: AnyEntry) -> str:
    """What somebody accepts who gets a model's weights."""
    words = entry.weights_licence or entry.licence
    return words if entry.commercial else f"{words}, for non-commercial use only"


def files_of(entry: AnyEntry) -> list[Part]:
    """All files of a model's weights, as they travel."""
    return [part for weights in entry.weights for part in parts_of(weights, catalog.users_of(weights))]


def _fetch(download: Download) -> Fetch:
    try:
        parts = files_of(catalog.find_with_weights(download.model))
    except TrackingError:
        parts = []  # It went from the catalogue; the agent says so, too.
    return Fetch(model=download.model, sources=sources_for(download.agent, download.workspace_id, parts))
