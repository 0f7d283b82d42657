import { describe, expect, it } from 'vitest'
import type { Point } from '@/geometry/box'
import { boxGeometry } from '@/geometry/kinds/box'
import { ofVertices } from '@/geometry/kinds/vertex-list'
import type { ShownShape } from '@/store/types'
import { borderBetween } from './borders'

const point = (x: number, y: number): Point => ({ x, y })
const shown = (kind: 'polygon' | 'polyline', ...places: [number, number][]) =>
  ofVertices(
    kind,
    places.map(([x, y]) => point(x, y)),
  ) as unknown as ShownShape
/** 100 px wide and 40 high. */
const OBLONG = shown('polygon', [0, 0], [100, 0], [100, 40], [0, 40])
const LINE = shown('polyline', [200, 0], [220, 0], [240, 0], [260, 0])
const border = (shapes: ShownShape[], from: [number, number], to: [number, number], longer = false) =>
  borderBetween(shapes, point(...from), point(...to), longer).map(({ x, y }) => [x, y])

describe('the border of a neighbour', () => {
  it('is followed the shorter way round, or the longer, in the direction that one goes', () => {
    expect(border([OBLONG], [90, 0], [100, 30])).toEqual([[100, 0]])
    expect(border([OBLONG], [100, 30], [90, 0])).toEqual([[100, 0]])
    expect(border([OBLONG], [90, 0], [100, 30], true)).toEqual([
      [0, 0],
      [0, 40],
      [100, 40],
    ])
    expect(border([OBLONG], [10, 0], [0, 10])).toEqual([[0, 0]])
  })

  it('has nothing between two points of one side, nor the points themselves', () => {
    expect(border([OBLONG], [10, 0], [60, 0])).toEqual([])
    expect(border([OBLONG], [0, 0], [100, 40])).toEqual([[100, 0]])
  })

  it('of a line has no way round', () => {
    expect(border([LINE], [205, 0], [245, 0])).toEqual([
      [220, 0],
      [240, 0],
    ])
    expect(border([LINE], [245, 0], [205, 0], true)).toEqual([
      [240, 0],
      [220, 0],
    ])
  })

  it('isn’t there where one of the points lies beside it, or on another’s', () => {
    expect(border([OBLONG], [90, 3], [100, 30])).toEqual([])
    expect(border([OBLONG, LINE], [90, 0], [245, 0])).toEqual([])
    expect(border([boxGeometry([0, 0, 9, 9]) as unknown as ShownShape], [0, 5], [9, 5])).toEqual([])
    expect(border([LINE, OBLONG], [90, 0], [100, 30])).toEqual([[100, 0]])
  })
})
