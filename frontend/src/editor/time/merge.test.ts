import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { BoxPx, TrackId } from '@/store/types'
import { mergeTracks } from './merging'

let test: TestEditor
let one: TrackId
let other: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
})

const at = (x: number): BoxPx => [x, 0, x + 10, 10]

function given(first: Readonly<Record<number, BoxPx>>, second: Readonly<Record<number, BoxPx>>): void {
  ;[one, other] = [test.given(first), test.given(second)]
  test.sent('edit').forEach((edit, index) => test.bench.acknowledge(edit, { [index ? other : one]: index + 1 }))
  test.session.select(other, one)
}

const along = (frames: readonly number[]) => frames.map((frame) => test.box(one, frame)?.[0] ?? null)

describe('merging tracks that don’t overlap', () => {
  beforeEach(() => given({ 0: at(0), 10: at(10) }, { 20: at(100), 30: at(110) }))

  it('keeps the lower number and its id, with a gap between', () => {
    test.press('M')
    expect(test.tracks).toEqual([one])
    expect(test.selection).toEqual([one])
    expect(along([0, 5, 10, 11, 19, 20, 30])).toEqual([0, 5, 10, null, null, 100, 110])
  })

  it('is one step of undo', () => {
    test.press('M').press('Ctrl+Z')
    expect(test.tracks).toEqual([one, other])
    expect(along([10, 20])).toEqual([10, null])
    expect(test.box(other, 20)).toEqual([100, 0, 110, 10])
  })

  it('joins values along the track', () => {
    test.store.transact('', (tx) => {
      tx.updateTrack(one, {
        frame_attributes: {
          2: [
            [0, 'sits'],
            [15, 'hidden'],
          ],
        },
      })
      tx.updateTrack(other, {
        frame_attributes: {
          2: [
            [20, 'walks'],
            [25, 'runs'],
          ],
        },
      })
    })
    test.press('M')
    expect(test.store.records.track(one)?.frame_attributes).toEqual({
      2: [
        [0, 'sits'],
        [20, 'walks'],
        [25, 'runs'],
      ],
    })
  })

  it('stops runs that follow what goes', () => {
    test.bench.run({ id: 'run', tracks: [other] })
    test.press('M')
    expect(test.sent('run.stop')).toMatchObject([{ run: 'run', tracks: [other] }])
  })
})

it('neighbours are joined without a gap, and nothing moves between them', () => {
  given({ 0: at(0), 10: at(10) }, { 11: at(100), 21: at(110) })
  test.press('M')
  expect(along([10, 11, 16, 21])).toEqual([10, 100, 105, 110])
})

describe('merging tracks that overlap', () => {
  beforeEach(() => given({ 0: at(0), 20: at(20) }, { 10: at(100), 30: at(120) }))

  it('asks first', () => {
    test.press('M')
    expect(test.tracks).toEqual([one, other])
    expect(test.editor.time.dialog.value).toEqual({ kind: 'merge', tracks: [other, one] })
  })

  it('lets the lower number win where both show a shape', () => {
    mergeTracks(test.editor, [one, other], one)
    expect(along([0, 10, 20, 21, 25, 30])).toEqual([0, 10, 20, 111, 115, 120])
  })

  it('lets the other win where a person says so, and keeps the track they want', () => {
    mergeTracks(test.editor, [one, other], other, new Map([[`${[one, other].sort().join(' ')} 10`, other]]))
    expect(test.tracks).toEqual([other])
    expect([0, 9, 10, 20, 30].map((frame) => test.box(other, frame)?.[0])).toEqual([0, 9, 100, 110, 120])
  })
})

it('a keyframe beats a prediction, whoever has it', () => {
  given({ 0: at(0) }, { 5: at(50), 6: at(60) })
  test.predict(one, [1, 2, 3, 4, 5, 6, 7], at(1))
  mergeTracks(test.editor, [one, other], one)
  expect(along([4, 5, 6, 7])).toEqual([1, 50, 60, 1])
})

it('a track within a gap of another fills it', () => {
  given({ 0: at(0), 10: at(10), 30: at(30) }, { 15: at(100), 18: at(103) })
  test.session.select(one)
  test.session.frame.value = 12
  test.press('O')
  test.session.select(one, other)
  test.press('M')
  expect(along([11, 12, 14, 15, 18, 19, 29, 30])).toEqual([11, null, null, 100, 103, null, null, 30])
})

it('three tracks become one', () => {
  given({ 0: at(0), 10: at(10) }, { 20: at(100) })
  const third = test.given({ 40: at(200) })
  test.session.select(one, other, third)
  test.press('M')
  expect(test.tracks).toEqual([one])
  expect(along([10, 15, 20, 30, 40])).toEqual([10, null, 100, null, 200])
})

it('one that reaches into somebody else’s frames is not merged away', async () => {
  test = await TestEditor.open({ editable_ranges: [[0, 15]] })
  given({ 0: at(0) }, { 10: at(100), 30: at(120) })
  test.press('M')
  expect(test.tracks).toEqual([one, other])
  expect(test.session.notice.value?.message).toContain('outside of your job')
})
