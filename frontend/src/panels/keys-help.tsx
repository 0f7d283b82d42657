import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { Icon } from './icons'
import { KeymapBar, KeyRow } from './keys-editor'
import { Modal } from './modal'

const MOUSE = [
  ['Zoom where the pointer is', 'Wheel'],
  ['Pan', 'Middle or right drag, or with Space'],
  ['Pan sideways', 'Shift with the wheel'],
  ['Show the whole frame', 'Double click beside objects'],
  ['Select several', 'Drag over them'],
  ['Square box, one axis', 'Shift while dragging'],
  ['Box from its middle', 'Alt while drawing'],
  ['Zoom and pan by touch', 'Two fingers'],
] as const

/** Every command with its keys, from the registry, searchable; and where the keys are changed. */
export function HelpOverlay({ editor }: { editor: Editor }) {
  const query = useSignal('')
  const changing = useSignal(false)
  const recording = useSignal<string | null>(null)
  const open = editor.helpOpen.value
  useEffect(() => {
    if (open) query.value = ''
  }, [open])
  if (!open) return null
  const found = editor.commands.all.filter((command) => matches(editor, command, query.value))
  const groups = [...new Set(found.map(({ group }) => group))].map(
    (group) => [group, found.filter((each) => each.group === group)] as const,
  )
  return (
    <Modal label={t('Keyboard help')} onClose={() => (editor.helpOpen.value = false)} look="wide keys-help">
      <header class="panel-head">
        <h2>{t('Keys and mouse')}</h2>
        <input
          type="search"
          placeholder={t('Find an action or a key')}
          aria-label={t('Find an action or a key')}
          autofocus
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
        />
        <button
          type="button"
          class="button quiet"
          onClick={() => {
            editor.helpOpen.value = false
            editor.tour.start()
          }}
        >
          {t('Take the tour')}
        </button>
        <button
          type="button"
          class="button"
          aria-pressed={changing.value}
          onClick={() => (changing.value = !changing.value)}
        >
          {t('Change keys')}
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={t('Close')}
          onClick={() => (editor.helpOpen.value = false)}
        >
          <Icon name="close" />
        </button>
      </header>
      {changing.value && <KeymapBar keymap={editor.keymap} />}
      <div class="keys-scroll" tabIndex={0} role="region" aria-label={t('Actions')}>
        <div class={changing.value ? 'key-rows' : 'help-groups'}>
          {groups.map(([group, commands]) => (
            <section key={group}>
              <h3>{t(group)}</h3>
              {changing.value ? (
                <ul>
                  {commands.map((command) => (
                    <KeyRow key={command.id} editor={editor} command={command} recording={recording} />
                  ))}
                </ul>
              ) : (
                <dl>
                  {commands.map(({ id, label, help }) => (
                    <div key={id} class="help-row">
                      <dt title={t(help)}>{t(label)}</dt>
                      <dd>
                        {editor.keymap.keysOf(id).map((key) => (
                          <kbd key={key}>{editor.keymap.print(key)}</kbd>
                        ))}
                      </dd>
                    </div>
                  ))}
                </dl>
              )}
            </section>
          ))}
          {!found.length && <p class="empty">{t('No action matches “{query}”.', { query: query.value })}</p>}
          {!changing.value && !query.value && <Mouse />}
        </div>
      </div>
    </Modal>
  )
}

function Mouse() {
  return (
    <section>
      <h3>{t('Mouse')}</h3>
      <dl>
        {MOUSE.map(([what, how]) => (
          <div key={what} class="help-row">
            <dt>{t(what)}</dt>
            <dd>{t(how)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function matches({ keymap }: Editor, command: Command, query: string): boolean {
  const { id, label, help, group, synonyms = '' } = command
  const keys = keymap.keysOf(id)
  const text = [t(label), t(help), t(group), synonyms, ...keys, ...keys.map((key) => keymap.print(key))]
    .join(' ')
    .toLowerCase()
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
