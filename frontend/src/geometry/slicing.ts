/** Cutting polygons and masks along a line. */
import type { Point } from './box'
import type { Geometry } from './kinds/kind'
import { enclosed, inside } from './kinds/outline'
import { nearestOnSegment } from './kinds/vertex-list'
import { connected } from './flood'
import { decodeMask, encodeMask, type Bitmap } from './rle'

/** px within which a point lies on a side. */
const ON_SIDE_PX = 1e-3
/** px²: smaller parts aren't cut off. */
const LEAST_PX2 = 1

interface Crossing {
  readonly at: Point
  /** How far along the line: the segment's number, and the share of it. */
  readonly along: number
}

/** The parts of a polygon that a line divides it into, itself alone where it doesn't. The line may cross it more than once. */
export function slicedPolygon(vertices: readonly Point[], line: readonly Point[]): (readonly Point[])[] {
  return chordsOf(vertices, line).reduce(
    (parts, chord) => parts.flatMap((part) => divided(part, chord) ?? [part]),
    [vertices],
  )
}

/** The stretches of a line within a polygon, from side to side. */
function chordsOf(vertices: readonly Point[], line: readonly Point[]): Point[][] {
  const crossings = crossingsOf(vertices, line)
  return crossings.slice(1).flatMap((end, index) => {
    const start = crossings[index]!
    const chord = [start.at, ...line.slice(Math.floor(start.along) + 1, Math.ceil(end.along)), end.at]
    return inside(vertices, middle(chord[0]!, chord[1]!)) ? [chord] : []
  })
}

function crossingsOf(vertices: readonly Point[], line: readonly Point[]): Crossing[] {
  const found: Crossing[] = []
  line.slice(1).forEach((to, index) => {
    const from = line[index]!
    vertices.forEach((a, side) => {
      const share = crossing(from, to, a, vertices[(side + 1) % vertices.length]!)
      if (share !== null) found.push({ at: between(from, to, share), along: index + share })
    })
  })
  found.sort((one, other) => one.along - other.along)
  return found.filter(({ along }, index) => !index || along - found[index - 1]!.along > 1e-9)
}

/** The share of from..to at which it crosses a..b; null where it doesn't. The ends of both lines count once. */
function crossing(from: Point, to: Point, a: Point, b: Point): number | null {
  const [dx, dy, ex, ey] = [to.x - from.x, to.y - from.y, b.x - a.x, b.y - a.y]
  const turn = dx * ey - dy * ex
  if (!turn) return null
  const share = ((a.x - from.x) * ey - (a.y - from.y) * ex) / turn
  const other = ((a.x - from.x) * dy - (a.y - from.y) * dx) / turn
  return share >= 0 && share < 1 && other >= 0 && other < 1 ? share : null
}

/** A polygon in two along a chord; null where that isn't one of its own, or would cut off next to nothing. */
function divided(vertices: readonly Point[], chord: readonly Point[]): [Point[], Point[]] | null {
  const [start, end] = [chord[0]!, chord.at(-1)!]
  const first = withPoint(vertices, start)
  const both = first && withPoint(first, end)
  if (!both || !inside(vertices, middle(start, chord[1]!))) return null
  const turned = both.indexOf(start)
  const around = [...both.slice(turned), ...both.slice(0, turned)]
  const at = around.indexOf(end)
  const inner = chord.slice(1, -1)
  const parts: [Point[], Point[]] = [
    [...around.slice(0, at + 1), ...[...inner].reverse()],
    [...around.slice(at), start, ...inner],
  ]
  return parts.every((part) => enclosed(part) >= LEAST_PX2) ? parts : null
}

/** The outline with a point of it as a vertex; null where it isn't on it. */
function withPoint(vertices: readonly Point[], point: Point): Point[] | null {
  const far = vertices.map((a, index) => {
    const on = nearestOnSegment(point, a, vertices[(index + 1) % vertices.length]!)
    return Math.hypot(on.x - point.x, on.y - point.y)
  })
  const side = far.indexOf(Math.min(...far))
  if (far[side]! > ON_SIDE_PX) return null
  const isVertex = (index: number) =>
    Math.hypot(vertices[index]!.x - point.x, vertices[index]!.y - point.y) <= ON_SIDE_PX
  const same = [side, (side + 1) % vertices.length].find(isVertex)
  if (same !== undefined) return vertices.map((vertex, index) => (index === same ? point : vertex))
  return [...vertices.slice(0, side + 1), point, ...vertices.slice(side + 1)]
}

/**
 * The parts of a mask that a line divides its pieces into, the one with the rest first; itself alone where it divides none.
 * Pixels under the line go with a neighbour.
 */
export function slicedMask(shape: Geometry, line: readonly Point[]): Geometry[] {
  const whole = decodeMask(shape)
  const cut: Bitmap = { ...whole, bits: whole.bits.slice() }
  const lost = new Set([...pixelsUnder(whole, line)].filter((pixel) => whole.bits[pixel]))
  for (const pixel of lost) cut.bits[pixel] = 0
  const pieces = labelled(cut)
  const under = labelled(whole)
  const off = under.parts.flatMap((_, index) => {
    const parts = pieces.parts.filter(([pixel]) => under.of[pixel!] === index + 1)
    return parts.sort((a, b) => b.length - a.length).slice(1)
  })
  if (!off.length) return [shape]
  const owner = new Int32Array(whole.bits.length)
  off.forEach((part, index) => part.forEach((pixel) => (owner[pixel] = index + 1)))
  shareOut(lost, cut, owner)
  return [0, ...off.map((_, index) => index + 1)].flatMap((part) => {
    const bits = new Uint8Array(owner.length)
    for (let pixel = 0; pixel < bits.length; pixel++) bits[pixel] = whole.bits[pixel] && owner[pixel] === part ? 1 : 0
    return encodeMask({ ...whole, bits }) ?? []
  })
}

/** The pieces of a mask: their pixels, and of each pixel the number of its piece, from 1. */
function labelled(bitmap: Bitmap): { readonly parts: number[][]; readonly of: Int32Array } {
  const { bits } = bitmap
  const of = new Int32Array(bits.length)
  const seen = new Uint8Array(bits.length)
  const parts: number[][] = []
  for (let pixel = 0; pixel < bits.length; pixel++) {
    if (!bits[pixel] || seen[pixel]) continue
    const part = connected(bitmap, pixel, true, seen)
    parts.push(part)
    for (const each of part) of[each] = parts.length
  }
  return { parts, of }
}

/** Give the pixels under the line, one ring of them after the other, to the part beside them. */
function shareOut(lost: ReadonlySet<number>, { bits, width }: Bitmap, owner: Int32Array): void {
  let open = [...lost]
  for (let before = Infinity; open.length < before;) {
    before = open.length
    const reached = open.flatMap((pixel) => {
      const x = pixel % width
      const beside = [x ? pixel - 1 : -1, x < width - 1 ? pixel + 1 : -1, pixel - width, pixel + width].find(
        (each) => bits[each],
      )
      return beside === undefined ? [] : [{ pixel, beside }]
    })
    for (const { pixel, beside } of reached) {
      owner[pixel] = owner[beside]!
      bits[pixel] = 1
    }
    open = open.filter((pixel) => !bits[pixel])
  }
}

/** Every pixel that a line passes through, each beside the last one, so that pieces can't touch across it. */
function* pixelsUnder({ left, top, width, height }: Bitmap, line: readonly Point[]): Generator<number> {
  for (let index = 0; index + 1 < line.length; index++) {
    for (const [x, y] of pixelsBetween(line[index]!, line[index + 1]!)) {
      const [column, row] = [x - left, y - top]
      if (column >= 0 && row >= 0 && column < width && row < height) yield row * width + column
    }
  }
}

/** From pixel to pixel over their sides (Amanatides and Woo, 1987). */
function* pixelsBetween(from: Point, to: Point): Generator<readonly [number, number]> {
  let [x, y] = [Math.floor(from.x), Math.floor(from.y)]
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const [right, down] = [Math.sign(dx), Math.sign(dy)]
  let nextX = dx ? (right > 0 ? x + 1 - from.x : from.x - x) / Math.abs(dx) : Infinity
  let nextY = dy ? (down > 0 ? y + 1 - from.y : from.y - y) / Math.abs(dy) : Infinity
  yield [x, y]
  while (Math.min(nextX, nextY) <= 1) {
    if (nextX < nextY) {
      x += right
      nextX += 1 / Math.abs(dx)
    } else {
      y += down
      nextY += 1 / Math.abs(dy)
    }
    yield [x, y]
  }
}

const between = (a: Point, b: Point, share: number): Point => ({
  x: a.x + (b.x - a.x) * share,
  y: a.y + (b.y - a.y) * share,
})
const middle = (a: Point, b: Point): Point => between(a, b, 0.5)
