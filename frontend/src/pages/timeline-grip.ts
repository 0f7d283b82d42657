/** The edge between picture and timeline, by pointer and by arrow keys; kept in this browser. */
import type { Scope } from '@/core/scope'

const KEY = 'framewise.timeline-height'
const LEAST = 96
const STEP = 24

export function mountTimelineGrip(grip: HTMLElement, scope: Scope): void {
  const kept = Number(localStorage.getItem(KEY))
  if (kept >= LEAST) apply(kept)
  let from: { y: number; height: number } | null = null
  scope.listen(grip, 'pointerdown', (event) => {
    grip.setPointerCapture(event.pointerId)
    from = { y: event.clientY, height: height() }
  })
  scope.listen(grip, 'pointermove', (event) => {
    if (from) apply(from.height + from.y - event.clientY)
  })
  scope.listen(grip, 'pointerup', () => {
    from = null
    localStorage.setItem(KEY, String(height()))
  })
  scope.listen(grip, 'keydown', (event) => {
    const by = { ArrowUp: STEP, ArrowDown: -STEP }[event.key]
    if (!by) return
    event.preventDefault()
    event.stopPropagation()
    apply(height() + by)
    localStorage.setItem(KEY, String(height()))
  })
}

const height = () => document.getElementById('timeline')?.offsetHeight ?? 200

function apply(wanted: number): void {
  const clamped = Math.min(Math.max(wanted, LEAST), window.innerHeight * 0.6)
  document.getElementById('timeline-grip')?.setAttribute('aria-valuenow', String(Math.round(clamped)))
  document.body.style.setProperty('--timeline-height', `${Math.round(clamped)}px`)
}
