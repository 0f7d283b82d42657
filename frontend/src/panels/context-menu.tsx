import { useEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import { partingActions } from '@/editor/commands/masks'
import type { Editor } from '@/editor/editor'

/** Stands for what can be done with polygons and masks, where some are selected. */
const PARTING: readonly string[] = []
/** By id, in groups; each says itself whether it can be done now. */
const GROUPS: readonly (readonly string[])[] = [
  ['attributes.focus', 'shape.keyframe', 'shape.outside', 'shape.occluded'],
  ['run.forward', 'run.backward', 'shape.propagate'],
  ['track.split', 'track.merge', 'track.swap', 'track.remove-outside'],
  PARTING,
  ['shape.copy', 'shape.paste', 'shape.paste-new'],
  ['issue.add'],
  ['track.first-frame', 'track.last-frame', 'track.lock', 'track.hide', 'track.label-colour'],
  ['shape.delete-here', 'shape.delete-from-here', 'track.delete'],
]

const MARGIN_PX = 8

/** Everything that can be done with the selected objects, where the right button was pressed. */
export function ContextMenu({ editor }: { editor: Editor }) {
  return editor.menuAt.value ? <OpenMenu editor={editor} /> : null
}

function OpenMenu({ editor }: { editor: Editor }) {
  const menu = useRef<HTMLDivElement>(null)
  const at = editor.menuAt.value
  useEffect(() => {
    const panel = menu.current
    if (!panel || !at) return
    panel.showPopover()
    const stage = panel.parentElement!.getBoundingClientRect()
    panel.style.left = `${within(stage.left + at.x, panel.offsetWidth, window.innerWidth)}px`
    panel.style.top = `${within(stage.top + at.y, panel.offsetHeight, window.innerHeight)}px`
    panel.querySelector<HTMLElement>('button:not(:disabled)')?.focus()
  }, [at])
  const close = () => {
    editor.menuAt.value = null
    editor.focusPanel('stage')
  }
  const take = (id: string) => {
    close()
    editor.perform(id)
  }
  const groups = GROUPS.map((ids) => (ids === PARTING ? partingActions(editor) : ids)).filter(({ length }) => length)
  return (
    <div
      ref={menu}
      popover="auto"
      class="popover context-menu"
      role="menu"
      aria-label={t('Actions for the selected objects')}
      onKeyDown={walk}
      onToggle={(event) => event.newState === 'closed' && close()}
    >
      {groups.map((ids) => (
        <div key={ids[0]} role="group" class="menu-list">
          {ids.map((id) => (
            <Item key={id} editor={editor} id={id} onTake={() => take(id)} />
          ))}
        </div>
      ))}
    </div>
  )
}

function Item({ editor, id, onTake }: { editor: Editor; id: string; onTake: () => void }) {
  const { label, help, when, needs, undoable } = editor.commands.named(id)
  const possible = (!when || when(editor)) && (!undoable || editor.config.can_edit)
  const key = editor.keymap.shown(id)
  return (
    <button
      type="button"
      role="menuitem"
      class="menu-item"
      title={t(possible ? help : (needs ?? help))}
      disabled={!possible}
      onClick={onTake}
    >
      <span class="grow">{t(label)}</span>
      {key && <kbd>{key}</kbd>}
    </button>
  )
}

const within = (start: number, length: number, room: number) =>
  Math.max(Math.min(start, room - length - MARGIN_PX), MARGIN_PX)

/** Arrow keys walk; no key is a command's while the menu is open. */
function walk(event: KeyboardEvent): void {
  event.stopPropagation()
  const items = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('button:not(:disabled)')]
  const index = items.indexOf(document.activeElement as HTMLElement)
  const to = { ArrowDown: index + 1, ArrowUp: index - 1 + items.length, Home: 0, End: items.length - 1 }[event.key]
  if (to === undefined) return
  items[to % items.length]?.focus()
  event.preventDefault()
}
