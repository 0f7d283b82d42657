"""``/ws/agent/``: one connected agent."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import uuid4

from django.db import DatabaseError, DataError

from annotator.actions.downloads import note_fetched, open_fetches
from annotator.actions.machine_checks import note_outdated
from annotator.actions.machine_log import note_log
from annotator.actions.previews import give_up_previews, note_previewed
from annotator.actions.runs.presence import (
    agent_connected,
    agent_disconnected,
    agent_heard,
    agent_of,
    is_let_in,
    refused_for,
)
from annotator.actions.warm_models import pins_of
from annotator.announce.messages import COME_BACK
from annotator.announce.notices import AgentNotice
from annotator.faults import Complaint, fault_of
from annotator.live.answered import Questions
from annotator.live.outlet import Behind
from annotator.live.relay import in_thread, in_writing_thread
from annotator.live.socket import Socket
from annotator.live.upkeep import open_hub
from annotator.live.writer import Writer
from annotator.models import Agent
from tracking.protocol import (
    FROM_AGENT,
    PROTOCOL,
    Accepted,
    Fetched,
    Hello,
    LegDone,
    Load,
    LogTold,
    Previewed,
    RunDone,
    RunFailed,
    RunNote,
    Segment,
    Segmented,
    Stop,
    ToAgent,
    unpacked_batch,
)

SILENT_S = 20.0
"""An agent says how it is every few seconds; one that is silent for so long has lost its network."""
UNWELCOME, REPLACED, PROTOCOL_ERROR = 4401, 4409, 4400

RIVAL = "Another agent is connected with this token; give each a token of its own. It is on {host}"
MOST_UNSENT = 10_000
"""Messages that wait for an agent that doesn't read them, before it is told to come back."""
MOST_PREVIEWED = 32
"""Words about previews that wait to be noted, before nothing more is read of the agent."""

log = logging.getLogger(__name__)
_unnoted = Complaint(log, "How agents are can't be noted for now; what they send is kept.")


class AgentConsumer(Socket):
    """Lets an agent in by its token, hands it work, takes what it sends. When it goes, its runs go to another."""

    agent: Agent
    admitted = False
    unread = False
    """It doesn't read what it is told."""

    async def connect(self) -> None:
        agent = await in_thread(agent_of, _token(self.scope))
        if agent is None:
            await self.close()
            return
        self.agent = agent
        self.connection = uuid4().hex
        self.hub = await open_hub()
        self.load: Load | None = None
        self.loaded = asyncio.Event()
        self.fetched: dict[str, Fetched] = {}
        self.fetched_more = asyncio.Event()
        self.previewed: asyncio.Queue[Previewed] = asyncio.Queue(MOST_PREVIEWED)
        self.writer = Writer(self.hub, self.agent.pk, self.tell)
        self.questions = Questions(self.hub.publish)
        self.outgoing: asyncio.Queue[ToAgent] = asyncio.Queue()
        self.welcomed = asyncio.Event()
        self.heard_at = monotonic()
        self.here = False
        self.shown_out = asyncio.Event()
        self.admitted = True
        await self.accept()
        notes = (self._note_loads(), self._note_fetched(), self._note_previewed())
        for work in (self._send_all(), self.writer.run(), self._watch(), *notes):
            self.own(work)

    async def left(self) -> None:
        if not self.admitted:
            return
        if self.hub.agents.get(self.agent.pk) is self:
            del self.hub.agents[self.agent.pk]
        self.questions.give_up()
        await self.writer.close()
        if self.here:
            try:
                await in_writing_thread(agent_disconnected, agent_id=self.agent.pk, connection=self.connection)
                await in_writing_thread(give_up_previews, self.agent.pk)
            except DatabaseError as error:
                # Whoever finds it silent later takes its runs back.
                _unnoted.note(error)

    # ------------------------------------------------------------ to the agent

    def command(self, notice: AgentNotice) -> None:
        """From the hub: what a run needs of this agent."""
        if notice.layer is not None:
            if isinstance(notice.message, Segment):
                self.questions.put(notice.layer, notice.message)
            self.writer.follow(notice, notice.layer)
        self.tell(notice.message)

    def show_out(self) -> None:
        """From the hub: the agent is let in no more. Nothing that it sends from now on is taken."""
        self.shown_out.set()

    def tell(self, message: ToAgent) -> None:
        if self.outgoing.qsize() < MOST_UNSENT:
            self.outgoing.put_nowait(message)
        elif not self.unread:
            self.unread = True
            self.own(self._end_unread())

    async def _end_unread(self) -> None:
        raise Behind(f"{MOST_UNSENT} messages wait for agent {self.agent}.")

    async def _send_all(self) -> None:
        # Work may be given to an agent while it is being welcomed; it hears first that it is let in.
        await self.welcomed.wait()
        await self.send(Accepted(agent=self.agent.pk, name=self.agent.name).model_dump_json())
        while True:
            await self.send((await self.outgoing.get()).model_dump_json())

    async def _watch(self) -> None:
        """Send away an agent that has fallen silent, or is let in no more: told by the hub, or seen in the database."""
        while monotonic() - self.heard_at < SILENT_S:
            with suppress(TimeoutError):
                async with asyncio.timeout(SILENT_S / 4):
                    await self.shown_out.wait()
            with suppress(DatabaseError):
                if not await in_thread(is_let_in, self.agent.pk):
                    self.shown_out.set()
            if self.shown_out.is_set():
                await self.close(UNWELCOME, reason="This agent's token has been revoked.")
                return
        await self.close(REPLACED, reason="Nothing was heard of this agent.")

    # ------------------------------------------------------------ from the agent

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.heard_at = monotonic()
        if self.shown_out.is_set():
            return
        try:
            if bytes_data is not None:
                self._take(bytes_data)
            elif text_data is not None:
                await self._hear(text_data)
        except (ValueError, OverflowError, DataError) as error:
            # Also numbers and texts that the database can't keep.
            log.warning("Agent %s sent what no agent should: %s", self.agent, error)
            if not self.here:
                await self._note_outdated(host="", version="", protocol=None)
            await self.close(PROTOCOL_ERROR, reason="This message can't be understood. Is the agent of this version?")

    def _take(self, message: bytes) -> None:
        if not self.here:
            raise ValueError("A batch comes after a hello; none has come.")
        self.writer.take(*unpacked_batch(message))

    async def _hear(self, text: str) -> None:
        message = FROM_AGENT.validate_json(text)
        match message:
            case Hello():
                await self._welcome(message)
            case LegDone():
                self.writer.ended(message)
            case RunNote():
                self.writer.noted(message)
            case RunDone():
                self.writer.done(message)
            case RunFailed():
                self.writer.failed(message)
            case Segmented():
                self.questions.answer(message)
            case Fetched():
                self.fetched[message.model] = message
                self.fetched_more.set()
            case Previewed():
                await self.previewed.put(message)
            case LogTold():
                await in_thread(note_log, agent_id=self.agent.pk, told=message)
            case Load():
                self.load = message
                self.loaded.set()

    async def _note_loads(self) -> None:
        """Beside what it sends: noting how it is may have to wait for the database."""
        while True:
            await self.loaded.wait()
            self.loaded.clear()
            load, self.load = self.load, None
            if load is None:
                continue
            try:
                standing = await in_writing_thread(agent_heard, agent_id=self.agent.pk, load=load)
                if standing == "let out":
                    await self.close(UNWELCOME, reason="This agent's token has been revoked.")
                    return
                if standing == "forgotten" and self.welcomed.is_set():
                    log.warning("Agent %s was taken for gone while its database was away.", self.agent)
                    await self.close(COME_BACK, reason="The server took this agent for gone. Connect again.")
                    return
                await self.writer.stalled(load.stalled)
            except DatabaseError as error:
                if fault_of(error) is None:
                    raise
                _unnoted.note(error)
            else:
                _unnoted.over()

    async def _note_fetched(self) -> None:
        """How weights come, of each model the newest word; what can't be noted now is noted with the next one."""
        while True:
            await self.fetched_more.wait()
            self.fetched_more.clear()
            told, self.fetched = self.fetched, {}
            try:
                for message in told.values():
                    await in_writing_thread(note_fetched, agent_id=self.agent.pk, told=message)
            except DatabaseError as error:
                if fault_of(error) is None:
                    raise
                _unnoted.note(error)
                self.fetched = told | self.fetched
                asyncio.get_running_loop().call_later(SILENT_S / 4, self.fetched_more.set)

    async def _note_previewed(self) -> None:
        """What can't be noted now isn't: whoever waits for a preview that nothing is heard of is told to ask again."""
        while True:
            told = await self.previewed.get()
            try:
                await in_writing_thread(note_previewed, agent_id=self.agent.pk, told=told)
            except DatabaseError as error:
                if fault_of(error) is None:
                    raise
                _unnoted.note(error)

    async def _note_outdated(self, *, host: str, version: str, protocol: int | None) -> None:
        """For its admins, who would only see that it doesn't come."""
        with suppress(DatabaseError):
            await in_writing_thread(
                note_outdated, agent_id=self.agent.pk, host=host, version=version, protocol=protocol
            )

    async def _welcome(self, hello: Hello) -> None:
        if hello.protocol != PROTOCOL:
            await self._note_outdated(host=hello.host, version=hello.version, protocol=hello.protocol)
            await self.close(PROTOCOL_ERROR, reason=f"This server speaks protocol {PROTOCOL}; update the agent.")
            return
        if host := await in_writing_thread(refused_for, agent_id=self.agent.pk, hello=hello):
            log.warning("Agent %s on %s isn't let in: one on %s has the same token.", self.agent, hello.host, host)
            await self.close(REPLACED, reason=RIVAL.format(host=host))
            return
        former = self.hub.agents.get(self.agent.pk)
        self.hub.agents[self.agent.pk] = self
        self.here = True
        if isinstance(former, AgentConsumer):
            with suppress(Exception):
                await former.close(REPLACED, reason="The agent has connected again.")
            await former.writer.flush()
        stale = await in_writing_thread(
            agent_connected, agent_id=self.agent.pk, connection=self.connection, hello=hello
        )
        self.served()
        self.welcomed.set()
        for run in stale:
            self.tell(Stop(run=run))
        for fetch in await in_thread(open_fetches, self.agent.pk):
            self.tell(fetch)
        for pins in await in_thread(pins_of, self.agent.pk):
            self.tell(pins)


def _token(scope: Any) -> str:
    header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
