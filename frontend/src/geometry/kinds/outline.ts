/** What polygons and polylines have in common. */
import { area as boxArea, contains as inBox, type Point } from '../box'
import type { Geometry, GeometryKind, Kind } from './kind'
import { matched, type Matched } from './matching'
import {
  distanceToSegment,
  inFrame,
  ofVertices,
  shifted,
  vertexGrips,
  verticesOf,
  withGripAt,
  withoutGrip,
  withVertexAt,
} from './vertex-list'

/** Matches by the payload of the shape before; scrubbing asks for the same ones frame after frame. */
const matches = new WeakMap<Uint8Array, { readonly after: Uint8Array; readonly match: Matched }>()

function matchOf(before: Geometry, after: Geometry, closed: boolean): Matched {
  const known = matches.get(before.payload)
  if (known?.after === after.payload) return known.match
  const match = matched(verticesOf(before), verticesOf(after), closed)
  matches.set(before.payload, { after: after.payload, match })
  return match
}

export function outlineKind(kind: GeometryKind & ('polygon' | 'polyline')): Kind {
  const closed = kind === 'polygon'
  const least = closed ? 3 : 2
  const without: Kind['without'] = (shape, grip) => {
    const left = withoutGrip(verticesOf(shape), grip, least)
    return left && ofVertices(kind, left)
  }
  return {
    name: kind,
    outlines: (shape) => [{ points: verticesOf(shape), closed }],
    grips: (shape) => vertexGrips(verticesOf(shape), closed),
    gripped: (shape, grip, to, { frame }) => ofVertices(kind, withGripAt(verticesOf(shape), grip, inFrame(to, frame))),
    toggled: without,
    without,
    divided: (shape, at, reach) => {
      const more = withVertexAt(verticesOf(shape), closed, at, reach)
      return more && ofVertices(kind, more)
    },
    moved: (shape, dx, dy) => ofVertices(kind, shifted(verticesOf(shape), dx, dy)),
    contains: (shape, point, reach) => {
      const [x1, y1, x2, y2] = shape.bounds
      if (!inBox([x1 - reach, y1 - reach, x2 + reach, y2 + reach], point)) return false
      const vertices = verticesOf(shape)
      return (closed && inside(vertices, point)) || onLine(vertices, closed, point, reach)
    },
    area: (shape) => (closed ? Math.min(enclosed(verticesOf(shape)), boxArea(shape.bounds)) : 0),
    between: (before, after, share) => {
      const { from, to } = matchOf(before, after, closed)
      return ofVertices(
        kind,
        from.map(({ x, y }, index) => ({ x: x + (to[index]!.x - x) * share, y: y + (to[index]!.y - y) * share })),
      )
    },
    distance: (a, b) => {
      const { from, to } = matchOf(a, b, closed)
      return from.reduce((most, { x, y }, index) => Math.max(most, Math.hypot(x - to[index]!.x, y - to[index]!.y)), 0)
    },
  }
}

/** Even-odd: whether a ray from the point crosses the outline an odd number of times. */
export function inside(vertices: readonly Point[], { x, y }: Point): boolean {
  let odd = false
  vertices.forEach((a, index) => {
    const b = vertices[(index + 1) % vertices.length]!
    if (a.y > y !== b.y > y && x < a.x + ((y - a.y) * (b.x - a.x)) / (b.y - a.y)) odd = !odd
  })
  return odd
}

function onLine(vertices: readonly Point[], closed: boolean, point: Point, reach: number): boolean {
  return vertices.some((a, index) => {
    const b = vertices[index + 1] ?? (closed ? vertices[0] : undefined)
    return b !== undefined && distanceToSegment(point, a, b) <= reach
  })
}

/** px²; positive where the vertices go clockwise on the screen. By the shoelace formula. */
export function signedArea(vertices: readonly Point[]): number {
  const twice = vertices.reduce((sum, a, index) => {
    const b = vertices[(index + 1) % vertices.length]!
    return sum + a.x * b.y - b.x * a.y
  }, 0)
  return twice / 2
}

/** px² */
export const enclosed = (vertices: readonly Point[]): number => Math.abs(signedArea(vertices))
