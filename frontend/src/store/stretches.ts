/** Stretches of frames, both ends included: lists of them are in rising order and don't overlap. */
import type { FrameNumber } from './types'

/** First and last frame, both included; first <= last. */
export type Frames = readonly [first: FrameNumber, last: FrameNumber]

/** Any stretches as a list of them; what touches is joined. */
export function united(stretches: Iterable<Frames>): [FrameNumber, FrameNumber][] {
  const joined: [FrameNumber, FrameNumber][] = []
  for (const [first, last] of [...stretches].sort(([a], [b]) => a - b)) {
    const latest = joined.at(-1)
    if (latest && first <= latest[1] + 1) latest[1] = Math.max(latest[1], last)
    else joined.push([first, last])
  }
  return joined
}

/** What of `from` no stretch of `taken` holds. */
export function without(from: readonly Frames[], taken: readonly Frames[]): [FrameNumber, FrameNumber][] {
  const left: [FrameNumber, FrameNumber][] = []
  for (const [begin, end] of from) {
    let first = begin
    for (let index = indexAt(taken, begin); index < taken.length && taken[index]![0] <= end; index++) {
      const [from, to] = taken[index]!
      if (from > first) left.push([first, from - 1])
      first = Math.max(first, to + 1)
    }
    if (first <= end) left.push([first, end])
  }
  return left
}

/** Whether any of `stretches` has a frame of first..last; a last one before the first: none. */
export function meets(stretches: readonly Frames[], first: FrameNumber, last: FrameNumber): boolean {
  return first <= last && (stretches[indexAt(stretches, first)]?.[0] ?? Infinity) <= last
}

/** The stretch that holds a frame. */
export function stretchOf(stretches: readonly Frames[], frame: FrameNumber): Frames | null {
  const found = stretches[indexAt(stretches, frame)]
  return found && found[0] <= frame ? found : null
}

/** Index of the first of `stretches` that ends at or behind `frame`. */
export function indexAt(stretches: readonly Frames[], frame: FrameNumber): number {
  let [low, high] = [0, stretches.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (stretches[middle]![1] < frame) low = middle + 1
    else high = middle
  }
  return low
}
