from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import AsyncClient, AsyncRequestFactory, RequestFactory

from annotator import answers
from annotator.answers import BLOCK, IN_MEMORY, LongAnswers, answer_of

LONG = bytes(range(256)) * (IN_MEMORY // 256) + b"the end"


def answered(content: bytes, request: Any = None) -> HttpResponseBase:
    response = HttpResponse(content, status=201, content_type="application/octet-stream", headers={"X-Told": "yes"})
    response.set_cookie("theme", "dark")
    return LongAnswers(lambda _: response).process_response(request or AsyncRequestFactory().get("/"), response)


async def test_a_long_answer_comes_from_disk_as_it_was_block_by_block() -> None:
    response = answered(LONG)
    assert isinstance(response, StreamingHttpResponse)
    pieces = [piece async for piece in response]
    assert b"".join(pieces) == LONG
    assert max(map(len, pieces)) == BLOCK
    assert (response.status_code, response.headers["Content-Length"]) == (201, str(len(LONG)))
    assert (response.headers["Content-Type"], response.headers["X-Told"]) == ("application/octet-stream", "yes")
    assert response.cookies["theme"].value == "dark"
    response.close()


def test_a_short_answer_and_one_that_cannot_be_streamed_stay_as_they_are() -> None:
    assert isinstance(answered(LONG[:IN_MEMORY]), HttpResponse)
    assert isinstance(answered(LONG, RequestFactory().get("/")), HttpResponse)


def test_without_room_on_the_disk_it_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(answers, "TemporaryFile", full)
    response = answered(LONG)
    assert isinstance(response, HttpResponse)
    assert response.content == LONG


async def test_what_is_made_in_parts_is_put_together_on_disk() -> None:
    parts = [LONG[:1000], LONG[1000:]]
    response = answer_of(AsyncRequestFactory().get("/"), parts, "application/octet-stream")
    assert isinstance(response, StreamingHttpResponse)
    assert b"".join([piece async for piece in response]) == LONG
    assert response.headers["Content-Length"] == str(len(LONG))
    response.close()
    short = answer_of(AsyncRequestFactory().get("/"), [b"a", b"b"], "text/plain")
    assert isinstance(short, HttpResponse)
    assert short.content == b"ab"


async def test_it_is_so_for_every_address(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await AsyncClient().get("/api/openapi.json")
    monkeypatch.setattr(answers, "IN_MEMORY", 1000)
    streamed: Any = await AsyncClient().get("/api/openapi.json")
    assert (whole.streaming, streamed.streaming) == (False, True)
    assert json.loads(b"".join([piece async for piece in streamed])) == json.loads(whole.content)
    assert "Content-Security-Policy" in streamed.headers
