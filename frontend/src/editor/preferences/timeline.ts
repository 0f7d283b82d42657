import { signal, type Signal } from '@preact/signals-core'

/** What the timeline's ruler counts. */
export type Units = 'frames' | 'time'

export interface StoredTimelineSettings {
  readonly units: Units
}

/** How a person likes the timeline; kept per person. */
export class TimelineSettings {
  readonly units: Signal<Units>

  constructor(stored: unknown) {
    const { units } = (stored ?? {}) as Partial<StoredTimelineSettings>
    this.units = signal(units === 'time' ? 'time' : 'frames', { name: 'units' })
  }

  /** Plain values; reading them inside an effect follows all of them. */
  toJSON(): StoredTimelineSettings {
    return { units: this.units.value }
  }
}
