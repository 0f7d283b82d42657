"""A Chromium that opens the editor and tells what a person would notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from playwright.sync_api import Page, ViewportSize, sync_playwright

from framewise.bench.client import Client
from framewise.bench.product import CHROMIUM, CHROMIUM_ARGUMENTS, PASSWORD, USERNAME, Product

SIZE: ViewportSize = {"width": 1280, "height": 720}

# Notes when each binary message (predictions) came with how many rows, and when the page had painted after the first
# one. The third number of a table's header is how many rows it has.
WATCH_ARRIVALS = """
window.arrivals = []
window.firstPainted = null
window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args)
    this.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') return
      const view = new DataView(data)
      const length = view.getUint32(0, true)
      const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)))
      let [rows, table] = [0, 4 + length]
      for (const { bytes } of header.tables) {
        rows += view.getUint32(table + 8, true)
        table += bytes
      }
      window.arrivals.push([performance.now(), rows])
      if (window.arrivals.length > 1) return
      requestAnimationFrame(() => setTimeout(() => (window.firstPainted = performance.now())))
    })
  }
}
"""


@contextmanager
def editor_page(product: Product, video: int, *, frame: int = 0) -> Iterator[Page]:
    """The editor of a video, ready to use, in a fresh browser."""
    with Client(product.url) as client:
        client.prefer_defaults()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            page = browser.new_page(viewport=SIZE, bypass_csp=True)
            sign_in(page, product.url)
            page.add_init_script(WATCH_ARRIVALS)
            page.goto(f"{product.url}/videos/{video}/edit/?frame={frame}")
            page.wait_for_function(
                f"document.getElementById('stage')?.dataset.frame === '{frame}'"
                " && document.querySelector('[data-saved=saved]') !== null",
                timeout=30_000,
            )
            yield page
        finally:
            browser.close()


def sign_in(page: Page, url: str, username: str = USERNAME, password: str = PASSWORD) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label(re.compile("user", re.I)).fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name=re.compile("sign in", re.I)).click()
    page.wait_for_url(lambda address: "/sign-in" not in address)


def shown_ms(page: Page, product: Product, video: int, frame: int) -> float:
    """Milliseconds from going to an editor until the frame is drawn."""
    page.goto(f"{product.url}/videos/{video}/edit/?frame={frame}", wait_until="commit")
    page.wait_for_function(f"document.getElementById('stage')?.dataset.frame === '{frame}'")
    return float(page.evaluate("performance.now()"))


def resident_mb(page: Page) -> float:
    """What the page's process holds in memory, in MB (10^6 bytes)."""
    browser = page.context.browser
    assert browser is not None  # noqa: S101 (for the type checker: it was launched)
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    # Others are kept for pages to come, and hold little.
    return max(psutil.Process(each["id"]).memory_info().rss for each in processes if each["type"] == "renderer") / 1e6


def interactive_ms(page: Page, product: Product, video: int, frame: int) -> float:
    """Milliseconds from going to an editor until frame and shapes are drawn and a key has moved the playhead."""
    page.goto(f"{product.url}/videos/{video}/edit/?frame={frame}", wait_until="commit")
    page.wait_for_function(
        f"document.getElementById('stage')?.dataset.frame === '{frame}'"
        f" && window.framewise.store.queries.shapesAt({frame}).length > 0"
    )
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.getElementById('stage').dataset.frame === '{frame + 1}'")
    return float(page.evaluate("performance.now()"))


def seek_times_ms(page: Page, frames: list[int]) -> list[float]:
    """Milliseconds from asking for a frame to its picture being on the canvas, for each of ``frames``."""
    script = """async (frames) => {
      const { editor } = window.framewise
      const stage = document.getElementById('stage')
      const times = []
      for (const frame of frames) {
        const begun = performance.now()
        await new Promise((resolve) => {
          const observer = new MutationObserver(() => {
            if (stage.dataset.frame !== String(frame)) return
            observer.disconnect()
            resolve()
          })
          observer.observe(stage, { attributes: true, attributeFilter: ['data-frame'] })
          editor.goTo(frame)
        })
        times.push(performance.now() - begun)
        await new Promise((resolve) => setTimeout(resolve, 60))
      }
      return times
    }"""
    return list(page.evaluate(script, frames))


def scrub(page: Page, first: int, last: int, seconds: float) -> dict[str, Any]:
    """Drag the playhead to and fro between two frames, a step in every frame of the page.

    Returns ``fps``, frames of the page per second, and ``pictures``, different video frames shown per second.
    """
    script = """async ([first, last, seconds]) => {
      const { editor } = window.framewise
      const stage = document.getElementById('stage')
      let at = first, step = 2, frames = 0, pictures = 0, shown = ''
      const begun = performance.now()
      while (performance.now() - begun < seconds * 1000) {
        await new Promise(requestAnimationFrame)
        if (at + step > last || at + step < first) step = -step
        at += step
        editor.goTo(at)
        frames++
        if (stage.dataset.frame !== shown) { shown = stage.dataset.frame; pictures++ }
      }
      const taken = (performance.now() - begun) / 1000
      return { fps: frames / taken, pictures: pictures / taken }
    }"""
    return dict(page.evaluate(script, [first, last, seconds]))
