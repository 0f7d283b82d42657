/** What a person set in the editor is kept with the account, so that it is there on the next video and on other machines. */
import { effect, type ReadonlySignal } from '@preact/signals-core'
import { mergePatch } from '@/core/merge-patch'
import type { Scope } from '@/core/scope'
import type { Rest } from '@/protocol/rest'

const QUIET_MS = 800

/** Send what changes of `current`, once it has been quiet for a moment or the page is left. */
export function keepPreferences(
  current: ReadonlySignal<Readonly<Record<string, unknown>>>,
  rest: Rest,
  scope: Scope,
): void {
  let kept = current.peek()
  let timer: ReturnType<typeof setTimeout> | undefined
  const send = () => {
    clearTimeout(timer)
    const now = current.peek()
    const patch = mergePatch(kept, now)
    if (!patch) return
    const before = kept
    kept = now
    // Settings that could not be kept are no reason to interrupt; they hold for this page, and go with the next change.
    rest.patch('/api/me/preferences', { body: patch }).catch(() => (kept = before))
  }
  scope.add(
    effect(() => {
      current.value
      clearTimeout(timer)
      timer = setTimeout(send, QUIET_MS)
    }),
  )
  scope.listen(window, 'pagehide', send)
}
