"""What programs may do by a token, and when it lets nobody in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from annotator.actions.agents import token_hash
from annotator.actions.api_tokens import create_token, is_good, revoke_token
from annotator.actions.guesses import WINDOW_S, WRONG_TOKENS
from annotator.actions.people import deactivate_account, reactivate_account
from annotator.api.router import api
from annotator.bodies import is_somebody
from annotator.models import ApiToken, Guess, Issue, Job, Role, User
from tests.annotator.routes import AN_AGENTS, API, LET_IN, MONAS, NOT_ALLOWED, PUBLIC, Route
from tests.annotator.test_routes import ask, outcome, things
from tests.people import PASSWORD, Team, client_of

__all__ = ["things"]

MONAS_OWN = (
    "PATCH /api/comments/{comment_id}",
    "DELETE /api/comments/{comment_id}",
    "DELETE /api/transfers/{transfer_id}",
    "GET /api/previews/{preview_id}",
    "DELETE /api/previews/{preview_id}",
)
"""Who made these may change them, whatever their role."""
READS = ("POST /api/layers/{layer_id}/exports", "POST /api/layers/{layer_id}/exports/losses")


def token_of(user: User, scope: str = "manage", **more: Any) -> str:
    return create_token(user=user, name=scope, scope=scope, days=30, current=PASSWORD, **more)[1]


def program(token: str) -> Client:
    """It has no session, and no CSRF token: a request that needed one would be refused."""
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}"})


def said(answer: Any) -> str:
    return str(answer.json()["message"])


def within(route: Route, scope: str) -> bool:
    """Whether a token of Mona's, who manages, lets her in with a scope."""
    if str(route) in MONAS_OWN:
        return scope != "read"
    if str(route) == "POST /api/me/tokens":
        return scope == "manage"
    if route.outcome is MONAS:
        return scope == "manage"
    if scope == "read":
        looks = route.method in ("GET", "HEAD") or str(route) in READS
        return looks and route.outcome[Role.VIEWER] == LET_IN
    return route.outcome[Role.MANAGER if scope == "manage" else Role.REVIEWER] == LET_IN


def test_a_token_lets_in_as_far_as_its_scope_and_the_persons_role_go(team: Team, things: dict[str, Any]) -> None:
    tokens = {scope: token_of(team.mona, scope) for scope in ("read", "annotate", "manage")}
    vics, eves = token_of(team.vic), token_of(team.eve)
    found: dict[str, bool] = {}
    wanted: dict[str, bool] = {}

    def try_as(who: str, token: str, route: Route, expected: str) -> None:
        with transaction.atomic():
            came = outcome(ask(program(token), route, things))
            transaction.set_rollback(True)
        key = f"{who}: {route}"
        # Whether somebody isn't allowed to or finds nothing is test_routes.py's to say.
        found[key], wanted[key] = came == LET_IN, expected == LET_IN

    # Files that something deletes don't come back.
    for route in sorted(API, key=lambda route: route.method == "DELETE"):
        for scope, token in tokens.items():
            try_as(f"mona, to {scope}", token, route, LET_IN if within(route, scope) else NOT_ALLOWED)
        try_as("vic, to manage", vics, route, route.outcome[Role.VIEWER])
        try_as("eve, to manage", eves, route, route.outcome["stranger"])
    assert {key: let_in for key, let_in in found.items() if let_in != wanted[key]} == {}


def test_every_operation_takes_tokens_unless_it_is_for_everybody_or_for_machines() -> None:
    for_others = {str(route) for route in API if route.outcome is PUBLIC or route.outcome is AN_AGENTS}
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            if method == "head" and "get" in methods:
                continue
            takes = {"Token": []} in operation.get("security", [])
            assert takes != (f"{method.upper()} {path}" in for_others), f"{method} {path}"


def test_what_is_too_small_is_said_with_what_is_enough(team: Team) -> None:
    rename = {"path": f"/api/videos/{team.video.pk}", "data": {"name": "x"}, "content_type": "application/json"}
    reads = program(token_of(team.mona, "read")).patch(**rename)
    assert (reads.status_code, "“read” has the scope read" in said(reads)) == (403, True)
    draws = program(token_of(team.mona, "annotate")).patch(**rename)
    assert said(draws) == "This needs a token with the scope manage; this one has the scope annotate."
    weak = program(token_of(team.rita)).patch(**rename)
    assert said(weak) == "This needs the role manager; yours is reviewer."


def test_a_site_admins_token_is_within_its_scope_too(team: Team) -> None:
    sam = User.objects.create_superuser("sam", "sam@example.org", PASSWORD)
    path = f"/api/projects/{team.project.pk}/sweeps"
    assert program(token_of(sam, "annotate")).get(path).status_code == 403
    assert program(token_of(sam, "manage")).get(path).status_code == 200


def test_what_a_program_does_is_done_by_the_person(team: Team) -> None:
    token = token_of(team.bob, "annotate")
    answer = program(token).post(f"/api/jobs/{team.job.pk}/steps", {"step": "submit"}, content_type="application/json")
    assert answer.status_code == 200
    assert Job.objects.get(pk=team.job.pk).stage == "review"
    assert not Issue.objects.exists()


def test_a_token_goes_before_the_session_that_comes_with_it(team: Team) -> None:
    client = client_of(team.mona)
    path = f"/api/projects/{team.project.pk}/labels"
    for token, status in (("fw_none", 401), ("", 401), (token_of(team.eve), 404), (token_of(team.vic), 200)):
        assert client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == status
    assert client.get(path).status_code == 200


def test_a_token_opens_no_page(team: Team) -> None:
    assert program(token_of(team.mona)).get("/account/").status_code == 302


@pytest.mark.parametrize("how", ["revoked", "expired", "deactivated", "never made"])
def test_what_has_ended_is_refused_in_words(team: Team, how: str) -> None:
    token = token_of(team.bob)
    row = ApiToken.objects.get()
    words = "There is no such token"
    if how == "revoked":
        revoke_token(token=row)
        words = "was revoked on"
    elif how == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        words = "The token “manage” ended on"
    elif how == "deactivated":
        assert str(deactivate_account(by=team.alice, user=team.bob)).endswith("ended with it: 1 API token.")
        reactivate_account(user=team.bob)
        words = "Alice deactivated the account of Bob."
    else:
        token = token[:-1]
    assert not is_good(token)
    answer = program(token).get("/api/me/preferences")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert words in said(answer)


def test_only_a_hash_is_kept(team: Team) -> None:
    token = token_of(team.bob)
    (row,) = ApiToken.objects.values()
    assert row["token_hash"] == token_hash(token)
    assert token not in str(row)


def test_too_many_wrong_ones_make_an_address_wait_and_keep_nobody_from_signing_in(team: Team) -> None:
    good = program(token_of(team.bob))
    for number in range(WRONG_TOKENS):
        assert program(f"fw_{number}").get("/api/me/preferences").status_code == 401
    answer = good.get("/api/me/preferences")
    assert (answer.status_code, answer["Retry-After"]) == (429, str(WINDOW_S))
    assert Guess.objects.count() == WRONG_TOKENS
    assert good.get("/api/me/preferences", REMOTE_ADDR="192.0.2.7").status_code == 200
    signing_in = Client().post("/sign-in/", {"username": "bob", "password": PASSWORD})
    assert signing_in.status_code == 302
    Guess.objects.update(at=timezone.now() - timedelta(seconds=WINDOW_S))
    assert good.get("/api/me/preferences").status_code == 200


def test_when_it_was_used_last_is_noted_once_a_minute(team: Team) -> None:
    client = program(token_of(team.bob))
    client.get("/api/me/preferences")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    client.get("/api/me/preferences")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get("/api/me/preferences")
    assert ApiToken.objects.get().last_used_at >= first


def test_large_bodies_are_taken_from_who_has_a_token(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its thread closes the connection, which is this test's here.
    monkeypatch.setattr("annotator.bodies.connection.close", lambda: None)
    assert is_somebody("", f"Bearer {token_of(team.bob)}")
    assert not is_somebody("", "Bearer fw_none")
    assert not is_somebody("", "")


def test_the_description_of_the_api_names_tokens() -> None:
    schema = api.get_openapi_schema()
    assert schema["components"]["securitySchemes"]["Token"] == {"type": "http", "scheme": "bearer"}
    export = schema["paths"]["/api/layers/{layer_id}/exports"]["post"]
    assert {"Token": []} in export["security"]
    assert Path("docs/api.md").exists()
