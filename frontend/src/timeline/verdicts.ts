/** What reviewers said of a track, as a band along the top of its row: told apart by colour and by pattern. */
import type { Track } from '@/store/types'
import { judgementOf, spansIn, type Judgement } from '@/store/verdicts'
import { xOf, type Palette, type Surface } from './layout'

const BAND_PX = 4

interface Look {
  readonly colour: keyof Palette
  /** px drawn and px left out; none: drawn all through. */
  readonly dash: readonly [on: number, off: number] | null
  /** Whether a thin line of the same colour runs through what is left out. */
  readonly joined: boolean
}

const LOOKS: Record<Judgement, Look> = {
  accepted: { colour: 'ok', dash: null, joined: false },
  rejected: { colour: 'danger', dash: [7, 3], joined: false },
  check: { colour: 'warn', dash: [2, 3], joined: false },
  reopened: { colour: 'warn', dash: [5, 4], joined: true },
}

/** The spans on the frames in view; `y`: the top of the row. */
export function drawVerdicts(surface: Surface, track: Track, frames: readonly [number, number], y: number): void {
  if (!track.verdicts.length) return
  const { scale } = surface
  let drawnTo = -Infinity
  for (const span of spansIn(track.verdicts, ...frames)) {
    const left = xOf(scale, Math.max(span.first, frames[0]))
    const right = Math.max(xOf(scale, Math.min(span.last, frames[1]) + 1), left + 1)
    // Of thousands in a pixel one is seen.
    if (right < drawnTo + 0.5) continue
    drawnTo = right
    drawBand(surface, LOOKS[judgementOf(span)], left, right, y)
  }
}

function drawBand({ context, palette }: Surface, look: Look, left: number, right: number, y: number): void {
  context.fillStyle = palette[look.colour]
  if (!look.dash) {
    context.fillRect(left, y, right - left, BAND_PX)
    return
  }
  const [on, off] = look.dash
  for (let x = left; x < right; x += on + off) context.fillRect(x, y, Math.min(on, right - x), BAND_PX)
  if (look.joined) context.fillRect(left, y + BAND_PX - 1, right - left, 1)
}
