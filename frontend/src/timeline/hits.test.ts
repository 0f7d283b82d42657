import { beforeEach, describe, expect, it } from 'vitest'
import { CONFIG } from '@/testing/fakes'
import { TestEditor } from '@/testing/test-editor'
import { keyframeBox } from '@/store/chunks'
import type { TrackId } from '@/store/types'
import { cursorOf, hitAt, type Hit } from './hits'
import { ROW_PX, xOf } from './layout'
import { TimelineView } from './view'

let test: TestEditor
let view: TimelineView
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open({ video: { ...CONFIG.video, frame_count: 5000 } })
  track = test.given({ 10: [0, 0, 10, 10], 40: [0, 0, 10, 10] })
  test.given({ 5: [0, 0, 10, 10] }, 2)
  view = new TimelineView(test.editor)
  view.resize(1000, 300)
  view.list(test.editor.list.shown.value)
  view.show(0, 99)
})

/** `time`: frames from the left; rows count from 0. */
function hit(time: number, row: number): Hit {
  return hitXY(xOf(view.scale, time), view.top + (row + 0.5) * ROW_PX)
}

function hitXY(x: number, y: number): Hit {
  const { records, loader } = test.store
  const known = {
    rows: (id: TrackId) => records.rows(id),
    selected: (id: TrackId) => test.session.selection.value.has(id),
    range: test.session.range.value,
    issues: test.editor.issues.open.value,
    covers: (frame: number) => loader.covers(frame),
  }
  return hitAt(view, known, x, y)
}

describe('what lies under the pointer', () => {
  it('is a keyframe anywhere on its diamond', () => {
    expect(hit(10.5, 0)).toMatchObject({
      on: 'edge',
      line: { track: { id: track } },
      edge: { kind: 'keyframe', frame: 10 },
    })
    expect(cursorOf(hit(10.5, 0))).toBe('grab')
  })

  it('is an edge of a selected track where something begins or ends', () => {
    test.predict(track, [20, 21, 22, 23, 24, 25], [0, 0, 10, 10])
    expect(hit(20, 0)).toMatchObject({ on: 'row' })
    test.session.select(track)
    expect(hit(20, 0)).toMatchObject({ edge: { kind: 'predicted-first', frame: 20 } })
    expect(hit(26.2, 0)).toMatchObject({ edge: { kind: 'predicted-last', frame: 25 } })
    expect(hit(23, 0)).toMatchObject({ on: 'row' })
  })

  it('is a gap’s start where an outside keyframe begins it', () => {
    test.store.transact('Outside', (tx) => tx.putRow(track, keyframeBox(30, [0, 0, 10, 10], { outside: true })))
    expect(hit(30.5, 0)).toMatchObject({ edge: { kind: 'gap-start', frame: 30 } })
    expect(hit(40, 0)).toMatchObject({ edge: { kind: 'keyframe', frame: 40 } })
  })

  it('is only a row while frames are too narrow, and where rows aren’t loaded', () => {
    test.store.transact('Far', (tx) => tx.putRow(track, { ...test.row(track, 40)!, frame: 3000 }))
    view.show(2950, 3050)
    expect(hit(3000.5, 0)).toMatchObject({ on: 'row' })
    view.resize(400, 300)
    view.showWhole()
    expect(hit(10.5, 0)).toMatchObject({ on: 'row' })
  })

  it('is the empty ground below the last row', () => {
    expect(hit(10.5, 7)).toEqual({ on: 'row', line: null })
  })

  it('is an end of the chosen range on the ruler', () => {
    test.session.range.value = [20, 29]
    const onRuler = (time: number) => hitXY(xOf(view.scale, time), 20)
    expect([onRuler(20), onRuler(30), onRuler(25)]).toEqual([
      { on: 'range', end: 'first' },
      { on: 'range', end: 'last' },
      { on: 'ruler' },
    ])
  })

  it('is a name in the column of names', () => {
    expect(hitXY(60, view.top + 4)).toMatchObject({ on: 'name', line: { track: { id: track } } })
  })
})
