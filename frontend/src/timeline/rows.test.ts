import { beforeEach, describe, expect, it, vi } from 'vitest'
import { CONFIG } from '@/testing/fakes'
import { TestEditor } from '@/testing/test-editor'
import type { TrackOut } from '@/protocol/generated'
import { keyframeBox } from '@/store/chunks'
import type { Palette, Surface } from './layout'
import { drawRows } from './rows'
import { TimelineView } from './view'

const TRACKS = 5000
const FRAMES = 86_400
const HEIGHT = 400
const PALETTE: Palette = {
  ground: '',
  page: '',
  line: '',
  text: '',
  muted: '',
  accent: '',
  onAccent: '',
  selected: '',
  warn: '',
  ok: '',
  danger: '',
  note: '',
}

let test: TestEditor
let view: TimelineView

beforeEach(async () => {
  test = await TestEditor.open({ video: { ...CONFIG.video, frame_count: FRAMES } })
  test.store.records.setTracks(Array.from({ length: TRACKS }, (_, index) => listed(index + 1)))
  for (const { id } of test.store.records.tracks.value.values()) {
    for (const frame of [0, 100, 200]) test.store.records.rows(id).put(keyframeBox(frame, [0, 0, 10, 10]))
  }
  test.store.records.settle()
  view = new TimelineView(test.editor)
  view.resize(1200, HEIGHT)
  view.list(test.editor.list.shown.value)
})

const listed = (number: number): TrackOut => ({
  id: `track-${number}`,
  number,
  label: 1,
  colour: '',
  locked: false,
  attributes: {},
  frame_attributes: {},
  source: 'person',
  candidate: false,
  verdicts: [],
  deleted: false,
})

/** A canvas that only counts what is asked of it. */
function drawn(): { names: string[]; calls: number } {
  const seen = { names: [] as string[], calls: 0 }
  const count =
    (name: PropertyKey) =>
    (...values: unknown[]) => {
      seen.calls++
      if (name === 'fillText') seen.names.push(String(values[0]))
      return { width: 0 }
    }
  const context = new Proxy<Record<PropertyKey, unknown>>({}, { get: (target, name) => target[name] ?? count(name) })
  const surface = {
    context,
    scale: view.scale,
    palette: PALETTE,
    width: 1200,
    height: HEIGHT,
    top: view.top,
  } as unknown as Surface
  drawRows(surface, { editor: test.editor, view, runs: [], thumbnails: { draw: () => false } })
  return seen
}

describe('thousands of rows', () => {
  it('are drawn where they are in view and nowhere else', () => {
    const spans = vi.spyOn(test.store.queries, 'spans')
    view.show(0, 255)
    const { names } = drawn()
    expect(names[0]).toBe('person 1')
    expect(names.length).toBeLessThanOrEqual(15)
    expect(spans).toHaveBeenCalledTimes(names.length)
  })

  it('are found at the end of the list as fast as at its start', () => {
    view.show(0, 255)
    view.scrollTop = Number.MAX_SAFE_INTEGER
    const { names, calls } = drawn()
    expect(names.at(-1)).toBe(`person ${TRACKS}`)
    expect(calls).toBeLessThan(1000)
  })

  it('ask for the frames in view alone', () => {
    const spans = vi.spyOn(test.store.queries, 'spans')
    view.show(150, 180)
    drawn()
    const [first, last] = view.frames
    expect(last - first).toBeLessThan(60)
    expect(spans.mock.calls[0]).toEqual(['track-1', first, last])
  })

  it('are drawn from the overview without asking for a single row, zoomed out', () => {
    const spans = vi.spyOn(test.store.queries, 'spans')
    const bins = Object.fromEntries(
      Array.from({ length: TRACKS }, (_, index) => [`track-${index + 1}`, [[0, 200, 3, 3, 0, 0, 1, 0]]]),
    )
    test.store.overview.value.value = { revision: 0, frames_per_bin: 256, tracks: bins as never }
    view.showWhole()
    expect(drawn().names.length).toBeGreaterThan(10)
    expect(spans).not.toHaveBeenCalled()
  })
})
