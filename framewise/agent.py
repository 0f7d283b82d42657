"""``framewise agent``: puts an agent together and keeps it going until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from framewise.supervision import Child, supervise
from tracking import catalog
from tracking.agent import Agent, channel_url
from tracking.cache import VideoCache
from tracking.engine import Engine, OpenVideo
from tracking.engine.local import LocalEngine
from tracking.engine.splitting import Splitting
from tracking.log_ring import LogRing
from tracking.pictures import FETCH_TIMEOUT_S, videos_from, videos_of
from tracking.previews import Previews
from tracking.smart import Smart
from tracking.warm import Keeper, Warm
from tracking.watchdog import watch

ENDED, USAGE, NOT_LET_IN = 0, 2, 78
"""Exit codes of an agent that isn't begun again: told to end, told nonsense, unknown to its server."""
GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Ray cluster that carries runs out. ``address``: host:port; '': the one of this machine. ``cpus`` and
    ``gpu_share``: what each model gets of it; a share of 0: by the model's memory. ``split``: how many processes work
    at a run that finds objects; 0: as many as there is room for."""

    address: str = ""
    cpus: float = 1
    gpu_share: float = 0
    split: int = 0

    def options(self) -> dict[str, str | float]:
        """As the command line has them."""
        told: dict[str, str | float] = {"--engine": "ray", "--cpus": self.cpus, "--gpu-share": self.gpu_share}
        told["--split"] = self.split
        return told | ({"--address": self.address} if self.address else {})


def keep_agent(
    *,
    server: str,
    token: str,
    name: str,
    runs: int,
    cache: Path,
    cache_gb: float,
    idle_minutes: float = 60,
    patience_s: float = 0,
    cluster: Cluster | None = None,
) -> int:
    """Let an agent work in a process of its own, begun again when it dies, until Ctrl-C or SIGTERM.

    Returns:
        The exit code of an agent that ended for good.

    Raises:
        TrackingError: when the address is none.
    """
    channel_url(server)
    options = {"--server": server, "--name": name, "--runs": runs, "--cache": cache, "--cache-gb": cache_gb}
    options |= {"--idle-minutes": idle_minutes, "--patience": patience_s}
    if cluster is not None:
        options |= cluster.options()
    command = [sys.executable, "-m", "framewise", "agent", "--no-restart"]
    command += [str(text) for option in options.items() for text in option]
    # In the environment, not among the arguments: every user of a machine can read those.
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "FRAMEWISE_AGENT_TOKEN": token}
    return supervise([Child("agent", command, environment, final=frozenset({ENDED, USAGE, NOT_LET_IN}))])


def run_agent(
    *,
    server: str,
    token: str,
    name: str,
    runs: int,
    cache: Path,
    cache_gb: float,
    idle_minutes: float = 60,
    patience_s: float = 0,
    cluster: Cluster | None = None,
) -> int:
    """Connect and work until Ctrl-C or SIGTERM. A thread that hangs for minutes ends the process.

    Args:
        idle_minutes: after how long without use a model leaves memory.
        patience_s: how long a server that isn't there at first is only waited for, without a warning.
        cluster: where runs are carried out; None: here.

    Raises:
        TrackingError: when the address is none, the server doesn't know the token, or there is no such cluster.
    """
    # What it keeps are other people's videos.
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # It logs every address it fetches, and those let their bearer in.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    ring = LogRing([token])
    logging.getLogger().addHandler(ring)
    http = httpx.Client(base_url=server, timeout=FETCH_TIMEOUT_S, follow_redirects=True)
    videos = VideoCache(cache, int(cache_gb * GIGABYTE), http)
    open_video = videos_of(videos)
    warm = Warm(idle_s=idle_minutes * 60, load=catalog.load)
    engine, keeper = _local(open_video, runs, warm) if cluster is None else _in(cluster, videos, runs, warm)
    agent = Agent(
        server,
        token,
        engine,
        name=name,
        smart=Smart(open_video, warm=warm),
        previews=Previews(open_video, warm=warm),
        http=http,
        warm=keeper,
        ring=ring,
        patience_s=patience_s,
    )
    with http:
        asyncio.run(_until_told(agent))
    return ENDED


def _local(open_video: OpenVideo, runs: int, warm: Warm) -> tuple[Engine, Keeper]:
    return LocalEngine(open_video, runs_at_once=runs, warm=warm), warm


def _in(cluster: Cluster, videos: VideoCache, runs: int, warm: Warm) -> tuple[Engine, Keeper]:
    """Raises TrackingError when Ray isn't installed, or the cluster can't be reached."""
    from tracking.engine.ray import RayEngine

    engine = RayEngine(
        partial(videos_from, str(videos.http.base_url), videos.folder, videos.limit),
        address=cluster.address,
        runs_on_each=runs,
        cpus=cluster.cpus,
        gpu_share=cluster.gpu_share or None,
        warm=warm,
        idle_s=warm.idle_s,
    )
    return Splitting(engine, engine.places if cluster.split == 0 else lambda: cluster.split), engine.warm


async def _until_told(agent: Agent) -> None:
    watching = asyncio.create_task(watch(agent.engine))
    working = asyncio.ensure_future(agent.run())
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        logging.getLogger("framewise.agent").info("Told to end.")
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
