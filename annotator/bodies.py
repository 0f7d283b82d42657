"""Bodies of requests, which are written to disk while they arrive: of somebody who isn't signed in no more than a form
can have.

Views and their checks come after the whole body. So the first question is asked here, when the headers are there or,
where they don't say how long the body is, when more has come than anybody may send: the connection waits for the
answer.
"""

from __future__ import annotations

import json
import logging
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from tempfile import SpooledTemporaryFile
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import connection
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from tracking.protocol import MESSAGE_BYTES

log = logging.getLogger(__name__)

OF_ANYBODY = 750_000
"""Bytes; up to three reads of 64 KiB come behind them before a connection is held."""
OF_A_PERSON = 2 * 2**30 + MESSAGE_BYTES
"""The largest file that may be imported, with the form around it."""
IN_MEMORY = 100_000
"""Bytes of a body of unknown length that are kept in memory, as Twisted keeps those that say their length."""
LINGER_S = 2.0
"""How long a refused body is read, and thrown away, so that who sends it gets to read the answer."""
WORDS = {
    401: f"A request of somebody who isn't signed in has at most {OF_ANYBODY:,} bytes. Sign in first.",
    413: f"A request has at most {OF_A_PERSON:,} bytes; this one has more.",
}


class BoundedRequest(WebRequest):  # type: ignore[misc]  # Daphne has no types.
    """A request whose body may be as long as who sends it may send."""

    came = 0
    most = OF_ANYBODY
    refused = False

    def gotLength(self, length: int | None) -> None:
        if length is None:
            # It comes in chunks, and nobody knows how many: a large one mustn't gather in memory.
            self.content = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (the request closes it)
            return
        super().gotLength(min(length, OF_A_PERSON))
        if length > OF_A_PERSON:
            self._refuse(413)
        elif length > self.most:
            self._ask()

    def handleContentChunk(self, data: bytes) -> None:
        if self.refused:
            return
        self.came += len(data)
        if self.came > OF_A_PERSON:
            self._refuse(413)
            return
        super().handleContentChunk(data)
        if self.came > self.most:
            self._ask()

    def _ask(self) -> None:
        """Whether it is somebody signed in, while nothing more is read."""
        self.most = OF_A_PERSON
        channel = self.channel
        channel._networkProducer.pauseProducing()
        asked = deferToThread(is_somebody, self.getHeader("cookie") or "", self.getHeader("authorization") or "")

        def answered(known: bool) -> None:
            if not known:
                self._refuse(401)
            channel._networkProducer.resumeProducing()

        def failed(failure: Any) -> None:
            log.warning("A session could not be looked up: %s", failure.value)
            answered(False)

        asked.addCallbacks(answered, failed)

    def _refuse(self, status: int) -> None:
        self.refused = True
        # It lingers for a while; what has come of it needn't.
        self.content.seek(0)
        self.content.truncate()
        channel = self.channel
        if channel is None or channel.transport is None:
            return  # They left.
        body = json.dumps({"message": WORDS[status]}).encode()
        reason = {401: b"Unauthorized", 413: b"Content Too Large"}[status]
        channel.transport.write(
            b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            % (status, reason, len(body), body)
        )
        clock: Any = reactor
        clock.callLater(LINGER_S, channel.loseConnection)

    def requestReceived(self, *given: Any) -> None:
        if not self.refused:
            super().requestReceived(*given)


class BoundedFactory(HTTPFactory):  # type: ignore[misc]
    """Makes connections with such requests."""

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


def is_somebody(cookies: str, authorization: str = "") -> bool:
    """Whether the token of a request, or the session of its cookies, is somebody's. In a thread of its own: it asks the
    database."""
    try:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer":
            # Models can't be loaded yet when this module is.
            from annotator.actions.api_tokens import is_good

            return is_good(token)
        cookie = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
        if cookie is None:
            return False
        return SESSION_KEY in import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    except CookieError:
        return False
    finally:
        connection.close()
