import { t } from '@/core/text'

const HEIGHT = 100

interface Span {
  readonly at: number
  readonly value: number
}

/** A share in [0, 1] over the last `seconds`, as an area; where nothing is known there is a gap.
 * `at`: how many seconds ago each value was, oldest first. */
export function Chart({
  name,
  values,
  at,
  seconds,
  said,
}: {
  name: string
  values: readonly (number | null)[]
  at: readonly number[]
  seconds: number
  said: string
}) {
  const spans = spansOf(values, at)
  const minutes = Math.round(seconds / 60)
  return (
    <figure class="chart">
      <figcaption>
        <span class="muted">{name}</span>
        <strong>{said}</strong>
      </figcaption>
      <svg
        viewBox={`0 0 ${seconds} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('{name}: {said}. The last {minutes} minutes.', { name, said, minutes })}
      >
        <path class="chart-grid" d={`M0 ${HEIGHT / 2}H${seconds}`} />
        {spans.map((span) => (
          <g key={span[0]?.at}>
            <path class="chart-area" d={`${lineOf(span, seconds)}V${HEIGHT}H${seconds - (span[0]?.at ?? 0)}Z`} />
            <path class="chart-line" d={lineOf(span, seconds)} />
          </g>
        ))}
      </svg>
    </figure>
  )
}

/** Values that follow each other closely; a machine that was away, or said nothing, leaves a gap. */
const APART_S = 16

export function spansOf(values: readonly (number | null)[], at: readonly number[]): readonly (readonly Span[])[] {
  const spans: Span[][] = []
  values.forEach((value, index) => {
    const ago = at[index]
    if (value === null || ago === undefined) return
    const last = spans.at(-1)
    const before = last?.at(-1)
    if (last && before && before.at - ago <= APART_S && values[index - 1] !== null) last.push({ at: ago, value })
    else spans.push([{ at: ago, value }])
  })
  return spans
}

const lineOf = (span: readonly Span[], seconds: number): string =>
  span.map(({ at, value }, index) => `${index ? 'L' : 'M'}${(seconds - at).toFixed(1)} ${yOf(value)}`).join('')

/** A line at the very top or bottom would lose half of its width. */
const yOf = (value: number): string => (HEIGHT - 2 - value * (HEIGHT - 4)).toFixed(1)
