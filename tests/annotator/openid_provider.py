"""A provider of OpenID Connect that listens on this machine, and checks what it is sent as real ones do."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "framewise", "s3cret/with:signs"


class Provider:
    """``person``: who is signed in there. ``signed``: claims that its ID tokens have otherwise; None: without it."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.keys = [RSAKey.generate_key(2048, {"kid": "first"})]
        self.person: dict[str, Any] = {"sub": "248289761001", "email": "bob@example.org", "email_verified": True}
        self.info: dict[str, Any] = {}
        self.signed: dict[str, Any] = {}
        self.unsigned_key: OctKey | None = None
        self.asked: dict[str, dict[str, str]] = {}

    def authorize(self, address: str) -> str:
        """What a browser is answered there, its person willing: where it is sent back to."""
        sent = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{self.issuer}/authorize?")
        assert (sent["client_id"], sent["response_type"]) == (CLIENT, "code")
        assert "openid" in sent["scope"].split()
        assert sent["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.asked[code] = sent
        return f"{sent['redirect_uri']}?{urlencode({'code': code, 'state': sent['state'], 'iss': self.issuer})}"

    def token(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {given}":
            return 401, {"error": "invalid_client"}
        asked = self.asked.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or challenge.rstrip(b"=").decode() != asked["code_challenge"]
            or sent["redirect_uri"] != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "for-userinfo", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims = {name: value for name, value in {**told, **self.person, **self.signed}.items() if value is not None}
        if self.unsigned_key is not None:
            return jwt.encode({"alg": "HS256"}, claims, self.unsigned_key, algorithms=["HS256"])
        key = self.keys[-1]
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    def tell(self, path: str) -> dict[str, Any] | None:
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            },
            "/jwks": {"keys": [key.as_dict(private=False) for key in self.keys]},
            "/userinfo": self.info,
        }.get(path)


@contextmanager
def running() -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/authorize?"):
                self.send_response(302)
                self.send_header("Location", provider.authorize(provider.issuer + self.path))
                self.end_headers()
                return
            told = provider.tell(self.path)
            self.answer(404 if told is None else 200, told or {})

        def do_POST(self) -> None:
            sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            one = {name: values[0] for name, values in sent.items()}
            self.answer(*provider.token(one, self.headers.get("Authorization", "")))

        def answer(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests that fail show their own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()
