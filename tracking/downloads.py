"""How a file comes over the network, from where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import httpx

PIECE = 1 << 20
TIMEOUT_S = 30.0
Progress = Callable[[int, int | None], None]
"""Bytes that are here, and how many it will be; None: the other side doesn't say."""


class Cancelled(Exception):
    """Nobody wants the file any more; what has come stays."""


def receive(
    http: httpx.Client,
    url: str,
    partial: Path,
    *,
    progress: Progress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Fetch what ``partial`` lacks of a file; all of it where the server doesn't send parts.

    Raises:
        httpx.HTTPError: it can't be had, or no more of it.
        Cancelled: ``cancelled`` said so between two pieces.
        OSError: it can't be written.
    """
    there = partial.stat().st_size if partial.is_file() else 0
    # As it is, not compressed: only then do positions in it mean anything.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with http.stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_S) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            progress(there, there)
            return  # it is all there
        response.raise_for_status()
        there = there if response.status_code == HTTPStatus.PARTIAL_CONTENT else 0
        coming = response.headers.get("Content-Length")
        total = there + int(coming) if coming else None
        progress(there, total)
        with partial.open("ab" if there else "wb") as output:
            for piece in response.iter_bytes(PIECE):
                if cancelled():
                    raise Cancelled
                output.write(piece)
                there += len(piece)
                progress(there, total)


def length_of(http: httpx.Client, url: str) -> int | None:
    """How many bytes a file has, as its server says; None where it doesn't, or isn't there."""
    try:
        answer = http.head(url, headers={"Accept-Encoding": "identity"}, follow_redirects=True, timeout=TIMEOUT_S)
    except httpx.HTTPError:
        return None
    said = answer.headers.get("Content-Length", "") if answer.is_success else ""
    return int(said) if said.isdigit() else None
