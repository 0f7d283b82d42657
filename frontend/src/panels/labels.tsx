import { useSignal } from '@preact/signals'
import { t } from '@/core/text'
import { keyOfLabel } from '@/editor/commands/tracks'
import type { Editor } from '@/editor/editor'
import { isComposing } from '@/editor/keys/keys'
import { isTagLabel } from '@/editor/time/frame-tags'
import type { Label } from '@/store/types'
import { CommandButton } from './buttons'
import { Section } from './section'

/** From so many labels on they can be searched. */
const MANY = 10

/** The labels: which one the next object gets. The chosen one, clicked again, begins to draw. */
export function Labels({ editor }: { editor: Editor }) {
  const query = useSignal('')
  const labels = editor.config.labels.filter((label) => !isTagLabel(label))
  if (!editor.config.can_edit) return null
  const words = query.value.trim().toLowerCase()
  const found = labels.filter(({ name }) => name.toLowerCase().includes(words))
  const aside = (
    <>
      {labels.length >= MANY && (
        <input
          type="search"
          placeholder={t('Find')}
          aria-label={t('Find labels by name')}
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !isComposing(event) && found[0]) editor.session.activeLabel.value = found[0].id
          }}
        />
      )}
      <CommandButton editor={editor} id="tool.draw" icon="plus" text={t('Draw')} />
    </>
  )
  return (
    <Section editor={editor} id="labels" title={t('New objects are')} label={t('Label of new objects')} aside={aside}>
      <div class="chips" role="radiogroup" aria-label={t('Label of new objects')}>
        {found.map((label) => (
          <Chip key={label.id} editor={editor} label={label} />
        ))}
        {!labels.length && (
          <p class="empty">
            {t('This project has no labels yet.')}{' '}
            <a href={editor.config.urls.project}>{t('Add one in the project.')}</a>
          </p>
        )}
        {labels.length > 0 && !found.length && (
          <p class="empty">{t('No label matches “{query}”.', { query: query.value })}</p>
        )}
      </div>
    </Section>
  )
}

function Chip({ editor, label }: { editor: Editor; label: Label }) {
  const { activeLabel } = editor.session
  const chosen = activeLabel.value === label.id
  const key = keyOfLabel(editor, label, editor.config.labels.indexOf(label))
  const choose = () => {
    if (chosen) editor.perform('tool.draw')
    else activeLabel.value = label.id
  }
  return (
    <button
      type="button"
      role="radio"
      class="chip"
      aria-checked={chosen}
      title={chosen ? t('Click again to draw') : t('Draw the next object as {name}', { name: label.name })}
      onClick={choose}
    >
      <span class="swatch" style={{ background: label.colour }} />
      {label.name}
      {key && <kbd>{key}</kbd>}
    </button>
  )
}
