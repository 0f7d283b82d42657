import { effect, untracked, type ReadonlySignal } from '@preact/signals-core'

/** Do `work` now and whenever one of the signals changes. Returns the end of it. What `work` reads is not followed. */
export function follow(signals: readonly ReadonlySignal<unknown>[], work: () => void): () => void {
  return effect(() => {
    for (const each of signals) each.value
    untracked(work)
  })
}
