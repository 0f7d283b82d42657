import { useEffect, useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'

interface ModalProps {
  readonly label: string
  readonly onClose: () => void
  readonly children: ComponentChildren
  /** Classes beside "modal", e.g. "wide". */
  readonly look?: string
}

/** The browser's own modal: it keeps the focus inside and closes with Escape. */
export function Modal({ label, onClose, children, look = '' }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => queueMicrotask(() => giveBack(before))
  }, [])
  return (
    <dialog
      ref={dialog}
      class={`modal ${look}`}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      {children}
    </dialog>
  )
}

/** The focus goes back to where it was, unless it went elsewhere meanwhile. */
function giveBack(before: Element | null): void {
  if (document.activeElement === document.body && before instanceof HTMLElement) before.focus({ preventScroll: true })
}
