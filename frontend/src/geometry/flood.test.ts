import { describe, expect, it } from 'vitest'
import { withoutPieceAt, withRegionAt } from './flood'
import { decodeMask, emptyBitmap, encodeMask } from './rle'

/** A mask at (10, 20) as it is drawn here: # is in it. */
function mask(...lines: string[]) {
  const bitmap = emptyBitmap({ left: 10, top: 20, width: lines[0]!.length, height: lines.length })
  for (const [index, letter] of Array.from(lines.join('')).entries()) bitmap.bits[index] = letter === '#' ? 1 : 0
  return encodeMask(bitmap)!
}

function drawn(shape: ReturnType<typeof encodeMask>): string[] | null {
  if (!shape) return null
  const { bits, width, height } = decodeMask(shape)
  return Array.from({ length: height }, (_, y) =>
    Array.from(bits.subarray(y * width, (y + 1) * width), (bit) => (bit ? '#' : '.')).join(''),
  )
}

const FRAME = { width: 100, height: 100 }
const at = (x: number, y: number) => ({ x: 10 + x + 0.5, y: 20 + y + 0.5 })
const HOLES = mask('#####', '#.#.#', '#.#.#', '#####')

describe('a region that a mask closes', () => {
  it('is filled, and others stay', () => {
    expect(drawn(withRegionAt(HOLES, at(1, 1), FRAME))).toEqual(['#####', '###.#', '###.#', '#####'])
  })

  it('isn’t left through corners', () => {
    expect(drawn(withRegionAt(mask('.#.', '#.#', '.#.'), at(1, 1), FRAME))).toEqual(['.#.', '###', '.#.'])
  })

  it('is none where it is open, where the mask itself is, and outside of it', () => {
    const open = mask('###', '#..', '###')
    expect([withRegionAt(open, at(1, 1), FRAME), withRegionAt(open, at(0, 0), FRAME)]).toEqual([null, null])
    expect(withRegionAt(open, at(9, 9), FRAME)).toBeNull()
  })

  it('may be closed by the frame’s edge', () => {
    expect(drawn(withRegionAt(mask('###', '#..', '###'), at(1, 1), { width: 13, height: 100 }))).toEqual([
      '###',
      '###',
      '###',
    ])
  })
})

describe('a piece of a mask', () => {
  it('goes with all that touches it, also by corners', () => {
    expect(drawn(withoutPieceAt(mask('#...#', '.#..#', '#...#'), at(0, 0)))).toEqual(['#', '#', '#'])
  })

  it('was all of it, or isn’t there', () => {
    expect(withoutPieceAt(mask('##'), at(0, 0))).toBeNull()
    expect(withoutPieceAt(HOLES, at(1, 1))).toBe(HOLES)
  })
})
