/** The packed points that points and skeletons consist of: f32 x, y per point, then u8 per point, padded to 4 bytes. */
import type { Box, Point } from '../box'
import type { Geometry, GeometryKind } from './kind'

/** Whether a point is to be seen; an absent one keeps its place, so that it can come back there. */
export const Seen = { absent: 0, occluded: 1, visible: 2 } as const
export type Seen = (typeof Seen)[keyof typeof Seen]

export interface SeenPoint extends Point {
  readonly seen: Seen
}

export function pointsOf({ payload }: Geometry): SeenPoint[] {
  const count = Math.floor(payload.byteLength / 9)
  const view = new DataView(payload.buffer, payload.byteOffset)
  return Array.from({ length: count }, (_, index) => ({
    x: view.getFloat32(8 * index, true),
    y: view.getFloat32(8 * index + 4, true),
    seen: payload[8 * count + index] as Seen,
  }))
}

/** Points as a shape, whose bounds enclose those that aren't absent, or all where none is there. */
export function ofPoints(kind: GeometryKind, points: readonly SeenPoint[]): Geometry {
  const bytes = 9 * points.length
  const payload = new Uint8Array(bytes + (-bytes & 3))
  const places = new Float32Array(payload.buffer, 0, 2 * points.length)
  points.forEach(({ x, y, seen }, index) => {
    places[2 * index] = x
    places[2 * index + 1] = y
    payload[8 * points.length + index] = seen
  })
  return { kind, bounds: enclosing(places, points), payload }
}

function enclosing(places: Float32Array, points: readonly SeenPoint[]): Box {
  const present = points.flatMap(({ seen }, index) => (seen === Seen.absent ? [] : [index]))
  const counted = present.length ? present : points.map((_, index) => index)
  const xs = counted.map((index) => places[2 * index]!)
  const ys = counted.map((index) => places[2 * index + 1]!)
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

/** Point by point; one that is absent before or after stays where it was before. Other numbers of points hold the earlier. */
export function betweenPoints(before: Geometry, after: Geometry, share: number): Geometry {
  const [from, to] = [pointsOf(before), pointsOf(after)]
  if (from.length !== to.length) return before
  return ofPoints(
    before.kind,
    from.map((point, index) => {
      const next = to[index]!
      if (point.seen === Seen.absent || next.seen === Seen.absent) return point
      return { x: point.x + (next.x - point.x) * share, y: point.y + (next.y - point.y) * share, seen: point.seen }
    }),
  )
}

/** The greatest distance between points of the same place in the list that are there in both. */
export function pointsApart(a: Geometry, b: Geometry): number {
  const [from, to] = [pointsOf(a), pointsOf(b)]
  if (from.length !== to.length) return Infinity
  return Math.max(
    0,
    ...from.map(({ x, y, seen }, index) =>
      seen === to[index]!.seen ? Math.hypot(x - to[index]!.x, y - to[index]!.y) : Infinity,
    ),
  )
}
