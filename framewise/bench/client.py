"""A person without a browser: signs in, uploads, opens a layer's live channel and follows a run."""

from __future__ import annotations

import base64
import json
import re
import struct
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.sync.client import ClientConnection, connect

from framewise.bench.product import PASSWORD, USERNAME
from tracking.shapes.chunks import Flag, Kind, Row, Table, tables_of

CHUNK = 4 * 2**20
BoxPx = tuple[float, float, float, float]


class Client:
    """Talks to the API as a signed-in person."""

    def __init__(self, url: str, username: str = USERNAME, password: str = PASSWORD) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=30, follow_redirects=True)
        page = self.http.get("/sign-in/").raise_for_status().text
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token}
        self.http.post("/sign-in/", data=form, headers={"Referer": url}).raise_for_status()
        if "sessionid" not in self.http.cookies:
            raise RuntimeError(f"{username} could not sign in at {url}.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def headers(self) -> dict[str, str]:
        return {"X-CSRFToken": self.http.cookies["csrftoken"], "Referer": self.url}

    def get(self, path: str, **parameters: Any) -> Any:
        return self.http.get(path, params=parameters).raise_for_status().json()

    def post(self, path: str, body: Any = None) -> Any:
        return self.http.post(path, json=body, headers=self.headers).raise_for_status().json()

    def prefer(self, **changes: Any) -> None:
        """Change this person's preferences; None takes one back to its default."""
        self.http.patch("/api/me/preferences", json=changes, headers=self.headers).raise_for_status()

    def prefer_defaults(self) -> None:
        """Forget all preferences, but that the editor's tour was seen: it would start by itself."""
        self.prefer(**dict.fromkeys(self.get("/api/me/preferences")) | {"tour": {"seen": True}})

    def demo_project(self) -> int:
        """The id of the first project that the home page leads to."""
        page = self.http.get("/").raise_for_status().text
        return int(re.findall(r"/projects/(\d+)/", page)[0])

    def editor_config(self, video: int) -> dict[str, Any]:
        """What the editor page of a video knows when it opens."""
        page = self.http.get(f"/videos/{video}/edit/").raise_for_status().text
        found = re.findall(r'<script id="editor-config" type="application/json">(.*?)</script>', page, re.S)
        return dict(json.loads(found[0]))

    def upload(self, project: int, video: Path) -> int:
        """Upload a file by tus; returns the id of the video it became."""
        metadata = {"filename": video.name, "project": str(project)}
        listed = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        tus = {**self.headers, "Tus-Resumable": "1.0.0"}
        begin = self.http.post(
            "/api/uploads/",
            headers={**tus, "Upload-Length": str(video.stat().st_size), "Upload-Metadata": listed},
        ).raise_for_status()
        chunk_headers = {**tus, "Content-Type": "application/offset+octet-stream"}
        answer = begin
        with video.open("rb") as source:
            while piece := source.read(CHUNK):
                offset = source.tell() - len(piece)
                headers = {**chunk_headers, "Upload-Offset": str(offset)}
                answer = self.http.patch(begin.headers["Location"], content=piece, headers=headers).raise_for_status()
        return int(answer.headers["Video-Id"])

    def until_open(self, video: int, timeout_s: float = 60.0) -> dict[str, Any]:
        """The video, once people can work with it. Raises RuntimeError with its error when it fails."""
        return self._until(video, lambda state: state["state"] == "ready", timeout_s)

    def until_ready(self, video: int, timeout_s: float = 120.0) -> dict[str, Any]:
        """The video, once all that is made of it is there. Raises RuntimeError with its error when that fails."""
        return self._until(
            video,
            lambda state: state["state"] == "ready" and state["proxy_state"] in ("ready", "unneeded"),
            timeout_s,
        )

    def _until(self, video: int, reached: Callable[[dict[str, Any]], bool], timeout_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            state: dict[str, Any] = self.get(f"/api/videos/{video}")
            if reached(state):
                return state
            if state["state"] == "failed" or state["proxy_state"] == "failed":
                raise RuntimeError(state["error"] or state["proxy_error"])
            time.sleep(0.2)
        raise TimeoutError(f"Video {video} was not ready within {timeout_s:.0f} s.")

    def window(self, layer: int, first: int, last: int) -> tuple[dict[str, Any], dict[str, list[Table]]]:
        """A layer's window: its header, and the tables of each track."""
        answer = self.http.get(f"/api/layers/{layer}/window", params={"first": first, "last": last, "tracks": 1})
        data = answer.raise_for_status().content
        (length,) = struct.unpack_from("<I", data)
        header = json.loads(data[4 : 4 + length])
        tables: dict[str, list[Table]] = {}
        at = 4 + length
        for chunk in header["chunks"]:
            tables.setdefault(chunk["track"], []).append(Table.unpack(data[at : at + chunk["bytes"]]))
            at += chunk["bytes"]
        return header, tables

    @contextmanager
    def live(self, layer: int) -> Iterator[LiveChannel]:
        """A connection to a layer's live channel."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        address = f"{self.url.replace('http', 'ws', 1)}/ws/layers/{layer}/"
        headers = {"Cookie": cookies, "Origin": self.url}
        with connect(address, additional_headers=headers, max_size=None) as socket:
            yield LiveChannel(socket)


@dataclass
class LiveChannel:
    """One connection to a layer's live channel."""

    socket: ClientConnection
    seen: dict[str, set[int]] = field(default_factory=dict)
    """Predicted frames by track, as they arrived."""
    missed: list[tuple[str, int, int]] = field(default_factory=list)
    """(track, first, last) that the server said it dropped for this connection."""

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def draw(self, *, label: int, frame: int, box: BoxPx) -> str:
        """Create a track with one keyframe; returns its id."""
        edit, track = self.begin_drawing(label=label, frame=frame, box=box)
        self.until(lambda message: message["type"] == "event" and message["edit"] == edit)
        return track

    def begin_drawing(self, *, label: int, frame: int, box: BoxPx) -> tuple[str, str]:
        """Ask for a track with one keyframe; returns the ids of the edit and of the track."""
        track = str(uuid.uuid4())
        (table,) = tables_of([Row(frame, Kind.BOX, Flag.KEYFRAME, 1.0, box)])
        replace = {
            "op": "shapes.replace",
            "track": track,
            "ranges": [[frame, frame]],
            "tables": [base64.b64encode(table.pack()).decode()],
        }
        create = {"op": "track.create", "track": track, "fields": {"label": label}}
        edit = str(uuid.uuid4())
        self.send(type="edit", id=edit, operations=[create, replace], summary="Draw box")
        return edit, track

    def run(self, *, prompts: Iterable[Sequence[Any]], first: int, last: int, **more: Any) -> str:
        """Start a run from what is drawn: ``prompts`` begin with a track and a frame. Returns its id."""
        run = str(uuid.uuid4())
        listed = [{"track": track, "frame": frame} for track, frame, *_ in prompts]
        self.send(type="run.start", id=run, prompts=listed, first=first, last=last, **more)
        return run

    def messages(self, timeout_s: float = 60.0) -> Iterator[dict[str, Any]]:
        """Every message that comes; predictions carry their rows as ``rows``: (track, frame)."""
        deadline = time.monotonic() + timeout_s
        while True:
            data = self.socket.recv(timeout=max(deadline - time.monotonic(), 0.001))
            yield json.loads(data) if isinstance(data, str) else self._predictions(data)

    def until(self, wanted: Callable[[dict[str, Any]], bool], timeout_s: float = 60.0) -> dict[str, Any]:
        """The first message that ``wanted`` accepts. Raises RuntimeError when something was refused before it."""
        for message in self.messages(timeout_s):
            if wanted(message):
                return message
            if message["type"] == "refused":
                raise RuntimeError(message["message"])
        raise AssertionError("unreachable")

    def until_ended(self, run: str, timeout_s: float = 120.0) -> dict[str, Any]:
        """The run's last update."""
        ended = ("done", "failed", "stopped")
        message = self.until(
            lambda m: m["type"] == "run" and m["run"]["id"] == run and m["run"]["state"] in ended, timeout_s
        )
        return dict(message["run"])

    def _predictions(self, data: bytes) -> dict[str, Any]:
        (length,) = struct.unpack_from("<I", data)
        header: dict[str, Any] = json.loads(data[4 : 4 + length])
        at = 4 + length
        rows = []
        for listed in header["tables"]:
            table = Table.unpack(data[at : at + listed["bytes"]])
            at += listed["bytes"]
            self.seen.setdefault(listed["track"], set()).update(int(frame) for frame in table.frames)
            rows += [(listed["track"], int(frame)) for frame in table.frames]
        self.send(type="received", sequence=header["sequence"])
        return {**header, "rows": rows}
