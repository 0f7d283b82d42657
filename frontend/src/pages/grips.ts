/** The edges between the parts of the page, moved by pointer or arrow keys; a double click gives back the usual size. */
import type { Signal } from '@preact/signals-core'
import { follow } from '@/core/follow'
import type { Scope } from '@/core/scope'
import type { LayoutSettings } from '@/editor/preferences/layout'

const STEP_PX = 24

interface Edge {
  /** Ids of the grip and of the part whose size it changes. */
  readonly grip: string
  readonly part: string
  /** The custom property that says the size. */
  readonly property: string
  readonly size: Signal<number | null>
  readonly axis: 'x' | 'y'
  readonly least: number
  /** Of the window: how much the part may take. */
  readonly most: number
}

export function mountGrips(layout: LayoutSettings, scope: Scope): void {
  mount(
    {
      grip: 'side-grip',
      part: 'side',
      property: '--side-width',
      size: layout.sideWidth,
      axis: 'x',
      least: 240,
      most: 0.45,
    },
    scope,
  )
  mount(
    {
      grip: 'timeline-grip',
      part: 'timeline-area',
      property: '--timeline-height',
      size: layout.timelineHeight,
      axis: 'y',
      least: 122,
      most: 0.6,
    },
    scope,
  )
}

function mount(edge: Edge, scope: Scope): void {
  const grip = document.getElementById(edge.grip)!
  const part = document.getElementById(edge.part)!
  const along = edge.axis === 'x' ? (event: PointerEvent) => event.clientX : (event: PointerEvent) => event.clientY
  const sizeNow = () => (edge.axis === 'x' ? part.offsetWidth : part.offsetHeight)
  const limit = () => Math.round((edge.axis === 'x' ? window.innerWidth : window.innerHeight) * edge.most)
  const wish = (size: number) => (edge.size.value = Math.round(Math.min(Math.max(size, edge.least), limit())))
  const apply = () => {
    const size = edge.size.value
    // What was kept on a larger screen leaves room on a smaller one.
    if (size === null) document.body.style.removeProperty(edge.property)
    else document.body.style.setProperty(edge.property, `${Math.min(size, limit())}px`)
    grip.setAttribute('aria-valuemin', String(edge.least))
    grip.setAttribute('aria-valuemax', String(limit()))
    grip.setAttribute('aria-valuenow', String(sizeNow()))
  }
  let from: { at: number; size: number } | null = null
  scope.add(follow([edge.size], apply))
  scope.listen(window, 'resize', apply)
  scope.listen(grip, 'pointerdown', (event) => {
    grip.setPointerCapture(event.pointerId)
    from = { at: along(event), size: sizeNow() }
  })
  scope.listen(grip, 'pointermove', (event) => {
    if (from) wish(from.size + from.at - along(event))
  })
  scope.listen(grip, 'pointerup', () => (from = null))
  scope.listen(grip, 'pointercancel', () => (from = null))
  scope.listen(grip, 'dblclick', () => (edge.size.value = null))
  scope.listen(grip, 'keydown', (event) => {
    const larger = edge.axis === 'x' ? 'ArrowLeft' : 'ArrowUp'
    const smaller = edge.axis === 'x' ? 'ArrowRight' : 'ArrowDown'
    if (event.key !== larger && event.key !== smaller) return
    event.preventDefault()
    event.stopPropagation()
    wish(sizeNow() + (event.key === larger ? STEP_PX : -STEP_PX))
  })
}
