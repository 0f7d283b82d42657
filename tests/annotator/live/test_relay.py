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


def predictions(frame: int, size: int = 1000) -> PredictionFrame:
    return PredictionFrame(1, "{", bytes(size), (("car", frame, frame),))


async def test_while_the_others_cannot_be_told_the_newest_predictions_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MOST_BYTES", 3500)
    outgoing = relay.Outgoing()
    stop = AgentNotice(agent=1, layer=1, message=Stop(run="r"))
    for frame in range(4):
        outgoing.put(predictions(frame))
        outgoing.put(stop)
    got = [await outgoing.get() for _ in range(6)]
    assert got == [PredictionFrame(1, "", b"", (("car", 0, 2),)), stop, stop, stop, predictions(3), stop]


async def test_predictions_that_the_channel_layer_did_not_take_are_named_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "POLL_S", 0.01)
    sent: list[Notice | PredictionFrame] = []
    named = asyncio.Event()

    class Unsteady:
        tries = 0

        async def group_send(self, group: str, message: dict[str, object]) -> None:
            self.tries += 1
            if self.tries <= 2:
                raise OSError("no route")
            sent.append(bus.unpacked(message))
            named.set()

    layer = Unsteady()
    monkeypatch.setattr(bus, "channels", lambda: layer)
    outgoing = relay.Outgoing()
    task = asyncio.create_task(relay._tell_others(Hub(asyncio.get_running_loop()), outgoing))
    outgoing.put(predictions(5))
    await asyncio.wait_for(named.wait(), 5)
    task.cancel()
    assert sent == [PredictionFrame(1, "", b"", (("car", 5, 5),))]
