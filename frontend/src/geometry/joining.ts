/** Several polygons, or masks, as one. */
import { united, type Point } from './box'
import type { Geometry } from './kinds/kind'
import { inside, signedArea } from './kinds/outline'
import { nearestOnSegment } from './kinds/vertex-list'
import { drawRuns, emptyBitmap, encodeMask } from './rle'
import { simplified } from './simplify'

/** px within which a vertex lies on another, or on a side. */
const TOUCH_PX = 0.01

type Side = readonly [from: Point, to: Point]

/** The mask that has the pixels of all; at least one. */
export function joinedMasks(masks: readonly Geometry[]): Geometry {
  const [x1, y1, x2, y2] = masks.map(({ bounds }) => bounds).reduce(united)
  const bitmap = emptyBitmap({ left: x1, top: y1, width: x2 - x1, height: y2 - y1 })
  for (const mask of masks) drawRuns(bitmap, mask)
  return encodeMask(bitmap) ?? masks[0]!
}

/**
 * One outline around polygons that touch or overlap, and whether it covers holes between them; null where they lie apart.
 * Vertices that are still on the outside stay where they are.
 */
export function joinedPolygons(
  polygons: readonly (readonly Point[])[],
): { readonly outline: readonly Point[]; readonly holes: boolean } | null {
  let [outline, ...rest] = polygons.map(clockwise)
  let holes = false
  while (outline && rest.length) {
    const former = outline
    const [next] = rest.flatMap((other) => {
      const loops = outlineLoops(former, other)
      const outer = loops.filter((loop) => signedArea(loop) > 0)
      return outer.length === 1 ? [{ other, outer: outer[0]!, holes: loops.length > 1 }] : []
    })
    if (!next) return null
    outline = next.outer
    holes ||= next.holes
    rest = rest.filter((other) => other !== next.other)
  }
  return outline ? { outline, holes } : null
}

/** The borders of two polygons together, both clockwise: outer ones clockwise, those of holes the other way round. */
function outlineLoops(one: readonly Point[], drawn: readonly Point[]): Point[][] {
  const other = drawn.map((vertex) => one.find((near) => apart(near, vertex) <= TOUCH_PX) ?? vertex)
  const [mine, theirs] = cutSides(sidesOf(one), sidesOf(other))
  const [ofMine, ofTheirs] = [new Set(mine.map(keyOf)), new Set(theirs.map(keyOf))]
  // A side of both counts once where both lie on the same side of it; between them it is no border any more.
  const kept = [
    ...mine.filter(
      (side) => ofTheirs.has(keyOf(side)) || (!ofTheirs.has(keyOf(back(side))) && !inside(other, middle(side))),
    ),
    ...theirs.filter(
      (side) => !ofMine.has(keyOf(side)) && !ofMine.has(keyOf(back(side))) && !inside(one, middle(side)),
    ),
  ]
  return chained(kept)
    .map(withoutStraightVertices)
    .filter((loop) => loop.length >= 3)
}

/** The sides of two outlines, divided where the outlines meet, with the same points in both. */
function cutSides(mine: readonly Side[], theirs: readonly Side[]): readonly [Side[], Side[]] {
  const cuts = new Map<Side, Point[]>([...mine, ...theirs].map((side) => [side, []]))
  for (const a of mine) {
    for (const b of theirs) {
      const met = [
        ...b.filter((end) => liesOn(end, a)).map((end) => [a, end] as const),
        ...a.filter((end) => liesOn(end, b)).map((end) => [b, end] as const),
      ]
      for (const [side, end] of met) cuts.get(side)!.push(end)
      const at = met.length || sharesEnd(a, b) ? null : crossing(a, b)
      if (at) for (const side of [a, b]) cuts.get(side)!.push(at)
    }
  }
  const divided = (side: Side): Side[] => {
    const stops = [
      side[0],
      ...cuts.get(side)!.sort((one, other) => apart(side[0], one) - apart(side[0], other)),
      side[1],
    ]
    return stops.slice(1).flatMap((to, index) => (apart(stops[index]!, to) > 0 ? [[stops[index]!, to] as const] : []))
  }
  return [mine.flatMap(divided), theirs.flatMap(divided)]
}

const sharesEnd = (a: Side, b: Side): boolean => a.some((end) => b.some((other) => apart(end, other) === 0))

/** Whether a point lies on a side, between its ends. */
function liesOn(point: Point, [from, to]: Side): boolean {
  return (
    apart(nearestOnSegment(point, from, to), point) <= TOUCH_PX &&
    apart(point, from) > TOUCH_PX &&
    apart(point, to) > TOUCH_PX
  )
}

/** Where two sides cross; null where they don't. */
function crossing([a, b]: Side, [c, d]: Side): Point | null {
  const turn = (b.x - a.x) * (d.y - c.y) - (b.y - a.y) * (d.x - c.x)
  if (!turn) return null
  const share = ((c.x - a.x) * (d.y - c.y) - (c.y - a.y) * (d.x - c.x)) / turn
  const other = ((c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x)) / turn
  if (share <= 0 || share >= 1 || other <= 0 || other >= 1) return null
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }
}

/** Sides as closed outlines; where several go on from a point, the one furthest to the right keeps to the same inside. */
function chained(sides: readonly Side[]): Point[][] {
  const from = new Map<string, Side[]>()
  for (const side of sides) from.set(placeKey(side[0]), [...(from.get(placeKey(side[0])) ?? []), side])
  const left = new Set(sides)
  const loops: Point[][] = []
  for (const start of sides) {
    if (!left.delete(start)) continue
    const loop = [start[0]]
    let side = start
    while (placeKey(side[1]) !== placeKey(start[0])) {
      const next = (from.get(placeKey(side[1])) ?? [])
        .filter((each) => left.has(each))
        .sort((a, b) => turnTo(side, b) - turnTo(side, a))[0]
      if (!next) break
      left.delete(next)
      loop.push(next[0])
      side = next
    }
    if (placeKey(side[1]) === placeKey(start[0])) loops.push(loop)
  }
  return loops
}

/** Radians in -pi..pi: how far one turns to the right from a side to the next. */
function turnTo([a, b]: Side, [c, d]: Side): number {
  const turn = Math.atan2(d.y - c.y, d.x - c.x) - Math.atan2(b.y - a.y, b.x - a.x)
  return Math.atan2(Math.sin(turn), Math.cos(turn))
}

/** Where two outlines were joined, vertices are left on straight lines. */
function withoutStraightVertices(loop: readonly Point[]): Point[] {
  const corner = loop.findIndex(
    (vertex, index) =>
      Math.abs(turnTo([loop.at(index - 1)!, vertex], [vertex, loop[(index + 1) % loop.length]!])) > 0.01,
  )
  if (corner < 0) return []
  const around = [...loop.slice(corner), ...loop.slice(0, corner + 1)]
  return simplified(around, TOUCH_PX).slice(0, -1)
}

const clockwise = (vertices: readonly Point[]): readonly Point[] =>
  signedArea(vertices) < 0 ? [...vertices].reverse() : vertices
const sidesOf = (vertices: readonly Point[]): Side[] =>
  vertices.map((from, index) => [from, vertices[(index + 1) % vertices.length]!])
const apart = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y)
const back = ([from, to]: Side): Side => [to, from]
const middle = ([a, b]: Side): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })
const placeKey = ({ x, y }: Point): string => `${x},${y}`
const keyOf = ([from, to]: Side): string => `${placeKey(from)} ${placeKey(to)}`
