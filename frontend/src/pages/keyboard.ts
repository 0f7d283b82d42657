/** Keys of the editor page: what belongs to a command, what to the control that has the focus, and where the focus goes. */
import type { Stage } from '@/canvas/stage'
import type { Scope } from '@/core/scope'
import { chooseLabel, labelOfKey } from '@/editor/commands/tracks'
import type { Editor } from '@/editor/editor'
import { belongsToControl, isComposing } from '@/editor/keys/keys'
import { hearLayout } from './keyboard-layout'

/** In the order of F6. */
const REGIONS = ['stage', 'transport', 'timeline', 'tool-bar', 'top-bar', 'side', 'history', 'cards', 'banner']

export function mountKeyboard(editor: Editor, stage: Stage, scope: Scope): void {
  hearLayout(editor.keymap.keyboard, scope)
  scope.listen(window, 'keydown', (event) => press(editor, stage, event))
  scope.listen(window, 'keyup', (event) => {
    // What the space bar does waits for its release: with the key held, dragging pans.
    if (event.key === ' ' && stage.releasePanKey()) act(editor, ['Space'])
  })
  keepFocusOnPicture(stage, scope)
  stage.focus()
}

/** Move the focus to the next part of the page; Tab alone walks through the objects while the picture has it. */
export function focusNextRegion(): void {
  const current = REGIONS.findIndex((id) => document.getElementById(id)?.contains(document.activeElement))
  for (let step = 1; step <= REGIONS.length; step++) {
    const target = wayInto(REGIONS[(current + step) % REGIONS.length]!)
    if (target) {
      target.focus()
      return
    }
  }
}

/** Move the focus into a part of the page, as soon as what was just unfolded is there. */
export function focusPanel(id: string): void {
  const field = document.getElementById(id)
  // A field is there already; who goes on typing at once types into it.
  if (field instanceof HTMLInputElement) field.focus()
  else requestAnimationFrame(() => wayInto(id)?.focus({ preventScroll: id === 'stage' }))
}

/** What gets the focus of a part of the page: itself, the control that it names, or its first one. */
function wayInto(id: string): HTMLElement | null {
  const region = document.getElementById(id)
  if (region?.tabIndex === 0) return region
  return (
    region?.querySelector<HTMLElement>('[data-first]') ??
    region?.querySelector<HTMLElement>('button:not(:disabled), a[href], input, select') ??
    null
  )
}

function press(editor: Editor, stage: Stage, event: KeyboardEvent): void {
  const { target } = event
  if (isComposing(event)) return
  const keys = editor.keymap.readings(event)
  const [key = ''] = keys
  if (target instanceof Element && target.closest('dialog, [role="dialog"]')) return
  if (belongsToControl(target, key)) {
    // Escape and Enter end typing; the next key is a command again.
    if ((key === 'Escape' || key === 'Enter') && target instanceof HTMLInputElement) stage.focus()
    return
  }
  const onPicture = target === document.body || (target instanceof HTMLElement && target.id === 'stage')
  if (!onPicture && (key === 'Tab' || key === 'Shift+Tab')) return
  if (key === 'Space' && onPicture && !editor.session.playing.value) {
    stage.holdPanKey()
    event.preventDefault()
    return
  }
  if (act(editor, keys)) event.preventDefault()
}

/** Do what a press stands for, by all that it may mean. Returns whether it stands for something. */
function act(editor: Editor, keys: readonly string[]): boolean {
  const wanted = editor.keymap.commandFor(keys, editor.machine.busy)
  if (wanted) return editor.perform(wanted)
  // A label may have a letter of its own; where a command has the same one, the command wins.
  const label = keys.map((key) => labelOfKey(editor.config.labels, key)).find(Boolean) ?? null
  if (label) chooseLabel(editor, label)
  return label !== null
}

/** Who works with the pointer has the keys for commands: pressing a button or choosing from a list leaves them there. */
function keepFocusOnPicture(stage: Stage, scope: Scope): void {
  let byPointer = false
  scope.listen(window, 'pointerdown', () => (byPointer = true), { capture: true })
  scope.listen(window, 'keydown', () => (byPointer = false), { capture: true })
  scope.listen(window, 'mousedown', (event) => {
    const { target } = event
    if (target instanceof Element && target.closest('button, summary') && !target.closest('dialog, [role="dialog"]'))
      event.preventDefault()
  })
  scope.listen(window, 'change', ({ target }) => {
    if (byPointer && target instanceof HTMLElement && !target.closest('dialog, [role="dialog"]')) stage.focus()
  })
}
