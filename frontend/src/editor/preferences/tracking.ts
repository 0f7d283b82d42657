import type { Run } from '@/store/types'
import { count, flag, maybe, number, oneOf, text } from './fields'
import { kept } from './kept'

const DIRECTIONS = ['forward', 'backward', 'both'] as const satisfies readonly Run['direction'][]

/** The Track settings panel. */
export class TrackSettings extends kept({
  /** A catalogue id; null: chosen by the kind of shape. */
  model: maybe(text('')),
  direction: oneOf(DIRECTIONS, 'forward'),
  /** How many frames a run goes; null: to the end of the job or video. */
  frames: maybe(count(1, 1, Number.MAX_SAFE_INTEGER)),
  /** Track an object again from a frame where it was corrected. */
  autoTrack: flag(true),
  detectOffScreen: flag(true),
  untilKeyframe: flag(true),
  /** Track back from the end, and mark frames on which both ways disagree. */
  checkBothWays: flag(false),
  /** 0..1: predictions below it are marked doubtful. */
  threshold: number(0.5, 0, 1),
}) {}
