/** Where the ruler has numbers, and which. Pure. */
import { clock } from '@/core/times'
import type { Units } from '@/editor/preferences/timeline'
import { tickStep, type Scale } from './scale'

export interface Ticks {
  /** Frames between two ticks; may be fractional where a second isn't a whole number of frames. */
  readonly step: number
  readonly label: (frame: number) => string
}

const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]
/** CSS px that a number needs, with room. */
const FRAMES_PX = 70
const TIME_PX = 84

export function ticksOf(scale: Scale, units: Units, fps: number): Ticks {
  if (units === 'frames') return { step: tickStep(scale, FRAMES_PX), label: String }
  const seconds = SECONDS.find((each) => each * fps * scale.perFrame >= TIME_PX) ?? 7200
  const step = tickStep(scale, TIME_PX)
  if (seconds > 1 || step > fps / 2) return { step: seconds * fps, label: (frame) => clock(frame / fps, 0) }
  return { step, label: (frame) => clock(frame / fps) }
}
