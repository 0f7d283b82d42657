import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'
import { propagate } from './clipboard'

let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
  test.session.select(track)
})

const goTo = (frame: number) => {
  test.session.frame.value = frame
  return test
}
const along = (frames: readonly number[]) => frames.map((frame) => test.box(track, frame)?.[0] ?? null)

describe('copy and paste', () => {
  it('puts the shape on another frame of the same track', () => {
    goTo(10).press('Ctrl+C')
    goTo(40).press('Ctrl+V')
    expect(test.tracks).toEqual([track])
    expect(test.row(track, 40)).toMatchObject({ keyframe: true, bounds: [10, 0, 20, 10] })
  })

  it('corrects what was only predicted or interpolated', () => {
    goTo(0).press('Ctrl+C')
    goTo(10).press('Ctrl+V')
    expect(along([0, 10])).toEqual([0, 0])
    expect(test.tracks).toEqual([track])
  })

  it('makes a new track beside the original on its own frame', () => {
    goTo(0).press('Ctrl+C').press('Ctrl+V')
    const [copy] = test.selection
    expect(test.tracks).toEqual([track, copy])
    expect(test.box(copy!, 0)).toEqual([12, 12, 22, 22])
    expect(test.store.records.track(copy!)?.label).toBe(1)
  })

  it('never replaces a keyframe: that becomes a new track', () => {
    goTo(0).press('Ctrl+C')
    goTo(20).press('Ctrl+V')
    expect(test.tracks).toHaveLength(2)
    expect(test.box(track, 20)).toEqual([20, 0, 30, 10])
    expect(test.box(test.selection[0]!, 20)).toEqual([0, 0, 10, 10])
  })

  it('makes new tracks on demand, several in one step', () => {
    const other = test.given({ 0: [50, 50, 60, 60] })
    test.session.select(track, other)
    goTo(0).press('Ctrl+C')
    goTo(60).press('Ctrl+Shift+V')
    expect(test.tracks).toHaveLength(4)
    test.press('Ctrl+Z')
    expect(test.tracks).toHaveLength(2)
  })

  it('without a shape says so', () => {
    goTo(50).press('Ctrl+C')
    expect(test.session.notice.value?.tone).toBe('error')
  })
})

describe('propagating', () => {
  it('keeps the shape as it is on the frames after', () => {
    goTo(10)
    propagate(test.editor, 15)
    expect(along([9, 10, 13, 15, 20])).toEqual([9, 10, 10, 10, 20])
  })

  it('keeps it on the frames before', () => {
    goTo(10)
    propagate(test.editor, 5)
    expect(along([0, 5, 7, 10, 20])).toEqual([0, 10, 10, 10, 20])
  })

  it('replaces predictions and closes gaps on the way, and leaves those beyond', () => {
    test.predict(track, [31, 32, 33], [90, 0, 99, 10])
    goTo(15).press('O')
    goTo(10)
    propagate(test.editor, 17)
    expect(along([12, 16, 17, 18, 19, 20])).toEqual([10, 10, 10, null, null, 20])
    goTo(33)
    propagate(test.editor, 40)
    expect(along([31, 32, 40, 41])).toEqual([90, 90, 90, null])
  })

  it('ends with the video', () => {
    goTo(20)
    propagate(test.editor, 5000)
    expect(test.row(track, 999)?.keyframe).toBe(true)
  })
})
