"""Long answers wait for their reader on the server's disk: in memory, each that isn't read would cost all of its bytes,
and a browser asks for six at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.deprecation import MiddlewareMixin

IN_MEMORY = 2**20
"""Bytes of an answer that are kept in memory."""
BLOCK = 256 * 1024

log = logging.getLogger(__name__)


class LongAnswers(MiddlewareMixin):
    """Has what is longer than ``IN_MEMORY`` sent from a file without a name, as fast as it is read."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, HttpResponse) or (file := _on_disk(request, [response.content])) is None:
            return response
        streamed = _streamed(file, status=response.status_code, reason=response.reason_phrase)
        streamed.headers = response.headers
        streamed.headers["Content-Length"] = str(len(response.content))
        streamed.cookies = response.cookies
        return streamed


def answer_of(request: HttpRequest, parts: Sequence[bytes], content_type: str) -> HttpResponseBase:
    """Of what is made in parts that would take twice the memory as a whole."""
    if (file := _on_disk(request, parts)) is None:
        return HttpResponse(b"".join(parts), content_type=content_type)
    length = sum(map(len, parts))
    return _streamed(file, content_type=content_type, headers={"Content-Length": str(length)})


def _on_disk(request: HttpRequest, parts: Sequence[bytes]) -> IO[bytes] | None:
    """A file of them, at its beginning; None for what is short, or where there is no room."""
    if not isinstance(request, ASGIRequest) or sum(map(len, parts)) <= IN_MEMORY:
        return None
    try:
        file = TemporaryFile()  # noqa: SIM115 (closed with the answer)
        try:
            file.writelines(parts)
            file.seek(0)
        except OSError:
            file.close()
            raise
    except OSError as error:
        log.warning("A long answer stays in memory: %s", error)
        return None
    return file


def _streamed(file: IO[bytes], **more: Any) -> StreamingHttpResponse:
    streamed = StreamingHttpResponse(_blocks(file), **more)
    streamed._resource_closers.append(file.close)  # type: ignore[attr-defined]
    return streamed


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while block := await asyncio.to_thread(file.read, BLOCK):
        yield block
