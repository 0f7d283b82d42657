"""How long taking back a change of ten thousand shapes keeps a person waiting."""

from __future__ import annotations

from framewise.bench.browser import editor_page
from framewise.bench.product import Product
from framewise.bench.table import Figure, p95

SHAPES = 10_000
TIMES = 10

GIVE = """([tracks, frames]) => framewise.store.transact('Given', (tx) => {
  const label = framewise.editor.config.labels[0].id
  const rows = (track) => Array.from({ length: frames }, (_, frame) => {
    const x = (track * 37 + frame) % 1000
    return { frame, kind: 'box', keyframe: true, predicted: false, outside: false, occluded: false, doubtful: false,
      confidence: 1, bounds: [x, track * 20, x + 60, track * 20 + 40], payload: new Uint8Array(0) }
  })
  for (let track = 0; track < tracks; track++) tx.putRows(tx.createTrack({ label }), rows(track))
})"""

UNDO = """async (times) => {
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
  const { store } = framewise
  const taken = []
  for (let time = 0; time < times; time++) {
    const all = [[0, store.config.video.frame_count - 1]]
    store.transact('Delete shapes', (tx) => {
      for (const track of store.records.tracks.value.keys()) tx.removeRows(track, all)
    })
    await painted()
    const begun = performance.now()
    store.undo()
    await painted()
    taken.push(performance.now() - begun)
  }
  return taken
}"""


def measure(product: Product, video: int, frames: int) -> list[Figure]:
    """Delete ten thousand shapes on a video of ``frames`` frames and take it back, several times."""
    with editor_page(product, video) as page:
        page.evaluate(GIVE, [SHAPES // frames, frames])
        page.wait_for_selector("[data-saved=saved]", timeout=60_000)
        times = page.evaluate(UNDO, TIMES)
    return [Figure("Undo", f"of {SHAPES:,} deleted shapes, until painted, p95", p95(times), "ms", 200)]
