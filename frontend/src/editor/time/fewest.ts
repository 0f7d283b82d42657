/**
 * The fewest samples of a curve that tell all of it by interpolation. Pure.
 *
 * Breadth first: every sample is reached with as few steps as possible, a step being two samples between which
 * interpolation is off by no more than the tolerance. Where interpolation goes in straight lines, the slopes that the
 * samples passed so far allow form a wedge: once that is empty, nothing further can be reached from there.
 */
export interface Curve {
  readonly count: number
  /** How far, in px, sample `at` lies from what interpolation between the samples `from` and `to` shows there. */
  readonly error: (from: number, to: number, at: number) => number
  /** Given where interpolation goes in straight lines. */
  readonly lines?: Lines
}

export interface Lines {
  /** Rising; of each sample. */
  readonly times: ArrayLike<number>
  /** `width` px values per sample. None is off by more than the error. */
  readonly coordinates: Float64Array
  readonly width: number
  /** When each coordinate is off by no more than this share of a tolerance, the error keeps to it. */
  readonly share: number
}

/** Samples that a step may pass where nothing is known of the curve but its error: bounds the work. */
const LONGEST_STEP = 128
/** px: sums of floating point numbers are this exact. */
const ROUNDING = 1e-6

/** Indices of the fewest samples, first and last among them, that keep the error within `tolerance` px. */
export function fewest(curve: Curve, tolerance: number): number[] {
  const last = curve.count - 1
  if (last < 1) return last < 0 ? [] : [0]
  const previous = new Int32Array(curve.count).fill(-1)
  let level = [0]
  while (previous[last]! < 0) {
    const next: number[] = []
    // From the farthest first: what it reaches need not be tried from the others.
    for (let index = level.length - 1; index >= 0 && previous[last]! < 0; index--)
      explore(curve, tolerance, level[index]!, previous, next)
    level = next.sort((a, b) => a - b)
  }
  return pathTo(last, previous)
}

function pathTo(last: number, previous: Int32Array): number[] {
  const path = [last]
  for (let at = last; at > 0;) {
    at = previous[at]!
    path.unshift(at)
  }
  return path
}

/** Note every sample that one step from `from` reaches and none reached before. */
function explore(curve: Curve, tolerance: number, from: number, previous: Int32Array, next: number[]): void {
  const wedge = curve.lines && new Wedge(curve.lines, from, tolerance)
  const end = wedge ? curve.count - 1 : Math.min(from + LONGEST_STEP, curve.count - 1)
  let suspect = from
  for (let to = from + 1; to <= end; to++) {
    if (previous[to]! < 0) {
      const guess = wedge ? wedge.judge(to) : 'unsure'
      // What was off for one end is likely to be off for the next.
      if (guess === 'unsure') suspect = firstOff(curve, tolerance, from, to, suspect)
      if (guess === 'within' || (guess === 'unsure' && suspect === from)) {
        previous[to] = from
        next.push(to)
      }
    }
    if (wedge && !wedge.narrow(to)) return
  }
}

/** A sample between the two that is off by more than the tolerance, `suspect` if it is; `from` when there is none. */
function firstOff({ error }: Curve, tolerance: number, from: number, to: number, suspect: number): number {
  if (suspect > from && suspect < to && error(from, to, suspect) > tolerance) return suspect
  for (let at = to - 1; at > from; at--) if (error(from, to, at) > tolerance) return at
  return from
}

/** Slopes, per coordinate, with which a line from one sample passes all the samples since within a tolerance. */
class Wedge {
  private readonly low: Float64Array
  private readonly high: Float64Array
  /** The same for a tolerance that suffices by itself. */
  private readonly safeLow: Float64Array
  private readonly safeHigh: Float64Array

  constructor(
    private readonly lines: Lines,
    private readonly from: number,
    private readonly tolerance: number,
  ) {
    this.low = new Float64Array(lines.width).fill(-Infinity)
    this.high = new Float64Array(lines.width).fill(Infinity)
    this.safeLow = this.low.slice()
    this.safeHigh = this.high.slice()
  }

  /** Whether the line to a sample passes the ones between within the tolerance, as far as the slopes tell. */
  judge(to: number): 'within' | 'off' | 'unsure' {
    const { coordinates, times, width } = this.lines
    const time = times[to]! - times[this.from]!
    let safe = true
    for (let axis = 0; axis < width; axis++) {
      const slope = (coordinates[to * width + axis]! - coordinates[this.from * width + axis]!) / time
      if (slope < this.low[axis]! || slope > this.high[axis]!) return 'off'
      safe &&= slope >= this.safeLow[axis]! && slope <= this.safeHigh[axis]!
    }
    return safe ? 'within' : 'unsure'
  }

  /** The line has to pass this sample too. False when no line does any more. */
  narrow(at: number): boolean {
    const { coordinates, times, width, share } = this.lines
    const time = times[at]! - times[this.from]!
    const reach = (this.tolerance + ROUNDING) / time
    const safe = Math.max(this.tolerance * share - ROUNDING, 0) / time
    for (let axis = 0; axis < width; axis++) {
      const slope = (coordinates[at * width + axis]! - coordinates[this.from * width + axis]!) / time
      this.low[axis] = Math.max(this.low[axis]!, slope - reach)
      this.high[axis] = Math.min(this.high[axis]!, slope + reach)
      this.safeLow[axis] = Math.max(this.safeLow[axis]!, slope - safe)
      this.safeHigh[axis] = Math.min(this.safeHigh[axis]!, slope + safe)
      if (this.low[axis]! > this.high[axis]!) return false
    }
    return true
  }
}
