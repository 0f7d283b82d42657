/** Edits that the server didn't take: kept in the browser until the person tries them again or lets them go. */
import { signal, type Signal } from '@preact/signals-core'
import { editFromWire, editToWire, type Edit } from './operations'
import type { EditStorage } from './outbox'

export interface Refusal {
  readonly edit: Edit
  /** Why, in the server's words; empty after a reload. */
  readonly message: string
}

export class Refusals {
  /** Oldest first. */
  readonly kept: Signal<readonly Refusal[]> = signal([], { name: 'refusals' })

  constructor(private readonly storage: EditStorage) {}

  /** Those that an earlier page left behind. */
  async restore(): Promise<void> {
    const left = await this.storage.load().catch(() => [])
    this.kept.value = [...left.map((edit) => ({ edit: editFromWire(edit), message: '' })), ...this.kept.value]
  }

  /** Keep an edit if work is in it that would have to be done again; a colour, a number or a verdict is given anew at once. */
  add(edit: Edit, message: string): void {
    if (edit.operations.every(({ op }) => op === 'track.update' || op === 'verdicts.replace')) return
    this.kept.value = [...this.kept.value, { edit, message }]
    this.storage.put(editToWire(edit)).catch(() => undefined)
  }

  /** All of them; they are no longer kept. */
  take(): readonly Edit[] {
    const edits = this.kept.value.map(({ edit }) => edit)
    this.kept.value = []
    for (const { id } of edits) this.storage.remove(id).catch(() => undefined)
    return edits
  }
}
