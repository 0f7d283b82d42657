/** Dense predictions as few keyframes, between which interpolation shows the same within a tolerance. Pure. */
import { between, kindOf } from '@/geometry/kinds'
import { pointsOf, Seen } from '@/geometry/kinds/point-list'
import type { Range } from '@/store/operations'
import type { FrameNumber, Row } from '@/store/types'
import { fewest, type Curve } from './fewest'
import { keyframed, parts, type Rows } from './rows'

export interface Thinned {
  readonly rows: Row[]
  /** Rows with a shape in the range, before and after. */
  readonly before: number
  readonly after: number
  /** For each of the rows before: its frame, and by how many px what is shown there is off now. */
  readonly frames: readonly FrameNumber[]
  readonly errors: readonly number[]
}

export interface ThinOptions {
  /** px that a corner or vertex may be off. */
  readonly tolerance: number
  /** Whether a person's keyframes all stay. */
  readonly keepKeyframes: boolean
}

/** Thin out the rows in a range. What is left there are keyframes, so that nothing is predicted any more. */
export function thin(rows: Rows, range: Range, options: ThinOptions): Thinned {
  const [head, inside, tail] = parts(rows, range)
  const kept: Row[] = []
  const frames: FrameNumber[] = []
  const errors: number[] = []
  let before = 0
  let after = 0
  for (const run of runs(inside)) {
    if (run[0]!.outside) {
      kept.push(...thinGap(run, options.keepKeyframes))
      continue
    }
    const { indices, curve } = chosen(run, options)
    for (const index of indices) kept.push(asKeyframe(run[index]!))
    before += run.length
    after += indices.length
    for (const row of run) frames.push(row.frame)
    for (const error of errorsOf(curve, indices)) errors.push(error)
  }
  return { rows: [...head, ...kept, ...tail], before, after, frames, errors }
}

/** Rows one after the other that are all outside, or that are all shapes of one kind. */
function runs(rows: Rows): Row[][] {
  const found: Row[][] = []
  for (const row of rows) {
    const latest = found.at(-1)
    const previous = latest?.at(-1)
    if (latest && previous && previous.outside === row.outside && (row.outside || previous.kind === row.kind))
      latest.push(row)
    else found.push([row])
  }
  return found
}

/** A gap is told by its first row. */
const thinGap = (run: Rows, keepKeyframes: boolean): Row[] =>
  run
    .filter((row, index) => index === 0 || (keepKeyframes && row.keyframe))
    .map((row) => (row.keyframe ? row : { ...keyframed(row), outside: true }))

const asKeyframe = (row: Row): Row => (row.keyframe ? row : keyframed(row))

function chosen(run: Rows, { tolerance, keepKeyframes }: ThinOptions): { indices: number[]; curve: Curve } {
  const curve = curveOf(run)
  const held = run.map(heldOf)
  const fixed = run.flatMap((row, index) => {
    const changes = index === 0 || index === run.length - 1 || held[index] !== held[index - 1]
    return changes || (keepKeyframes && row.keyframe) ? [index] : []
  })
  const indices = fixed.slice(0, 1)
  fixed.slice(1).forEach((to, index) => {
    const from = fixed[index]!
    for (const step of fewest(part(curve, from, to), tolerance).slice(1)) indices.push(from + step)
  })
  return { indices, curve }
}

function errorsOf(curve: Curve, indices: readonly number[]): number[] {
  const errors = new Array<number>(curve.count).fill(0)
  indices.slice(1).forEach((to, index) => {
    const from = indices[index]!
    for (let at = from + 1; at < to; at++) errors[at] = curve.error(from, to, at)
  })
  return errors
}

/** The samples from one to another, as a curve of their own. */
function part({ error, lines }: Curve, first: number, last: number): Curve {
  const shifted = (from: number, to: number, at: number) => error(first + from, first + to, first + at)
  if (!lines) return { count: last - first + 1, error: shifted }
  const { times, coordinates, width } = lines
  return {
    count: last - first + 1,
    error: shifted,
    lines: {
      ...lines,
      times: Array.prototype.slice.call(times, first, last + 1) as number[],
      coordinates: coordinates.subarray(first * width, (last + 1) * width),
    },
  }
}

/** What is held from keyframe to keyframe, so that there has to be one where it changes. */
const heldOf = (row: Row): string =>
  `${row.occluded} ${
    hasPoints(row)
      ? pointsOf(row)
          .map(({ seen }) => seen)
          .join('')
      : ''
  }`

const hasPoints = ({ kind }: Row) => kind === 'points' || kind === 'skeleton'

function curveOf(run: Rows): Curve {
  if (run[0]!.kind === 'box') return boxCurve(run)
  return { ...anyCurve(run), ...(hasPoints(run[0]!) ? pointLines(run) : {}) }
}

/** Any kind: interpolated and compared as its kind says. */
function anyCurve(run: Rows): Curve {
  const { distance } = kindOf(run[0]!)
  return {
    count: run.length,
    error: (from, to, at) => {
      const [before, after, row] = [run[from]!, run[to]!, run[at]!]
      return distance(between(before, after, (row.frame - before.frame) / (after.frame - before.frame)), row)
    },
  }
}

/** Points that are there on every frame move in straight lines. */
function pointLines(run: Rows): Pick<Curve, 'lines'> {
  const points = run.map(pointsOf)
  const count = points[0]!.length
  if (points.some((each) => each.length !== count || each.some(({ seen }) => seen === Seen.absent))) return {}
  const coordinates = Float64Array.from(points.flatMap((each) => each.flatMap(({ x, y }) => [x, y])))
  return { lines: { times: run.map(({ frame }) => frame), coordinates, width: 2 * count, share: Math.SQRT1_2 } }
}

/** The same for boxes, without making any: there are a million comparisons in a long track. */
function boxCurve(run: Rows): Curve {
  const times = run.map(({ frame }) => frame)
  const coordinates = Float64Array.from(run.flatMap(({ bounds }) => bounds))
  return {
    count: run.length,
    error: (from, to, at) => {
      const share = (times[at]! - times[from]!) / (times[to]! - times[from]!)
      const off = (axis: number) => {
        const [start, end] = [coordinates[4 * from + axis]!, coordinates[4 * to + axis]!]
        return Math.abs(start + (end - start) * share - coordinates[4 * at + axis]!)
      }
      return Math.hypot(Math.max(off(0), off(2)), Math.max(off(1), off(3)))
    },
    lines: { times, coordinates, width: 4, share: Math.SQRT1_2 },
  }
}
