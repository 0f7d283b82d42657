"""How smooth a brush stroke is on a frame of 1920 x 1080 px."""

from __future__ import annotations

from framewise.bench.browser import editor_page
from framewise.bench.product import Product
from framewise.bench.table import Figure

SECONDS = 5
AREA = "Brush at 1920 x 1080"

# A wide spiral with a large tip: the mask grows over most of the frame while one paints.
STROKE = """async ([seconds, label]) => {
  const { editor, store } = framewise
  const { width, height } = store.config.video
  store.session.activeLabel.value = label
  editor.brush.size.value = 60
  editor.useTool('brush')
  const stage = document.getElementById('stage')
  const area = stage.getBoundingClientRect()
  const view = store.session.view.value
  const at = (time) => {
    const [turn, far] = [time * 5, 0.1 + 0.35 * (time / seconds)]
    const [x, y] = [width * (0.5 + far * Math.cos(turn)), height * (0.5 + far * Math.sin(turn))]
    return { clientX: area.left + view.x + x * view.scale, clientY: area.top + view.y + y * view.scale,
      pointerId: 1, pointerType: 'mouse', isPrimary: true, bubbles: true, button: 0, buttons: 1 }
  }
  stage.setPointerCapture = () => undefined
  stage.dispatchEvent(new PointerEvent('pointerdown', at(0)))
  const begun = performance.now()
  let frames = 0
  for (let time = 0; time < seconds; time = (performance.now() - begun) / 1000) {
    for (let part = 0; part < 4; part++) stage.dispatchEvent(new PointerEvent('pointermove', at(time + part / 240)))
    await new Promise(requestAnimationFrame)
    frames++
  }
  const fps = frames / ((performance.now() - begun) / 1000)
  const ended = performance.now()
  stage.dispatchEvent(new PointerEvent('pointerup', at(seconds)))
  const packed = performance.now() - ended
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
  return { fps, packed_ms: packed, painted_ms: performance.now() - ended }
}"""


def measure(product: Product, video: int, label: int) -> list[Figure]:
    """Paint one stroke on a video of 1920 x 1080 px with a label that may be a mask."""
    with editor_page(product, video) as page:
        stroke = page.evaluate(STROKE, [SECONDS, label])
        page.wait_for_selector("[data-saved=saved]", timeout=60_000)
    return [
        Figure(AREA, "frames of the page per second during a stroke", stroke["fps"], "fps", 55, at_least=True),
        Figure(AREA, "end of the stroke until its mask is packed", stroke["packed_ms"], "ms"),
        Figure(AREA, "end of the stroke until it is painted", stroke["painted_ms"], "ms"),
    ]
