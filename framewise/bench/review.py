"""The review of a long crowd: how soon its queue is there, what building it takes, and how it feels in the browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psutil

from framewise.bench import videos
from framewise.bench.add_review import FRAMES, SPANS, TRACKS
from framewise.bench.browser import editor_page
from framewise.bench.client import Client
from framewise.bench.product import Product
from framewise.bench.table import Figure, median

AREA = f"Review of {TRACKS:,} tracks x {FRAMES:,} frames"
TIMES = 20
LONGEST_S = 120.0
JOBS_WORKER = "framewise_worker --queue default"

# A verdict after the other is what the list of objects is narrowed to, one in every frame of the page.
FILTER = """async (seconds) => {
  const { list } = framewise.editor
  const verdicts = ['accepted', 'rejected', 'check', 'none']
  const times = []
  let before = performance.now()
  const begun = before
  for (let at = 0; before - begun < seconds * 1000; at++) {
    list.narrow({ verdicts: new Set([verdicts[at % 4]]) })
    await new Promise(requestAnimationFrame)
    const now = performance.now()
    times.push(now - before)
    before = now
  }
  list.clear()
  return times
}"""


def measure(product: Product) -> list[Figure]:
    """Put a crowd into the product, have the jobs worker build its queue, ask for that, and filter its verdicts."""
    video = videos.add_review(product)
    with Client(product.url) as client:
        layer = client.editor_config(video)["layer"]["id"]
        with _memory_of(product) as held:
            built = _built(client, layer)
        served = [_timed_ms(lambda: client.http.get(f"/api/layers/{layer}/inspection")) for _ in range(TIMES)]
        size = len(client.http.get(f"/api/layers/{layer}/inspection").content)
    with editor_page(product, video, frame=FRAMES // 2) as page:
        page.wait_for_function("(count) => framewise.editor.list.shown.value.length === count", arg=TRACKS)
        times: list[float] = page.evaluate(FILTER, 6)
    return [
        Figure(AREA, "queue and check built by the jobs worker", built["seconds"], "s", 5),
        Figure(AREA, "memory that building them takes, at its peak", max(held) / 1e6, "MB"),
        Figure(AREA, "spans in the queue", len(built["queue"]) + built["queue_left_out"], ""),
        Figure(AREA, "queue served, median", median(served), "ms", 100),
        Figure(AREA, "queue, as it is sent", size / 1000, "kB"),
        Figure(AREA, f"filtering {TRACKS * SPANS:,} verdicts, page", 1000 * len(times) / sum(times), "fps", 55, True),
    ]


def _built(client: Client, layer: int) -> dict[str, Any]:
    """What the jobs worker found. Raises RuntimeError where it failed, TimeoutError where it took too long."""
    path = f"/api/layers/{layer}/inspection"
    client.post(path)
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        time.sleep(0.5)
        answer = client.get(path)
        if answer["state"] == "failed":
            raise RuntimeError(answer["message"])
        if answer["state"] == "done":
            return dict(answer["result"])
    raise TimeoutError(f"The queue was not built within {LONGEST_S:.0f} s.")


def _timed_ms(work: Any) -> float:
    began = time.perf_counter()
    work().raise_for_status()
    return 1000 * (time.perf_counter() - began)


@contextmanager
def _memory_of(product: Product) -> Iterator[list[int]]:
    """Bytes that the tasks of the jobs worker have for themselves, looked at while something else is done."""
    (worker,) = product.children(JOBS_WORKER)
    found, ended = [0], Event()

    def look() -> None:
        while not ended.wait(0.05):
            for task in psutil.Process(worker).children():
                try:
                    found.append(task.memory_full_info().uss)
                except psutil.Error:
                    continue

    looking = Thread(target=look, daemon=True)
    looking.start()
    try:
        yield found
    finally:
        ended.set()
        looking.join()
