import type { EditorConfig, Track } from './types'

/** A track's own colour, or its label's. */
export function trackColour(config: EditorConfig, track: Track): string {
  return track.colour || (config.labels.find((label) => label.id === track.label)?.colour ?? '#8899aa')
}
