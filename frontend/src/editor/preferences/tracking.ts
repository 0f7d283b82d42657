import type { Signal } from '@preact/signals-core'
import type { Run } from '@/store/types'
import type { Family } from '@/editor/following/models'
import { count, flag, maybe, number, oneOf, settingsByName, text } from './fields'
import { kept } from './kept'

const DIRECTIONS = ['forward', 'backward', 'both'] as const satisfies readonly Run['direction'][]

/** The Track settings panel. */
export class TrackSettings extends kept({
  /** What follows boxes: a catalogue id; null: chosen by the kind of shape. */
  model: maybe(text('')),
  /** The same for points and all that is made of them, and for masks. */
  pointsModel: maybe(text('')),
  maskModel: maybe(text('')),
  /** What is set of each model, by its id; what is absent is as the model has it. */
  modelSettings: settingsByName(),
  /** The only machine that runs go to, by id; null: the best one. */
  machine: maybe(count(1, 1, Number.MAX_SAFE_INTEGER)),
  direction: oneOf(DIRECTIONS, 'forward'),
  /** How many frames a run goes; null: to the end of the job or video. */
  frames: maybe(count(1, 1, Number.MAX_SAFE_INTEGER)),
  /** Track an object again from a frame where it was corrected. */
  autoTrack: flag(true),
  detectOffScreen: flag(true),
  untilKeyframe: flag(true),
  /** Follow boxes, rotated boxes and polygons as masks, and keep each as what it is. */
  asMask: flag(false),
  /** Track back from the end, and mark frames on which both ways disagree. */
  checkBothWays: flag(false),
  /** 0..1: predictions below it are marked doubtful. */
  threshold: number(0.5, 0, 1),
}) {
  /** Where the choice of a model for a family of geometry is kept. */
  modelOf(family: Family): Signal<string | null> {
    return { box: this.model, points: this.pointsModel, mask: this.maskModel }[family]
  }
}
