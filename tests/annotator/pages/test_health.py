"""What proxies and service managers are told of a web process."""

from __future__ import annotations

import pytest
import redis
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client


@pytest.mark.django_db
def test_a_process_that_reaches_its_stores_is_well() -> None:
    answer = Client().get("/healthz/")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert Client().post("/healthz/").status_code == 405


@pytest.mark.django_db
def test_one_that_does_not_reach_redis_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise redis.exceptions.ConnectionError("Connection refused")

    monkeypatch.setattr(type(cache._connections[cache._alias]), "get", away)  # type: ignore[attr-defined]
    answer = Client().get("/healthz/")
    assert (answer.status_code, answer.content) == (503, b"Redis can't be reached.\n")


def test_one_that_does_not_reach_its_database_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", away)
    answer = Client(raise_request_exception=False).get("/healthz/")
    assert answer.status_code == 503
    assert "database can" in answer.content.decode()
