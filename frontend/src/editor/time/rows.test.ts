import { describe, expect, it } from 'vitest'
import { keyframeBox } from '@/store/chunks'
import type { Row } from '@/store/types'
import { coalesced, cut, differing, gapAfter, joined, parts } from './rows'

/** A keyframe box whose left side is at ten times its frame. */
const key = (frame: number, more: Partial<Row> = {}): Row =>
  keyframeBox(frame, [frame * 10, 0, frame * 10 + 5, 5], more)
const outside = (frame: number): Row => key(frame, { outside: true })
const shown = (rows: readonly Row[]) =>
  rows.map((row) => `${row.frame}${row.outside ? ' outside' : ''} ${row.bounds[0]}`)

describe('a cut', () => {
  it('between two keyframes leaves one on both sides, where the shape was', () => {
    const [head, tail] = cut([key(0), key(10)], 4)
    expect([shown(head), shown(tail)]).toEqual([
      ['0 0', '3 30'],
      ['4 40', '10 100'],
    ])
  })

  it('on a row needs none there', () => {
    const [head, tail] = cut([key(0), key(4), key(10)], 4)
    expect([shown(head), shown(tail)]).toEqual([
      ['0 0', '3 30'],
      ['4 40', '10 100'],
    ])
  })

  it('in a gap adds nothing', () => {
    const [head, tail] = cut([key(0), outside(2), key(10)], 4)
    expect([shown(head), shown(tail)]).toEqual([['0 0', '2 outside 20'], ['10 100']])
  })

  it('before an outside row holds the shape, as the screen did', () => {
    const [head, tail] = cut([key(0), outside(10)], 4)
    expect([shown(head), shown(tail)]).toEqual([
      ['0 0', '3 0'],
      ['4 0', '10 outside 100'],
    ])
  })

  it('beyond an end gives everything to one side', () => {
    expect(cut([key(5)], 5)).toEqual([[], [key(5)]])
    expect(cut([key(5)], 6)).toEqual([[key(5)], []])
  })

  it('keeps rows of one frame apart from their neighbours', () => {
    expect(parts([key(0), key(10)], [4, 4]).map(shown)).toEqual([['0 0', '3 30'], ['4 40'], ['5 50', '10 100']])
  })
})

describe('joining', () => {
  it('makes what lies between two pieces a gap', () => {
    expect(shown(joined([key(0)], [key(5)]))).toEqual(['0 0', '1 outside 0', '5 50'])
  })

  it('of neighbours needs no gap', () => {
    expect(shown(joined([key(0)], [key(1)]))).toEqual(['0 0', '1 10'])
  })

  it('undoes a cut in a gap', () => {
    const rows = [key(0), outside(2), key(10)]
    expect(joined(...cut(rows, 6))).toEqual(rows)
  })

  it('drops outside rows at the beginning, where they say nothing', () => {
    expect(shown(joined([], [outside(2), key(10)]))).toEqual(['10 100'])
  })
})

describe('what is sent', () => {
  it('is where rows came, went or changed', () => {
    const [a, b, c] = [key(0), key(5), key(900)]
    expect(differing([a, b, c], [a, gapAfter(a), c])).toEqual([
      [1, 1],
      [5, 5],
    ])
    expect(differing([a, b], [a, { ...b }])).toEqual([[5, 5]])
    expect(differing([a, b], [a, b])).toEqual([])
  })

  it('is joined where ranges lie close together', () => {
    expect(
      coalesced([
        [0, 0],
        [10, 12],
        [100, 110],
      ]),
    ).toEqual([
      [0, 12],
      [100, 110],
    ])
  })
})
