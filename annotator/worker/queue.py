"""Which task is next: workspaces take turns, and within one they go in the order in which they came."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from annotator.actions.background import TRIES
from annotator.worker.kinds import KINDS

log = logging.getLogger(__name__)

Result = DBTaskResult[Any, Any]
WORKER = " try "
"""Stands between a worker and how often a task was begun, in what is noted of each time."""
NOBODYS = 0
"""Stands for the workspace of a task whose workspace is gone."""


class Turns:
    """Who had a turn when. A workspace that never had one goes first, then whose turn was the longest ago."""

    def __init__(self) -> None:
        self.worker = ""
        """Who claims; "": the one worker of a queue."""
        self.count = 0
        self.last: dict[int, int] = {}

    def next(self, queue: str, full: Collection[int] = ()) -> tuple[Result, int] | None:
        """Claim a task that is due, of none of the workspaces that are ``full``; None when there is none. With its
        workspace."""
        while (waiting := self._first_in_turn(queue, full)) is not None:
            key, workspace = waiting
            claimed = _claim(key, self.worker)
            if claimed is not None:
                self.count += 1
                self.last[workspace] = self.count
                return claimed, workspace
        return None

    def _first_in_turn(self, queue: str, full: Collection[int]) -> tuple[Any, int] | None:
        first: dict[int, Any] = {}
        for key, workspace in _waiting(queue):
            first.setdefault(workspace, key)
        # Of several that never had a turn, the one that has waited longest: dicts keep that order.
        open_ = [workspace for workspace in first if workspace not in full]
        if not open_:
            return None
        workspace = min(open_, key=lambda each: self.last.get(each, 0))
        return first[workspace], workspace


def _waiting(queue: str) -> Iterator[tuple[Any, int]]:
    """The tasks that are due, as they came, with their workspaces."""
    due = DBTaskResult.objects.ready().filter(queue_name=queue)
    tasks = list(due.values_list("pk", "task_path", "args_kwargs"))
    whose: dict[str, Mapping[str, int]] = {
        path: KINDS[path].workspaces() for path in {path for _, path, _ in tasks} if path in KINDS
    }
    for key, path, given in tasks:
        yield key, whose.get(path, {}).get(argument_of(given), NOBODYS)


def _claim(key: Any, worker: str) -> Result | None:
    """Make a task this worker's; None where another one was quicker."""
    result = DBTaskResult.objects.filter(pk=key).first()
    if result is None:
        return None
    tries = [*result.worker_ids, f"{worker}{WORKER}{len(result.worker_ids) + 1}"]
    ready = DBTaskResult.objects.filter(pk=key, status=TaskResultStatus.READY)
    if not ready.update(status=TaskResultStatus.RUNNING, started_at=timezone.now(), worker_ids=tries):
        return None
    result.refresh_from_db()
    return result


def give_back(result: Result, *, counts: bool) -> None:
    """Let it be begun anew; ``counts``: whether what happened counts as a try."""
    tries = result.worker_ids if counts else result.worker_ids[:-1]
    DBTaskResult.objects.filter(pk=result.pk).update(status=TaskResultStatus.READY, started_at=None, worker_ids=tries)


def fail(result: Result, why: str) -> None:
    """End a task for good, and say why where people look."""
    log.warning("%s of %s: %s", result.task_path, argument_of(result.args_kwargs), why)
    kind = KINDS.get(result.task_path)
    if kind is not None:
        kind.fail(key_of(result), why)
    result.set_failed(RuntimeError(why))


def ended(result: Result, how: str) -> None:
    """Its process ended before it was done: it is tried again, or it fails."""
    log.warning("The process of %s ended: %s", result.task_path, how)
    if len(result.worker_ids) < TRIES:
        give_back(result, counts=True)
        return
    kind = KINDS.get(result.task_path)
    fail(result, kind.ended_too_often(key_of(result), how) if kind else how)


def take_over(queues: Collection[str]) -> int:
    """Tasks that a killed worker of these queues left half-done wait again, or fail. Returns how many wait.

    Only for the one worker of a queue: a task that runs elsewhere looks the same.
    """
    count = 0
    for result in list(DBTaskResult.objects.running().filter(queue_name__in=queues)):
        ended(result, "the worker itself ended")
        count += DBTaskResult.objects.filter(pk=result.pk, status=TaskResultStatus.READY).count()
    return count


def key_of(result: Result) -> Any:
    return result.args_kwargs["args"][0]


def argument_of(given: Mapping[str, Any]) -> str:
    return str(next(iter(given["args"]), ""))
