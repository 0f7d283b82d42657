/** What belongs to working along time but to no record: the clipboard, which dialog is open, what was chosen in it last. */
import { signal, type Signal } from '@preact/signals-core'
import type { TrackId } from '@/store/types'
import type { Copied } from './clipboard'

/** `tracks`: those that were selected when it was opened. */
export interface TimeDialog {
  readonly kind: 'propagate' | 'merge' | 'range' | 'thin'
  readonly tracks: readonly TrackId[]
}

export class TimeState {
  readonly clipboard: Signal<Copied | null> = signal(null, { name: 'clipboard' })
  readonly dialog: Signal<TimeDialog | null> = signal(null, { name: 'time dialog' })
  /** How many frames a shape was propagated last; negative: back in time. */
  readonly propagateBy = signal(10, { name: 'propagateBy' })
  /** px that thinning out may change shapes by. */
  readonly tolerance = signal(2, { name: 'tolerance' })
}
