import { signal, type Signal } from '@preact/signals-core'

/** How the page is divided, in CSS px; null: as wide or high as the window suggests. Kept per person. */
export class Layout {
  readonly sideWidth: Signal<number | null>
  readonly timelineHeight: Signal<number | null>

  constructor(stored: Partial<StoredLayout> = {}) {
    this.sideWidth = signal(stored.sideWidth ?? null)
    this.timelineHeight = signal(stored.timelineHeight ?? null)
  }

  toJSON(): StoredLayout {
    return { sideWidth: this.sideWidth.value, timelineHeight: this.timelineHeight.value }
  }
}

export interface StoredLayout {
  readonly sideWidth: number | null
  readonly timelineHeight: number | null
}
