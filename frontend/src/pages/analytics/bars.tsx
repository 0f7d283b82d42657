/** Values as bars beside their names, or as columns along time. All that they show is in a table beside them, too. */

const WIDTH = 720
const HEIGHT = 120

export interface Bar {
  readonly name: string
  /** null: not known. */
  readonly value: number | null
  readonly said: string
}

/** One column for each value, from left to right; the highest fills the height. */
export function Columns({ name, said, bars }: { name: string; said: string; bars: readonly Bar[] }) {
  const most = highest(bars)
  const step = WIDTH / Math.max(bars.length, 1)
  const gap = Math.min(step * 0.2, 4)
  return (
    <figure class="chart day-columns">
      <figcaption>
        <span class="muted">{name}</span>
        <strong>{said}</strong>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${name}: ${said}`}>
        <path class="chart-grid" d={`M0 ${HEIGHT / 2}H${WIDTH}`} />
        {bars.map(({ name: which, value, said: words }, index) => (
          <rect
            key={which}
            class="chart-bar"
            x={(index * step + gap / 2).toFixed(1)}
            width={Math.max(step - gap, 0.5).toFixed(1)}
            y={(HEIGHT - heightOf(value, most)).toFixed(1)}
            height={heightOf(value, most).toFixed(1)}
          >
            <title>{`${which}: ${words}`}</title>
          </rect>
        ))}
      </svg>
      <div class="chart-ends muted" aria-hidden="true">
        <span>{bars[0]?.name}</span>
        <span>{bars.length > 1 && bars.at(-1)?.name}</span>
      </div>
    </figure>
  )
}

interface LinesProps {
  readonly name: string
  readonly bars: readonly Bar[]
  /** The value that fills a line; undefined: the highest one does. */
  readonly most?: number | undefined
}

/** One line for each value: its name, a bar as long as the value is high, and the value in words. */
export function Lines({ name, bars, most = highest(bars) }: LinesProps) {
  return (
    <figure class="chart named-bars">
      <figcaption>
        <span class="muted">{name}</span>
      </figcaption>
      <ul>
        {bars.map(({ name: which, value, said }) => (
          <li key={which}>
            <span class="chart-name">{which}</span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect class="chart-bar" width={(most ? ((value ?? 0) / most) * 100 : 0).toFixed(1)} height={10} />
            </svg>
            <span class="chart-value">{said}</span>
          </li>
        ))}
      </ul>
    </figure>
  )
}

const highest = (bars: readonly Bar[]): number => Math.max(0, ...bars.map(({ value }) => value ?? 0))

/** A value that is more than nothing is seen. */
const heightOf = (value: number | null, most: number): number =>
  value ? Math.max((value / most) * (HEIGHT - 4), 2) : 0
