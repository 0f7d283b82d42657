import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
})

const along = (track: TrackId, frames: readonly number[]) => frames.map((frame) => test.box(track, frame)?.[0] ?? null)

describe('split here', () => {
  let track: TrackId

  beforeEach(() => {
    track = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
    test.session.select(track)
    test.session.frame.value = 10
  })

  it('gives the tail to a new track without moving a shape', () => {
    test.press('Alt+M')
    const [tail] = test.selection
    expect(test.tracks).toEqual([track, tail])
    expect(along(track, [0, 5, 9, 10, 20])).toEqual([0, 5, 9, null, null])
    expect(along(tail!, [9, 10, 15, 20])).toEqual([null, 10, 15, 20])
  })

  it('keeps number, label and attributes of the first part; the tail has the same label and attributes', () => {
    test.store.transact('', (tx) =>
      tx.updateTrack(track, {
        attributes: { 1: 'red' },
        colour: '#123456',
        frame_attributes: {
          2: [
            [0, 'sits'],
            [15, 'stands'],
          ],
        },
      }),
    )
    const number = test.store.records.track(track)?.number
    test.press('Alt+M')
    const tail = test.store.records.track(test.selection[0]!)
    expect(test.store.records.track(track)).toMatchObject({ number, frame_attributes: { 2: [[0, 'sits']] } })
    expect(tail).toMatchObject({
      label: 1,
      colour: '#123456',
      attributes: { 1: 'red' },
      frame_attributes: {
        2: [
          [10, 'sits'],
          [15, 'stands'],
        ],
      },
    })
  })

  it('is one step of undo', () => {
    const sent = test.sent('edit').length
    test.press('Alt+M')
    expect(test.sent('edit')).toHaveLength(sent + 1)
    test.press('Ctrl+Z')
    expect(test.tracks).toEqual([track])
    expect(along(track, [9, 10, 20])).toEqual([9, 10, 20])
  })

  it('where nothing lies on one side says so', () => {
    test.session.frame.value = 0
    test.press('Alt+M')
    expect(test.tracks).toEqual([track])
    expect(test.session.notice.value?.message).toContain('nothing to split')
  })

  it('ends the run that follows the track', () => {
    test.bench.run({ id: 'run', tracks: [track] })
    test.press('Alt+M')
    expect(test.sent('run.stop')).toMatchObject([{ run: 'run', tracks: [track] }])
  })

  it('leaves a locked track alone', () => {
    test.press('L').press('Alt+M')
    expect(test.tracks).toEqual([track])
    expect(test.session.notice.value?.message).toContain('locked')
  })
})

describe('swap from here on', () => {
  it('exchanges the shapes of two tracks from this frame on, in one step', () => {
    const one = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
    const other = test.given({ 0: [100, 0, 110, 10], 20: [120, 0, 130, 10] })
    test.session.select(one, other)
    test.session.frame.value = 10
    test.press('Alt+X')
    expect(along(one, [0, 9, 10, 20])).toEqual([0, 9, 110, 120])
    expect(along(other, [0, 9, 10, 20])).toEqual([100, 109, 10, 20])
    test.press('Ctrl+Z')
    expect(along(one, [9, 10, 20])).toEqual([9, 10, 20])
  })

  it('leaves a gap where the other one begins later', () => {
    const one = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
    const other = test.given({ 15: [100, 0, 110, 10], 30: [115, 0, 125, 10] })
    test.session.select(one, other)
    test.session.frame.value = 10
    test.press('Alt+X')
    expect(along(one, [9, 10, 14, 15, 30])).toEqual([9, null, null, 100, 115])
    expect(along(other, [9, 10, 20, 21])).toEqual([null, 10, 20, null])
  })

  it('takes values that change along the track with the shapes', () => {
    const [one, other] = [
      test.given({ 0: [0, 0, 9, 9], 20: [0, 0, 9, 9] }),
      test.given({ 0: [0, 0, 9, 9], 20: [0, 0, 9, 9] }),
    ]
    test.store.transact('', (tx) => {
      tx.updateTrack(one, {
        frame_attributes: {
          2: [
            [0, 'sits'],
            [15, 'stands'],
          ],
        },
      })
      tx.updateTrack(other, { frame_attributes: { 2: [[5, 'walks']] } })
    })
    test.session.select(one, other)
    test.session.frame.value = 10
    test.press('Alt+X')
    expect([one, other].map((track) => test.store.records.track(track)?.frame_attributes)).toEqual([
      {
        2: [
          [0, 'sits'],
          [10, 'walks'],
        ],
      },
      {
        2: [
          [5, 'walks'],
          [10, 'sits'],
          [15, 'stands'],
        ],
      },
    ])
  })

  it('wants exactly two', () => {
    test.session.select(test.given({ 0: [0, 0, 10, 10] }))
    test.press('Alt+X')
    expect(test.session.notice.value?.message).toContain('exactly two')
  })
})
