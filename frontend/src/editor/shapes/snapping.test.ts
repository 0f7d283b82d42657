import { describe, expect, it } from 'vitest'
import type { Point } from '@/geometry/box'
import { boxGeometry } from '@/geometry/kinds/box'
import { ofVertices } from '@/geometry/kinds/vertex-list'
import type { ShownShape } from '@/store/types'
import { stickTo } from './snapping'

const point = (x: number, y: number): Point => ({ x, y })
const shown = (kind: 'polygon' | 'polyline', ...places: [number, number][]) =>
  ofVertices(
    kind,
    places.map(([x, y]) => point(x, y)),
  ) as unknown as ShownShape
/** 100 px wide and 40 high. */
const OBLONG = shown('polygon', [0, 0], [100, 0], [100, 40], [0, 40])
const LINE = shown('polyline', [200, 0], [220, 0], [240, 0], [260, 0])

describe('a point that sticks', () => {
  const stuck = (x: number, y: number, shapes = [OBLONG, LINE]) => stickTo(shapes, point(x, y), 6)

  it('sticks to a vertex rather than to a nearer side', () => {
    expect(stuck(96, 1)).toEqual(point(100, 0))
    expect(stuck(90, 1)).toEqual(point(90, 0))
  })

  it('sticks to the side that closes a polygon, and a line has none', () => {
    expect(stuck(-3, 20)).toEqual(point(0, 20))
    expect(stuck(265, 0)).toEqual(point(260, 0))
    expect(stuck(230, 7)).toBeNull()
  })

  it('sticks to nothing that is farther away than its reach, and not to boxes', () => {
    expect([stuck(50, 20), stuck(50, -6), stuck(50, -6.1)]).toEqual([null, point(50, 0), null])
    expect(stuck(0, 5, [boxGeometry([0, 0, 9, 9]) as unknown as ShownShape])).toBeNull()
  })
})
