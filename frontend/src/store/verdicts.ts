/** A track's verdicts: spans of frames that don't overlap, rising. Pure. */
import type { SpanVerdict, VerdictsReplace } from '@/protocol/generated'
import type { Range } from './operations'
import { united, without } from './stretches'
import type { FrameNumber, Track } from './types'

export type { SpanVerdict, VerdictsReplace }
export type Verdict = SpanVerdict['verdict']
/** What is shown of a span: one that was changed after its verdict is told apart. */
export type Judgement = Verdict | 'reopened'
/** What is said of a track as a whole; `none`: nothing. */
export type Standing = Verdict | 'none'

export const judgementOf = (span: SpanVerdict): Judgement => (span.reopened ? 'reopened' : span.verdict)

/** What `spans` say of the frames of `ranges`. */
export const within = (spans: readonly SpanVerdict[], ranges: readonly Range[]): SpanVerdict[] =>
  ranges.flatMap(([from, to]) =>
    spans
      .filter(({ first, last }) => first <= to && from <= last)
      .map((span) => ({ ...span, first: Math.max(span.first, from), last: Math.min(span.last, to) })),
  )

/** `coming` instead of what was said of the frames of `ranges`. */
export function putIn(
  spans: readonly SpanVerdict[],
  ranges: readonly Range[],
  coming: readonly SpanVerdict[],
): SpanVerdict[] {
  const stays = spans.flatMap((span) =>
    beside([span.first, span.last], ranges).map(([first, last]) => ({ ...span, first, last })),
  )
  return [...stays, ...coming].sort((a, b) => a.first - b.first)
}

/** The frames of a range that lie in none of `ranges`. */
export const beside = (range: Range, ranges: readonly Range[]): Range[] => without([range], united(ranges))

/** What is said of a frame; null: nothing. */
export function verdictAt(spans: readonly SpanVerdict[], frame: FrameNumber): SpanVerdict | null {
  const span = spans[firstEndingFrom(spans, frame)]
  return span && span.first <= frame ? span : null
}

/** Those of `spans` with frames in first..last: of ten thousand, without looking at all. */
export function spansIn(spans: readonly SpanVerdict[], first: FrameNumber, last: FrameNumber): readonly SpanVerdict[] {
  const from = firstEndingFrom(spans, first)
  let to = from
  while (to < spans.length && spans[to]!.first <= last) to++
  return spans.slice(from, to)
}

/** Index of the first span that ends on `frame` or later. */
function firstEndingFrom(spans: readonly SpanVerdict[], frame: FrameNumber): number {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (spans[middle]!.last < frame) low = middle + 1
    else high = middle
  }
  return low
}

/** The frames of first..last of which nothing is said, or that have to be looked at again. */
export const unreviewed = (spans: readonly SpanVerdict[], first: FrameNumber, last: FrameNumber): Range[] =>
  beside(
    [first, last],
    spans.filter(({ verdict }) => verdict !== 'check').map((span) => [span.first, span.last] as const),
  )

/** What matters most of what is said of a track. */
export function standingOf({ verdicts }: Pick<Track, 'verdicts'>): Standing {
  let found: Standing = 'none'
  for (const { verdict } of verdicts) {
    if (verdict === 'rejected') return verdict
    if (found !== 'check') found = verdict
  }
  return found
}

/** The frames that are accepted. */
export const acceptedIn = (spans: readonly SpanVerdict[]): Range[] =>
  spans.filter(({ verdict }) => verdict === 'accepted').map(({ first, last }) => [first, last] as const)
