import { describe, expect, it } from 'vitest'
import { enclosed } from './kinds/outline'
import { decodeMask, encodeMask, maskArea } from './rle'
import { slicedMask, slicedPolygon } from './slicing'
import type { Geometry } from './kinds'

const points = (...places: (readonly [number, number])[]) => places.map(([x, y]) => ({ x, y }))
const SQUARE = points([10, 10], [50, 10], [50, 50], [10, 50])
const COMB = points(
  [0, 0],
  [50, 0],
  [50, 30],
  [40, 30],
  [40, 10],
  [30, 10],
  [30, 30],
  [20, 30],
  [20, 10],
  [10, 10],
  [10, 30],
  [0, 30],
)

const sliced = (vertices: typeof SQUARE, ...line: (readonly [number, number])[]) =>
  slicedPolygon(vertices, points(...line)).map((part) => part.map(({ x, y }) => [x, y]))

describe('a polygon', () => {
  it('is cut in two by a line through it', () => {
    expect(sliced(SQUARE, [30, 0], [30, 60])).toEqual([
      [
        [30, 10],
        [50, 10],
        [50, 50],
        [30, 50],
      ],
      [
        [30, 50],
        [10, 50],
        [10, 10],
        [30, 10],
      ],
    ])
  })

  it('is cut along every corner of the line', () => {
    expect(sliced(SQUARE, [0, 20], [30, 20], [30, 0])).toEqual([
      [
        [10, 20],
        [10, 10],
        [30, 10],
        [30, 20],
      ],
      [
        [30, 10],
        [50, 10],
        [50, 50],
        [10, 50],
        [10, 20],
        [30, 20],
      ],
    ])
  })

  it('is cut from corner to corner', () => {
    expect(sliced(SQUARE, [0, 0], [60, 60])).toEqual([
      [
        [10, 10],
        [50, 10],
        [50, 50],
      ],
      [
        [50, 50],
        [10, 50],
        [10, 10],
      ],
    ])
  })

  it('falls into a part for each time that the line crosses it', () => {
    expect(sliced(COMB, [-5, 20], [60, 20])).toHaveLength(4)
    expect(sliced(SQUARE, [20, 0], [20, 60], [40, 60], [40, 0])).toHaveLength(3)
  })

  it.each([
    [
      'beside it',
      [
        [0, 0],
        [0, 60],
      ],
    ],
    [
      'that ends in it',
      [
        [30, 0],
        [30, 30],
      ],
    ],
    [
      'that lies in it',
      [
        [20, 20],
        [40, 40],
      ],
    ],
    [
      'that touches a corner',
      [
        [0, 20],
        [20, 0],
      ],
    ],
    [
      'along a side',
      [
        [0, 10],
        [60, 10],
      ],
    ],
  ] as const)('stays whole with a line %s', (_, line) => {
    expect(sliced(SQUARE, ...line)).toHaveLength(1)
  })

  it('keeps its vertices, and its area', () => {
    const parts = slicedPolygon(COMB, points([-5, 22.5], [60, 17.25]))
    expect(COMB.every((vertex) => parts.flat().includes(vertex))).toBe(true)
    expect(parts.reduce((sum, part) => sum + enclosed(part), 0)).toBeCloseTo(enclosed(COMB))
  })
})

const mask = (...rows: string[]) =>
  encodeMask({
    left: 10,
    top: 20,
    width: rows[0]!.length,
    height: rows.length,
    bits: Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0)),
  })!

/** Rows of a mask in the window of the first one. */
function rows(shape: Geometry): string[] {
  const { bits, width, left, top } = decodeMask(shape)
  return [
    `${left},${top}`,
    ...Array.from({ length: bits.length / width }, (_, row) =>
      [...bits.subarray(row * width, (row + 1) * width)].map((bit) => (bit ? '#' : '.')).join(''),
    ),
  ]
}

describe('a mask', () => {
  it('is cut in two, no pixel lost', () => {
    const parts = slicedMask(mask('########', '########'), points([13.5, 10], [13.5, 30]))
    expect(parts.map(rows).map(([at, row]) => [at, row!.length])).toEqual([
      ['14,20', 4],
      ['10,20', 4],
    ])
  })

  it('is cut by a slanted line too, over which pixels touch at corners', () => {
    const parts = slicedMask(mask(...Array.from({ length: 8 }, () => '########')), points([9, 19.3], [19, 29.1]))
    expect(parts.map(maskArea)).toEqual([36, 28])
  })

  it('keeps pieces that the line doesn’t cross with its greater part', () => {
    const parts = slicedMask(mask('####..#', '####..#'), points([11.5, 10], [11.5, 30]))
    expect(parts.map(rows)).toEqual([
      ['12,20', '##..#', '##..#'],
      ['10,20', '##', '##'],
    ])
  })

  it('stays whole where the line ends in it, or goes around', () => {
    const shape = mask('####', '#..#', '####')
    expect(slicedMask(shape, points([12, 10], [12, 21.5]))).toEqual([shape])
    expect(slicedMask(shape, points([0, 0], [0, 90]))).toEqual([shape])
  })
})
