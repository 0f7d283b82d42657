"""A model of the catalogue whose weights a test serves: ``FRAMEWISE_EXTRA_TRACKERS=tests.tracking.weighty:ENTRIES``."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tracking.catalog import ModelEntry, Weights

CONTENT = bytes(range(256)) * 12_000
"""About 3 MB: three pieces."""
FILE, MODEL = "weighty.bin", "weighty"
ADDRESS = "WEIGHTY_ADDRESS"
"""The variable that says where the file is; empty: only a page links to it."""


def entry() -> ModelEntry:
    return ModelEntry(
        id=MODEL,
        name="Weighty",
        summary="Takes a file.",
        prompts=("box",),
        outputs=("box",),
        factory="tests.tracking.fakes:Drifting",
        licence="Apache-2.0",
        weights=(
            Weights(
                FILE,
                url=os.environ.get(ADDRESS, ""),
                page="https://example.org/weighty",
                size=len(CONTENT),
                sha256=hashlib.sha256(CONTENT).hexdigest(),
            ),
        ),
        weights_licence="CC-BY-NC-4.0",
        commercial=False,
    )


def __getattr__(name: str) -> tuple[ModelEntry, ...]:
    if name == "ENTRIES":
        return (entry(),)
    raise AttributeError(name)


@dataclass
class Shelf:
    """Serves ``content`` at every address. ``cut``: after so many bytes each answer breaks off; ``held``: until it is
    set nothing comes after the first piece. ``asked``: the ranges that were asked for."""

    content: bytes = CONTENT
    cut: int | None = None
    held: threading.Event | None = None
    status: int = 200
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if self.status != 200:
            handler.send_error(self.status)
            return
        wanted = handler.headers.get("Range", "")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        rest = self.content[start:]
        handler.send_response(206 if wanted else 200)
        handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        self.asked.append(wanted)
        if self.held is not None:
            handler.wfile.write(rest[: 1 << 20])
            self.held.wait(30)
            rest = rest[1 << 20 :]
        handler.wfile.write(rest if self.cut is None else rest[: self.cut])


@contextmanager
def shelf(**given: Any) -> Iterator[Shelf]:
    serving = Shelf(**given)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                serving.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        serving.url = f"http://127.0.0.1:{server.server_port}/{FILE}"
        yield serving
        if serving.held is not None:
            serving.held.set()
        server.shutdown()
