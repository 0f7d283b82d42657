/**
 * Which vertex becomes which between two outlines (`tracking/shapes/outlines.py` does the same).
 *
 * Both are laid with their means on each other. Outlines with as many vertices are matched vertex to vertex: of a polygon all
 * first vertices and both directions are tried (beyond 128 vertices, 128 first ones spread evenly), of a polyline both directions; the
 * least sum of squared distances wins, an earlier try unless a later is clearly better. With other numbers of vertices, 64
 * points at even distances along both are compared in the same way; then each outline gets the vertices of both, by how far
 * along it they lie, so that at its own keyframe each looks exactly as it was drawn.
 */
import type { Point } from '../box'

const TRIES = 128
const SAMPLES = 64
/** How much better a later try must be: two computers may round differently. */
const CLEARLY = 1e-6

/** Two lists of as many points, which become each other point by point. */
export interface Matched {
  readonly from: readonly Point[]
  readonly to: readonly Point[]
}

export function matched(before: readonly Point[], after: readonly Point[], closed: boolean): Matched {
  if (before.length === after.length) return { from: before, to: bestTurn(before, turnsOf(after, closed)) }
  const spaced = sampled(before, closed)
  const to = bestTurn(spaced, turnsOf(after, closed), (turn) => sampled(turn, closed))
  const [own, others] = [sharesOf(before, closed), sharesOf(to, closed)]
  const shares = merged(own, others)
  return { from: shares.map((share) => along(before, own, share)), to: shares.map((share) => along(to, others, share)) }
}

/** The outline begun at other vertices, and the other way round. */
function turnsOf(points: readonly Point[], closed: boolean): Point[][] {
  const ways = [[...points], [...points].reverse()]
  if (!closed) return ways
  const tries = Math.min(points.length, TRIES)
  return ways.flatMap((way) =>
    Array.from({ length: tries }, (_, index) => {
      const first = Math.floor((index * points.length) / tries)
      return [...way.slice(first), ...way.slice(0, first)]
    }),
  )
}

function bestTurn(
  target: readonly Point[],
  turns: readonly Point[][],
  measured: (turn: Point[]) => readonly Point[] = (turn) => turn,
): Point[] {
  const fixed = centred(target)
  let best = turns[0]!
  let least = Infinity
  for (const turn of turns) {
    const cost = centred(measured(turn)).reduce(
      (sum, { x, y }, index) => sum + (x - fixed[index]!.x) ** 2 + (y - fixed[index]!.y) ** 2,
      0,
    )
    if (cost >= least - CLEARLY * (1 + least)) continue
    best = turn
    least = cost
  }
  return best
}

function centred(points: readonly Point[]): Point[] {
  const x = points.reduce((sum, point) => sum + point.x, 0) / points.length
  const y = points.reduce((sum, point) => sum + point.y, 0) / points.length
  return points.map((point) => ({ x: point.x - x, y: point.y - y }))
}

/**
 * How far along the outline (0..1) each vertex lies; of a closed one, 1 for its first vertex again at the end. Vertices that
 * all lie on one place are spread evenly: they stay as many as they are.
 */
function sharesOf(points: readonly Point[], closed: boolean): number[] {
  const lengths = [0]
  const sides = closed ? points.length : points.length - 1
  for (let index = 0; index < sides; index++) {
    const [a, b] = [points[index]!, points[(index + 1) % points.length]!]
    lengths.push(lengths[index]! + Math.hypot(b.x - a.x, b.y - a.y))
  }
  const whole = lengths.at(-1)!
  return lengths.map((length, index) => (whole > 0 ? length / whole : index / sides))
}

/** The point at `share` (0..1) of the outline's length; `shares` are those of its vertices. */
function along(points: readonly Point[], shares: readonly number[], share: number): Point {
  let index = 0
  while (index < shares.length - 2 && shares[index + 1]! <= share) index++
  const [from, to] = [shares[index]!, shares[index + 1]!]
  const [a, b] = [points[index]!, points[(index + 1) % points.length]!]
  const part = to > from ? Math.min(Math.max((share - from) / (to - from), 0), 1) : 0
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part }
}

function sampled(points: readonly Point[], closed: boolean): Point[] {
  const shares = sharesOf(points, closed)
  return Array.from({ length: SAMPLES }, (_, index) => along(points, shares, index / (closed ? SAMPLES : SAMPLES - 1)))
}

/** Two rising lists as one, without repetitions. */
function merged(a: readonly number[], b: readonly number[]): number[] {
  const all = [...a, ...b].sort((one, other) => one - other)
  return all.filter((share, index) => index === 0 || share - all[index - 1]! > CLEARLY)
}
