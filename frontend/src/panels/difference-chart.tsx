import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { ComparisonReport } from '@/protocol/generated'
import { DIFFERENCE_KINDS } from '@/store/comparing'

const HEIGHT = 40

/** How many boxes differ when, in the chosen kinds; a click goes there. */
export function DifferenceChart({ editor, report }: { editor: Editor; report: ComparisonReport }) {
  const chart = report.chart
  const parts = chart['missed']?.length ?? 0
  const kinds = DIFFERENCE_KINDS.filter((kind) => editor.store.comparing.kinds.value.has(kind))
  const totals = Array.from({ length: parts }, (_, part) =>
    kinds.reduce((sum, kind) => sum + (chart[kind]?.[part] ?? 0), 0),
  )
  const most = Math.max(...totals, 1)
  const frames = editor.config.video.frame_count
  const at = (editor.session.frame.value + 0.5) / frames
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
        editor.goTo(Math.floor(((event.clientX - left) / width) * frames))
      }}
    >
      {kinds.map((kind) => (
        <path key={kind} class={`difference-${kind}`} d={bars(chart[kind] ?? [], heights, most)} />
      ))}
      <rect class="head" x={at * parts - 0.5} y={0} width={Math.max(parts / 200, 0.2)} height={HEIGHT} />
    </svg>
  )
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
