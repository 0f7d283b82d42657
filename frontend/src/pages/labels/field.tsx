import type { ComponentChildren } from 'preact'

/** A control with what is wrong with it. */
export function Field({ problem, children }: { problem: string; children: ComponentChildren }) {
  return (
    <div class="field">
      {children}
      {problem && <p class="error">{problem}</p>}
    </div>
  )
}
