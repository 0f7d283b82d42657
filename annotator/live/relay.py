"""Starts the hub of a web process, and joins it with the others.

Three ways lead to a browser, and a room puts them in order: an action in this process posts to the hub; with Redis,
other processes forward through the channel layer; and once a second the hub asks the database for revisions of watched
layers that it hasn't seen. The last is how an import by the jobs worker arrives when there is no Redis, and it repairs
whatever the others lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings

from annotator.announce import bus
from annotator.announce.messages import EventOut
from annotator.announce.notices import LookAgain, Notice, PredictionFrame
from annotator.announce.outgoing import event_out
from annotator.faults import Complaint
from annotator.live.hub import Hub
from annotator.live.missed import Missed
from annotator.models import Event, Layer

P = ParamSpec("P")
T = TypeVar("T")

POLL_S = 1.0
MOST_BYTES = 32 * 2**20
"""Predictions that wait for the channel layer."""
MOST_NOTICES = 10_000
"""Notices that wait for it."""
MOST_EVENTS = 200
"""Events that are sent after a gap; after a longer one browsers refetch anyway."""

log = logging.getLogger(__name__)
_unread = Complaint(log, "The revisions of watched layers can't be read.")
_untold = Complaint(log, "The channel layer takes no message: other web processes hear of changes from the database.")
_unheard = Complaint(log, "The channel layer can't be heard.")
_threads = ThreadPoolExecutor(4, "live")
# What waits for the lock of a database keeps nobody from looking.
_writing_threads = ThreadPoolExecutor(4, "live-write")
_current: Hub | None = None
_tasks: set[asyncio.Task[None]] = set()
_tidied: dict[str, asyncio.Task[None]] = {}


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what uses the database beside the event loop."""
    result: T = await database_sync_to_async(work, thread_sensitive=False, executor=_threads)(*args, **kwargs)
    return result


async def in_writing_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Like ``in_thread``, for what may have to wait until others have written."""
    result: T = await database_sync_to_async(work, thread_sensitive=False, executor=_writing_threads)(*args, **kwargs)
    return result


def hub_here() -> Hub:
    """The hub of the running event loop, started on first use."""
    global _current  # noqa: PLW0603 (one per process, by its nature)
    loop = asyncio.get_running_loop()
    if _current is None or _current.loop is not loop:
        _current = Hub(loop)
        own(loop.create_task(_watch_revisions(_current)))
        if settings.SEVERAL_WEB_PROCESSES:
            _join_others(_current)
    return _current


def _post(notice: Notice) -> bool:
    """Hand a notice to the hub of this process, from any thread; False where none runs."""
    hub = _current
    if hub is None or not hub.loop.is_running():
        return False
    hub.post(notice)
    return True


bus.join(_post)


def own(task: asyncio.Task[None]) -> None:
    """Keep a task of this process running."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


# ---------------------------------------------------------------- other processes


def _join_others(hub: Hub) -> None:
    outgoing = Outgoing()
    hub.forward = outgoing.put
    own(hub.loop.create_task(_tell_others(hub, outgoing)))
    own(hub.loop.create_task(_hear_others(hub)))


class Outgoing:
    """What waits to be told to the other web processes. Predictions beyond ``MOST_BYTES`` are dropped, oldest first;
    the others hear which those were as soon as they hear anything."""

    def __init__(self) -> None:
        self._something = asyncio.Event()
        self._waiting: deque[Notice | PredictionFrame] = deque()
        self._lost: defaultdict[int, Missed] = defaultdict(Missed)
        self._bytes = 0

    def put(self, notice: Notice | PredictionFrame) -> None:
        """Never waits; of predictions the oldest may go for it."""
        self._waiting.append(notice)
        self._something.set()
        if isinstance(notice, PredictionFrame):
            self._bytes += len(notice.body)
            if self._bytes > MOST_BYTES:
                self._drop()

    def put_back(self, notice: Notice | PredictionFrame) -> None:
        """What could not be told: it is tried again, but for predictions, which are named then. Of very many the oldest
        are dropped; browsers hear of changes from the database in any case."""
        if isinstance(notice, PredictionFrame):
            self.lose(notice)
            return
        self._waiting.appendleft(notice)
        while len(self._waiting) > MOST_NOTICES:
            dropped = self._waiting.popleft()
            if isinstance(dropped, PredictionFrame):
                self._bytes -= len(dropped.body)
                self.lose(dropped)

    def lose(self, frame: PredictionFrame) -> None:
        """Predictions were not told."""
        self._lost[frame.layer].add(frame.covers)
        self._something.set()

    async def get(self) -> Notice | PredictionFrame:
        """The next to be told, waited for. What was lost comes first, as a frame without a body."""
        while not self._waiting and not self._lost:
            self._something.clear()
            await self._something.wait()
        if self._lost:
            layer, missed = self._lost.popitem()
            return PredictionFrame(layer, "", b"", tuple(missed.take()))
        notice = self._waiting.popleft()
        if isinstance(notice, PredictionFrame):
            self._bytes -= len(notice.body)
        return notice

    def _drop(self) -> None:
        """All predictions but the newest."""
        newest = self._waiting.pop()
        for notice in self._waiting:
            if isinstance(notice, PredictionFrame):
                self._bytes -= len(notice.body)
                self.lose(notice)
        kept = [notice for notice in self._waiting if not isinstance(notice, PredictionFrame)]
        self._waiting = deque([*kept, newest])


async def _tell_others(hub: Hub, outgoing: Outgoing) -> None:
    while True:
        notice = await outgoing.get()
        try:
            await bus.channels().group_send(bus.GROUP, bus.packed(notice, process=hub.process))
        except Exception as error:
            _untold.note(error)
            outgoing.put_back(notice)
            await asyncio.sleep(POLL_S)
        else:
            _untold.over()


async def _hear_others(hub: Hub) -> None:
    while True:
        try:
            layer = bus.channels()
            channel = await layer.new_channel()
            await layer.group_add(bus.GROUP, channel)
            _unheard.over()
            while True:
                message = await layer.receive(channel)
                if message["process"] != hub.process:
                    hub.deliver(bus.unpacked(message))
        except Exception as error:
            _unheard.note(error)
            await asyncio.sleep(POLL_S)


# ---------------------------------------------------------------- revisions


async def _watch_revisions(hub: Hub) -> None:
    while True:
        await asyncio.sleep(POLL_S)
        if not hub.rooms:
            continue
        try:
            revisions = await in_thread(_revisions, list(hub.rooms))
            for layer in set(hub.rooms) - {layer for layer, _ in revisions}:
                # Deleted by another process, or behind the application's back.
                hub.deliver(LookAgain(layer=layer))
            for room in hub.behind(revisions):
                events = await in_thread(_events_after, room.layer, room.revision or 0)
                if len(events) > MOST_EVENTS:
                    room.skip_to(events[-1])
                for event in events:
                    room.offer(event)
        except Exception as error:
            _unread.note(error)
        else:
            _unread.over()


def _revisions(layers: list[int]) -> list[tuple[int, int]]:
    return list(Layer.objects.filter(pk__in=layers).values_list("pk", "revision"))


def _events_after(layer: int, revision: int) -> list[EventOut]:
    """The events that follow, in order; of too many, only the last one after ``MOST_EVENTS``."""
    events = Event.objects.filter(layer_id=layer, revision__gt=revision).select_related("author")
    found = list(events.order_by("revision")[:MOST_EVENTS])
    newest = events.order_by("revision").last()
    if newest is not None and found and newest.pk != found[-1].pk:
        found.append(newest)
    return [event_out(event) for event in found]
