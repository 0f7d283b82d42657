"""What browsers are told to keep to, and by which names the server goes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from annotator.config import Config
from annotator.live.consumer import same_origin
from tests.people import Team, client_of

SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|\son\w+=|javascript:|<style")


def test_every_answer_carries_the_policy(team: Team) -> None:
    client = client_of(team.alice)
    for address in ("/", "/sign-in/", "/nowhere/", "/api/docs", "/api/openapi.json", "/api/nowhere", "/admin/"):
        policy = client.get(address)["Content-Security-Policy"]
        assert "script-src 'self';" in policy, address
        assert "object-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy.replace("style-src-attr 'unsafe-inline'", "")


@pytest.mark.parametrize(
    "path", sorted(Path(settings.BASE_DIR, "templates").rglob("*.html")), ids=lambda path: path.name
)
def test_no_page_has_a_script_or_style_within_it(path: Path) -> None:
    assert SCRIPT.search(path.read_text()) is None


def test_the_apis_page_needs_nothing_from_elsewhere(team: Team) -> None:
    page = client_of(team.alice).get("/api/docs").content.decode()
    assert re.findall(r'(?:src|href)="((?:https?:)?//[^"]+)"', page) == []
    assert "ninja/swagger-ui-bundle.js" in page


def test_another_name_is_not_answered_to_and_told_how_to_be(db: None) -> None:
    answer = Client().get("/sign-in/", HTTP_HOST="<b>evil.example")
    assert (answer.status_code, "FRAMEWISE_ALLOWED_HOSTS" in answer.content.decode()) == (400, True)
    assert "<b>evil" not in answer.content.decode()
    # As whoever runs the server may copy it: a name with a port is never one that it goes by.
    answer = Client().get("/sign-in/", HTTP_HOST="label.example:8000")
    assert """FRAMEWISE_ALLOWED_HOSTS='["label.example"]'""" in answer.content.decode()
    answer = Client().get("/api/formats", HTTP_HOST="evil.example")
    assert (answer.status_code, answer.json()["message"]) == (400, "This server doesn't go by the name 'evil.example'.")


@pytest.mark.parametrize(
    ("origin", "host", "let_in"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://localhost:8000", "localhost:9000", False),
        ("http://evil.example", "localhost:8000", False),
        # A name of theirs that leads here.
        ("http://evil.example:8000", "evil.example:8000", False),
        ("null", "localhost:8000", False),
    ],
)
def test_sockets_are_opened_by_pages_of_ours_alone(origin: str, host: str, let_in: bool) -> None:
    scope = {"headers": [(b"origin", origin.encode()), (b"host", host.encode())]}
    assert same_origin(scope) is let_in


def test_the_names_of_an_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_TRUSTED_ORIGINS", '["https://label.example.org"]')
    hosts = Config().hosts
    assert {"localhost", "127.0.0.1", "[::1]", "label.example.org"} <= set(hosts)
    assert "*" not in hosts


def test_browsers_are_told_to_come_by_https_alone(db: None, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 60
    assert Client().get("/sign-in/", HTTP_X_FORWARDED_PROTO="https")["Strict-Transport-Security"] == "max-age=60"
    assert "Strict-Transport-Security" not in Client().get("/sign-in/").headers
