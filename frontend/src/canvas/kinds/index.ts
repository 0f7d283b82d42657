/** How each kind of geometry is drawn. A kind that isn't listed is its outlines. */
import type { Geometry, GeometryKind } from '@/geometry/kinds'
import type { View } from '@/geometry/view-transform'
import { paintBox } from './box'
import { paintMask } from './mask'
import { paintOutlines } from './outlines'
import type { Look, Painter } from './painter'
import { paintPoints } from './points'
import { paintSkeleton } from './skeleton'

export type { Look, Painter } from './painter'

const PAINTERS: Readonly<Partial<Record<GeometryKind, Painter>>> = {
  box: paintBox,
  mask: paintMask,
  points: paintPoints,
  skeleton: paintSkeleton,
}

export function paint(context: CanvasRenderingContext2D, view: View, shape: Geometry, look: Look): void {
  context.save()
  ;(PAINTERS[shape.kind] ?? paintOutlines)(context, view, shape, look)
  context.restore()
}
