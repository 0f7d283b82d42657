/** Rows of a track as values: cut into pieces that stand by themselves, and put together again. Pure. */
import { between } from '@/geometry/kinds'
import type { Range } from '@/store/operations'
import { rangesOf } from '@/store/transaction'
import type { FrameNumber, Row } from '@/store/types'

export type Rows = readonly Row[]

/** A person's keyframe of what a row shows. */
export const keyframed = (row: Row, frame: FrameNumber = row.frame): Row => ({
  ...row,
  frame,
  keyframe: true,
  predicted: false,
  outside: false,
  doubtful: false,
  confidence: 1,
})

/** The row that begins a gap after `row`, which keeps the geometry to go on from. */
export const gapAfter = (row: Row, frame: FrameNumber = row.frame + 1): Row => ({
  ...keyframed(row, frame),
  outside: true,
})

/** What is shown on a frame between two neighbouring rows, as a keyframe; null in a gap. */
export function shownBetween(before: Row, after: Row, frame: FrameNumber): Row | null {
  if (before.outside) return null
  const held = keyframed(before, frame)
  if (after.outside) return held
  const { bounds, payload } = between(before, after, (frame - before.frame) / (after.frame - before.frame))
  return { ...held, bounds, payload }
}

/** What is shown before `at`, and from it on. Where a shape was interpolated across the cut, both sides get a keyframe. */
export function cut(rows: Rows, at: FrameNumber): [head: Rows, tail: Rows] {
  const index = indexFrom(rows, at)
  const head = rows.slice(0, index)
  const tail = rows.slice(index)
  const [before, after] = [head.at(-1), tail[0]]
  if (!before || !after || before.outside) return [head, tail]
  if (before.frame < at - 1) head.push(shownBetween(before, after, at - 1)!)
  if (after.frame > at) tail.unshift(shownBetween(before, after, at)!)
  return [head, tail]
}

/** What is shown before, within and after a range. */
export function parts(rows: Rows, [first, last]: Range): [before: Rows, within: Rows, after: Rows] {
  const [before, rest] = cut(rows, first)
  const [within, after] = cut(rest, last + 1)
  return [before, within, after]
}

/** The pieces, which follow each other, as one track: between them is a gap. */
export function joined(...pieces: readonly Rows[]): Row[] {
  const all: Row[] = []
  for (const piece of pieces) {
    const last = all.at(-1)
    const rows = begun(piece, last && last.frame + 1)
    const next = rows[0]
    if (last && !last.outside && next && next.frame > last.frame + 1) all.push(gapAfter(last))
    for (const row of rows) all.push(row)
  }
  return all
}

/** Without outside rows at the beginning, where they say nothing; one on frame `kept` stays. */
export function begun(rows: Rows, kept?: FrameNumber): Rows {
  const shown = rows.findIndex((row) => !row.outside || row.frame === kept)
  return shown <= 0 ? (shown ? [] : rows) : rows.slice(shown)
}

/** Index of the first row on or after a frame. */
export function indexFrom(rows: Rows, frame: FrameNumber): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.frame < frame) low = middle + 1
    else high = middle
  }
  return low
}

export const framesOf = (rows: Rows): Range | null => (rows.length ? [rows[0]!.frame, rows.at(-1)!.frame] : null)

/** Ranges of frames on which the rows differ. A row that stayed is the very same object. */
export function differing(former: Rows, rows: Rows): Range[] {
  const frames: FrameNumber[] = []
  let [one, other] = [0, 0]
  while (one < former.length || other < rows.length) {
    const [before, after] = [former[one], rows[other]]
    const frame = Math.min(before?.frame ?? Infinity, after?.frame ?? Infinity)
    if (before !== after) frames.push(frame)
    if (before?.frame === frame) one++
    if (after?.frame === frame) other++
  }
  return rangesOf(frames)
}

/** Ranges this close, in frames, are sent as one: fewer ranges are worth some rows that stay as they are. */
const NEAR = 16

export function coalesced(ranges: readonly Range[]): Range[] {
  const found: [FrameNumber, FrameNumber][] = []
  for (const [first, last] of ranges) {
    const latest = found.at(-1)
    if (latest && first - latest[1] <= NEAR) latest[1] = Math.max(latest[1], last)
    else found.push([first, last])
  }
  return found
}
