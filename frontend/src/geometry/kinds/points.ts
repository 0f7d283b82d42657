import { contains as inBox } from '../box'
import type { Geometry, Kind } from './kind'
import { betweenPoints, ofPoints, pointsApart, pointsOf, Seen, type SeenPoint } from './point-list'
import { inFrame } from './vertex-list'

export const pointsAt = (points: readonly SeenPoint[]): Geometry => ofPoints('points', points)

const indexOf = (grip: string) => Number(grip.slice(6))

function without(shape: Geometry, grip: string): Geometry | null {
  const points = pointsOf(shape)
  return points.length > 1 ? pointsAt(points.filter((_, index) => index !== indexOf(grip))) : null
}

/** Single places, in an order that stays. */
export const POINTS: Kind = {
  name: 'group of points',
  outlines: () => [],
  grips: (shape) =>
    pointsOf(shape).map((at, index) => ({ id: `point:${index}`, at, look: 'round', cursor: 'crosshair' })),
  gripped: (shape, grip, to, { frame }) =>
    pointsAt(
      pointsOf(shape).map((point, index) =>
        index === indexOf(grip) ? { ...inFrame(to, frame), seen: point.seen || Seen.visible } : point,
      ),
    ),
  toggled: without,
  without,
  moved: (shape, dx, dy) => pointsAt(pointsOf(shape).map(({ x, y, seen }) => ({ x: x + dx, y: y + dy, seen }))),
  contains: (shape, point, reach) => {
    const [x1, y1, x2, y2] = shape.bounds
    if (!inBox([x1 - reach, y1 - reach, x2 + reach, y2 + reach], point)) return false
    return pointsOf(shape).some(({ x, y }) => Math.hypot(x - point.x, y - point.y) <= reach)
  },
  area: () => 0,
  between: betweenPoints,
  distance: pointsApart,
}
