import { beforeEach, describe, expect, it } from 'vitest'
import type { Edge } from '@/editor/time/edges'
import { CONFIG } from '@/testing/fakes'
import { TestEditor } from '@/testing/test-editor'
import { keyframeBox } from '@/store/chunks'
import type { Attribute, TrackId } from '@/store/types'
import { adjustRange, chooseRange, dragChange, dragEdge, type Drag } from './drags'
import { xOf } from './layout'
import { TimelineView } from './view'

const PHASE: Attribute = { id: 7, name: 'phase', kind: 'select', per_frame: true, choices: ['a', 'b'], default: 'a' }

let test: TestEditor
let view: TimelineView
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open({ video: { ...CONFIG.video, frame_count: 5000 }, editable_ranges: [[0, 4999]] })
  track = test.given({ 10: [10, 0, 20, 10], 40: [40, 0, 50, 10], 80: [80, 0, 90, 10] })
  view = new TimelineView(test.editor)
  view.resize(1200, 300)
  view.list(test.editor.list.shown.value)
  view.show(0, 199)
})

const x = (time: number) => xOf(view.scale, time)
const line = () => view.lines[0]!
const drag = (edge: Edge, from: number, ...to: number[]): Drag => {
  const begun = dragEdge(test.editor, view, line(), edge, x(from))
  for (const time of to) begun.move(x(time), 0)
  return begun
}

describe('dragging a keyframe', () => {
  it('selects the track and goes to the frame', () => {
    drag({ kind: 'keyframe', frame: 40 }, 40.5).end()
    expect([test.session.frame.value, test.selection]).toEqual([40, [track]])
    expect(test.sent('edit')).toHaveLength(1)
  })

  it('moves it in one step of undo, with the playhead', () => {
    drag({ kind: 'keyframe', frame: 40 }, 40.5, 45, 50.5, 55.5).end()
    expect([test.row(track, 40), test.box(track, 55), test.session.frame.value]).toEqual([null, [40, 0, 50, 10], 55])
    test.press('Ctrl+Z')
    expect([test.row(track, 55), test.box(track, 40)]).toEqual([null, [40, 0, 50, 10]])
  })

  it('stops at the neighbouring keyframes', () => {
    drag({ kind: 'keyframe', frame: 40 }, 40.5, 150).end()
    expect(test.row(track, 79)?.keyframe).toBe(true)
    expect(test.box(track, 80)).toEqual([80, 0, 90, 10])
  })

  it('stops where rows aren’t loaded, since they could not be put back', () => {
    view.showWhole()
    drag({ kind: 'keyframe', frame: 80 }, 80.5, 4000).end()
    expect(test.session.frame.value).toBe(test.store.loader.covered.at(-1)![1])
  })

  it('leaves all as it was when it is cancelled', () => {
    drag({ kind: 'keyframe', frame: 40 }, 40.5, 60).cancel()
    expect([test.box(track, 40), test.session.frame.value]).toEqual([[40, 0, 50, 10], 40])
    expect(test.sent('edit')).toHaveLength(1)
  })

  it('does nothing to a locked track and says so', () => {
    test.store.transact('Lock', (tx) => tx.updateTrack(track, { locked: true }))
    drag({ kind: 'keyframe', frame: 40 }, 40.5).end()
    expect(test.session.notice.value).toBeNull()
    drag({ kind: 'keyframe', frame: 40 }, 40.5, 60).end()
    expect([test.session.notice.value?.message.includes('locked'), test.box(track, 40)]).toEqual([
      true,
      [40, 0, 50, 10],
    ])
  })
})

describe('dragging an edge', () => {
  it('keeps the distance between pointer and edge', () => {
    drag({ kind: 'last', frame: 80 }, 81.4, 91.4).end()
    expect(test.store.queries.extent(track)).toEqual([10, 90])
  })

  it('ends the following of the track', () => {
    test.bench.run({ id: 'run', tracks: [track] })
    drag({ kind: 'last', frame: 80 }, 81, 71).end()
    expect(test.sent('run.stop')).toMatchObject([{ run: 'run', tracks: [track] }])
  })
})

describe('choosing a range', () => {
  it('takes the frames from press to pointer, in either direction', () => {
    const chosen = chooseRange(test.editor, view, x(50.5), () => undefined)
    chosen.move(x(60.5), 0)
    expect(test.session.range.value).toEqual([50, 60])
    chosen.move(x(45.5), 0)
    expect(test.session.range.value).toEqual([45, 50])
    chosen.cancel()
    expect(test.session.range.value).toBeNull()
  })

  it('scrolls on where the pointer leaves the frames', () => {
    const before = view.scale.first
    chooseRange(test.editor, view, x(50.5), () => undefined).move(view.width + 80, 0)
    expect(view.scale.first).toBeGreaterThan(before)
  })

  it('is no range while the pointer hardly moves', () => {
    let taps = 0
    const chosen = chooseRange(test.editor, view, x(50.5), () => taps++)
    chosen.move(x(50.5) + 2, 0)
    chosen.end()
    expect([test.session.range.value, taps]).toEqual([null, 1])
  })

  it('can be adjusted at both ends, which never cross', () => {
    test.session.range.value = [50, 60]
    adjustRange(test.editor, view, 'first').move(x(90), 0)
    expect(test.session.range.value).toEqual([60, 60])
    adjustRange(test.editor, view, 'last').move(x(70.5), 0)
    expect(test.session.range.value).toEqual([60, 70])
  })

  it('ends with Escape, before the selection does', () => {
    test.session.select(track)
    test.session.range.value = [50, 60]
    test.press('Escape')
    expect([test.session.range.value, test.selection]).toEqual([null, [track]])
  })
})

describe('dragging a change of an attribute', () => {
  beforeEach(() =>
    test.store.transact('Attributes', (tx) =>
      tx.updateTrack(track, {
        frame_attributes: {
          7: [
            [20, 'b'],
            [30, 'a'],
          ],
        },
      }),
    ),
  )

  it('moves it in one step of undo, never past the change beside it', () => {
    const dragged = dragChange(test.editor, view, { track: test.store.records.track(track)!, attribute: PHASE }, 0)
    dragged.move(x(25), 0)
    dragged.move(x(50), 0)
    dragged.end()
    expect(test.store.records.track(track)?.frame_attributes).toEqual({
      7: [
        [29, 'b'],
        [30, 'a'],
      ],
    })
    test.press('Ctrl+Z')
    expect(test.store.records.track(track)?.frame_attributes).toEqual({
      7: [
        [20, 'b'],
        [30, 'a'],
      ],
    })
  })
})

describe('dragging the edges of a frame tag', () => {
  it('moves where its stretches begin and end, one frame apart at the least', () => {
    const tag = (frame: number, outside = false) => ({
      ...keyframeBox(frame, [0, 0, 0, 0], { outside }),
      kind: 'tag' as const,
    })
    const rain = test.store.transact('Rain', (tx) => {
      const id = tx.createTrack({ label: 2 })
      tx.putRows(id, [tag(20), tag(30, true), tag(50), tag(60)])
      return id
    })
    const tagLine = { track: test.store.records.track(rain)!, attribute: null }
    const dragTag = (edge: Edge, from: number, to: number) => {
      const dragged = dragEdge(test.editor, view, tagLine, edge, x(from))
      dragged.move(x(to), 0)
      dragged.end()
    }
    dragTag({ kind: 'gap-start', frame: 30 }, 30, 35)
    dragTag({ kind: 'gap-end', frame: 50 }, 50, 10)
    dragTag({ kind: 'last', frame: 60 }, 61, 71)
    const shown = Array.from({ length: 100 }, (_, frame) => frame).filter((frame) =>
      test.store.queries.showsOn(rain, frame),
    )
    expect([shown[0], shown.includes(34), shown.includes(35), shown.includes(36), shown.at(-1)]).toEqual([
      20,
      true,
      false,
      true,
      70,
    ])
  })
})
