"""A small server of several processes under load, of which one is killed."""

from __future__ import annotations

import pytest
from rich.console import Console

from framewise.bench import load
from framewise.bench.load import Load, measure
from framewise.bench.services import NotInstalled, Postgres, Redis
from framewise.bench.stamping import AROUND_MS, OFFSET, STEPS, age_ms, stamp


@pytest.mark.parametrize("now", [0.0, 12.345, 39.999, 40.0, 1_764_330_000.123])
def test_a_shape_tells_when_it_was_made(now: float) -> None:
    box = stamp(now)
    assert OFFSET <= box.x1 < OFFSET + STEPS
    assert age_ms(box.x1, box.y1, now) < 1
    assert 249 <= age_ms(box.x1, box.y1, now + 0.25) <= 251
    assert age_ms(box.x1, box.y1, now + AROUND_MS / 1000 + 0.1) <= 101


@pytest.mark.services
@pytest.mark.faults
@pytest.mark.timeout(240)
def test_every_frame_arrives_and_no_edit_is_lost_where_a_web_process_is_killed() -> None:
    try:
        Postgres().close(), Redis()
    except NotInstalled as error:
        pytest.skip(str(error))
    wanted = Load(watchers=20, layers=4, runs=2, frames=60, agents=1, kill=("web",))
    figures = {figure.name: figure.value for figure in measure(wanted, Console(quiet=True))}
    shares = [value for name, value in figures.items() if name.startswith("frames that reached each")]
    assert shares == [1, 1]
    assert figures["edits that were acknowledged, and are there"] > 2
    assert figures["edits that were acknowledged, and are there, web killed"] > 2
    # Without a break nothing has to be fetched.
    assert figures["  of them live, not told of and fetched"] == 1
    assert 0 < figures["tracker to watcher, p50"] <= figures["tracker to watcher, p95"]


def test_what_is_gone_is_told() -> None:
    """The measurement itself notices what it is there to notice."""
    author = load.Author([], 7, 1, {}, {})
    author.drawn["edit"] = ("track", 3)

    class Empty:
        def window(self, layer: int, first: int, last: int) -> tuple[dict[str, object], dict[str, object]]:
            return {}, {}

    class Well:
        urls: tuple[str, ...] = ()

    with pytest.raises(load.Lost, match="1 of 1 acknowledged edits of layer 7"):
        load._settle(Well(), Empty(), Load(), [author], [], load.Round())  # type: ignore[arg-type]
