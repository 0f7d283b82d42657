"""A whole server under load, and each kind of its processes killed in turn: ``python -m framewise.bench.load``.

Two web processes, two jobs workers, agents, PostgreSQL and Redis, all real and of the measurement's own. Watchers
follow layers by their WebSockets while runs go on and people edit. What is measured: whether every frame of every run
reaches every watcher of its layer, and how long after its tracker made it; how long an edit takes to the other
watchers. Then processes are killed (SIGKILL) and started again, as a service manager would: what was acknowledged has
to be there.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import re
import secrets
import signal
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import av
import httpx
import numpy as np
import typer
from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from framewise.bench.client import Client
from framewise.bench.product import PASSWORD, free_port
from framewise.bench.services import Postgres, Redis
from framewise.bench.stamping import age_ms
from framewise.bench.table import Figure, show
from framewise.processes import jobs_command, web_command
from tracking.shapes.chunks import Flag, Kind, Row, Table, tables_of

AREA = "Load"
LET_IN = """
import json, sys, django
django.setup()
from annotator.actions.agents import token_hash
from annotator.models import Agent
for name, token in json.loads(sys.argv[1]).items():
    Agent.objects.create(name=name, token_hash=token_hash(token))
"""
SIZE = (256, 240)
EDIT_EVERY_S = 0.5
START_S = 120.0
LATEST = 0.9
"""How much of the runs may have come at most when something is killed."""
OVER = ("done", "failed", "stopped")
KINDS = ("web", "jobs", "agent", "redis", "postgres")


@dataclass(frozen=True)
class Load:
    """How much of what.

    Args:
        runs: on the first layers, one each, of ``frames`` frames at ``fps``; people edit on the other layers.
        kill: of KINDS, one after the other.
    """

    watchers: int = 200
    layers: int = 20
    runs: int = 10
    frames: int = 400
    fps: float = 20.0
    agents: int = 2
    kill: tuple[str, ...] = KINDS


class Lost(AssertionError):
    """Something acknowledged isn't there any more."""


# ------------------------------------------------------------------ the server


@dataclass
class Process:
    """One process of the server, which can be killed and started again."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 (our own commands)
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        assert self.process is not None  # noqa: S101
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Server:
    """All of it. ``urls``: of the web processes."""

    urls: list[str]
    processes: dict[str, Process]
    postgres: Postgres
    redis: Redis
    folder: Path

    def kill(self, kind: str) -> None:
        """Kill the first process of a kind and start it again."""
        if kind in ("redis", "postgres"):
            service: Redis | Postgres = self.redis if kind == "redis" else self.postgres
            service.stop()
            time.sleep(0.5)
            service.start()
            return
        process = self.processes[f"{kind} 1"]
        process.kill()
        time.sleep(0.5)
        process.start()

    def logs(self) -> str:
        """The end of each log."""
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))


@contextmanager
def server(load: Load) -> Iterator[Server]:
    """Start everything; it is thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="framewise-load-") as name:
        folder = Path(name)
        postgres, redis = Postgres(), Redis()
        ports = [free_port(), free_port()]
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "DJANGO_SETTINGS_MODULE": "annotator.settings",
            "FRAMEWISE_DATA": str(folder / "data"),
            "FRAMEWISE_DATABASE_URL": postgres.url,
            "FRAMEWISE_REDIS_URL": redis.url,
            "FRAMEWISE_SECRET_KEY": secrets.token_hex(32),
            "FRAMEWISE_ADMIN_PASSWORD": PASSWORD,
            "FRAMEWISE_EXTRA_TRACKERS": "framewise.bench.stamping:ENTRIES",
        }
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        commands = {f"web {number}": web_command("127.0.0.1", port) for number, port in enumerate(ports, 1)}
        commands |= {f"jobs {number}": jobs_command("--one-of-many") for number in (1, 2)}
        each = -(-load.runs // load.agents)
        processes = {
            name: Process(name, command, environment, folder / f"{name}.log") for name, command in commands.items()
        }
        tokens = {f"agent {number}": secrets.token_urlsafe(32) for number in range(1, load.agents + 1)}
        for number, (agent, token) in enumerate(tokens.items()):
            # By tokens of their own, and through one web process each.
            command = _agent(urls[number % len(urls)], each, agent, folder)
            own = {**environment, "FRAMEWISE_AGENT_TOKEN": token}
            processes[agent] = Process(agent, command, own, folder / f"{agent}.log")
        made = Server(urls, processes, postgres, redis, folder)
        try:
            postgres.start()
            redis.start()
            prepare = [sys.executable, "-m", "framewise", "prepare", "--demo"]
            subprocess.run(prepare, env=environment, check=True, capture_output=True)  # noqa: S603
            let_in = [sys.executable, "-c", LET_IN, json.dumps(tokens)]
            subprocess.run(let_in, env=environment, check=True)  # noqa: S603
            for process in processes.values():
                process.start()
            _until(lambda: all(_answers(url) for url in urls), "the web processes answer", made)
            yield made
        finally:
            for process in reversed(processes.values()):
                process.stop()
            redis.stop()
            postgres.close()


def _agent(url: str, runs: int, name: str, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "framewise", "agent", "--no-restart", "--server", url, "--patience", "60"]
    return [*command, "--name", name, "--runs", str(runs), "--cache", str(folder / name)]


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz/", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _until(true: Callable[[], bool], what: str, made: Server, seconds: float = START_S) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"After {seconds:g} s it is not so that {what}.\n{made.logs()}")
        time.sleep(0.1)


# ------------------------------------------------------------------ those who watch


@dataclass
class Watcher:
    """Follows a layer by one web process after the other, as a browser comes back after its connection was lost.

    Attributes:
        seen: (track, frame) of predictions that came; ``named``: of those that events said are stored, which a browser
            fetches where it lacks them. ``edits``: ids of edits that came.
        late_ms: how old each prediction was; ``late_edits_ms``: how old each edit.
        broken: how often its connection was lost. ``gaps``: how often the revisions of events told that one is missing.
    """

    urls: Sequence[str]
    layer: int
    headers: dict[str, str]
    sent_at: dict[str, float]
    seen: set[tuple[str, int]] = field(default_factory=set)
    edits: set[str] = field(default_factory=set)
    named: set[tuple[str, int]] = field(default_factory=set)
    late_ms: list[float] = field(default_factory=list)
    late_edits_ms: list[float] = field(default_factory=list)
    broken: int = 0
    gaps: int = 0
    revision: int | None = None
    here: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self, first: int) -> None:
        """Until it is cancelled."""
        turn = first
        while True:
            url = self.urls[turn % len(self.urls)]
            with suppress(OSError, WebSocketException, TimeoutError):
                async with _socket(url, self.layer, self.headers) as socket:
                    self.here.set()
                    async for message in socket:
                        await self._take(socket, message)
            self.here.clear()
            self.broken += 1
            turn += 1
            await asyncio.sleep(0.2 + random.random())

    async def _take(self, socket: ClientConnection, message: str | bytes) -> None:
        now = time.time()
        if isinstance(message, str):
            told = json.loads(message)
            if told["type"] == "event" and told["edit"] in self.sent_at:
                self.edits.add(told["edit"])
                self.late_edits_ms.append(1000 * (now - self.sent_at[told["edit"]]))
            if told["type"] == "event":
                self.gaps += self.revision is not None and told["revision"] > self.revision + 1
                self.revision = max(told["revision"], self.revision or 0)
            if told["type"] == "event" and told["kind"] == "predictions":
                for track, first, last in told["touched"]:
                    self.named |= {(track, frame) for frame in range(first, last + 1)}
            return
        (length,) = struct.unpack_from("<I", message)
        header = json.loads(message[4 : 4 + length])
        at = 4 + length
        for listed in header["tables"]:
            table = Table.unpack(message[at : at + listed["bytes"]])
            at += listed["bytes"]
            for frame, bounds in zip(table.frames, table.bounds, strict=True):
                self.seen.add((listed["track"], int(frame)))
                self.late_ms.append(age_ms(float(bounds[0]), float(bounds[1]), now))
        await socket.send(json.dumps({"type": "received", "sequence": header["sequence"]}))


def _socket(url: str, layer: int, headers: dict[str, str]) -> connect:
    address = f"{url.replace('http', 'ws', 1)}/ws/layers/{layer}/"
    # Pings as a browser has none: the server notices who is away.
    return connect(
        address, additional_headers={**headers, "Origin": url}, max_size=None, ping_interval=None, open_timeout=30
    )


@dataclass
class Author:
    """Somebody at work on a layer: edits go out one after the other, and are sent again until they are acknowledged,
    as the browser's outbox does.

    ``drawn``: the track of each acknowledged edit, and the frame it was drawn on.
    """

    urls: Sequence[str]
    layer: int
    label: int
    headers: dict[str, str]
    sent_at: dict[str, float]
    drawn: dict[str, tuple[str, int]] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    """State of each run that was told, by its id."""
    tracks: dict[str, str] = field(default_factory=dict)
    """Of each run the track that it follows."""
    why: dict[str, str] = field(default_factory=dict)

    async def work(self, until: Callable[[], bool], *, every_s: float, frames: int) -> None:
        """Edit until it is told to end."""
        while not until():
            await self.draw(random.randrange(frames))
            await asyncio.sleep(every_s)

    async def draw(self, frame: int) -> str:
        """Draw a box; returns its track once that is acknowledged."""
        track, edit = str(uuid.uuid4()), str(uuid.uuid4())
        (table,) = tables_of([Row(frame, Kind.BOX, Flag.KEYFRAME, 1.0, (10, 10, 60, 60))])

        shapes = {"op": "shapes.replace", "track": track, "ranges": [[frame, frame]]}
        shapes["tables"] = [base64.b64encode(table.pack()).decode()]
        operations = [{"op": "track.create", "track": track, "fields": {"label": self.label}}, shapes]
        message = {"type": "edit", "id": edit, "operations": operations, "summary": "Draw box"}
        self.sent_at[edit] = time.time()
        await self._ask(message, lambda told: told["type"] == "event" and told["edit"] == edit)
        self.drawn[edit] = (track, frame)
        return track

    async def follow(self, track: str, *, frames: int, fps: float) -> str:
        """Begin a run from frame 0 on; returns its id once somebody said that it began."""
        run = str(uuid.uuid4())
        message = {
            "type": "run.start",
            "id": run,
            "model": "stamping",
            "settings": {"fps": fps},
            "prompts": [{"track": track, "frame": 0}],
            "first": 0,
            "last": frames - 1,
        }
        await self._ask(message, lambda told: told["type"] == "run" and told["run"]["id"] == run)
        self.tracks[run] = track
        return run

    async def until_over(self, run: str) -> None:
        """Wait for a run's end."""
        await self._ask(None, lambda told: self.runs.get(run) in OVER)

    async def _ask(self, message: dict[str, Any] | None, answered: Callable[[dict[str, Any]], bool]) -> None:
        turn = random.randrange(len(self.urls))
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                async with _socket(self.urls[turn % len(self.urls)], self.layer, self.headers) as socket:
                    if message is not None:
                        await socket.send(json.dumps(message))
                    async for data in socket:
                        if isinstance(data, bytes):
                            (length,) = struct.unpack_from("<I", data)
                            sequence = json.loads(data[4 : 4 + length])["sequence"]
                            await socket.send(json.dumps({"type": "received", "sequence": sequence}))
                            continue
                        told = json.loads(data)
                        self._note(told)
                        if answered(told):
                            return
                        if told["type"] == "refused":
                            raise RuntimeError(told["message"])
            turn += 1
            await asyncio.sleep(0.3)

    def _note(self, told: dict[str, Any]) -> None:
        listed = [told["run"]] if told["type"] == "run" else told.get("runs", ())
        for run in listed:
            self.runs[run["id"]] = run["state"]
            self.why[run["id"]] = run.get("message", "")


# ------------------------------------------------------------------ the measurement


@dataclass
class Round:
    """What came of one round."""

    wanted: int = 0
    live: int = 0
    fetched: int = 0
    edits: int = 0
    late_ms: list[float] = field(default_factory=list)
    late_edits_ms: list[float] = field(default_factory=list)
    broken: int = 0
    before: float = 0.0
    seconds: float = 0.0


def measure(load: Load, console: Console) -> list[Figure]:
    """Raises Lost where something acknowledged is gone, or a frame didn't come."""
    with server(load) as made, Client(made.urls[0]) as client:
        console.print(f"{load.layers} videos come in …")
        layers, label = _layers(made, client, load)
        _until(lambda: _agents(client) >= load.agents, "all agents are connected", made)
        console.print(f"{load.watchers} watchers, {load.runs} runs …")
        figures = _figures("", asyncio.run(_round(made, client, load, layers, label, kill="")), load)
        for kind in load.kill:
            console.print(f"The same, and {kind} is killed …")
            try:
                done = asyncio.run(_round(made, client, load, layers, label, kill=kind))
            except (Lost, TimeoutError) as error:
                raise type(error)(f"{error}\n{made.logs()}") from error
            figures += _figures(f", {kind} killed", done, load)
    return figures


def _figures(what: str, done: Round, load: Load) -> list[Figure]:
    def late(values: list[float], share: float) -> float:
        return float(np.percentile(values, share)) if values else 0.0

    figures = [
        Figure(
            AREA,
            f"frames that reached each watcher of their layer ÷ all{what}",
            (done.live + done.fetched) / max(done.wanted, 1),
            "",
            1,
            at_least=True,
        ),
        Figure(AREA, f"  of them live, not told of and fetched{what}", done.live / max(done.wanted, 1), ""),
        Figure(AREA, f"edits that were acknowledged, and are there{what}", done.edits, ""),
        Figure(AREA, f"  connections of watchers that broke{what}", done.broken, ""),
    ]
    if what:
        figures.append(Figure(AREA, f"  frames that had come before ÷ all{what}", done.before, ""))
    else:
        figures += [
            Figure(AREA, "frames that came in a second, all watchers", done.live / done.seconds, "frames/s"),
            Figure(AREA, "tracker to watcher, p50", late(done.late_ms, 50), "ms"),
            Figure(AREA, "tracker to watcher, p95", late(done.late_ms, 95), "ms"),
            Figure(AREA, "edit to the other watchers, p50", late(done.late_edits_ms, 50), "ms"),
            Figure(AREA, "edit to the other watchers, p95", late(done.late_edits_ms, 95), "ms"),
        ]
    return figures


def _layers(made: Server, client: Client, load: Load) -> tuple[list[int], int]:
    """The main layers of as many videos, and a label."""
    project = client.demo_project()
    clip = made.folder / "clip.mp4"
    _write(clip, load.frames)
    came = [client.upload(project, clip) for _ in range(load.layers)]
    layers = [int(client.until_open(video, START_S)["layer"]) for video in came]
    return layers, int(client.editor_config(came[0])["labels"][0]["id"])


def _write(path: Path, frames: int) -> None:
    """A small video, as nobody looks at it."""
    ground = np.random.default_rng(3).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "40"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(frames):
            ground[:, number % SIZE[0]] = 0
            out.mux(stream.encode(av.VideoFrame.from_ndarray(ground, format="rgb24")))
        out.mux(stream.encode(None))


def _agents(client: Client) -> int:
    workspace = re.findall(r"/workspaces/(\d+)/", client.http.get("/").raise_for_status().text)[0]
    return sum(each["state"] == "connected" for each in client.get(f"/api/workspaces/{workspace}/networks")["machines"])


async def _round(made: Server, client: Client, load: Load, layers: list[int], label: int, *, kill: str) -> Round:
    cookies = "; ".join(f"{name}={value}" for name, value in client.http.cookies.items())
    headers = {"Cookie": cookies}
    sent_at: dict[str, float] = {}
    watchers = [Watcher(made.urls, layers[number % len(layers)], headers, sent_at) for number in range(load.watchers)]
    authors = [Author(made.urls, layer, label, headers, sent_at) for layer in layers]
    watching = [asyncio.create_task(each.watch(number)) for number, each in enumerate(watchers)]
    try:
        async with asyncio.timeout(START_S):
            await asyncio.gather(*(each.here.wait() for each in watchers))
        done = Round()
        busy = True
        runners, editors = authors[: load.runs], authors[load.runs :]
        editing = [
            asyncio.create_task(each.work(lambda: not busy, every_s=EDIT_EVERY_S, frames=load.frames))
            for each in editors
        ]
        began = time.monotonic()
        async with asyncio.timeout(START_S):
            tracks = await asyncio.gather(*(each.draw(0) for each in runners))
            runs = await asyncio.gather(
                *(
                    each.follow(track, frames=load.frames, fps=load.fps)
                    for each, track in zip(runners, tracks, strict=True)
                )
            )
        over = asyncio.gather(*(each.until_over(run) for each, run in zip(runners, runs, strict=True)))
        coming = _upload_beside(made, client) if kill == "jobs" else 0
        if kill:
            done.before = await _until_a_third_came(watchers, runners, runs, load)
            await asyncio.to_thread(made.kill, kill)
        async with asyncio.timeout(START_S + 3 * load.frames / load.fps):
            await over
        done.seconds = time.monotonic() - began
        busy = False
        await asyncio.gather(*editing)
        # What is on its way.
        await asyncio.sleep(2)
    finally:
        for each in watching:
            each.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    await asyncio.to_thread(_settle, made, client, load, authors, watchers, done)
    if coming:
        await asyncio.to_thread(client.until_ready, coming, START_S)
    return done


async def _until_a_third_came(watchers: list[Watcher], runners: list[Author], runs: list[str], load: Load) -> float:
    """Wait until so much of all runs has come to somebody; returns how much that is. Raises RuntimeError where all has
    come: what is killed then proves nothing."""
    wanted = len(runs) * (load.frames - 1)
    async with asyncio.timeout(START_S):
        while True:
            tracks = {author.tracks[run] for author, run in zip(runners, runs, strict=True)}
            came = len({place for watcher in watchers for place in watcher.seen if place[0] in tracks})
            if came >= wanted / 3:
                break
            await asyncio.sleep(0.05)
    if came >= LATEST * wanted:
        raise RuntimeError("The runs were over before anything was killed. Make them longer: --frames.")
    return came / wanted


def _upload_beside(made: Server, client: Client) -> int:
    """A video that jobs workers are busy with."""
    return client.upload(client.demo_project(), made.folder / "clip.mp4")


def _settle(
    made: Server, client: Client, load: Load, authors: list[Author], watchers: list[Watcher], done: Round
) -> None:
    """Compare what was acknowledged with what is stored, and what each watcher has with what there is."""
    _until(lambda: all(_answers(url) for url in made.urls), "the web processes answer", made)
    for author in authors:
        _, tables = client.window(author.layer, 0, load.frames - 1)
        stored = {(track, int(frame)) for track, listed in tables.items() for each in listed for frame in each.frames}
        if gone := [place for place in author.drawn.values() if place not in stored]:
            raise Lost(f"{len(gone)} of {len(author.drawn)} acknowledged edits of layer {author.layer} are gone.")
        done.edits += len(author.drawn)
        for run, track in author.tracks.items():
            if author.runs.get(run) != "done":
                raise Lost(f"A run is {author.runs.get(run)} instead of done: {author.why.get(run)}")
            frames = {(track, frame) for frame in range(1, load.frames)}
            if lacking := sorted(frame for _, frame in frames - stored):
                raise Lost(f"{len(lacking)} frames of a run that is done aren't stored: {lacking[:10]} …")
            for watcher in watchers:
                if watcher.layer == author.layer:
                    rest = frames - watcher.seen
                    done.wanted += len(frames)
                    done.live += len(frames) - len(rest)
                    # They are stored, as was seen above. Who came back, or noticed that it missed an event, fetches
                    # what it shows; who was told of frames that it lacks, those.
                    done.fetched += len(rest if watcher.broken or watcher.gaps else rest & watcher.named)
    done.broken = sum(watcher.broken for watcher in watchers)
    for watcher in watchers:
        done.late_ms += watcher.late_ms
        done.late_edits_ms += watcher.late_edits_ms


def main(
    watchers: int = 200,
    layers: int = 20,
    runs: int = 10,
    frames: int = 400,
    fps: float = 20.0,
    agents: int = 2,
    kill: Annotated[
        str, typer.Option(help="Kinds of processes that are killed, with commas: web, jobs, agent, redis, postgres.")
    ] = ",".join(KINDS),
) -> None:
    """Load a whole server, kill its processes, and print what arrived and how late. Exits with 1 when a limit is
    missed."""
    console = Console()
    killed = tuple(filter(None, kill.split(",")))
    if unknown := set(killed) - set(KINDS):
        raise typer.BadParameter(f"There are the kinds {', '.join(KINDS)}; {sorted(unknown)[0]} came.")
    figures = measure(Load(watchers, layers, runs, frames, fps, agents, killed), console)
    show(figures, console)
    if not all(figure.holds for figure in figures):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
