import { signal, type Signal } from '@preact/signals-core'
import type { Run } from '@/store/types'

/** The Track settings panel; kept per person. */
export class TrackSettings {
  /** A catalogue id; null: chosen by the kind of shape. */
  readonly model: Signal<string | null>
  readonly direction: Signal<Run['direction']>
  /** How many frames a run goes; null: to the end of the job or video. */
  readonly frames: Signal<number | null>
  /** Track an object again from a frame where it was corrected. */
  readonly autoTrack: Signal<boolean>
  readonly detectOffScreen: Signal<boolean>
  readonly untilKeyframe: Signal<boolean>
  /** Track back from the end, and mark frames on which both ways disagree. */
  readonly checkBothWays: Signal<boolean>
  /** 0..1: predictions below it are marked doubtful. */
  readonly threshold: Signal<number>

  constructor(stored: Partial<StoredTrackSettings> = {}) {
    this.model = signal(stored.model ?? null)
    this.direction = signal(stored.direction ?? 'forward')
    this.frames = signal(stored.frames ?? null)
    this.autoTrack = signal(stored.autoTrack ?? true)
    this.detectOffScreen = signal(stored.detectOffScreen ?? true)
    this.untilKeyframe = signal(stored.untilKeyframe ?? true)
    this.checkBothWays = signal(stored.checkBothWays ?? false)
    this.threshold = signal(stored.threshold ?? 0.5)
  }

  /** Plain values; reading them inside an effect follows all of them. */
  toJSON(): StoredTrackSettings {
    return {
      model: this.model.value,
      direction: this.direction.value,
      frames: this.frames.value,
      autoTrack: this.autoTrack.value,
      detectOffScreen: this.detectOffScreen.value,
      untilKeyframe: this.untilKeyframe.value,
      checkBothWays: this.checkBothWays.value,
      threshold: this.threshold.value,
    }
  }
}

export interface StoredTrackSettings {
  readonly model: string | null
  readonly direction: Run['direction']
  readonly frames: number | null
  readonly autoTrack: boolean
  readonly detectOffScreen: boolean
  readonly untilKeyframe: boolean
  readonly checkBothWays: boolean
  readonly threshold: number
}
