import { describe, expect, it } from 'vitest'
import { outlineOf } from './outline-of'
import { encodeMask } from './rle'

const mask = (...rows: string[]) =>
  encodeMask({ left: 10, top: 20, width: rows[0]!.length, height: rows.length, bits: Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0)) })!

describe('the outline of a mask', () => {
  it('goes along the edges of its pixels', () => {
    expect(outlineOf(mask('##', '##'), 0).map(({ x, y }) => [x, y])).toEqual([[12, 20], [12, 22], [10, 22], [10, 20]])
  })

  it('follows corners in both directions', () => {
    expect(outlineOf(mask('#.', '##'), 0).map(({ x, y }) => [x, y])).toEqual([[11, 20], [11, 21], [12, 21], [12, 22], [10, 22], [10, 20]])
  })

  it('is that of the largest piece, and outside of holes', () => {
    const outline = outlineOf(mask('#.###', '..#.#', '..###'), 0)
    expect(outline.map(({ x, y }) => [x, y])).toEqual([[15, 20], [15, 23], [12, 23], [12, 20]])
  })

  it('loses the steps of slanted sides within the tolerance', () => {
    const stairs = Array.from({ length: 20 }, (_, row) => '#'.repeat(row + 1).padEnd(20, '.'))
    expect(outlineOf(mask(...stairs), 1).length).toBeLessThan(6)
    expect(outlineOf(mask(...stairs), 0).length).toBeGreaterThan(30)
  })
})
