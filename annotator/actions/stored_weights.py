"""Weights that are uploaded once and handed to machines: for those without internet, and for files that their authors
only link to from a page.

What came is nobody's until it was checked: by a process of its own with limits of memory and time, which reads it
without running anything that it contains (``tracking.verification``).
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django_tasks import task

from annotator.actions.appending import GONE, append
from annotator.actions.audit import record
from annotator.actions.background import Allowance, Background
from annotator.actions.errors import ActionError
from annotator.actions.storage_use import require_room
from annotator.config import config
from annotator.media import storage
from annotator.models import Agent, AuditKind, StoredWeights, User, WeightsState, Workspace
from tracking import catalog
from tracking.catalog import Weights
from tracking.parts import Part, is_folder, parts_of

MOST_BYTES = 8 * 2**30
"""The largest file of the catalogue takes a third of it."""
CHECK_S = 900.0
KEPT = timedelta(days=7)
"""A file of which no more comes is removed after this long."""
SALT = "framewise.agent-weights.1"
VALID_S = 24 * 3600
"""For how long an agent may use an address; it gets fresh ones whenever it connects."""

log = logging.getLogger(__name__)


def begin_storing(*, by: User, workspace: Workspace, name: str, size: int) -> StoredWeights:
    """Make room for a file of the catalogue; one of this name that was refused, or is only coming, begins anew.

    Raises:
        ActionError: it is none of the catalogue, of another size, too large for the disk, or there already.
    """
    _, part = _named(name)
    if not 0 < size <= MOST_BYTES:
        raise ActionError(f"Weights have 1 to {MOST_BYTES:,} bytes; this file has {size:,}.")
    if part.size is not None and size != part.size:
        raise ActionError(f"{part.name} has {part.size:,} bytes; this file has {size:,}. Get it again.")
    require_room(workspace, part.name, size)
    free = storage.free_bytes(Path(settings.DATA_DIR))
    if free is not None and 2 * size > free:
        raise ActionError(
            f"The server has too little room: {free / 1e9:.1f} GB are free, and keeping this file and handing it out "
            f"safely needs {2 * size / 1e9:.1f} GB. Ask your admin to make room."
        )
    with transaction.atomic():
        former = StoredWeights.objects.select_for_update().filter(workspace=workspace, name=part.name).first()
        if former is not None:
            if former.state in (WeightsState.READY, WeightsState.CHECKING):
                raise ActionError(f"{part.name} is here already. Remove it first, if another one is to take its place.")
            _forget(former)
        stored = StoredWeights.objects.create(workspace=workspace, name=part.name, size=size, created_by=by)
        what = f"began to upload the weights {part.name}."
        record(AuditKind.IMPORT, what, workspace=workspace.pk, by=by)
    storage.begin(storage.Coming(path_of(stored), path_of(stored), size))
    return stored


def append_weights(*, stored: StoredWeights, offset: int, data: bytes) -> StoredWeights:
    """Put bytes at the end; the last ones have it checked.

    Raises:
        OffsetConflict: they don't begin there.
        ActionError: there are too many, it isn't coming any more, or the disk is full.
    """
    with transaction.atomic():
        locked = StoredWeights.objects.select_for_update().filter(pk=stored.pk, state=WeightsState.COMING).first()
        if locked is None:
            raise ActionError(GONE)
        append(locked, path_of(locked), offset=offset, data=data)
        if locked.received == locked.size:
            locked.state = WeightsState.CHECKING
            _check_when_whole(locked)
        locked.save(update_fields=["received", "state", "touched_at"])
    return locked


def remove_weights(*, stored: StoredWeights) -> None:
    """Forget a file, whole or only coming; machines that have got it keep it."""
    with transaction.atomic():
        for locked in StoredWeights.objects.select_for_update().filter(pk=stored.pk):
            record(AuditKind.DELETED, f"removed the weights {locked.name}.", workspace=locked.workspace_id)
            _forget(locked)


def remove_stale_weights() -> None:
    """Forget files of which nothing more comes."""
    for stored in StoredWeights.objects.filter(state=WeightsState.COMING, touched_at__lt=timezone.now() - KEPT):
        remove_weights(stored=stored)


def _forget(stored: StoredWeights) -> None:
    path = path_of(stored)
    stored.delete()
    transaction.on_commit(lambda: storage.remove(path))


def path_of(stored: StoredWeights) -> Path:
    """What a file is called in the media store."""
    return storage.weights_file(stored)


def _named(name: str) -> tuple[Weights, Part]:
    """The file of the catalogue that has this name. Raises ActionError."""
    for weights in _all_weights():
        for part in parts_of(weights, catalog.users_of(weights)):
            if part.name == name:
                return weights, part
    raise ActionError(
        f"Weights keep their official name, and {name[:80]!r} is none of the catalogue's. Choose the model it is for, "
        "whose row says which files it needs."
    )


def _all_weights() -> list[Weights]:
    return list({weights.file: weights for entry in catalog.with_weights() for weights in entry.weights}.values())


# ------------------------------------------------------------------ to agents


def sources_for(agent: Agent, workspace_id: int, parts: list[Part]) -> dict[str, str]:
    """Where an agent gets those files that its workspace has stored and checked."""
    names = [part.name for part in parts]
    ready = StoredWeights.objects.filter(workspace=workspace_id, name__in=names, state=WeightsState.READY)
    return {stored.name: f"/api/agent-weights/{_token(stored, agent)}" for stored in ready}


def _token(stored: StoredWeights, agent: Agent) -> str:
    return signing.dumps([str(stored.pk), agent.pk], salt=SALT, compress=True)


def weights_of(token: str) -> StoredWeights:
    """The file that a token was made for. Raises Http404 for one that is forged or expired, whose file is gone or isn't
    ready, and whose agent is let in no more."""
    try:
        key, agent_id = signing.loads(token, salt=SALT, max_age=VALID_S)
    except signing.BadSignature as error:
        raise Http404("This address has expired. Get the weights again.") from error
    stored = StoredWeights.objects.filter(pk=key, state=WeightsState.READY).first()
    agent = Agent.objects.let_in().filter(pk=agent_id).first()
    if stored is None or agent is None or agent.workspace_id not in (None, stored.workspace_id):
        raise Http404("These weights aren't there for this agent any more.")
    return stored


# ------------------------------------------------------------------ checking


def _check_when_whole(stored: StoredWeights) -> None:
    """Queue the check of what a file belongs to; those of a folder are checked together, with the last of them."""
    check_weights.enqueue(str(stored.pk))


@task()
def check_weights(key: str) -> None:
    """What the jobs worker does. Safe to run again after it was broken off anywhere."""
    stored = StoredWeights.objects.filter(pk=key, state=WeightsState.CHECKING).first()
    if stored is None:
        return
    weights, _ = _named(stored.name)
    names = [part.name for part in parts_of(weights, catalog.users_of(weights))]
    together = StoredWeights.objects.filter(workspace=stored.workspace_id, name__in=names)
    if together.exclude(state=WeightsState.COMING).exclude(state=WeightsState.REFUSED).count() < len(names):
        return  # The rest is still to come; the last one has all of them checked.
    path = path_of(stored)
    with storage.folder_at_hand([*map(path_of, together)]) if is_folder(weights) else storage.at_hand(path) as place:
        problem = _problem_of(weights, place)
    if problem:
        log.warning("%s of workspace %s is refused: %s", stored.name, stored.workspace_id, problem)
        storage.remove(path)
        StoredWeights.objects.filter(pk=key).update(state=WeightsState.REFUSED, problem=problem)
        return
    together.filter(state=WeightsState.CHECKING).update(state=WeightsState.READY, problem="")


def _problem_of(weights: Weights, path: Path) -> str:
    """What a process of its own finds wrong with a file or folder; '': nothing. It has this one's limit of memory."""
    command = [sys.executable, "-m", "tracking.verification", weights.file, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CHECK_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return f"Its check took longer than {CHECK_S / 60:g} minutes. Is it the right file?"
    if done.returncode == 0:
        return ""
    said = done.stdout.strip()
    return said or "Its check broke off: it takes too much memory, or is damaged. Is it the right file?"


def _allowance(_: str) -> Allowance:
    return Allowance(config.video_memory * 2**20, CHECK_S + 60, "FRAMEWISE_VIDEO_MEMORY", "FRAMEWISE_VIDEO_HOURS")


def _workspaces() -> Mapping[str, int]:
    waiting = StoredWeights.objects.filter(state=WeightsState.CHECKING)
    return {str(key): workspace for key, workspace in waiting.values_list("pk", "workspace_id")}


def _is_wanted(key: str) -> bool:
    return StoredWeights.objects.filter(pk=UUID(key)).exists()


def _refuse(key: str, why: str) -> None:
    for stored in StoredWeights.objects.filter(pk=UUID(key), state=WeightsState.CHECKING):
        storage.remove(path_of(stored))
        StoredWeights.objects.filter(pk=stored.pk).update(state=WeightsState.REFUSED, problem=why)


CHECKING = Background(
    task=check_weights,
    names=lambda _: ("The check of this file", "Is it the right file?"),
    allowance=_allowance,
    workspaces=_workspaces,
    is_wanted=_is_wanted,
    drop=lambda _: False,
    fail=_refuse,
)
