"""What being live costs: the same clip, box and model in the editor and in a bare loop."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep
from typing import Any

from playwright.sync_api import Page

from framewise.bench.browser import editor_page
from framewise.bench.client import Client, LiveChannel
from framewise.bench.product import Product
from framewise.bench.table import Figure, median
from tracking import catalog
from tracking.frames import open_source
from tracking.types import Box, ObjectId, Prompt

AREA = "Live tracking"
WATCHERS = 10
STALL_S = 4.0


def bare_loop_fps(clip: Path, box: Box, model: str, frames: int) -> float:
    """Frames per second of decoding and ``tracker.step``, one after the other, nothing else."""
    tracker = catalog.create(model)
    with open_source(clip) as source:
        walk = source.walk(0, "forward")
        tracker.start(next(walk), [Prompt(ObjectId("a"), box)])
        begun = perf_counter()
        for _, frame in zip(range(frames - 1), walk, strict=False):
            tracker.step(frame)
        return (frames - 1) / (perf_counter() - begun)


def measure_overhead(
    product: Product, video: int, clip: Path, box: Box, *, frames: int, rounds: int = 3
) -> list[Figure]:
    """Frames per second that arrive in a browser, against the bare loop before and after each run."""
    model = catalog.DEFAULT_TRACKER["box"]
    with editor_page(product, video) as page:
        _run(page, box, frames)  # fetches the video into the agent's cache
        ratios, firsts, bare = [], [], []
        for _ in range(rounds):
            before = bare_loop_fps(clip, box, model, frames)
            run = _run(page, box, frames)
            after = bare_loop_fps(clip, box, model, frames)
            bare.append((before + after) / 2)
            ratios.append(run["fps"] / bare[-1])
            firsts.append(run["first_ms"] - 2 * 1000 / bare[-1])
    return [
        Figure(AREA, "frames/s in the browser ÷ bare loop", median(ratios), "", 0.90, at_least=True),
        Figure(AREA, "bare loop", median(bare), "frames/s"),
        Figure(AREA, "click to first prediction painted, less 2 model steps", median(firsts), "ms", 150),
    ]


def measure_flow(product: Product, layer: int, label: int, box: Box, *, frames: int) -> list[Figure]:
    """Ten watchers, one of whom stops reading for a while: how many frames each has in the end."""
    with Client(product.url) as client, client.live(layer) as starter, ExitStack() as stack:
        watchers = [stack.enter_context(client.live(layer)) for _ in range(WATCHERS)]
        track = starter.draw(label=label, frame=0, box=box)
        readers = [
            Thread(target=_watch, args=(watcher, STALL_S if index == 0 else 0.0), daemon=True)
            for index, watcher in enumerate(watchers)
        ]
        for reader in readers:
            reader.start()
        begun = perf_counter()
        run = starter.run(prompts=[(track, 0)], first=0, last=frames - 1)
        starter.until_ended(run)
        taken = perf_counter() - begun
        sleep(STALL_S)
        stack.close()
        for reader in readers:
            reader.join(10)
        seen = [
            len(watcher.seen.get(track, ())) + _fetched(client, layer, track, watcher, frames) for watcher in watchers
        ]
    wanted = frames - 1
    return [
        Figure(
            AREA, f"frames that the worst of {WATCHERS} watchers has ÷ all", min(seen) / wanted, "", 1, at_least=True
        ),
        Figure(AREA, "frames/s with ten watchers", wanted / taken, "frames/s"),
    ]


def _watch(watcher: LiveChannel, stall_s: float) -> None:
    """Read what comes; after the first prediction sleep for ``stall_s``."""
    try:
        for message in watcher.messages(timeout_s=600):
            if message["type"] == "predictions":
                watcher.missed += message["missed"]
                sleep(stall_s)
                stall_s = 0.0
    except Exception:  # the end of the measurement closes the socket under the reader
        return


def _fetched(client: Client, layer: int, track: str, watcher: LiveChannel, frames: int) -> int:
    """Frames that a watcher was told it missed, and that are there to be fetched."""
    missing = {
        frame for missed, first, last in watcher.missed if missed == track for frame in range(first, last + 1)
    } - watcher.seen.get(track, set())
    if not missing:
        return 0
    _, tables = client.window(layer, 0, frames - 1)
    stored = {int(frame) for table in tables.get(track, []) for frame in table.frames}
    return len(missing & stored)


def _run(page: Page, box: Box, frames: int) -> dict[str, Any]:
    """Draw a box on frame 0, track it by the keyboard, and take the object away again."""
    page.evaluate(
        """([box, frames]) => {
          const { editor, store } = window.framewise
          editor.goTo(0)
          editor.tracking.frames.value = frames - 1
          const row = { frame: 0, kind: 'box', keyframe: true, predicted: false, outside: false, occluded: false,
                        doubtful: false, confidence: 1, bounds: box, payload: new Uint8Array(0) }
          const track = store.transact('Draw', (tx) => {
            const id = tx.createTrack({ label: editor.config.labels[0].id })
            tx.putRow(id, row)
            return id
          })
          store.session.select(track)
          window.arrivals.length = 0
          window.firstPainted = null
        }""",
        [list(box), frames],
    )
    page.wait_for_selector("[data-saved=saved]")
    page.evaluate(
        "addEventListener('keydown', () => (window.pressed = performance.now()), { capture: true, once: true })"
    )
    page.locator("#stage").focus()
    page.keyboard.press("t")
    page.wait_for_function(
        "[...window.framewise.store.runs.all.value.values()].at(-1)?.state === 'done'",
        timeout=180_000,
    )
    result = page.evaluate(
        """() => {
          const times = window.arrivals
          const rows = times.slice(1).reduce((sum, [, count]) => sum + count, 0)
          const taken_ms = times.at(-1)[0] - times[0][0]
          return { fps: (rows / taken_ms) * 1000, first_ms: window.firstPainted - window.pressed }
        }"""
    )
    page.evaluate(
        """() => {
          const { editor, store } = window.framewise
          const tracks = editor.selected()
          store.transact('Delete', (tx) => tracks.forEach((track) => tx.updateTrack(track, { deleted: true })))
          store.runs.all.value = new Map()
        }"""
    )
    return dict(result)
