"""One signed request to an address that a person typed, which may lead anywhere.

The server's own machine and network are not for who may only manage a project: an address is resolved here, checked,
and connected to as it was checked, so that a name that resolves to something else a moment later gains nothing.
Redirects aren't followed, and no proxy of the environment is used.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from annotator.config import config

TIMEOUT_S = 10.0
"""For connecting, and for each piece of the answer."""
EXCERPT_BYTES = 1000
LONGEST_URL = 500
SECRET_PREFIX = "whsec_"  # noqa: S105
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""An IPv4 address in its last 32 bits (RFC 6052)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotSent(Exception):
    """Why no answer came, as a sentence."""


class UnfitAddress(ValueError):
    """Why a URL is none that may be told, as a sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``excerpt``: how its body begins."""

    status: int
    excerpt: str


def signature(*, secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 of ``id.timestamp.body``.

    Args:
        secret: ``whsec_`` and the key in base64.
        timestamp: seconds since 1970.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def check_url(url: str) -> None:
    """Raises UnfitAddress. What a name leads to is checked when it is connected to."""
    if not 1 <= len(url) <= LONGEST_URL:
        raise UnfitAddress(f"A webhook's address has 1 to {LONGEST_URL} characters; this one has {len(url)}.")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise UnfitAddress("A webhook's address has ASCII characters without spaces. Write others as %20 and the like.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UnfitAddress(f"{url} is no address: {error}.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise UnfitAddress(f"A webhook's address begins with https:// or http:// and a host; {url} came.")
    if parts.username is not None or parts.password is not None:
        raise UnfitAddress("A webhook's address holds no name or password: what is sent is signed by its secret.")
    if parts.fragment or port == 0:
        raise UnfitAddress("A webhook's address has no part behind a #, and a port from 1 on.")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if not is_allowed(address):
        raise UnfitAddress(_refusal(host, address))


def is_allowed(address: Address) -> bool:
    """Whether it is a public address, or in one of ``config.webhook_networks``. Addresses that carry another one are
    what that is."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_allowed(inner)
    if any(address in network for network in config.webhook_networks):
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def send(*, url: str, secret: str, message_id: str, body: bytes, now: float | None = None) -> Answer:
    """POST a message, signed. Raises NotSent."""
    try:
        check_url(url)
    except UnfitAddress as error:
        raise NotSent(str(error)) from error
    timestamp = int(time.time() if now is None else now)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Framewise",
        "Connection": "close",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret=secret, message_id=message_id, timestamp=timestamp, body=body),
    }
    try:
        return _post(url, headers, body)
    except socket.gaierror as error:
        raise NotSent(f"The name {urlsplit(url).hostname} isn't known ({error.strerror}).") from error
    except TimeoutError as error:
        raise NotSent(f"Nothing came within {TIMEOUT_S:g} s.") from error
    except ssl.SSLError as error:
        raise NotSent(f"TLS failed: {error.reason or error}.") from error
    except OSError as error:
        raise NotSent(f"The connection failed: {error.strerror or error}.") from error
    except (http.client.HTTPException, UnicodeError) as error:
        raise NotSent(f"What came is no answer of HTTP ({type(error).__name__}).") from error


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = _connected(self.host, self.port)


class _TlsConnection(_Connection):
    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _post(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    parts = urlsplit(url)
    kind = _TlsConnection if parts.scheme == "https" else _Connection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(kind(parts.hostname or "", parts.port)) as connection:
        connection.request("POST", target, body=body, headers=dict(headers))
        response = connection.getresponse()
        began = response.read1(EXCERPT_BYTES) if response.status != http.client.NO_CONTENT else b""
        return Answer(response.status, began.decode(errors="replace").replace("\x00", "�"))


def _connected(host: str, port: int) -> socket.socket:
    """A connection to an address of the host that was checked itself."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [(ipaddress.ip_address(place[0]), place) for *_, place in found]
    allowed = [(address, place) for address, place in addresses if is_allowed(address)]
    if not allowed:
        raise NotSent(_refusal(host, addresses[0][0]))
    problem: OSError | None = None
    for address, place in allowed[:4]:
        try:
            return socket.create_connection((str(address), place[1]), timeout=TIMEOUT_S)
        except OSError as error:
            problem = error
    assert problem is not None  # noqa: S101 (one was tried)
    raise problem


def _refusal(host: str, address: Address) -> str:
    return (
        f"{host} leads to {address}, which is no public address: the server's own network is told nothing. "
        "An admin can allow networks: FRAMEWISE_WEBHOOK_NETWORKS."
    )
