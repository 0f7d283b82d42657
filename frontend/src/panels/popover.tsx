import type { ComponentChildren } from 'preact'
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { Icon } from './icons'

interface PopoverProps {
  /** Of its element, unique on the page. */
  readonly id: string
  readonly icon: string
  readonly label: string
  /** Beside the icon. */
  readonly text?: string
  readonly pressed?: boolean
  /** As large as a command's button. */
  readonly wide?: boolean
  /** Its contents, which are made only while it is open. */
  readonly children: (close: () => void) => ComponentChildren
}

const MARGIN_PX = 8

/** A button with a panel of its own, in the browser's top layer: closed by Escape and by a press elsewhere. */
export function Popover({ id, icon, label, text, pressed, wide = false, children }: PopoverProps) {
  const open = useSignal(false)
  const button = useRef<HTMLButtonElement>(null)
  const place = (panel: HTMLElement) => {
    if (!open.value || !button.current) return
    const at = button.current.getBoundingClientRect()
    const { offsetWidth: width, offsetHeight: height } = panel
    const below = at.bottom + 4 + height <= window.innerHeight - MARGIN_PX
    panel.style.left = `${Math.max(Math.min(at.left, window.innerWidth - width - MARGIN_PX), MARGIN_PX)}px`
    panel.style.top = `${below ? at.bottom + 4 : Math.max(at.top - height - 4, MARGIN_PX)}px`
  }
  const toggled = (event: Pick<ToggleEvent, 'newState' | 'currentTarget'>) => {
    open.value = event.newState === 'open'
    const panel = event.currentTarget as HTMLElement
    requestAnimationFrame(() => {
      place(panel)
      if (open.value) panel.querySelector<HTMLElement>('input, select, button')?.focus()
    })
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        class={text || wide ? 'button quiet' : 'icon-button'}
        popovertarget={id}
        title={label}
        aria-label={label}
        aria-expanded={open.value}
        {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      >
        <Icon name={icon} />
        {text && <span>{text}</span>}
      </button>
      <div id={id} popover="auto" class="popover" role="dialog" aria-label={label} onToggle={toggled}>
        {open.value && children(() => document.getElementById(id)?.hidePopover())}
      </div>
    </>
  )
}
