import { signal, type Signal } from '@preact/signals-core'

/** Which panels at the side are folded; kept per person. */
export class PanelSettings {
  readonly folded: Signal<readonly string[]>

  constructor(stored: Partial<StoredPanelSettings> = {}) {
    this.folded = signal(stored.folded ?? [])
  }

  isOpen(panel: string): boolean {
    return !this.folded.value.includes(panel)
  }

  toggle(panel: string): void {
    this.folded.value = this.isOpen(panel)
      ? [...this.folded.value, panel]
      : this.folded.value.filter((each) => each !== panel)
  }

  open(panel: string): void {
    if (!this.isOpen(panel)) this.toggle(panel)
  }

  toJSON(): StoredPanelSettings {
    return { folded: this.folded.value }
  }
}

export interface StoredPanelSettings {
  readonly folded: readonly string[]
}
