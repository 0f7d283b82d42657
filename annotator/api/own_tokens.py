"""The tokens that programs use the API by: one's own, listed, made and revoked."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_api_token, require_scope_manage
from annotator.actions.api_tokens import LONGEST_DAYS, LONGEST_NAME, create_token, revoke_token
from annotator.api.people import signed_in
from annotator.models import ApiToken, Scope
from annotator.operations import Message
from annotator.sign_in import address_of

router = Router(tags=["tokens"])


class TokenIn(Message):
    """`days`: until it ends; null: never. `password`: of the account, where it has one, as a token outlives a session.
    By a token, the new one ends no later than that."""

    name: str = Field(max_length=4 * LONGEST_NAME)
    scope: Scope
    days: int | None = Field(90, ge=1, le=LONGEST_DAYS)
    password: str = Field("", max_length=1000)


class TokenOut(Message):
    """Times are ISO 8601, in UTC. `expires_at` null: never; `last_used_at` null: it wasn't used yet."""

    id: int
    name: str
    scope: Scope
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class NewTokenOut(TokenOut):
    """`token`: what programs send. It is told here only."""

    token: str


@router.get("/tokens", response=list[TokenOut], summary="Your tokens")
def listed(request: HttpRequest) -> list[TokenOut]:
    """Those that aren't revoked, newest first."""
    return [_out(each) for each in ApiToken.objects.filter(user=signed_in(request), revoked_at=None)]


@router.post("/tokens", response={201: NewTokenOut}, summary="Make a token")
def make(request: HttpRequest, sent: TokenIn) -> Status[NewTokenOut]:
    user = signed_in(request)
    require_scope_manage(user)
    used = getattr(request, "auth", None)
    made, token = create_token(
        user=user,
        name=sent.name,
        scope=sent.scope,
        days=sent.days,
        current=sent.password,
        address=address_of(request),
        until=used.expires_at if isinstance(used, ApiToken) else None,
    )
    return Status(201, NewTokenOut(**_out(made).model_dump(), token=token))


@router.delete("/tokens/{api_token_id}", response={204: None}, summary="Revoke a token")
def revoke(request: HttpRequest, api_token_id: int) -> Status[None]:
    """Also the one that this is asked by."""
    user = signed_in(request)
    require_scope_manage(user)
    revoke_token(token=access_api_token(user, api_token_id))
    return Status(204, None)


def _out(token: ApiToken) -> TokenOut:
    return TokenOut(
        id=token.pk,
        name=token.name,
        scope=Scope(token.scope),
        created_at=_utc(token.created_at),
        expires_at=token.expires_at and _utc(token.expires_at),
        last_used_at=token.last_used_at and _utc(token.last_used_at),
    )


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
