import type { EditorConfig, ShownShape, Track } from './types'

/** What a colour tells apart: labels, single objects, or where a shape comes from. */
export type ColourBy = 'label' | 'object' | 'origin'

const UNKNOWN = '#8899aa'
/** What asks for a look. */
export const DOUBTFUL = '#ffc857'
const ORIGINS: Record<ShownShape['origin'], string> = {
  keyframe: '#4dabf7',
  predicted: '#69db7c',
  interpolated: '#ced4da',
}
/** Neighbouring numbers get hues as far apart as can be. */
const GOLDEN_ANGLE = 137.508

/** A track's own colour, or else its label's, or one that its number gives it. */
export function trackColour(config: EditorConfig, track: Track, by: ColourBy = 'label'): string {
  if (track.colour) return track.colour
  if (by === 'object') return distinctColour(Math.abs(track.number))
  return config.labels.find((label) => label.id === track.label)?.colour ?? UNKNOWN
}

/** The colour of a shape, by its origin or its track: #rrggbb. */
export function shapeColour(config: EditorConfig, { track, origin, doubtful }: ShownShape, by: ColourBy): string {
  if (by !== 'origin') return trackColour(config, track, by)
  return doubtful ? DOUBTFUL : ORIGINS[origin]
}

/** #rrggbb, always the same for a number. */
export function distinctColour(number: number): string {
  const hue = (number * GOLDEN_ANGLE) % 360
  const lightness = [0.6, 0.72, 0.5][number % 3]!
  const amplitude = 0.75 * Math.min(lightness, 1 - lightness)
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12
    const value = lightness - amplitude * Math.max(-1, Math.min(k - 3, 9 - k, 1))
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(0)}${channel(8)}${channel(4)}`
}
