import { t } from '@/core/text'
import type { ComparisonReport } from '@/protocol/generated'
import type { DifferenceKind } from '@/store/difference-kinds'

const HEIGHT = 40

interface DifferenceChartProps {
  readonly chart: ComparisonReport['chart']
  readonly kinds: readonly DifferenceKind[]
  /** Of the video. */
  readonly frames: number
  /** The frame that one looks at; null: none. */
  readonly at: number | null
  readonly onPick: (frame: number) => void
}

/** How many boxes differ when, in the chosen kinds; a click goes there. */
export function DifferenceChart({ chart, kinds, frames, at, onPick }: DifferenceChartProps) {
  const parts = chart['missed']?.length ?? 0
  const most = highest(chart, kinds)
  const heights = new Float64Array(parts)
  return (
    <svg
      class="difference-chart"
      viewBox={`0 0 ${parts} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t('Differences along the video, at most {most} boxes in a part', { most })}
      onClick={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect()
        onPick(Math.floor(((event.clientX - left) / width) * frames))
      }}
    >
      {kinds.map((kind) => (
        <path key={kind} class={`difference-${kind}`} d={bars(chart[kind] ?? [], heights, most)} />
      ))}
      {at !== null && (
        <rect
          class="head"
          x={((at + 0.5) / frames) * parts - 0.5}
          y={0}
          width={Math.max(parts / 200, 0.2)}
          height={HEIGHT}
        />
      )}
    </svg>
  )
}

/** The most boxes that differ in one part, in some kinds; at least 1. */
export function highest(chart: ComparisonReport['chart'], kinds: readonly DifferenceKind[]): number {
  const parts = chart['missed']?.length ?? 0
  const totals = Array.from({ length: parts }, (_, part) =>
    kinds.reduce((sum, kind) => sum + (chart[kind]?.[part] ?? 0), 0),
  )
  return Math.max(...totals, 1)
}

/** Bars on top of those that `heights` has, which grow. */
function bars(counts: readonly number[], heights: Float64Array, most: number): string {
  return counts
    .map((count, part) => {
      const below = heights[part]!
      heights[part] = below + (count / most) * HEIGHT
      return count ? `M${part} ${HEIGHT - below}V${HEIGHT - heights[part]}h1V${HEIGHT - below}z` : ''
    })
    .join('')
}
