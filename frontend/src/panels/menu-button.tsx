import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
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

/** A button that opens a panel below it. A press elsewhere closes it, and Escape too, giving the focus back to the button. */
export function MenuButton({ open, icon, text, label, title, keys, children }: MenuButtonProps) {
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open.value) return undefined
    const outside = ({ target }: Event) => {
      if (!(target instanceof Node) || !root.current?.contains(target)) open.value = false
    }
    window.addEventListener('pointerdown', outside)
    return () => window.removeEventListener('pointerdown', outside)
  }, [open.value])
  const close = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open.value) return
    open.value = false
    root.current?.querySelector('button')?.focus()
    event.stopPropagation()
  }
  return (
    <div class="menu" ref={root} onKeyDown={close}>
      <button
        type="button"
        class={text ? 'button' : 'button quiet'}
        title={title}
        aria-label={text ? undefined : label}
        aria-keyshortcuts={keys}
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
