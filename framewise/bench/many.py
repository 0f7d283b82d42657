"""How the editor feels with 5,000 objects in the video, 300 of them on every frame."""

from __future__ import annotations

from playwright.sync_api import Page

from framewise.bench import videos
from framewise.bench.add_crowd import TRACKS
from framewise.bench.browser import editor_page, scrub
from framewise.bench.product import Product
from framewise.bench.table import Figure, median, p95

AREA = f"{TRACKS:,} objects, 300 on a frame"
MOVES = 150
REACH = 60

WATCH_POINTER = """() => {
  window.answered = []
  document.getElementById('stage').addEventListener('pointermove', ({ timeStamp }) =>
    requestAnimationFrame(() => setTimeout(() => window.answered.push(performance.now() - timeStamp))))
}"""


def measure(product: Product, video: int, frames: int) -> list[Figure]:
    """Fill a video of ``frames`` frames with objects, scrub over it, and move the mouse above them."""
    videos.add_crowd(product, video)
    middle = frames // 2
    with editor_page(product, video, frame=middle) as page:
        page.wait_for_function("framewise.editor.visibleShapes().length > 0")
        shown = int(page.evaluate("framewise.editor.visibleShapes().length"))
        scrubbed = scrub(page, middle - REACH, middle + REACH, 6)
        page.keyboard.press("Shift+I")
        with_paths = scrub(page, middle - REACH, middle + REACH, 4)
        page.keyboard.press("i")
        hovering = _hover_times_ms(page)
    return [
        Figure(AREA, "objects on the frame", shown, ""),
        Figure(AREA, "frames of the page per second while scrubbing", scrubbed["fps"], "fps", 55, at_least=True),
        Figure(AREA, "the same with the paths of all objects", with_paths["fps"], "fps"),
        Figure(AREA, "mouse above them, pointer to paint, median", median(hovering), "ms"),
        Figure(AREA, "mouse above them, pointer to paint, p95", p95(hovering), "ms", 32),
    ]


def _hover_times_ms(page: Page) -> list[float]:
    """Milliseconds from each movement of the mouse to the page having painted what follows from it."""
    page.evaluate(WATCH_POINTER)
    for move in range(MOVES):
        page.mouse.move(200 + 4 * move % 600, 150 + 3 * move % 250)
    page.wait_for_timeout(100)
    times: list[float] = page.evaluate("window.answered")
    return times
