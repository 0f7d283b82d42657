import { describe, expect, it } from 'vitest'
import { joinedMasks, joinedPolygons } from './joining'
import { enclosed } from './kinds/outline'
import { decodeMask, emptyBitmap, encodeMask, fillPolygon, maskArea } from './rle'

const points = (...places: (readonly [number, number])[]) => places.map(([x, y]) => ({ x, y }))
const box = (x1: number, y1: number, x2: number, y2: number) => points([x1, y1], [x2, y1], [x2, y2], [x1, y2])
const joined = (...polygons: ReturnType<typeof points>[]) => joinedPolygons(polygons)
const places = (polygons: ReturnType<typeof joined>) => polygons?.outline.map(({ x, y }) => [x, y])

describe('polygons', () => {
  it('that overlap get one outline around both', () => {
    const both = joined(box(0, 0, 20, 20), box(10, 10, 30, 30))
    expect(places(both)).toEqual([
      [0, 0],
      [20, 0],
      [20, 10],
      [30, 10],
      [30, 30],
      [10, 30],
      [10, 20],
      [0, 20],
    ])
  })

  it('that share a border lose it, with the vertices that it leaves on straight lines', () => {
    expect(places(joined(box(0, 0, 20, 20), box(20, 0, 40, 20)))).toEqual([
      [0, 0],
      [40, 0],
      [40, 20],
      [0, 20],
    ])
  })

  it('that share part of a border keep the rest of it', () => {
    expect(places(joined(box(0, 0, 20, 20), box(20, 5, 40, 15)))).toEqual([
      [0, 0],
      [20, 0],
      [20, 5],
      [40, 5],
      [40, 15],
      [20, 15],
      [20, 20],
      [0, 20],
    ])
  })

  it('may be drawn in either direction', () => {
    expect(enclosed(joined(box(0, 0, 20, 20), box(10, 10, 30, 30).reverse())!.outline)).toBe(700)
  })

  it('that stuck to each other share a border though they differ by less than can be seen', () => {
    const both = joined(box(0, 0, 20.1, 20.3), points([20.1001, 0], [40, 3], [20.0999, 20.2999], [20.1003, 10]))
    expect(both?.outline).toHaveLength(5)
  })

  it('of which one lies in the other are that other', () => {
    expect(places(joined(box(0, 0, 20, 20), box(5, 5, 10, 10)))).toEqual([
      [0, 0],
      [20, 0],
      [20, 20],
      [0, 20],
    ])
    expect(places(joined(box(5, 5, 10, 10), box(0, 0, 20, 20)))).toEqual([
      [0, 0],
      [20, 0],
      [20, 20],
      [0, 20],
    ])
    expect(places(joined(box(0, 0, 20, 20), box(0, 0, 20, 20)))).toEqual([
      [0, 0],
      [20, 0],
      [20, 20],
      [0, 20],
    ])
  })

  it('around a hole fill it, and it is said', () => {
    const both = joined(
      points([0, 0], [30, 0], [30, 10], [10, 10], [10, 30], [0, 30]),
      points([30, 5], [30, 30], [5, 30], [5, 20], [20, 20], [20, 5]),
    )
    expect([both?.holes, enclosed(both!.outline)]).toEqual([true, 900])
  })

  it('are three in whatever order they touch', () => {
    expect(places(joined(box(0, 0, 10, 10), box(20, 0, 30, 10), box(10, 0, 20, 10)))).toEqual([
      [0, 0],
      [30, 0],
      [30, 10],
      [0, 10],
    ])
  })

  it('that lie apart, or touch at a corner alone, are not one', () => {
    expect(joined(box(0, 0, 10, 10), box(20, 0, 30, 10))).toBeNull()
    expect(joined(box(0, 0, 10, 10), box(10, 10, 30, 30))).toBeNull()
  })

  it('of many vertices enclose what they did together', () => {
    const circle = (x: number) =>
      points(
        ...Array.from(
          { length: 90 },
          (_, index) =>
            [x + 50 * Math.cos((index * Math.PI) / 45), 100 + 50 * Math.sin((index * Math.PI) / 45)] as const,
        ),
      )
    const lens = 2 * 50 * 50 * Math.acos(0.5) - 25 * Math.sqrt(10000 - 2500)
    expect(enclosed(joined(circle(100), circle(150))!.outline) / (2 * Math.PI * 2500 - lens)).toBeCloseTo(1, 2)
  })
})

describe('polygons of any form, also with sides and vertices on each other', () => {
  let seed = 7
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647

  /** A star whose vertices lie on a grid of `step` px. */
  function star(x: number, step: number) {
    const count = 3 + Math.floor(random() * 12)
    return Array.from({ length: count }, (_, index) => {
      const [far, angle] = [20 + random() * 80, ((index + random() * 0.8) / count) * 2 * Math.PI]
      return {
        x: Math.round((x + far * Math.cos(angle)) / step) * step,
        y: Math.round((120 + far * Math.sin(angle)) / step) * step,
      }
    })
  }

  function pixels(...polygons: (readonly { x: number; y: number }[])[]): number {
    const bitmap = emptyBitmap({ left: 0, top: 0, width: 360, height: 240 })
    for (const polygon of polygons) fillPolygon(bitmap, polygon, 1)
    return bitmap.bits.reduce((sum, bit) => sum + bit, 0)
  }

  it.each([0.1, 10])('cover together what they did, on a grid of %d px', (step) => {
    for (let round = 0; round < 15; round++) {
      const [one, other] = [star(110, step), star(110 + random() * 100, step)]
      const [together, shared] = [pixels(one, other), pixels(one) + pixels(other) - pixels(one, other)]
      const both = joined(one, other)
      if (shared > 20) expect(both).not.toBeNull()
      if (both && !both.holes) expect(Math.abs(pixels(both.outline) - together)).toBeLessThan(40)
    }
  })
})

describe('masks', () => {
  const mask = (left: number, ...rows: string[]) =>
    encodeMask({
      left,
      top: 5,
      width: rows[0]!.length,
      height: rows.length,
      bits: Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0)),
    })!

  it('have the pixels of all, also where they lie apart', () => {
    const all = joinedMasks([mask(0, '##', '##'), mask(1, '##'), mask(10, '#')])
    expect([maskArea(all), all.bounds, [...decodeMask(all).bits.subarray(0, 11)].join('')]).toEqual([
      6,
      [0, 5, 11, 7],
      '11100000001',
    ])
  })
})
