"""How the editor feels with 300 shapes on every frame: scrubbing, and dragging one of them."""

from __future__ import annotations

from playwright.sync_api import Page

from framewise.bench.browser import editor_page, scrub
from framewise.bench.product import Product
from framewise.bench.table import Figure, median, p95

OBJECTS = 300
MOVES = 120
AREA = "300 shapes on a frame"

# Boxes that cross the picture between keyframes on the first, the middle and the last frame.
GIVE = """([objects, last]) => framewise.store.transact('Given', (tx) => {
  const label = framewise.editor.config.labels[0].id
  for (let index = 0; index < objects; index++) {
    const [column, line] = [index % 20, Math.floor(index / 20)]
    const row = (frame, shift) => {
      const [x, y] = [30 + column * 60 + shift, 20 + line * 44]
      return { frame, kind: 'box', keyframe: true, predicted: false, outside: false, occluded: false, doubtful: false,
        confidence: 1, bounds: [x, y, x + 36, y + 28], payload: new Uint8Array(0) }
    }
    tx.putRows(tx.createTrack({ label }), [row(0, 0), row(last >> 1, 25), row(last, -20)])
  }
})"""

# Each move waits for its paint, so that none is lost between two frames of the page.
DRAG = """async ([moves, from]) => {
  const stage = document.getElementById('stage')
  const area = stage.getBoundingClientRect()
  const view = framewise.store.session.view.value
  const at = (x, y) => ({
    clientX: area.left + view.x + x * view.scale, clientY: area.top + view.y + y * view.scale,
    pointerId: 1, pointerType: 'mouse', isPrimary: true, bubbles: true, button: 0, buttons: 1,
  })
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
  stage.setPointerCapture = () => undefined
  stage.dispatchEvent(new PointerEvent('pointerdown', at(...from)))
  const times = []
  for (let move = 1; move <= moves; move++) {
    await new Promise((resolve) => setTimeout(resolve, 3 + (move * 7) % 15))
    const begun = performance.now()
    stage.dispatchEvent(new PointerEvent('pointermove', at(from[0] + move, from[1] + Math.sin(move / 9) * 20)))
    await painted()
    times.push(performance.now() - begun)
  }
  stage.dispatchEvent(new PointerEvent('pointerup', at(from[0] + moves, from[1])))
  return times
}"""


def measure(product: Product, video: int, frames: int) -> list[Figure]:
    """Give a video of ``frames`` frames 300 objects, scrub over them, and drag one."""
    with editor_page(product, video) as page:
        page.evaluate(GIVE, [OBJECTS, frames - 1])
        page.wait_for_selector("[data-saved=saved]", timeout=60_000)
        scrubbed = scrub(page, 10, frames - 10, 6)
        times = _drag_times_ms(page)
    return [
        Figure(AREA, "frames of the page per second while scrubbing", scrubbed["fps"], "fps", 55, at_least=True),
        Figure(AREA, "dragging one, pointer to paint, median", median(times), "ms"),
        Figure(AREA, "dragging one, pointer to paint, p95", p95(times), "ms", 32),
    ]


def _drag_times_ms(page: Page) -> list[float]:
    page.evaluate("framewise.editor.goTo(0)")
    page.wait_for_selector("#stage[data-frame='0']")
    return list(page.evaluate(DRAG, [MOVES, [48, 34]]))
