/** Points that stick to the outlines of neighbours, so that two objects share a border. */
import type { Point } from '@/geometry/box'
import { kindOf } from '@/geometry/kinds'
import { nearestOnSegment } from '@/geometry/kinds/vertex-list'
import type { ShownShape } from '@/store/types'

/**
 * The place within `reach` px where a point sticks: the nearest vertex of a polygon or polyline, or else the nearest place
 * on one of their sides.
 */
export function stickTo(shapes: readonly ShownShape[], point: Point, reach: number): Point | null {
  const outlines = shapes.filter((shape) => near(shape, point, reach)).flatMap((shape) => kindOf(shape).outlines(shape))
  const vertex = nearest(
    outlines.flatMap(({ points }) => points),
    point,
    reach,
  )
  if (vertex) return vertex
  const sides = outlines.flatMap(({ points, closed }) =>
    points.flatMap((from, index) => {
      const to = points[index + 1] ?? (closed ? points[0] : undefined)
      return to ? [nearestOnSegment(point, from, to)] : []
    }),
  )
  return nearest(sides, point, reach)
}

function near({ kind, bounds: [x1, y1, x2, y2] }: ShownShape, { x, y }: Point, reach: number): boolean {
  return (
    (kind === 'polygon' || kind === 'polyline') &&
    x >= x1 - reach &&
    x <= x2 + reach &&
    y >= y1 - reach &&
    y <= y2 + reach
  )
}

function nearest(places: readonly Point[], point: Point, reach: number): Point | null {
  let best: Point | null = null
  let least = reach
  for (const place of places) {
    const far = Math.hypot(place.x - point.x, place.y - point.y)
    if (far > least) continue
    best = place
    least = far
  }
  return best
}
