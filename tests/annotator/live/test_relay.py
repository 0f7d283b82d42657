from __future__ import annotations

import asyncio

import pytest
from channels_redis.core import RedisChannelLayer

from annotator.announce import bus
from annotator.announce.notices import AgentNotice, Notice, PredictionFrame
from annotator.live import relay
from annotator.live.hub import Hub
from tracking.protocol import Stop


@pytest.mark.services
async def test_web_processes_tell_each_other_through_redis(redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = RedisChannelLayer(hosts=[{"address": redis, "socket_timeout": None}])
    monkeypatch.setattr(bus, "channels", lambda: layer)
    monkeypatch.setattr(relay, "POLL_S", 0.05)
    here, there = (Hub(asyncio.get_running_loop()) for _ in range(2))
    arrived: asyncio.Queue[Notice | PredictionFrame] = asyncio.Queue()
    monkeypatch.setattr(there, "deliver", arrived.put_nowait)
    for hub in (here, there):
        relay._join_others(hub)
    frame = PredictionFrame(1, "{", b"\x00tables", (("car", 5, 6),))
    stop = AgentNotice(agent=1, layer=1, message=Stop(run="r"))

    # The other one listens as soon as Redis answers it.
    while arrived.empty():
        here.publish(stop)
        await asyncio.sleep(0.1)
    here.publish(frame)
    while (got := await asyncio.wait_for(arrived.get(), 5)) == stop:
        pass
    assert got == frame
    await layer.close_pools()
