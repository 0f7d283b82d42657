import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { COMMANDS } from '@/editor/commands'
import type { Editor } from '@/editor/editor'
import { shownKey } from '@/editor/keys'
import { Icon } from './icons'

const NOTICE_MS = 6000

/** Something told in passing, with a link to where it happened. */
export function NoticeBar({ editor }: { editor: Editor }) {
  const { notice } = editor.session
  const shown = notice.value
  useEffect(() => {
    if (!shown) return undefined
    const end = () => {
      if (notice.value === shown) notice.value = null
    }
    const timer = setTimeout(end, shown.tone === 'error' ? 2 * NOTICE_MS : NOTICE_MS)
    return () => clearTimeout(timer)
  }, [shown])
  return (
    <div class="notices" role={shown?.tone === 'error' ? 'alert' : 'status'} aria-live="polite">
      {shown && (
        <div class={`notice ${shown.tone}`}>
          <span>{shown.message}</span>
          {shown.goTo !== null && (
            <button
              type="button"
              class="button quiet"
              onClick={() => {
                notice.value = null
                editor.goTo(shown.goTo!)
              }}
            >
              Go there
            </button>
          )}
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => (notice.value = null)}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  )
}

/** The browser's own modal: it keeps the focus inside and closes with Escape. */
function Modal({ label, onClose, children, wide = false }: { label: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class={wide ? 'modal wide' : 'modal'} aria-label={label} onClose={onClose} onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}>
      {children}
    </dialog>
  )
}

export function QuestionDialog({ editor }: { editor: Editor }) {
  const question = editor.question.value
  if (!question) return null
  const close = () => (editor.question.value = null)
  return (
    <Modal label={question.title} onClose={close}>
      <h2>{question.title}</h2>
      <p>{question.text}</p>
      <div class="row end">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="button danger"
          autofocus
          onClick={() => {
            close()
            question.onConfirm()
          }}
        >
          {question.confirm}
        </button>
      </div>
    </Modal>
  )
}

/** Every command with its keys, from the registry, searchable. */
export function HelpOverlay({ editor }: { editor: Editor }) {
  const query = useSignal('')
  if (!editor.helpOpen.value) return null
  const words = query.value.trim().toLowerCase()
  const found = COMMANDS.filter(({ id, label, help }) => `${label} ${help} ${editor.keymap.keysOf(id).join(' ')}`.toLowerCase().includes(words))
  const groups = [...new Set(found.map(({ group }) => group))]
  return (
    <Modal label="Keyboard help" onClose={() => (editor.helpOpen.value = false)} wide>
      <header class="panel-head">
        <h2>Keys and mouse</h2>
        <input type="search" placeholder="Find an action" aria-label="Find an action" autofocus value={query.value} onInput={(event) => (query.value = event.currentTarget.value)} />
        <button type="button" class="icon-button" aria-label="Close" onClick={() => (editor.helpOpen.value = false)}>
          <Icon name="close" />
        </button>
      </header>
      <div class="help-groups">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {found
                .filter((each) => each.group === group)
                .map(({ id, label, help }) => (
                  <div key={id} class="help-row">
                    <dt title={help}>{label}</dt>
                    <dd>
                      {editor.keymap.keysOf(id).map((key) => (
                        <kbd key={key}>{shownKey(key)}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        {!found.length && <p class="empty">No action matches “{query.value}”.</p>}
        <section>
          <h3>Mouse</h3>
          <dl>
            <Gesture what="Zoom where the pointer is" how="Wheel" />
            <Gesture what="Pan" how="Middle or right drag" />
            <Gesture what="Show the whole frame" how="Double click beside objects" />
            <Gesture what="Select several" how="Drag over them" />
            <Gesture what="Square box, one axis" how="Shift while dragging" />
            <Gesture what="Box from its middle" how="Alt while drawing" />
          </dl>
        </section>
      </div>
    </Modal>
  )
}

function Gesture({ what, how }: { what: string; how: string }) {
  return (
    <div class="help-row">
      <dt>{what}</dt>
      <dd>{how}</dd>
    </div>
  )
}
