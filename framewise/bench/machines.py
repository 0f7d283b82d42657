"""What machines cost: an agent that has nothing to do, a model that several runs share, the way from the pasted command
to the first tracked frame, and a server that is far away."""

from __future__ import annotations

import asyncio
import html
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any

import numpy as np
import psutil
from rich.console import Console

from framewise.bench.client import Client, LiveChannel
from framewise.bench.product import Product
from framewise.bench.table import Figure, median
from framewise.bench.videos import moving_object
from tracking.protocol import Leg, RunPrompt, Start, VideoAccess
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.types import Box, Frame, Way

AREA = "Machines"
AGENT = r"framewise agent "
FRAMES = 600
ONE_WAY_S = 0.025
"""25 ms there and 25 ms back."""
SETTLED_S = 20.0
"""An agent that was started so long ago has loaded all that it loads."""
CONNECTS_WITHIN_S = 900.0
PIECE = 1 << 16
HELD_BACK_AFTER = 4
"""Steps: by then all that a run needs has been made."""


def measure(product: Product, folder: Path, console: Console, *, install: bool = True) -> list[Figure]:
    """All figures. ``install``: that of the pasted command too, which installs PyTorch from where pip takes it."""
    clip = folder / "far.mp4"
    box = moving_object(clip, FRAMES)
    with Client(product.url) as client:
        video = client.upload(client.demo_project(), clip)
        client.until_ready(video)
        figures = [Figure(AREA, "an agent's memory (PSS) without a model", _idle_mb(product), "MB", 150)]
        figures += shared_weights()
        console.print("A server that is 50 ms away …")
        figures += far_away(product, client, video, box, folder)
        if install:
            console.print("From the pasted command to the first tracked frame …")
            figures.append(pasted(product, client, video, box, folder))
    return figures


# ---------------------------------------------------------------- memory


def _idle_mb(product: Product) -> float:
    sleep(SETTLED_S)
    (agent,) = product.children(AGENT)
    return pss_mb(agent)


def pss_mb(pid: int) -> float:
    """What a process takes of memory, in MB: pages that it shares with others count by their share."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"/proc/{pid}/smaps_rollup says no Pss.")
    return int(found[1]) * 1024 / 1e6


def shared_weights() -> list[Figure]:
    """Memory of a second run of a model beside the first, as a share of what its weights take: in a process of its
    own."""
    told = subprocess.run(
        [sys.executable, "-m", "framewise.bench.machines"], check=True, stdout=subprocess.PIPE, text=True
    )
    weights, first, second = map(float, told.stdout.split())
    return [
        Figure(AREA, "weights of MixViT-B (random), in memory", weights, "MB"),
        Figure(AREA, "one run with them", first, "MB"),
        Figure(AREA, "a second run beside it ÷ the weights", second / weights, "", 0.5),
    ]


def _two_runs() -> tuple[float, float, float]:
    """MB of a large network's weights, of a run with it, and of a second one that is at work at the same time."""
    from tempfile import NamedTemporaryFile

    from tracking.engine.local import LocalEngine
    from tracking.warm import Warm, nbytes_of

    with NamedTemporaryFile() as weights:
        engine = LocalEngine(
            lambda access, cancelled: nullcontext(Still()), create=_sharing(Path(weights.name)), warm=Warm()
        )
        before, taken = _rss_mb(), []
        for name in ("first", "second"):
            paused = Paused()
            engine.start(_start(name), paused)
            paused.stands.wait(600)
            taken.append(_rss_mb())
        (network,) = _MADE
        return nbytes_of(network) / 1e6, taken[0] - before, taken[1] - taken[0]


_MADE: list[Any] = []


def _sharing(weights: Path) -> Callable[..., Any]:
    """Makes trackers with one network, whose weights are random."""

    def create(model: str, **settings: object) -> Any:
        from tracking.models.mixformer.network import MixFormer
        from tracking.models.mixformer.tracker import MixFormerTracker, UpdateRule
        from tracking.models.mixformer.weights import VARIANTS
        from tracking.warm import held, making

        variant = VARIANTS["vit_online"]

        def build() -> Any:
            _MADE.append(MixFormer(variant.config).requires_grad_(False))
            return _MADE[-1]

        with making(model, settings, [weights]):
            network = held(build)
        return MixFormerTracker(
            network,
            variant.config,
            search_factor=variant.search_factor,
            update=UpdateRule(variant.interval, variant.online),
            device="cpu",
            precision="auto",
        )

    return create


class Still:
    """A video of black frames."""

    frame_count = 100

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        for number in range(first, self.frame_count):
            yield Frame(number, np.zeros((360, 640, 3), np.uint8))


class Paused:
    """Hears of a run, and holds it back for ever once it has followed an object for some frames."""

    def __init__(self) -> None:
        self.stands = threading.Event()
        self.steps = 0

    def stepped(self, step: object) -> None:
        self.steps += 1
        if self.steps == HELD_BACK_AFTER:
            self.stands.set()
            threading.Event().wait()

    def done(self) -> None:
        self.stands.set()

    def failed(self, message: str, detail: str) -> None:
        self.stands.set()
        raise RuntimeError(detail)

    def lost(self, message: str) -> None:
        self.failed(message, message)


def _start(name: str) -> Start:
    row = Row(0, Kind.BOX, Flag.KEYFRAME, 1.0, (100, 100, 200, 180))
    access = VideoAccess(key="still", source="", index="", width=640, height=360, frame_count=Still.frame_count)
    leg = Leg(prompt=RunPrompt.of(name, row), direction="forward", last=Still.frame_count - 1, emit_first=True)
    return Start(run=name, model="mixvit", video=access, legs=[leg], detect_off_screen=False)


def _rss_mb() -> float:
    return float(psutil.Process().memory_info().rss / 1e6)


# ---------------------------------------------------------------- machines beside the local one


def connect(client: Client, name: str) -> tuple[int, str]:
    """Connect a machine on the page. Returns its id and the command that the page shows."""
    workspace = re.findall(r"/workspaces/(\d+)/", client.http.get("/").text)[0]
    page = client.http.post(
        f"/workspaces/{workspace}/machines/", data={"name": name}, headers=client.headers
    ).raise_for_status()
    shown = [html.unescape(text) for text in re.findall(r'data-copy="([^"]*)"', page.text)]
    (agent,) = [each["id"] for each in _machines(client, int(workspace)) if each["name"] == name]
    return agent, shown[0]


def _machines(client: Client, workspace: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/workspaces/{workspace}/networks")["machines"]
    return found


def until_connected(client: Client, agent: int, timeout_s: float) -> None:
    workspace = int(re.findall(r"/workspaces/(\d+)/", client.http.get("/").text)[0])
    deadline = monotonic() + timeout_s
    while monotonic() < deadline:
        if any(each["id"] == agent and each["state"] == "connected" for each in _machines(client, workspace)):
            return
        sleep(0.1)
    raise TimeoutError(f"Machine {agent} did not connect within {timeout_s:.0f} s.")


@contextmanager
def remote_agent(server: str, token: str, folder: Path) -> Iterator[None]:
    """An agent as on another machine, with a cache of its own."""
    command = [sys.executable, "-m", "framewise", "agent", "--no-restart", "--server", server, "--cache", str(folder)]
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own command)
            command, env={**os.environ, "FRAMEWISE_AGENT_TOKEN": token}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


# ---------------------------------------------------------------- a server that is far away


class Relay:
    """Listens on a port of this machine, and hands on what comes, both ways, ``one_way_s`` later; in a thread of its
    own. A line has no other limit: what is on its way doesn't hold up what follows."""

    def __init__(self, to_port: int, one_way_s: float) -> None:
        self._to, self._delay = to_port, one_way_s
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Relay:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._hand_on(reader, to), self._hand_on(there, writer), return_exceptions=True)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1 << 12)

        async def arrive() -> None:
            while True:
                due, piece = await under_way.get()
                await asyncio.sleep(max(due - self._loop.time(), 0))
                if not piece:
                    writer.close()
                    return
                writer.write(piece)
                await writer.drain()

        arriving = asyncio.ensure_future(arrive())
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await under_way.put((self._loop.time() + self._delay, piece))
        await under_way.put((self._loop.time() + self._delay, b""))
        with suppress(OSError):
            await arriving


def far_away(product: Product, client: Client, video: int, box: Box, folder: Path, rounds: int = 3) -> list[Figure]:
    """Frames per second that arrive from an agent whose server is 50 ms away, against one beside the server: by turns,
    each with the whole machine to itself."""
    config = client.editor_config(video)
    layer, label = config["layer"]["id"], config["labels"][0]["id"]
    port = int(product.url.rpartition(":")[2])
    rates: dict[str, list[float]] = {"near": [], "far": []}
    firsts: dict[str, list[float]] = {"near": [], "far": []}
    with Relay(port, ONE_WAY_S) as relay:
        machines: dict[str, int] = {}
        ends = []
        for name, server in (("near", product.url), ("far", f"http://127.0.0.1:{relay.port}")):
            agent, command = connect(client, name)
            token = shlex.split(command)[0].partition("=")[2]
            ends.append(remote_agent(server, token, folder / f"cache-{name}"))
            machines[name] = agent
        with ends[0], ends[1], client.live(layer) as live:
            for agent in machines.values():
                until_connected(client, agent, 60)
            for agent in machines.values():
                _tracked(live, label, box, agent)  # fetches the video
            for _ in range(rounds):
                for name, agent in machines.items():
                    rate, first = _tracked(live, label, box, agent)
                    rates[name].append(rate)
                    firsts[name].append(first)
    ratios = [far / near for far, near in zip(rates["far"], rates["near"], strict=True)]
    return [
        Figure(AREA, "frames/s of a run beside the server", median(rates["near"]), "frames/s"),
        Figure(AREA, "frames/s, 50 ms away ÷ beside the server", median(ratios), "", 0.9, at_least=True),
        Figure(AREA, "until the first frame, 50 ms away", 1000 * median(firsts["far"]), "ms"),
        Figure(AREA, "until the first frame, beside the server", 1000 * median(firsts["near"]), "ms"),
    ]


def _tracked(live: LiveChannel, label: int, box: Box, machine: int) -> tuple[float, float]:
    """Frames per second of a run as they arrive, and seconds until the first one."""
    track = live.draw(label=label, frame=0, box=(box.x1, box.y1, box.x2, box.y2))
    begun = perf_counter()
    run = live.run(prompts=[(track, 0)], first=0, last=FRAMES - 1, machine=machine)
    arrivals: list[tuple[float, int]] = []
    for message in live.messages(600):
        if message["type"] == "predictions":
            arrivals.append((perf_counter(), len(message["rows"])))
        if message["type"] == "refused":
            raise RuntimeError(message["message"])
        if message["type"] == "run" and message["run"]["id"] == run and message["run"]["state"] in ("done", "failed"):
            if message["run"]["state"] == "failed":
                raise RuntimeError(message["run"]["message"])
            break
    rows = sum(count for _, count in arrivals[1:])
    return rows / (arrivals[-1][0] - arrivals[0][0]), arrivals[0][0] - begun


# ---------------------------------------------------------------- from the pasted command to the first frame


def pasted(product: Product, client: Client, video: int, box: Box, folder: Path) -> Figure:
    """Seconds from the command of the page, run where nothing of Framewise is, to the first frame tracked there."""
    config = client.editor_config(video)
    layer, label = config["layer"]["id"], config["labels"][0]["id"]
    agent, command = connect(client, "pasted")
    home = folder / "home"
    home.mkdir()
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FRAMEWISE", "VIRTUAL"))
    }
    clean |= {"HOME": str(home), "FRAMEWISE_AGENT_HOME": str(home / "agent")}
    clean["PATH"] = os.pathsep.join(
        part for part in clean["PATH"].split(os.pathsep) if not part.startswith(str(Path(sys.prefix)))
    )
    python = shutil.which("python3", path=clean["PATH"])
    if python is None:
        raise RuntimeError("There is no python3 beside this environment's own.")
    begun = perf_counter()
    with (folder / "pasted.log").open("wb") as output:
        process = subprocess.Popen(  # noqa: S602 (the command as people paste it)
            command, shell=True, env=clean, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        with client.live(layer) as live:
            _until(lambda: process.poll() is None, client, agent)
            track = live.draw(label=label, frame=0, box=(box.x1, box.y1, box.x2, box.y2))
            live.run(prompts=[(track, 0)], first=0, last=20, machine=agent)
            live.until(lambda message: message["type"] == "predictions", CONNECTS_WITHIN_S)
            taken = perf_counter() - begun
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    return Figure(AREA, "from the pasted command to the first tracked frame", taken, "s", 60)


def _until(alive: Callable[[], bool], client: Client, agent: int) -> None:
    deadline = monotonic() + CONNECTS_WITHIN_S
    while monotonic() < deadline:
        with suppress(TimeoutError):
            until_connected(client, agent, 1)
            return
        if not alive():
            raise RuntimeError("The pasted command ended before its machine was connected.")
    raise TimeoutError(f"The pasted command connected no machine within {CONNECTS_WITHIN_S:.0f} s.")


if __name__ == "__main__":
    print(*_two_runs(), flush=True)
    os._exit(0)  # Its runs are held back for ever.
