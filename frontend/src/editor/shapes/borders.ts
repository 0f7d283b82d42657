/** Following the border of a neighbour, so that two objects share it vertex by vertex. */
import type { Point } from '@/geometry/box'
import { kindOf, type Outline } from '@/geometry/kinds'
import { nearestOnSegment } from '@/geometry/kinds/vertex-list'
import type { ShownShape } from '@/store/types'

/** px of the video within which a point lies on an outline. */
const ON_PX = 0.5

/**
 * The vertices strictly between two points along the first outline of a polygon or polyline that both lie on: the shorter
 * way round a closed one, or the `longer`. Empty where there is no such outline.
 */
export function borderBetween(shapes: readonly ShownShape[], from: Point, to: Point, longer: boolean): Point[] {
  for (const shape of shapes) {
    if (shape.kind !== 'polygon' && shape.kind !== 'polyline') continue
    for (const outline of kindOf(shape).outlines(shape)) {
      const [start, end] = [placeOn(outline, from), placeOn(outline, to)]
      if (start !== null && end !== null)
        return between(outline, start, end, longer).filter(
          (vertex) => far(vertex, from) > ON_PX && far(vertex, to) > ON_PX,
        )
    }
  }
  return []
}

const far = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y)

/** Where a point lies on an outline, in sides from its first vertex (1.5: in the middle of the second side); null: beside it. */
function placeOn({ points, closed }: Outline, point: Point): number | null {
  for (let side = 0; side < points.length - (closed ? 0 : 1); side++) {
    const [a, b] = [points[side]!, points[(side + 1) % points.length]!]
    const on = nearestOnSegment(point, a, b)
    if (far(on, point) <= ON_PX) return side + (far(a, b) ? far(a, on) / far(a, b) : 0)
  }
  return null
}

function between({ points, closed }: Outline, start: number, end: number, longer: boolean): readonly Point[] {
  if (!closed) return start < end ? stretch(points, start, end) : stretch(points, end, start).reverse()
  const onward = stretch(points, start, end > start ? end : end + points.length)
  const back = stretch(points, end, start > end ? start : start + points.length).reverse()
  const [here, there] = [placeAt(points, start), placeAt(points, end)]
  const isOnwardShorter = lengthOf([here, ...onward, there]) <= lengthOf([here, ...back, there])
  return isOnwardShorter === longer ? back : onward
}

/** The vertices after `start` and before `end`, in the outline's order, round its end where `end` says so. */
function stretch(points: readonly Point[], start: number, end: number): Point[] {
  const first = Math.floor(start) + 1
  return Array.from(
    { length: Math.max(Math.ceil(end) - first, 0) },
    (_, index) => points[(first + index) % points.length]!,
  )
}

function placeAt(points: readonly Point[], place: number): Point {
  const [a, b] = [points[Math.floor(place) % points.length]!, points[(Math.floor(place) + 1) % points.length]!]
  const share = place % 1
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }
}

const lengthOf = (way: readonly Point[]) => way.slice(1).reduce((sum, point, index) => sum + far(point, way[index]!), 0)
