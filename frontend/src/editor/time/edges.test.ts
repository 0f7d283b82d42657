import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'
import { edgeBefore, limitsOf, moveEdge, stateAt, type Edge } from './edges'

let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 10: [10, 0, 20, 10], 30: [30, 0, 40, 10], 50: [50, 0, 60, 10] })
})

const rows = () => test.store.records.rows(track)
const edge = (kind: Edge['kind'], frame: number): Edge => ({ kind, frame })
const limits = (kind: Edge['kind'], frame: number) => limitsOf(rows(), edge(kind, frame), 999)
const move = (kind: Edge['kind'], frame: number, to: number) =>
  test.store.transact('Move', (tx) => moveEdge(tx, test.store.queries, track, edge(kind, frame), to))
const shown = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => test.box(track, from + index)?.[0] ?? null)
const gapFrom = (frame: number) => {
  test.session.select(track)
  test.session.frame.value = frame
  test.press('O')
}

describe('edges', () => {
  it('are where the track begins and ends, and beside gaps and predictions', () => {
    test.predict(track, [31, 32, 33], [0, 0, 10, 10])
    gapFrom(20)
    const found = Array.from({ length: 100 }, (_, frame) => edgeBefore(rows(), frame)).filter((each) => each !== null)
    expect(found.map(({ kind, frame }) => [kind, frame])).toEqual([
      ['first', 10],
      ['gap-start', 20],
      ['gap-end', 30],
      ['predicted-first', 31],
      ['predicted-last', 33],
      ['last', 50],
    ])
  })

  it('a frame without a row is interpolated, outside or nothing', () => {
    gapFrom(40)
    expect([5, 15, 45, 60].map((frame) => stateAt(rows(), frame))).toEqual(['none', 'interpolated', 'outside', 'none'])
  })
})

describe('a keyframe', () => {
  it('moves in time with its shape, between its neighbours', () => {
    expect(limits('keyframe', 30)).toEqual([11, 49])
    move('keyframe', 30, 20)
    expect([test.row(track, 30), test.box(track, 20)]).toEqual([null, [30, 0, 40, 10]])
    test.press('Ctrl+Z')
    expect(shown(19, 21)).toEqual([19, 20, 21])
  })

  it('that ends a gap takes the end with it', () => {
    gapFrom(20)
    test.predict(track, [31, 32], [0, 0, 10, 10])
    move('keyframe', 30, 33)
    expect(shown(29, 33)).toEqual([null, null, null, null, 30])
  })
})

describe('a gap', () => {
  beforeEach(() => gapFrom(20))

  it('can begin earlier, which leaves what was shown before it', () => {
    expect(limits('gap-start', 20)).toEqual([11, 29])
    move('gap-start', 20, 15)
    expect(shown(13, 20)).toEqual([13, 14, null, null, null, null, null, null])
  })

  it('can begin later: the shape before it is held', () => {
    move('gap-start', 20, 23)
    expect(shown(18, 23)).toEqual([18, 19, 19, 19, 19, null])
  })

  it('can end later, up to the next keyframe, without changing what is shown then', () => {
    expect(limits('gap-end', 30)).toEqual([21, 50])
    move('gap-end', 30, 40)
    expect(shown(39, 42)).toEqual([null, 40, 41, 42])
  })

  it('can end earlier: the shape after it is held back', () => {
    move('gap-end', 30, 27)
    expect(shown(26, 31)).toEqual([null, 30, 30, 30, 30, 31])
  })
})

describe('a track', () => {
  it('can begin later and end earlier, up to its keyframes', () => {
    expect([limits('first', 10), limits('last', 50)]).toEqual([
      [0, 30],
      [30, 999],
    ])
    move('first', 10, 15)
    move('last', 50, 45)
    expect([shown(14, 16), shown(44, 46)]).toEqual([
      [null, 15, 16],
      [44, 45, null],
    ])
  })

  it('can be longer than it was: its ends are held', () => {
    move('first', 10, 8)
    move('last', 50, 52)
    expect([shown(7, 11), shown(49, 53)]).toEqual([
      [null, 10, 10, 10, 11],
      [49, 50, 50, 50, null],
    ])
  })

  it('never ends within a gap', () => {
    gapFrom(20)
    expect([limits('first', 10), limits('last', 50)]).toEqual([
      [0, 19],
      [30, 999],
    ])
  })
})

describe('a predicted range', () => {
  it('can only become shorter', () => {
    test.predict(track, [31, 32, 33, 34], [0, 0, 10, 10])
    expect([limits('predicted-first', 31), limits('predicted-last', 34)]).toEqual([
      [31, 35],
      [30, 34],
    ])
    move('predicted-last', 34, 32)
    expect([32, 33, 34].map((frame) => stateAt(rows(), frame))).toEqual(['predicted', 'interpolated', 'interpolated'])
    move('predicted-first', 31, 33)
    expect(stateAt(rows(), 32)).toBe('interpolated')
  })

  it('that ends the track ends it earlier', () => {
    test.predict(track, [51, 52, 53], [50, 0, 60, 10])
    expect(limits('last', 53)).toEqual([50, 999])
    move('last', 53, 51)
    expect(test.store.queries.extent(track)).toEqual([10, 51])
  })
})
