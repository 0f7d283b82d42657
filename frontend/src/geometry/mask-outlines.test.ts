import { describe, expect, it } from 'vitest'
import type { Geometry } from './kinds'
import { outlinesOf } from './mask-outlines'
import { encodeMask } from './rle'

const mask = (...rows: string[]) =>
  encodeMask({
    left: 10,
    top: 20,
    width: rows[0]!.length,
    height: rows.length,
    bits: Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0)),
  })!

const outlines = (shape: Geometry, tolerance = 0) =>
  outlinesOf(shape, tolerance).pieces.map(({ outline }) => outline.map(({ x, y }) => [x, y]))

describe('the outlines of a mask', () => {
  it('go along the edges of its pixels', () => {
    expect(outlines(mask('##', '##'))).toEqual([
      [
        [12, 20],
        [12, 22],
        [10, 22],
        [10, 20],
      ],
    ])
  })

  it('follow corners in both directions', () => {
    expect(outlines(mask('#.', '##'))).toEqual([
      [
        [11, 20],
        [11, 21],
        [12, 21],
        [12, 22],
        [10, 22],
        [10, 20],
      ],
    ])
  })

  it('are one for each piece, the largest first and outside of holes', () => {
    const [ring, speck, ...others] = outlines(mask('#.###', '..#.#', '..###'))
    expect(ring).toEqual([
      [15, 20],
      [15, 23],
      [12, 23],
      [12, 20],
    ])
    expect(speck).toEqual([
      [11, 20],
      [11, 21],
      [10, 21],
      [10, 20],
    ])
    expect([others, outlinesOf(mask('#.###', '..#.#', '..###'), 0).holes]).toEqual([[], 1])
  })

  it('hold a piece that lies in the hole of another', () => {
    const { pieces, holes } = outlinesOf(mask('#####', '#...#', '#.#.#', '#...#', '#####'), 0)
    expect([pieces.map(({ area }) => area), holes]).toEqual([[25, 1], 1])
  })

  it('lose the steps of slanted sides within the tolerance', () => {
    const stairs = Array.from({ length: 20 }, (_, row) => '#'.repeat(row + 1).padEnd(20, '.'))
    expect(outlines(mask(...stairs), 1)[0]!.length).toBeLessThan(6)
    expect(outlines(mask(...stairs))[0]!.length).toBeGreaterThan(30)
  })
})
