import type { Point } from '@/geometry/box'
import { kindOf, type Grip } from '@/geometry/kinds'
import type { ShownShape, TrackId } from '@/store/types'

export type Hit =
  | { readonly on: 'grip'; readonly track: TrackId; readonly grip: Grip }
  | { readonly on: 'shape'; readonly track: TrackId }

/** The grip under the pointer, as it was when the pointer came there. */
export interface HoveredGrip {
  readonly track: TrackId
  readonly grip: Grip
}

/** CSS px around a grip or a line that still count as on it. */
export const REACH = 7
/** The same for a finger. */
export const FINGER_REACH = 18

/**
 * What lies at `point` (video px): a grip of a selected shape first, then the smallest shape there, so that one inside
 * another can be picked. `reach`: px of the video around a grip or a line that still count as on it.
 */
export function hitTest(
  shapes: readonly ShownShape[],
  selection: ReadonlySet<TrackId>,
  point: Point,
  reach: number,
): Hit | null {
  for (const shape of shapes) {
    if (!selection.has(shape.track.id) || shape.track.locked) continue
    const grip = nearest(kindOf(shape).grips(shape), point, reach)
    if (grip) return { on: 'grip', track: shape.track.id, grip }
  }
  let best: ShownShape | null = null
  for (const shape of shapes) {
    const kind = kindOf(shape)
    if (kind.contains(shape, point, reach) && (!best || kind.area(shape) <= kindOf(best).area(best))) best = shape
  }
  return best && { on: 'shape', track: best.track.id }
}

/** The grip at a place; of several the nearest, and of those equally near the first. */
function nearest(grips: readonly Grip[], point: Point, reach: number): Grip | null {
  let best: Grip | null = null
  let least = reach
  for (const grip of grips) {
    const far = Math.max(Math.abs(grip.at.x - point.x), Math.abs(grip.at.y - point.y))
    if (far > least || (best && far === least)) continue
    best = grip
    least = far
  }
  return best
}

export function cursorOf(hit: Hit | null): string {
  if (!hit) return 'default'
  return hit.on === 'grip' ? hit.grip.cursor : 'move'
}
