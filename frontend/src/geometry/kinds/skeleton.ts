import { area, clipped, contains, handlePoint, height, resized, width, type Box, type Handle } from '../box'
import { BOX } from './box'
import { SMALLEST_PX, type Geometry, type Grip, type Kind } from './kind'
import { betweenPoints, ofPoints, pointsApart, pointsOf, Seen, type SeenPoint } from './point-list'

const CORNERS: readonly Handle[] = ['nw', 'ne', 'se', 'sw']
/** px between the joints and the corners that scale all of them. */
const MARGIN_PX = 12

export const skeletonOf = (points: readonly SeenPoint[]): Geometry => ofPoints('skeleton', points)

/** A template's joints, given as shares of a box's sides, in the box [x1, y1, x2, y2]. */
export function skeletonIn(
  [x1, y1, x2, y2]: Box,
  joints: readonly { readonly x: number; readonly y: number }[],
): Geometry {
  return skeletonOf(joints.map(({ x, y }) => ({ x: x1 + (x2 - x1) * x, y: y1 + (y2 - y1) * y, seen: Seen.visible })))
}

/** Which joint a grip is; null for a corner. */
export const jointOf = (grip: string): number | null => (grip.startsWith('joint:') ? Number(grip.slice(6)) : null)

/** The shape with one joint's visibility changed. */
export const withSeen = (shape: Geometry, joint: number, seen: Seen): Geometry =>
  skeletonOf(pointsOf(shape).map((point, index) => (index === joint ? { ...point, seen } : point)))

/** Visible → occluded → absent → visible. */
const NEXT: Readonly<Record<Seen, Seen>> = {
  [Seen.visible]: Seen.occluded,
  [Seen.occluded]: Seen.absent,
  [Seen.absent]: Seen.visible,
}

const LOOKS = { [Seen.visible]: 'round', [Seen.occluded]: 'ring', [Seen.absent]: 'small' } as const

const around = ([x1, y1, x2, y2]: Box): Box => [x1 - MARGIN_PX, y1 - MARGIN_PX, x2 + MARGIN_PX, y2 + MARGIN_PX]

function grips(shape: Geometry): Grip[] {
  const joints = pointsOf(shape).map(({ x, y, seen }, index): Grip => ({
    id: `joint:${index}`,
    at: { x, y },
    look: LOOKS[seen],
    cursor: 'crosshair',
  }))
  const corners = BOX.grips({ ...shape, bounds: around(shape.bounds) }).filter(({ id }) =>
    CORNERS.includes(id as Handle),
  )
  return [...joints, ...corners]
}

/** Draw the joints out with the box around them. */
function scaled(
  shape: Geometry,
  corner: Handle,
  to: { x: number; y: number },
  keep: boolean,
  frame: { width: number; height: number },
): Geometry | null {
  const from = shape.bounds
  const grip = handlePoint(around(from), corner)
  const own = handlePoint(from, corner)
  const target = clipped(
    resized(from, corner, { x: to.x + own.x - grip.x, y: to.y + own.y - grip.y }, keep),
    frame.width,
    frame.height,
  )
  if (width(target) < SMALLEST_PX || height(target) < SMALLEST_PX || !width(from) || !height(from)) return null
  const [dx, dy] = [width(target) / width(from), height(target) / height(from)]
  return skeletonOf(
    pointsOf(shape).map(({ x, y, seen }) => ({
      x: target[0] + (x - from[0]) * dx,
      y: target[1] + (y - from[1]) * dy,
      seen,
    })),
  )
}

/** Named joints with lines between them, which the label's template knows. */
export const SKELETON: Kind = {
  name: 'skeleton',
  outlines: () => [],
  grips,
  gripped: (shape, grip, to, { shift, frame }) => {
    const joint = jointOf(grip)
    if (joint === null) return scaled(shape, grip as Handle, to, shift, frame)
    const place = { x: Math.min(Math.max(to.x, 0), frame.width), y: Math.min(Math.max(to.y, 0), frame.height) }
    // One that was absent has been found.
    return skeletonOf(
      pointsOf(shape).map((point, index) => (index === joint ? { ...place, seen: point.seen || Seen.visible } : point)),
    )
  },
  toggled: (shape, grip) => {
    const joint = jointOf(grip)
    return joint === null ? null : withSeen(shape, joint, NEXT[pointsOf(shape)[joint]!.seen])
  },
  moved: (shape, dx, dy) => skeletonOf(pointsOf(shape).map(({ x, y, seen }) => ({ x: x + dx, y: y + dy, seen }))),
  contains: ({ bounds: [x1, y1, x2, y2] }, point, reach) =>
    contains([x1 - reach, y1 - reach, x2 + reach, y2 + reach], point),
  area: ({ bounds }) => area(bounds),
  between: betweenPoints,
  distance: pointsApart,
}
