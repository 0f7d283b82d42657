import { beforeEach, describe, expect, it } from 'vitest'
import { Flag, makeRow } from '@/store/chunks'
import { TrackRows } from '@/store/track-rows'
import type { BoxPx, TrackId } from '@/store/types'
import { TestEditor } from '@/testing/test-editor'
import { pathOf } from './path-of'
import { TrajectorySettings } from '@/editor/preferences/trajectories'

const boxAt = (x: number, y = 100): BoxPx => [x - 30, y - 20, x + 30, y + 20]

function rowsOf(places: Readonly<Record<number, readonly [x: number, flags: number]>>): TrackRows {
  const rows = new TrackRows()
  for (const [frame, [x, flags]] of Object.entries(places)) rows.put(makeRow(Number(frame), 0, flags, 65535, boxAt(x)))
  return rows
}

describe('an object’s path', () => {
  it('goes through the anchors of its rows, and on straight lines between them', () => {
    const path = pathOf(rowsOf({ 10: [100, Flag.keyframe], 20: [200, Flag.keyframe] }), 0, 255, 'centre')
    expect([path.place(9), path.place(10), path.place(13), path.place(20), path.place(21)]).toEqual([
      null,
      { x: 100, y: 100 },
      { x: 130, y: 100 },
      { x: 200, y: 100 },
      null,
    ])
  })

  it('may be that of the bottom of the box', () => {
    const path = pathOf(rowsOf({ 10: [100, Flag.keyframe] }), 0, 255, 'bottom')
    expect(path.place(10)).toEqual({ x: 100, y: 120 })
  })

  it('has a gap where the object is outside', () => {
    const path = pathOf(
      rowsOf({ 10: [100, Flag.keyframe], 20: [120, Flag.keyframe | Flag.outside], 30: [300, Flag.keyframe] }),
      0,
      255,
      'centre',
    )
    expect([path.frames, path.begins, path.place(25)]).toEqual([[10, 30], [true, true], null])
  })

  it('reaches beyond the stretch asked for to the rows that interpolation needs', () => {
    const path = pathOf(rowsOf({ 100: [0, Flag.keyframe], 900: [800, Flag.keyframe] }), 256, 511, 'centre')
    expect(path.place(400)).toEqual({ x: 300, y: 100 })
  })

  it('tells how fast the object goes, per frame', () => {
    const path = pathOf(
      rowsOf({ 10: [100, Flag.keyframe], 20: [200, Flag.predicted], 21: [290, Flag.predicted] }),
      0,
      255,
      'centre',
    )
    expect([path.pace(0), path.pace(1), path.pace(2)]).toEqual([0, 10, 90])
  })
})

describe('trajectories', () => {
  let test: TestEditor
  let walker: TrackId

  beforeEach(async () => {
    test = await TestEditor.open()
    walker = test.given({ 0: boxAt(100), 100: boxAt(500) })
    test.given({ 0: boxAt(50, 300), 100: boxAt(60, 300) })
    test.session.select(walker)
    test.editor.goTo(50)
  })

  it('come and go by one key, for the selected objects first, and for all by another', () => {
    const { trajectories } = test.editor
    expect(trajectories.tracks(50)).toEqual([])
    test.press('I')
    expect(trajectories.tracks(50).map(({ id }) => id)).toEqual([walker])
    test.press('Shift+I')
    expect(trajectories.tracks(50)).toHaveLength(2)
    test.press('I')
    expect(trajectories.tracks(50)).toEqual([])
  })

  it('take a click to the frame of that place', () => {
    test.press('I').click(180, 100)
    expect([test.session.frame.value, test.selection]).toEqual([20, [walker]])
  })

  it('leave presses on an object alone, except with Alt', () => {
    test.press('I').click(304, 104)
    expect(test.session.frame.value).toBe(50)
    test.click(304, 101, { alt: true })
    expect(test.session.frame.value).toBe(51)
  })

  it('show which frame a press would go to', () => {
    test.press('I').pointerMove(180, 102)
    expect(test.editor.trajectories.pointed.value).toEqual({ track: walker, frame: 20, at: { x: 180, y: 100 } })
    test.pointerMove(180, 200)
    expect(test.editor.trajectories.pointed.value).toBeNull()
  })

  it('are as long as one wants', () => {
    test.press('I').press('Alt+Shift+I')
    expect(test.editor.trajectories.stretch(50)).toEqual([25, 75])
    test.click(140, 100)
    expect(test.session.frame.value).toBe(50)
    test.press('Alt+I').press('Alt+I')
    expect(test.editor.trajectories.stretch(50)).toEqual([0, 150])
  })

  it('keep a path until its rows change', () => {
    const { trajectories } = test.editor
    const before = trajectories.path(walker, 0, 100)
    expect(trajectories.path(walker, 20, 120)).toBe(before)
    test.store.transact('Move', (tx) => tx.putRows(walker, [makeRow(50, 0, Flag.keyframe, 65535, boxAt(10))]))
    expect(trajectories.path(walker, 0, 100).place(50)).toEqual({ x: 10, y: 100 })
  })

  it('don’t show hidden or deleted objects', () => {
    test.press('I')
    test.session.toggleHidden(walker)
    expect(test.editor.trajectories.tracks(50)).toEqual([])
  })

  it('come back as they were left', () => {
    const { settings } = test.editor.trajectories
    test.press('Shift+I').press('Shift+N')
    settings.anchor.value = 'bottom'
    settings.jump.value = 12
    const again = new TrajectorySettings(JSON.parse(JSON.stringify(settings.values.value)))
    expect(again.values.value).toEqual(settings.values.value)
    expect(again.values.value).toMatchObject({ on: true, all: true, onion: true, anchor: 'bottom', jump: 12 })
  })
})

describe('the neighbouring keyframes', () => {
  it('are those of the selected objects before and after the frame', async () => {
    const test = await TestEditor.open()
    const track = test.given({ 0: boxAt(100), 40: boxAt(200), 80: boxAt(300) })
    test.session.select(track)
    test.editor.goTo(40)
    expect(test.editor.trajectories.neighbours(40)).toEqual([])
    test.press('Shift+N')
    expect(test.editor.trajectories.neighbours(40).map(({ frame, shape }) => [frame, shape.bounds[0]])).toEqual([
      [0, 70],
      [80, 270],
    ])
  })
})
