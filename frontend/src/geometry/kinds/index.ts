/** Every kind of geometry, and what a shape of any kind can do. */
import { movedWithin } from '../box'
import { BOX } from './box'
import { MASK } from './mask'
import { outlineKind } from './outline'
import { POINTS } from './points'
import { ROTATED_BOX } from './rotated-box'
import { SKELETON } from './skeleton'
import { TAG } from './tag'
import type { Geometry, GeometryKind, Kind } from './kind'

export * from './kind'

const KINDS: Readonly<Record<GeometryKind, Kind>> = {
  box: BOX,
  rotated_box: ROTATED_BOX,
  polygon: outlineKind('polygon'),
  polyline: outlineKind('polyline'),
  points: POINTS,
  skeleton: SKELETON,
  mask: MASK,
  tag: TAG,
}

export const kindOf = (shape: Pick<Geometry, 'kind'>): Kind => KINDS[shape.kind]

/** The shape at `share` of the way; a change of kind holds the earlier one. */
export const between = (before: Geometry, after: Geometry, share: number): Geometry =>
  before.kind === after.kind ? kindOf(before).between(before, after, share) : before

/** Move as far as the frame allows; a shape larger than the frame stays where it is on that axis. */
export function movedInside(
  shape: Geometry,
  dx: number,
  dy: number,
  frame: { width: number; height: number },
): Geometry {
  const to = movedWithin(shape.bounds, dx, dy, frame.width, frame.height)
  return kindOf(shape).moved(shape, to[0] - shape.bounds[0], to[1] - shape.bounds[1])
}
