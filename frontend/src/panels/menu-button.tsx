import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { ariaKey } from '@/editor/keys/keys'
import { Icon } from './icons'

interface MenuButtonProps {
  readonly open: Signal<boolean>
  readonly icon: string
  readonly text?: string
  readonly label: string
  readonly title?: string
  readonly keys?: string | undefined
  readonly children: ComponentChildren
}

/** The one menu that is open. */
let shown: Signal<boolean> | null = null

/** A button that opens a panel below it. A press elsewhere, Escape or another menu closes it. */
export function MenuButton({ open, icon, text, label, title, keys, children }: MenuButtonProps) {
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open.value) return
    if (shown && shown !== open) shown.value = false
    shown = open
  }, [open.value])
  // There all the time: Escape may come before what was opened is painted.
  useEffect(() => {
    const outside = ({ target }: Event) => {
      if (open.value && !(target instanceof Node && root.current?.contains(target))) open.value = false
    }
    // On the window: who opened it with the pointer has the focus on the picture still.
    const close = (event: KeyboardEvent) => {
      if (!open.value || event.key !== 'Escape') return
      if (root.current?.contains(document.activeElement)) root.current.querySelector('button')?.focus()
      open.value = false
      event.stopPropagation()
    }
    window.addEventListener('pointerdown', outside)
    window.addEventListener('keydown', close, { capture: true })
    return () => {
      window.removeEventListener('pointerdown', outside)
      window.removeEventListener('keydown', close, { capture: true })
    }
  }, [open])
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        class={text ? 'button' : 'button quiet'}
        title={title}
        aria-label={text ? undefined : label}
        aria-keyshortcuts={keys && ariaKey(keys)}
        aria-haspopup="dialog"
        aria-expanded={open.value}
        onClick={() => (open.value = !open.value)}
      >
        <Icon name={icon} />
        {text && <span>{text}</span>}
      </button>
      {open.value && children}
    </div>
  )
}
