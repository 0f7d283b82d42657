import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Geometry } from './kinds/kind'
import {
  decodeMask,
  emptyBitmap,
  encodeMask,
  fillPolygon,
  maskArea,
  maskContains,
  maskWithout,
  movedMask,
  stamp,
  withoutHoles,
  type Bitmap,
} from './rle'

interface Fixture {
  name: string
  left: number
  top: number
  rows: string[]
  payload: string
}

const fixtures = JSON.parse(
  readFileSync(new URL('../../../tests/protocol/masks.json', import.meta.url), 'utf8'),
) as Fixture[]
const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** '.#' rows as a bitmap. */
const drawn = (rows: readonly string[], left = 0, top = 0): Bitmap => ({
  left,
  top,
  width: rows[0]!.length,
  height: rows.length,
  bits: Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0)),
})

const rowsOf = (shape: Geometry) => {
  const { bits, width, height } = decodeMask(shape)
  return Array.from({ length: height }, (_, row) =>
    Array.from(bits.subarray(row * width, (row + 1) * width), (bit) => (bit ? '#' : '.')).join(''),
  )
}

/** Numbers that look random and are the same each time. */
function noise(seed: number) {
  let state = seed
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32
}

describe.each(fixtures)('the mask “$name”', ({ left, top, rows, payload }) => {
  it('is packed to the bytes that Python packs', () => {
    expect(toHex(encodeMask(drawn(rows, left, top))!.payload)).toBe(payload)
  })

  it('is the same when it is read', () => {
    expect(rowsOf(encodeMask(drawn(rows, left, top))!)).toEqual(rows)
  })
})

describe('a mask', () => {
  it('comes back from any bitmap, its window no larger than it is', () => {
    const random = noise(7)
    for (let round = 0; round < 30; round++) {
      const bitmap = emptyBitmap({
        left: 5,
        top: 9,
        width: 1 + Math.floor(random() * 12),
        height: 1 + Math.floor(random() * 12),
      })
      bitmap.bits.forEach((_, index) => (bitmap.bits[index] = random() < 0.4 ? 1 : 0))
      const shape = encodeMask(bitmap)
      if (!shape) continue
      const back = emptyBitmap(bitmap)
      const read = decodeMask(shape)
      read.bits.forEach((bit, index) => {
        const [x, y] = [index % read.width, Math.floor(index / read.width)]
        back.bits[(y + read.top - 9) * bitmap.width + x + read.left - 5] = bit
      })
      expect(back.bits).toEqual(bitmap.bits)
      expect(maskArea(shape)).toBe(bitmap.bits.reduce((sum, bit) => sum + bit, 0))
    }
  })

  it('knows its pixels without being unpacked', () => {
    const shape = encodeMask(drawn(['.##', '#.#'], 10, 20))!
    const inside = [
      [10, 20],
      [11, 20],
      [12.9, 20.5],
      [10, 21],
      [11, 21],
      [12, 21],
      [13, 21],
      [9.9, 20],
    ].map(([x, y]) => maskContains(shape, { x: x!, y: y! }))
    expect(inside).toEqual([false, true, true, true, false, true, false, false])
  })

  it('is nothing when it is empty', () => {
    expect(encodeMask(emptyBitmap({ left: 0, top: 0, width: 4, height: 4 }))).toBeNull()
  })

  it('moves by whole pixels', () => {
    expect(movedMask(encodeMask(drawn(['#']))!, 2.6, -1.2).bounds).toEqual([3, -1, 4, 0])
  })

  it('loses what another one has', () => {
    const shape = encodeMask(drawn(['###', '###']))!
    expect(rowsOf(maskWithout(shape, encodeMask(drawn(['##', '..'], 1, 0))!)!)).toEqual(['#..', '###'])
    expect(maskWithout(shape, shape)).toBeNull()
    expect(maskWithout(shape, encodeMask(drawn(['#'], 9, 9))!)).toBe(shape)
  })

  it('has its holes filled, not its bays', () => {
    expect(rowsOf(withoutHoles(encodeMask(drawn(['####.', '#..#.', '#.##.', '####.', '#.#.#']))!))).toEqual([
      '####.',
      '####.',
      '####.',
      '####.',
      '#.#.#',
    ])
  })
})

describe('drawing into a bitmap', () => {
  it('fills the pixels whose centres lie in a polygon', () => {
    const bitmap = emptyBitmap({ left: 0, top: 0, width: 5, height: 4 })
    fillPolygon(
      bitmap,
      [
        { x: 0.6, y: 0.4 },
        { x: 4.4, y: 0.4 },
        { x: 4.4, y: 3 },
        { x: 0.6, y: 3 },
      ],
      1,
    )
    expect(rowsOf(encodeMask(bitmap)!)).toEqual(['###', '###', '###'])
  })

  it('stamps what lies within the tip’s radius of its way', () => {
    const bitmap = emptyBitmap({ left: 0, top: 0, width: 7, height: 3 })
    stamp(bitmap, { x: 1.5, y: 1.5 }, { x: 5.5, y: 1.5 }, 1, false, 1)
    expect(rowsOf(encodeMask(bitmap)!)).toEqual(['.#####.', '#######', '.#####.'])
    stamp(bitmap, { x: 0.5, y: 0.5 }, { x: 0.5, y: 2.5 }, 1.2, true, 0)
    expect(rowsOf(encodeMask(bitmap)!)).toEqual(['####.', '#####', '####.'])
  })
})
