/** One object's way: the anchors of its rows, joined by straight lines where interpolation joins them. */
import type { Point } from '@/geometry/box'
import { Flag, windowStart } from '@/store/chunks'
import type { TrackRows } from '@/store/track-rows'
import type { FrameNumber } from '@/store/types'
import type { Anchor } from '@/editor/preferences/trajectories'

/** The point of an object's bounds that its way is drawn of. */

/** Where stretches that ways are worked out for begin. */
export const fromFrame = windowStart

export class Path {
  readonly frames: FrameNumber[] = []
  readonly xs: number[] = []
  readonly ys: number[] = []
  /** The rows' flags. */
  readonly flags: number[] = []
  /** Whether a row isn't joined to the one before it in the list. */
  readonly begins: boolean[] = []

  get length(): number {
    return this.frames.length
  }

  add(frame: FrameNumber, { x, y }: Point, flags: number, begins: boolean): void {
    this.frames.push(frame)
    this.xs.push(x)
    this.ys.push(y)
    this.flags.push(flags)
    this.begins.push(begins)
  }

  /** Index of the first row at or after `frame`. */
  at(frame: FrameNumber): number {
    let low = 0
    let high = this.frames.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.frames[middle]! < frame) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The place on a frame, in px of the video; null where the object isn't shown. */
  place(frame: FrameNumber): Point | null {
    const after = this.at(frame)
    if (this.frames[after] === frame) return { x: this.xs[after]!, y: this.ys[after]! }
    if (after === 0 || after === this.length || this.begins[after]) return null
    const share = (frame - this.frames[after - 1]!) / (this.frames[after]! - this.frames[after - 1]!)
    const mix = (values: readonly number[]) => values[after - 1]! + (values[after]! - values[after - 1]!) * share
    return { x: mix(this.xs), y: mix(this.ys) }
  }

  /** Px of the video per frame on the way to row `index`; 0 where nothing leads there. */
  pace(index: number): number {
    if (index < 1 || this.begins[index]) return 0
    const far = Math.hypot(this.xs[index]! - this.xs[index - 1]!, this.ys[index]! - this.ys[index - 1]!)
    return far / (this.frames[index]! - this.frames[index - 1]!)
  }

  /** Every frame of first..last on which the object is shown. */
  places(first: FrameNumber, last: FrameNumber, visit: (at: Point, frame: FrameNumber) => void): void {
    if (!this.length) return
    for (let frame = Math.max(first, this.frames[0]!); frame <= Math.min(last, this.frames.at(-1)!); frame++) {
      const at = this.place(frame)
      if (at) visit(at, frame)
    }
  }
}

/** The way through the rows of first..last, and through the row on either side that interpolation leads to. */
export function pathOf(rows: TrackRows, first: FrameNumber, last: FrameNumber, anchor: Anchor): Path {
  const path = new Path()
  let frame = rows.before(first) ?? rows.after(first - 1)
  let begins = true
  while (frame !== null) {
    const row = rows.row(frame)!
    // An outside row ends what is shown; up to it the last place holds.
    if (!row.outside && row.kind !== 'tag') path.add(frame, anchorOf(row.bounds, anchor), rows.flags(frame), begins)
    begins = row.outside
    if (frame > last) break
    frame = rows.after(frame)
  }
  return path
}

function anchorOf([x1, y1, x2, y2]: readonly [number, number, number, number], anchor: Anchor): Point {
  return { x: (x1 + x2) / 2, y: anchor === 'bottom' ? y2 : (y1 + y2) / 2 }
}

export const isKeyframe = (flags: number) => (flags & Flag.keyframe) !== 0
export const isDoubtful = (flags: number) => (flags & Flag.doubtful) !== 0
