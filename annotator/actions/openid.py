"""OpenID Connect, as a relying party: who somebody is, told by the provider that an installation trusts.

The authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207). Knows no
accounts: those are ``identities.py``'s.
"""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import asdict, dataclass
from typing import Any, Self

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import constant_time_compare
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from annotator.actions.errors import ActionError
from annotator.config import OpenId, requires_https

TIMEOUT_S = 10.0
KEPT_S = 600
"""How long what the provider says of itself is kept."""
LEEWAY_S = 60
"""By which its clock and ours may differ."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""With keys of the provider alone: never one that whoever knows the client's secret could sign with."""
log = logging.getLogger(__name__)


class OpenIdError(ActionError):
    """Nobody was signed in; in words for whoever tried."""


@dataclass(frozen=True)
class Begun:
    """What is kept in the session while the browser is at the provider's."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str

    @classmethod
    def new(cls, redirect_uri: str) -> Self:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, redirect_uri)

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class Claims:
    """Who the provider says that somebody is. ``email`` is "" unless the provider vouches for it."""

    issuer: str
    subject: str
    email: str
    name: str
    username: str


def trusted() -> OpenId:
    """The provider of this installation. Raises OpenIdError where there is none."""
    found: OpenId | None = settings.OPENID
    if found is None:
        raise OpenIdError("This installation has no sign-in by OpenID Connect.")
    return found


def address_at_provider(begun: Begun) -> str:
    """Where the browser is sent. Raises OpenIdError."""
    with _client(begun) as client:
        address, _ = client.create_authorization_url(
            _endpoint("authorization_endpoint"), state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier
        )
    return str(address)


def claims_of(begun: Begun, answer: dict[str, str]) -> Claims:
    """Who came back.

    Args:
        answer: the parameters that the browser brought from the provider.

    Raises:
        OpenIdError: the answer belongs to no sign-in that this browser began, the provider lets nobody in, or what it
            signed isn't for us, now, and this sign-in.
    """
    if not constant_time_compare(answer.get("state", ""), begun.state):
        raise OpenIdError("This answer belongs to another sign-in than the one that this browser began. Begin again.")
    if answer.get("iss", trusted().issuer) != trusted().issuer:
        raise OpenIdError("This answer comes from another provider than the one that was asked. Begin again.")
    if error := answer.get("error"):
        log.warning("The OpenID provider answered %r: %r", error, answer.get("error_description", ""))
        code = f" ({error})" if re.fullmatch(r"[a-z_]{1,40}", error) else ""
        raise OpenIdError(f"The provider didn't let you in, or you cancelled{code}.")
    token = _redeem(begun, answer.get("code", ""))
    claims = _checked(token, begun.nonce)
    return _as_claims(claims if "email" in claims else {**_user_info(token, claims["sub"]), **claims})


def _redeem(begun: Begun, code: str) -> dict[str, Any]:
    """The provider's tokens for the code."""
    try:
        with _client(begun) as client:
            token = client.fetch_token(
                _endpoint("token_endpoint"),
                grant_type="authorization_code",
                code=code,
                code_verifier=begun.verifier,
            )
    except (AuthlibBaseError, httpx.HTTPError, ValueError) as error:
        log.warning("The OpenID provider gave no tokens: %s", error)
        raise OpenIdError(
            "The provider didn't confirm your sign-in. Begin again; the server's log says more."
        ) from error
    if not isinstance(token.get("id_token"), str):
        raise OpenIdError("The provider didn't say who you are: its answer has no ID token.")
    return dict(token)


def _checked(token: dict[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of the ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
    client_id = trusted().client_id
    rules = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_S,
        iss={"essential": True, "value": trusted().issuer},
        sub={"essential": True},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = _decoded(token["id_token"])
        rules.validate(claims)
    except (JoseError, ValueError) as error:
        log.warning("An ID token was refused: %s", error)
        raise OpenIdError(
            "What the provider signed isn't valid for this sign-in. Begin again; the server's log says more."
        ) from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise OpenIdError("What the provider signed is for another application.")
    return claims


def _decoded(id_token: str) -> dict[str, Any]:
    try:
        return dict(jwt.decode(id_token, _keys(), algorithms=ALGORITHMS).claims)
    except InvalidKeyIdError:
        # The provider has other keys than a while ago.
        return dict(jwt.decode(id_token, _keys(anew=True), algorithms=ALGORITHMS).claims)


def _user_info(token: dict[str, Any], subject: str) -> dict[str, Any]:
    """What a provider with short ID tokens tells apart from them."""
    if "userinfo_endpoint" not in _metadata():
        return {}
    told = _get(_endpoint("userinfo_endpoint"), {"Authorization": f"Bearer {token.get('access_token', '')}"})
    return told if told.get("sub") == subject else {}


def _as_claims(claims: dict[str, Any]) -> Claims:
    # Some write it as text.
    vouched = claims.get("email_verified") in (True, "true")
    email = str(claims.get("email") or "").strip().lower()
    return Claims(
        issuer=trusted().issuer,
        subject=claims["sub"],
        email=email if vouched else "",
        name=str(claims.get("name") or ""),
        username=str(claims.get("preferred_username") or ""),
    )


def _client(begun: Begun) -> OAuth2Client:
    way = "client_secret_basic"
    offered = _metadata().get("token_endpoint_auth_methods_supported") or [way]
    if way not in offered and "client_secret_post" in offered:
        way = "client_secret_post"
    return OAuth2Client(
        client_id=trusted().client_id,
        client_secret=trusted().client_secret,
        token_endpoint_auth_method=way if trusted().client_secret else "none",
        scope="openid email profile",
        redirect_uri=begun.redirect_uri,
        code_challenge_method="S256",
        timeout=TIMEOUT_S,
    )


def _metadata() -> dict[str, Any]:
    """What the provider says of itself (OpenID Connect Discovery 1.0)."""
    issuer = trusted().issuer
    found = _kept(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        log.error("%s calls itself %r: FRAMEWISE_OIDC_ISSUER has to be the same, letter by letter", issuer, found)
        raise OpenIdError("The provider goes by another name than this server knows. Tell your admin.")
    return found


def _endpoint(name: str) -> str:
    address = _metadata().get(name)
    if not isinstance(address, str) or requires_https(address):
        log.error("The OpenID provider's %s is %r", name, address)
        raise OpenIdError("The provider doesn't say where to sign in by HTTPS. Tell your admin.")
    return address


def _keys(anew: bool = False) -> KeySet:
    return KeySet.import_key_set(_kept(_endpoint("jwks_uri"), anew))  # type: ignore[arg-type]


def _kept(address: str, anew: bool = False) -> dict[str, Any]:
    name = f"openid:{address}"
    found: dict[str, Any] | None = None if anew else cache.get(name)
    if found is None:
        found = _get(address)
        cache.set(name, found, KEPT_S)
    return found


def _get(address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    try:
        answer = httpx.get(address, headers=headers, timeout=TIMEOUT_S).raise_for_status().json()
        if not isinstance(answer, dict):
            raise ValueError("not an object")
    except (httpx.HTTPError, ValueError) as error:
        log.warning("%s gave no answer that can be used: %s", address, error)
        raise OpenIdError("The provider can't be reached now. Sign in by your password, or try again later.") from error
    return answer
