"""What a jobs worker knows of a kind of task besides how to do it: whose it is, what it may take, whether anybody still
wants it, and what to say when it can't go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psutil
from django.db.models import QuerySet
from django_tasks_db.models import DBTaskResult

from annotator.actions.errors import ActionError, in_our_words
from annotator.config import config

Result = TypeVar("Result")

TRIES = 3
"""A task that ends its process is begun at most so often."""
REPORT_EVERY_S = 0.4

log = logging.getLogger(__name__)


class NotWanted(Exception):
    """Nobody wants what the task is about any more."""


class Watch:
    """Writes how far a task is, seldom enough not to matter; notices when nobody wants it any more.

    Args:
        rows: the one row that it is about, while it is wanted.
    """

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.rows = rows
        self.reported_at = 0.0

    def within(self, first: float, last: float) -> Callable[[float], None]:
        """``show`` for a part of the task that goes from one share of it to another."""
        return lambda share: self.show(first + (last - first) * share)

    def show(self, share: float) -> None:
        """Raises NotWanted when nobody does."""
        now = time.monotonic()
        if now - self.reported_at < REPORT_EVERY_S:
            return
        self.reported_at = now
        if not self.rows.update(progress=share):
            raise NotWanted


def has_task(path: str, key: str) -> bool:
    """Whether a task is to carry ``key`` out: the web process may have died before it could say so."""
    waiting = DBTaskResult.objects.filter(task_path=path, finished_at=None)
    return any(result.args_kwargs["args"][:1] == [key] for result in waiting)


def queue_forgotten(task: Any, rows: QuerySet[Any]) -> int:
    """Queue those of ``rows`` that no task is to carry out: the web process died before it could say so. Returns how
    many. The task's argument is a row's primary key, as it is or as text."""
    waiting = DBTaskResult.objects.filter(task_path=task.module_path, finished_at=None)
    queued = [result.args_kwargs["args"][0] for result in waiting]
    forgotten = rows.exclude(pk__in=queued).values_list("pk", flat=True)
    for key in forgotten:
        task.enqueue(str(key) if isinstance(key, UUID) else key)
    return len(forgotten)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the process of one task may take. ``memory``: bytes; ``seconds``: of a clock on the wall; ``memory_setting``
    and ``time_setting``: what an admin sets to allow more."""

    memory: int
    seconds: float
    memory_setting: str
    time_setting: str


def transfer_allowance(memory: int | None = None) -> Allowance:
    """What an import or export may take, and whatever else reads a layer whole. ``memory``: bytes; None: as is set."""
    return Allowance(
        config.transfer_memory * 2**20 if memory is None else memory,
        config.transfer_minutes * 60,
        "FRAMEWISE_TRANSFER_MEMORY",
        "FRAMEWISE_TRANSFER_MINUTES",
    )


def looking_allowance() -> Allowance:
    """What a task may take that reads a layer whole, and looks at pictures of its video besides: decoding has buffers
    and threads of its own."""
    return Allowance(
        config.video_memory * 2**20,
        config.transfer_minutes * 60,
        "FRAMEWISE_VIDEO_MEMORY",
        "FRAMEWISE_TRANSFER_MINUTES",
    )


@dataclass(frozen=True, slots=True)
class Background:
    """One kind of task. Each has one argument, the ``key`` of what it is about.

    Attributes:
        names: what it is called, and what a person can do where it takes too much or ends its process.
        workspaces: of all that may wait, whose they are, by key as text.
        is_wanted: whether to go on.
        drop: it wasn't wanted any more and was ended; says whether its files in ``folder`` may go.
        fail: say why it ended on the card of what it is about.
    """

    task: Any
    names: Callable[[Any], tuple[str, str]]
    allowance: Callable[[Any], Allowance]
    workspaces: Callable[[], Mapping[str, int]]
    is_wanted: Callable[[Any], bool]
    drop: Callable[[Any], bool]
    fail: Callable[[Any, str], None]
    folder: Callable[[Any], Path | None] = lambda _: None

    @classmethod
    def of_rows(
        cls,
        *,
        task: Any,
        names: Callable[[Any], tuple[str, str]],
        waiting: Callable[[], QuerySet[Any]],
        key: str,
        workspace: str,
        failed: str,
        allowance: Callable[[Any], Allowance] | None = None,
    ) -> Background:
        """A kind whose wanted tasks are rows with a ``state`` and a ``message``.

        Args:
            waiting: those that are to be carried out, or are just now.
            key: the field that names one, as the task's argument; ``workspace``: the one that says whose it is.
            failed: the state of one that can't go on.
            allowance: None: as for a transfer.
        """

        def one(key_of_one: Any) -> QuerySet[Any]:
            return waiting().filter(**{key: key_of_one})

        def fail(key_of_one: Any, why: str) -> None:
            one(key_of_one).update(state=failed, message=why)

        return cls(
            task=task,
            names=names,
            allowance=allowance or (lambda _: transfer_allowance()),
            workspaces=lambda: {str(of): whose for of, whose in waiting().values_list(key, workspace)},
            is_wanted=lambda key_of_one: one(key_of_one).exists(),
            drop=lambda _: True,
            fail=fail,
        )

    @classmethod
    def of_files(
        cls,
        *,
        task: Any,
        names: Callable[[str], tuple[str, str]],
        allowance: Callable[[str], Allowance],
        workspaces: Callable[[], Mapping[str, int]],
        rows: Callable[[], QuerySet[Any]],
        open_states: Collection[str],
        cancelled: str,
        mark: Callable[[Any], Path],
        fail: Callable[[Any, str], None],
        folder: Callable[[Any], Path],
    ) -> Background:
        """A kind whose tasks are rows with a ``state``, by their primary key, each with files in a folder of its own.

        Args:
            rows: all of them. ``open_states``: those of a row that is to be carried out; ``cancelled``: of one that
                nobody wants any more.
            mark: a file that says so too while its task holds the database.
            fail: called for an open one.
        """

        def find(key: str) -> Any:
            return rows().filter(pk=key).first()

        def is_wanted(key: str) -> bool:
            """Until it is cancelled, or removed with what it belongs to. One that is done may have files to remove."""
            row = find(key)
            if row is None or row.state == cancelled:
                return False
            return row.state not in open_states or not mark(row).exists()

        def drop(key: str) -> bool:
            rows().filter(pk=key, state__in=open_states).update(state=cancelled)
            row = find(key)
            return row is None or row.state == cancelled

        def fail_open(key: str, why: str) -> None:
            row = find(key)
            if row is not None and row.state in open_states:
                fail(row, why)

        def folder_of(key: str) -> Path | None:
            row = find(key)
            return None if row is None else folder(row)

        return cls(
            task=task,
            names=names,
            allowance=allowance,
            workspaces=workspaces,
            is_wanted=is_wanted,
            drop=drop,
            fail=fail_open,
            folder=folder_of,
        )

    def attempt(
        self,
        key: Any,
        work: Callable[[], Result],
        *,
        failed: str,
        again: str = "Try again; if it fails again, tell your admin.",
    ) -> Result | None:
        """Do what a task is for; what keeps it from being done is said on its card.

        Args:
            failed: how that begins where it isn't for people as it is: "The check failed".
            again: what a person does then.

        Returns:
            What ``work`` does; None where it wasn't wanted any more, or failed.

        Raises:
            MemoryError: its process says so.
        """
        try:
            return work()
        except NotWanted:
            pass
        except ActionError as error:
            self.fail(key, str(error))
        except MemoryError:
            raise
        except Exception as error:
            log.exception("%s (%s)", failed, key)
            self.fail(key, f"{failed}: {in_our_words(error)}. {again}")
        return None

    def too_much_memory(self, key: Any, allowed: Allowance) -> str:
        """What the person reads when its process took more than ``allowed.memory`` bytes."""
        words, advice = self.names(key)
        return (
            f"{words} was ended because it took more than {allowed.memory / 2**20:,.0f} MiB of memory, the most that "
            f"it may take. {advice} An admin can allow more: {allowed.memory_setting}."
        )

    def too_long(self, key: Any, allowed: Allowance) -> str:
        """What the person reads when it took longer than ``allowed.seconds``."""
        words, advice = self.names(key)
        return (
            f"{words} was ended because it took longer than {duration(allowed.seconds)}, the longest it may take. "
            f"{advice} An admin can allow more: {allowed.time_setting}."
        )

    def ended_too_often(self, key: Any, how: str) -> str:
        """What the person reads when its process ended ``TRIES`` times. ``how``: in words, e.g. the signal."""
        words, advice = self.names(key)
        return (
            f"{words} ended its process {TRIES} times ({how}) and isn't tried again. {advice} "
            "If that doesn't help, tell your admin."
        )


def duration(seconds: float) -> str:
    """In the largest unit that it fills: 90 s are 1.5 minutes."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = seconds / length
            return f"{count:g} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:g} s"


@cache
def memory_of_machine() -> int:
    """In bytes; of a container that is limited it is still the machine's."""
    return int(psutil.virtual_memory().total)
