import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { BoxPx, TrackId } from '@/store/types'
import { relabel, shiftInSpace, shiftInTime } from './range'

let test: TestEditor
let track: TrackId

const at = (x: number): BoxPx => [x, 0, x + 10, 10]
const along = (frames: readonly number[], of = track) => frames.map((frame) => test.box(of, frame)?.[0] ?? null)

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 0: at(0), 20: at(20), 40: at(40) })
  test.session.select(track)
})

const label = (id: number) => test.editor.label(id)!

describe('in a range', () => {
  beforeEach(() => {
    test.session.range.value = [10, 29]
  })

  it('shapes are deleted, and nothing else moves', () => {
    test.press('Ctrl+Delete')
    expect(along([0, 9, 10, 20, 29, 30, 40])).toEqual([0, 9, null, null, null, 30, 40])
    test.press('Ctrl+Z')
    expect(along([9, 10, 20, 30])).toEqual([9, 10, 20, 30])
  })

  it('what the server has and this browser has not heard of goes too', () => {
    test.press('Ctrl+Delete')
    const [replaced] = test.operations.slice(-1)
    expect(replaced).toMatchObject({ ranges: [[9, 30]] })
  })

  it('everything beyond is trimmed', () => {
    test.press('Alt+Shift+Delete')
    expect(along([9, 10, 20, 29, 30])).toEqual([null, 10, 20, 29, null])
  })

  it('shapes get another label as a track of their own', () => {
    relabel(test.editor, label(2))
    const made = test.tracks.at(-1)!
    expect(along([9, 10, 29, 30])).toEqual([9, null, null, 30])
    expect(along([9, 10, 29, 30], made)).toEqual([null, 10, 29, null])
    expect([track, made].map((id) => test.store.records.track(id)?.label)).toEqual([1, 2])
    test.press('Ctrl+Z')
    expect(test.tracks).toEqual([track])
  })

  it('shapes move in time over what was there', () => {
    shiftInTime(test.editor, 5)
    expect(along([9, 10, 14, 15, 25, 34, 35, 40])).toEqual([9, null, null, 10, 20, 29, 35, 40])
  })

  it('shapes move in the picture, and only there', () => {
    shiftInSpace(test.editor, 100, 7)
    expect(along([9, 10, 20, 29, 30])).toEqual([9, 110, 120, 129, 30])
    expect(test.box(track, 20)).toEqual([120, 7, 130, 17])
  })

  it('the shape of this frame is everywhere', () => {
    test.session.frame.value = 5
    test.press('Alt+B')
    expect(along([9, 10, 20, 29, 30])).toEqual([9, 5, 5, 5, 30])
  })

  it('tracks are hidden there, and shown again', () => {
    const seen = () =>
      [9, 10, 29, 30].map((frame) => ((test.session.frame.value = frame), test.editor.visibleShapes().length))
    test.press('Alt+H')
    expect(seen()).toEqual([1, 0, 0, 1])
    test.press('Alt+H')
    expect(seen()).toEqual([1, 1, 1, 1])
  })

  it('several tracks are changed in one step', () => {
    const other = test.given({ 0: at(100), 40: at(140) })
    test.session.select(track, other)
    const sent = test.sent('edit').length
    test.press('Ctrl+Delete')
    expect(test.sent('edit')).toHaveLength(sent + 1)
    expect([along([20]), along([20], other)]).toEqual([[null], [null]])
  })

  it('where the tracks show nothing, that is said', () => {
    test.session.range.value = [500, 600]
    test.press('Ctrl+Delete')
    expect(test.session.notice.value?.message).toContain('nothing to change')
  })
})

describe('without a range', () => {
  it('a whole track moves in time, with the values along it', () => {
    test.store.transact('', (tx) =>
      tx.updateTrack(track, {
        frame_attributes: {
          2: [
            [0, 'a'],
            [20, 'b'],
          ],
        },
      }),
    )
    shiftInTime(test.editor, 100)
    expect(along([99, 100, 120, 140, 141])).toEqual([null, 0, 20, 40, null])
    expect(test.store.records.track(track)?.frame_attributes).toEqual({
      2: [
        [100, 'a'],
        [120, 'b'],
      ],
    })
  })

  it('a track that would leave the video stays where it is', () => {
    shiftInTime(test.editor, -1)
    expect(along([0, 40])).toEqual([0, 40])
    expect(test.session.notice.value?.message).toContain('leave the video')
  })

  it('a label is given to the whole track', () => {
    relabel(test.editor, label(2))
    expect(test.tracks).toEqual([track])
    expect(test.store.records.track(track)?.label).toBe(2)
  })

  it('trimming asks for one', () => {
    test.press('Alt+Shift+Delete')
    expect(along([0, 40])).toEqual([0, 40])
    expect(test.session.notice.value?.message).toContain('Choose a range')
  })
})

describe('of a job', () => {
  beforeEach(async () => {
    test = await TestEditor.open({ editable_ranges: [[0, 25]] })
    track = test.given({ 0: at(0), 20: at(20), 26: at(26), 40: at(40) })
    test.session.select(track)
  })

  it('a range is held to the frames of the job', () => {
    test.session.range.value = [20, 40]
    test.press('Ctrl+Delete')
    expect(along([19, 20, 25, 26])).toEqual([19, null, null, 26])
    expect(test.operations.at(-1)).toMatchObject({ ranges: [[19, 25]] })
  })

  it('what can’t be kept to them is refused', () => {
    const sent = test.sent('edit').length
    shiftInTime(test.editor, 10)
    expect(test.sent('edit')).toHaveLength(sent)
    expect(test.session.notice.value?.message).toContain('your job covers frames 0–25')
  })
})
