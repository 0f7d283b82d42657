/** The packed vertices that polygons and polylines consist of: f32 x, y each. */
import type { Box, Point } from '../box'
import type { Geometry, GeometryKind, Grip } from './kind'

export function verticesOf({ payload }: Geometry): Point[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  return Array.from({ length: Math.floor(payload.byteLength / 8) }, (_, index) => ({
    x: view.getFloat32(8 * index, true),
    y: view.getFloat32(8 * index + 4, true),
  }))
}

/** Vertices as a shape; at least one. */
export function ofVertices(kind: GeometryKind, vertices: readonly Point[]): Geometry {
  const places = new Float32Array(2 * vertices.length)
  vertices.forEach(({ x, y }, index) => places.set([x, y], 2 * index))
  return { kind, bounds: enclosing(places), payload: new Uint8Array(places.buffer) }
}

function enclosing(places: Float32Array): Box {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let index = 0; index < places.length; index += 2) {
    x1 = Math.min(x1, places[index]!)
    y1 = Math.min(y1, places[index + 1]!)
    x2 = Math.max(x2, places[index]!)
    y2 = Math.max(y2, places[index + 1]!)
  }
  return [x1, y1, x2, y2]
}

/** Distance in px from a point to the line between two others. */
export function distanceToSegment(point: Point, a: Point, b: Point): number {
  const { x, y } = nearestOnSegment(point, a, b)
  return Math.hypot(point.x - x, point.y - y)
}

export function nearestOnSegment(point: Point, a: Point, b: Point): Point {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const length = dx * dx + dy * dy
  const share = length ? Math.min(Math.max(((point.x - a.x) * dx + (point.y - a.y) * dy) / length, 0), 1) : 0
  return { x: a.x + dx * share, y: a.y + dy * share }
}

/** Beyond so many vertices the grips for new ones are left out: they would lie on top of each other. */
const MOST_MIDDLES = 120

/** A grip for each vertex, and between two of them one for a new vertex. */
export function vertexGrips(vertices: readonly Point[], closed: boolean): Grip[] {
  const grips = vertices.map((at, index): Grip => ({ id: `vertex:${index}`, at, look: 'round', cursor: 'crosshair' }))
  if (vertices.length > MOST_MIDDLES) return grips
  const sides = closed ? vertices.length : vertices.length - 1
  for (let index = 0; index < sides; index++) {
    const [a, b] = [vertices[index]!, vertices[(index + 1) % vertices.length]!]
    grips.push({ id: `side:${index}`, at: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, look: 'small', cursor: 'copy' })
  }
  return grips
}

/** The vertices with a grip of `vertexGrips` at `to`: a vertex moved, or a new one in a side. */
export function withGripAt(vertices: readonly Point[], grip: string, to: Point): Point[] {
  const [what, at] = grip.split(':')
  const index = Number(at)
  return what === 'vertex'
    ? vertices.map((vertex, each) => (each === index ? to : vertex))
    : [...vertices.slice(0, index + 1), to, ...vertices.slice(index + 1)]
}

/** The vertices without the one of a grip; null for another grip, or when fewer than `least` would stay. */
export function withoutGrip(vertices: readonly Point[], grip: string, least: number): Point[] | null {
  if (!grip.startsWith('vertex:') || vertices.length <= least) return null
  return vertices.filter((_, index) => index !== Number(grip.slice(7)))
}

/** The vertices with one more, on the side nearest to `at`; null where none passes within `reach` px. */
export function withVertexAt(vertices: readonly Point[], closed: boolean, at: Point, reach: number): Point[] | null {
  let side: number | null = null
  let place = at
  let least = reach
  for (let index = 0; index < vertices.length - (closed ? 0 : 1); index++) {
    const on = nearestOnSegment(at, vertices[index]!, vertices[(index + 1) % vertices.length]!)
    const far = Math.hypot(on.x - at.x, on.y - at.y)
    if (far > least) continue
    side = index
    place = on
    least = far
  }
  return side === null ? null : [...vertices.slice(0, side + 1), place, ...vertices.slice(side + 1)]
}

export const inFrame = ({ x, y }: Point, frame: { width: number; height: number }): Point => ({
  x: Math.min(Math.max(x, 0), frame.width),
  y: Math.min(Math.max(y, 0), frame.height),
})

export const shifted = (vertices: readonly Point[], dx: number, dy: number): Point[] =>
  vertices.map(({ x, y }) => ({ x: x + dx, y: y + dy }))
