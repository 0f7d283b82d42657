import { t } from '@/core/text'
import type { FrameNumber } from '@/store/types'

const WIDTH = 480
const HEIGHT = 96
/** Room for the numbers at the left and below. */
const LEFT = 34
const BELOW = 16

interface Sampled {
  readonly frames: readonly FrameNumber[]
  /** px */
  readonly errors: readonly number[]
}

/** Errors in px over frames, the largest of all tracks where several are off, with the tolerance as a line. */
export function ErrorChart({ samples, tolerance }: { samples: readonly Sampled[]; tolerance: number }) {
  const ends = samples.flatMap(({ frames }) => [frames[0], frames.at(-1)]).filter((frame) => frame !== undefined)
  if (!ends.length) return null
  const [first, last] = [Math.min(...ends), Math.max(...ends)]
  const columns = largestPerColumn(samples, first, last)
  const y = (error: number) => HEIGHT - BELOW - (error / (tolerance * 1.15)) * (HEIGHT - BELOW)
  const bars = columns
    .map((error, column) => (error > 0 ? `M${LEFT + column + 0.5} ${HEIGHT - BELOW}V${y(error).toFixed(1)}` : ''))
    .join('')
  return (
    <svg
      class="error-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t('Error from frame {first} to {last}, at most {most} px', {
        first,
        last,
        most: Math.max(...columns).toFixed(1),
      })}
    >
      <path class="bars" d={bars} />
      <path class="limit" d={`M${LEFT} ${y(tolerance)}H${WIDTH}`} />
      <path class="axis" d={`M${LEFT} ${HEIGHT - BELOW}H${WIDTH}`} />
      <text x={LEFT - 5} y={y(tolerance) + 4} text-anchor="end">
        {tolerance.toFixed(1)}
      </text>
      <text x={LEFT - 5} y={HEIGHT - BELOW + 1} text-anchor="end">
        {t('0 px')}
      </text>
      <text x={LEFT} y={HEIGHT - 2}>
        {first}
      </text>
      <text x={WIDTH} y={HEIGHT - 2} text-anchor="end">
        {last}
      </text>
    </svg>
  )
}

function largestPerColumn(samples: readonly Sampled[], first: FrameNumber, last: FrameNumber): number[] {
  const columns = new Array<number>(WIDTH - LEFT).fill(0)
  for (const { frames, errors } of samples) {
    frames.forEach((frame, index) => {
      const column = Math.min(Math.floor(((frame - first) / (last - first + 1)) * columns.length), columns.length - 1)
      columns[column] = Math.max(columns[column]!, errors[index]!)
    })
  }
  return columns
}
