"""``framewise agent``: puts an agent together and keeps it going until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path

import httpx

from tracking.agent import Agent
from tracking.cache import VideoCache
from tracking.engine.local import LocalEngine
from tracking.pictures import videos_of

GIGABYTE = 10**9
FETCH_TIMEOUT_S = 30.0


def run_agent(*, server: str, token: str, name: str, runs: int, cache: Path, cache_gb: float) -> None:
    """Connect and work until Ctrl-C or SIGTERM.

    Raises:
        TrackingError: when the address is none, or the server doesn't know the token.
    """
    # What it keeps are other people's videos.
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # It logs every address it fetches, and those let their bearer in.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    http = httpx.Client(base_url=server, timeout=FETCH_TIMEOUT_S, follow_redirects=True)
    videos = VideoCache(cache, int(cache_gb * GIGABYTE), http)
    agent = Agent(server, token, LocalEngine(videos_of(videos), runs_at_once=runs), name=name)
    with http:
        asyncio.run(_until_told(agent))


async def _until_told(agent: Agent) -> None:
    working = asyncio.ensure_future(agent.run())
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        logging.getLogger("framewise.agent").info("Told to end.")
