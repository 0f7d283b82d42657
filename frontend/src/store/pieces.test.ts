import { describe, expect, it } from 'vitest'
import { makeRow } from './chunks'
import { tablesOf, type Operation } from './operations'
import { piecesOf, weightOf } from './pieces'

const rows = (first: number, last: number, bytes: number) =>
  Array.from({ length: last - first + 1 }, (_, at) =>
    makeRow(first + at, 6, 1, 65535, [0, 0, 9, 9], new Uint8Array(bytes)),
  )
const put = (track: string, first: number, last: number, bytes: number): Operation => ({
  op: 'shapes.replace',
  track,
  ranges: [[first, last]],
  tables: tablesOf(rows(first, last, bytes)),
})
const clear = (track: string, first: number, last: number): Operation => ({
  op: 'shapes.replace',
  track,
  ranges: [[first, last]],
  tables: [],
})
const framesOf = (operation: Operation) =>
  operation.op === 'shapes.replace'
    ? operation.tables.flatMap((table) => [...table.frames].map((frame) => table.start + frame))
    : []
const rangesOf = (operation: Operation) => (operation.op === 'shapes.replace' ? operation.ranges : [])

describe('an edit', () => {
  it('of ordinary size stays whole', () => {
    const operations = [put('a', 0, 9, 0)]
    expect(piecesOf(operations, [clear('a', 0, 9)])).toEqual([operations])
  })

  it('of many operations is made in pieces of which each is small enough, in order', () => {
    const operations = Array.from({ length: 40 }, (_, index) => put(`${index}`, 0, 0, 400))
    const pieces = piecesOf(operations, [], 5000)
    expect(pieces.flat()).toEqual(operations)
    expect(pieces.length).toBeGreaterThan(3)
    for (const piece of pieces) expect(piece.reduce((sum, each) => sum + weightOf(each), 0)).toBeLessThanOrEqual(5000)
  })

  it('of one track that is too large is made by stretches of frames', () => {
    const pieces = piecesOf([put('a', 250, 261, 1000)], [], 5000).flat()
    expect(pieces.flatMap(framesOf)).toEqual(rows(250, 261, 0).map(({ frame }) => frame))
    expect(pieces.flatMap(rangesOf)).toEqual([
      [250, 252],
      [253, 255],
      [256, 258],
      [259, 261],
    ])
  })

  it('that removes much is made in pieces too: what takes it back is kept with it', () => {
    const pieces = piecesOf([clear('a', 0, 2999)], [put('a', 100, 103, 2000)], 6000).flat()
    expect(pieces.flatMap(rangesOf)).toEqual([
      [0, 101],
      [102, 2999],
    ])
  })

  it('of a shape that is too large by itself is left as it is', () => {
    expect(piecesOf([put('a', 0, 0, 9000)], [], 5000)).toHaveLength(1)
  })
})
