"""``/ws/layers/<id>/``: one browser on one layer."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError
from django.db.models import Q
from django.http import Http404
from django.http.request import split_domain_port, validate_host
from django.utils import timezone
from pydantic import ValidationError

from annotator import access
from annotator.actions.analytics.stays import note_stay
from annotator.actions.edits.apply import apply_edit, find_edit
from annotator.actions.errors import ActionError
from annotator.actions.issues.notify import unread_of
from annotator.actions.runs import ask
from annotator.actions.seen import note_shown
from annotator.actions.smart import ask_clicks
from annotator.announce.messages import (
    CLIENT_MESSAGE,
    NOT_THERE,
    SIGNED_OUT,
    ClientMessage,
    Edit,
    EditPart,
    EventOut,
    Gone,
    Held,
    Person,
    Ping,
    Pong,
    Presence,
    Received,
    Refused,
    Rights,
    RunCorrect,
    RunExtend,
    RunStart,
    RunStop,
    Shown,
    SmartAnswer,
    SmartClicks,
    Surroundings,
    Welcome,
)
from annotator.announce.outgoing import event_out, run_info
from annotator.announce.surroundings import surroundings_of
from annotator.faults import Complaint, Fault, fault_of, pauses
from annotator.live.asked import Asked, Parts, Waiting, WholeEdit
from annotator.live.clicks import Clicks
from annotator.live.hub import Watcher
from annotator.live.outlet import Outlet
from annotator.live.relay import in_thread, in_writing_thread
from annotator.live.socket import Socket
from annotator.live.upkeep import open_hub
from annotator.models import Layer, Run, User
from annotator.refusals import problem_of
from annotator.sessions import is_session_of
from tracking.protocol import MESSAGE_BYTES

ANOTHER_SESSION = 4408
"""Code with which a connection is closed that may come back."""
TELL_AFTER_S = 2.0
"""What takes longer to be stored is said to wait."""
IDLE_S = 90.0
NOTE_EVERY_S = 15.0
"""Where people are is noted for the analytics of the project so often, as long as they move."""
SHOWN_EVERY_S = 3.0
MOST_SHOWN_WAITING = 20
"""Which frames a page had on screen is noted so often at most, and no more of its messages wait for it."""
CHECK_EVERY_S = 30.0
REASON_WAIT_S = 0.2
"""A change is committed before its reason is told; a look in between waits so long for it."""
READ_AT_ONCE = 256 * 2**10
"""Longer messages are read beside the event loop, which others wait for."""
RUNS_SHOWN = 20
LONGEST_ID = 18

log = logging.getLogger(__name__)
_unstorable = Complaint(log, "What people change can't be stored for now; it is kept and tried again.")
_unseen = Complaint(log, "Which frames people had on screen can't be noted: they count as not seen.")
_unnoted = Complaint(log, "When people are in the editor can't be noted: their active time is counted too low.")


class Departed(Exception):
    """Whose connection this was isn't signed in by it any more."""


class LayerConsumer(Socket):
    """Checks who is there, sends what happens, hands what the person does to the actions, one after the other.

    Every action checks the person's access again; who only watches is checked every ``CHECK_EVERY_S``.
    """

    watcher: Watcher | None = None
    shown_out = False
    held: Fault | None = None
    """Why what the person asked for can't be stored for now, as they were told last."""
    why = ""
    """What happened, of which the person hasn't been told yet."""

    async def connect(self) -> None:
        self.look_again = asyncio.Event()
        self.layer_id = int(self.scope["url_route"]["kwargs"]["layer_id"])
        self.job_id = job_in(self.scope)
        if not same_origin(self.scope):
            await self.close()
            return
        await self.accept()
        user: Any = self.scope["user"]
        self.user: User = user
        if not user.is_authenticated or not await in_thread(is_session_of, self.scope.get("session"), user):
            await self.close(SIGNED_OUT, reason="Sign in again.")
            return
        try:
            layer = await in_thread(access.access_layer, self.user, self.layer_id, "view")
        except access.Gone as gone:
            await self._show_out(NOT_THERE, Gone(what="deleted", message=str(gone)))
            return
        except Http404:
            await self.close(NOT_THERE, reason=access.NOTHING)
            return
        except access.SecondFactorNeeded as needed:
            await self._show_out(NOT_THERE, Gone(what="left", message=str(needed)))
            return
        self.project = layer.video.project
        await self._enter()

    async def _enter(self) -> None:
        self.asked = Asked()
        self.parts = Parts()
        self.moves: list[datetime] = []
        self.shown: list[Shown] = []
        self.has_shown = asyncio.Event()
        self.heard_at = monotonic()
        self.outlet = Outlet(self._send)
        person = Person(
            connection=uuid4().hex,
            user=self.user.pk,
            name=str(self.user),
            colour=self.user.colour,
            frame=0,
            tracks=[],
        )
        self.hub = await open_hub()
        self.room = self.hub.enter(self.layer_id)
        self.clicks = Clicks(self._ask_clicks, self._tell_clicks)
        self.watcher = Watcher(
            self.user.pk, person, self.outlet, self.project.pk, self._recheck_soon, self.clicks.answered
        )
        # Joined before the revision is read: whatever is committed after it arrives, and nothing goes out before.
        self.hub.join(self.room, self.watcher)
        welcome = await in_thread(self._welcome, person)
        self.room.begin(welcome.revision)
        welcome.people = self.room.people
        self.rights, self.surroundings = welcome.rights, welcome.surroundings
        await self.send(welcome.model_dump_json())
        self.served()
        for work in (
            self.outlet.run(),
            self._act_all(),
            self._check(),
            self._keep_looking(),
            self._note_stays(),
            self._note_shown(),
            self.clicks.run(),
        ):
            self.own(work)

    async def left(self) -> None:
        if self.watcher is not None:
            self.clicks.close()
            self.hub.part(self.room, self.watcher.person.connection)
            self.hub.leave(self.room)

    async def _send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self.send(message)
        else:
            await self.send(bytes_data=message)

    # ------------------------------------------------------------ from the browser

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.watcher is None:
            return
        self.heard_at = monotonic()
        if text_data is None or len(text_data) > MESSAGE_BYTES:
            self._refuse(Refused(message=f"A message is text of at most {MESSAGE_BYTES // 2**20} MiB; this one isn't."))
            return
        try:
            if len(text_data) > READ_AT_ONCE:
                message = await asyncio.to_thread(CLIENT_MESSAGE.validate_json, text_data)
            else:
                message = CLIENT_MESSAGE.validate_json(text_data)
        except ValidationError as error:
            self._refuse(_unreadable(text_data, error))
            return
        await self._take(message, len(text_data))

    async def _take(self, message: ClientMessage, size: int) -> None:
        match message:
            case Received():
                self.outlet.received(message.sequence)
            case Ping():
                self.outlet.text(Pong().model_dump_json())
            case Presence():
                self._move(message)
            case Shown():
                self._have_shown(message)
            case EditPart():
                await self._put_together(message)
            case SmartClicks():
                self.clicks.ask(message)
            case _:
                await self.asked.put(message, size)

    async def _put_together(self, part: EditPart) -> None:
        self.outlet.text(Pong().model_dump_json())
        try:
            whole = self.parts.add(part)
        except ValueError as error:
            self._refuse(Refused(message=str(error), edit=part.edit))
            return
        if whole is not None:
            await self.asked.put(whole, sum(len(text) for text in whole.texts))

    def _move(self, presence: Presence) -> None:
        assert self.watcher is not None  # noqa: S101 (only those who entered are heard)
        if (presence.frame, presence.tracks) != (self.watcher.person.frame, self.watcher.person.tracks):
            self.moves.append(timezone.now())
        self.watcher.person.frame = presence.frame
        self.watcher.person.tracks = presence.tracks
        self.hub.moved(self.room)

    def _have_shown(self, shown: Shown) -> None:
        """Of a page that tells more than can be noted, what is too much counts as not seen."""
        if len(self.shown) < MOST_SHOWN_WAITING:
            self.shown.append(shown)
            self.has_shown.set()

    async def _note_shown(self) -> None:
        while True:
            await self.has_shown.wait()
            self.has_shown.clear()
            several, self.shown = self.shown, []
            try:
                for each in several:
                    await in_writing_thread(
                        note_shown,
                        user=self.user,
                        layer_id=self.layer_id,
                        frames=each.frames,
                        revision=each.revision,
                    )
            except (DatabaseError, ObjectDoesNotExist) as error:
                # The layer went, or nothing can be written for now.
                _unseen.note(error)
            else:
                _unseen.over()
            await asyncio.sleep(SHOWN_EVERY_S)

    async def _note_stays(self) -> None:
        """Note when the person moved through the layer; of the last ``NOTE_EVERY_S`` nothing is known in the end."""
        while True:
            await asyncio.sleep(NOTE_EVERY_S)
            if not self.moves:
                continue
            began, ended = self.moves[0], self.moves[-1]
            self.moves.clear()
            try:
                await in_writing_thread(
                    note_stay,
                    user=self.user,
                    layer_id=self.layer_id,
                    job_id=self.job_id,
                    began=began,
                    ended=ended,
                )
            except DatabaseError as error:
                # The layer went, or nothing can be written for now: a quarter of a minute less is counted.
                _unnoted.note(error)
            else:
                _unnoted.over()

    async def _act_all(self) -> None:
        """Do what the person asked for, in order: a run may start from the shape that the edit before it saved."""
        while True:
            await self._do(await self.asked.get())

    async def _do(self, command: Waiting) -> None:
        """Do one thing; what can't be stored for now is tried again until it can. What follows it waits: it may build
        on it."""
        for pause in pauses():
            slow = self.hub.loop.call_later(TELL_AFTER_S, self._hold, self.held or "busy")
            try:
                repeated = await in_writing_thread(self._act, command)
                if repeated is not None:
                    self.outlet.text(repeated.model_dump_json())
            except (ActionError, PermissionDenied, Http404) as error:
                self._refuse(_about(command, str(error)))
            except Departed:
                # Shown out with the reason. What isn't acknowledged the browser sends again, if it comes back.
                self._recheck_soon("")
            except ValidationError as error:
                self._refuse(_about(command, _problem(error)))
            except Exception as error:
                fault = fault_of(error)
                if fault is not None:
                    _unstorable.note(error)
                    self._hold(fault)
                    await asyncio.sleep(pause)
                    continue
                log.exception("A change of layer %s failed: %s", self.layer_id, type(command).__name__)
                self._refuse(_about(command, "Something went wrong on the server; this wasn't done."))
            finally:
                slow.cancel()
            break
        if self.held is not None:
            _unstorable.over()
            self._hold(None)

    def _hold(self, why: Fault | None) -> None:
        """Tell the person that what they asked for waits to be stored, or (None) does no more."""
        if why != self.held:
            self.held = why
            self.outlet.text(Held(what="changes", why=why).model_dump_json())

    def _act(self, command: Waiting) -> EventOut | None:
        """In a thread. Returns the event of an edit that had been applied before."""
        self._require_session()
        match command:
            case WholeEdit():
                return self._act(command.read())
            case Edit():
                access.access_layer(self.user, self.layer_id, "annotate")
                applied = find_edit(layer_id=self.layer_id, edit_id=command.id)
                if applied is not None:
                    return event_out(applied)
                apply_edit(user=self.user, layer_id=self.layer_id, edit=command)
            case RunStart():
                ask.start_run(user=self.user, layer_id=self.layer_id, start=command)
            case RunCorrect():
                ask.correct_run(user=self.user, correct=command)
            case RunExtend():
                ask.extend_run(user=self.user, extend=command)
            case RunStop():
                ask.stop_run(user=self.user, stop=command)
        return None

    async def _ask_clicks(self, asked: SmartClicks, base: str | None) -> str:
        """Returns the mask that the clicks correct. Raises ActionError with what to tell the person."""
        assert self.watcher is not None  # noqa: S101 (only those who entered are heard)
        try:
            return await in_thread(self._act_on_clicks, asked, base, self.watcher.person.connection)
        except (PermissionDenied, Http404) as error:
            raise ActionError(str(error)) from error
        except Departed as error:
            self._recheck_soon("")
            raise ActionError("Sign in again.") from error
        except DatabaseError as error:
            _unstorable.note(error)
            raise ActionError("The database can't be read for now. Click again in a moment.") from error

    def _act_on_clicks(self, asked: SmartClicks, base: str | None, connection: str) -> str:
        self._require_session()
        return ask_clicks(user=self.user, layer_id=self.layer_id, connection=connection, asked=asked, base=base)

    def _tell_clicks(self, answer: SmartAnswer) -> None:
        self.outlet.text(answer.model_dump_json())

    def _require_session(self) -> None:
        """In a thread. A change may come before this connection was told that its session is over, or not be told at
        all: by what was done behind the application's back. Raises Departed."""
        if self._account_gone("") is not None or not is_session_of(self.scope.get("session"), self.user):
            raise Departed

    def _refuse(self, refused: Refused) -> None:
        self.outlet.text(refused.model_dump_json())

    # ------------------------------------------------------------ who is there

    def _welcome(self, person: Person) -> Welcome:
        layer = access.access_layer(self.user, self.layer_id, "view")
        recent = Q(state__in=ask.ACTIVE) | Q(finished_at__gt=timezone.now() - timedelta(hours=1))
        runs = Run.objects.filter(recent, layer=layer).select_related("agent", "created_by").order_by("-created_at")
        return Welcome(
            connection=person.connection,
            revision=layer.revision,
            rights=self._rights(layer),
            surroundings=surroundings_of(layer, self.job_id),
            people=[],
            # The newest ones, in the order in which they began, as those that begin later come behind.
            runs=[
                run_info(run, reader=self.user.pk, stalled_s=self.hub.stalls.get(str(run.pk)))
                for run in reversed(runs[:RUNS_SHOWN])
            ],
            unread=unread_of(self.user),
        )

    async def _check(self) -> None:
        """Show out who has fallen silent, or may not look any more."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            if monotonic() - self.heard_at > IDLE_S:
                await self.close(1000, reason="Nothing was heard of this page.")
                return
            self._recheck_soon("")

    def _recheck_soon(self, why: str) -> None:
        self.why = why or self.why
        self.look_again.set()

    async def _keep_looking(self) -> None:
        """One look after the other, each with the reason that was told before it began: a look that began before a
        change would take the reason of it away, and tell what is true no more."""
        while True:
            await self.look_again.wait()
            self.look_again.clear()
            why, self.why = self.why, ""
            try:
                await self._recheck(why)
            except Exception:
                log.exception("What is allowed on layer %s can't be looked up.", self.layer_id)

    async def _recheck(self, why: str) -> None:
        """Tell the person what they may do and what is said around the layer, if that is something else now; show out
        who may not look any more.

        Args:
            why: what happened, of which the person hasn't been told yet.
        """
        try:
            if (gone := await in_thread(self._account_gone, why)) is not None:
                await self._show_out(NOT_THERE, gone)
                return
            if not await in_thread(is_session_of, self.scope.get("session"), self.user):
                # Signed out, or with another session since: the browser comes back with the one that it has now.
                await self.close(ANOTHER_SESSION)
                return
            rights, surroundings = await in_thread(self._look)
        except access.Gone as gone_layer:
            await self._show_out(NOT_THERE, Gone(what="deleted", message=str(gone_layer)))
        except Http404:
            await self._show_out(NOT_THERE, await in_thread(self._not_shared, why))
        except access.SecondFactorNeeded as needed:
            await self._show_out(NOT_THERE, Gone(what="left", message=str(needed)))
        except DatabaseError as error:
            if fault_of(error) is None:
                raise
            # It is looked up again soon.
            _unstorable.note(error)
            self.why = self.why or why
        else:
            if (rights, surroundings) == (self.rights, self.surroundings):
                return
            if not why:
                with suppress(TimeoutError):
                    async with asyncio.timeout(REASON_WAIT_S):
                        await self.look_again.wait()
            why = self.why or why
            if rights != self.rights:
                self.rights = rights
                self.outlet.text(rights.model_copy(update={"why": why}).model_dump_json())
                why = ""
            if surroundings != self.surroundings:
                self.surroundings = surroundings
                self.outlet.text(surroundings.model_copy(update={"why": why}).model_dump_json())

    async def _show_out(self, code: int, gone: Gone) -> None:
        """Say why, and end. The words don't fit into the reason of a close, which has 123 bytes."""
        if not self.shown_out:
            self.shown_out = True
            await self.send(gone.model_dump_json())
            await self.close(code)

    def _account_gone(self, why: str) -> Gone | None:
        """In a thread: why the person is nobody here any more; None: they are."""
        try:
            self.user.refresh_from_db(fields=["is_active", "is_superuser", "password"])
        except User.DoesNotExist:
            return Gone(what="account", message="Your account was deleted.")
        if not self.user.is_active:
            return Gone(what="account", message=why or "Your account was deactivated.")
        return None

    def _not_shared(self, why: str) -> Gone:
        """In a thread: what happened to somebody who was let in and finds nothing now."""
        if not Layer.objects.filter(pk=self.layer_id).exists():
            return Gone(what="deleted", message="This video was deleted.")
        return Gone(what="left", message=why or f"You are no longer a member of {self.project.workspace}.")

    def _look(self) -> tuple[Rights, Surroundings]:
        """In a thread."""
        layer = access.access_layer(self.user, self.layer_id, "view")
        return self._rights(layer), surroundings_of(layer, self.job_id)

    def _rights(self, layer: Layer) -> Rights:
        role = access.role_in(self.user, layer.video.project.workspace_id)
        ranges = access.editable_ranges(self.user, layer)
        return Rights(
            ranges=ranges,
            can_manage=access.may(role, "manage"),
            can_review=bool(ranges) and access.may(role, "review"),
            can_settle=access.may(role, "annotate"),
        )


def same_origin(scope: Any) -> bool:
    """Whether a page of this site opened the socket: cookies come along from any page, so they are no proof."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not origin:
        return True
    if not validate_host(split_domain_port(urlsplit(origin).netloc.lower())[0], settings.ALLOWED_HOSTS):
        return False
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    host: str = headers.get(b"host", b"").decode("latin-1")
    return bool(urlsplit(origin).netloc == host)


def job_in(scope: Any) -> int | None:
    """The job that a page has open, by ``?job=`` of its socket's address."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("job", [""])[0]
    return int(asked) if asked.isdecimal() and len(asked) < LONGEST_ID else None


def _about(command: Waiting, message: str) -> Refused:
    if isinstance(command, Edit | WholeEdit):
        return Refused(message=message, edit=command.id)
    return Refused(message=message, run=command.id if isinstance(command, RunStart) else command.run)


def _problem(error: ValidationError) -> str:
    return f"This message can't be read. {problem_of(error)}"


def _unreadable(text: str, error: ValidationError) -> Refused:
    """What is wrong with a message, and which edit or run it was about, where that much can be read."""
    refused = Refused(message=_problem(error))
    try:
        raw = json.loads(text)
        named = UUID(str(raw.get("id") or raw.get("run")))
    except (ValueError, AttributeError):
        return refused
    if raw.get("type") == "edit":
        refused.edit = named
    else:
        refused.run = named
    return refused
