import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { dismiss, take } from '@/editor/lists/candidates'
import { nameOf } from '@/editor/objects/name'
import { IconButton } from './buttons'
import { Section } from './section'

/** Rows at most; the rest comes as these are decided. */
const MOST_SHOWN = 100

/** What was found and not followed for long: one key takes it, another one dismisses it. */
export function Candidates({ editor }: { editor: Editor }) {
  const { keymap, session } = editor
  const all = editor.list.candidates.value
  if (!all.length) return null
  const keys = { take: keymap.shown('candidate.take'), dismiss: keymap.shown('candidate.dismiss') }
  return (
    <Section editor={editor} id="candidates" title={t('Candidates')} aside={<span class="count">{all.length}</span>}>
      <p
        class="muted"
        title={t('Found, and followed for a short time only. Exports hold them until you dismiss them.')}
      >
        <kbd>{keys.take}</kbd> {t('takes one,')} <kbd>{keys.dismiss}</kbd> {t('dismisses it.')}
      </p>
      <ul aria-label={t('Candidates')}>
        {all.slice(0, MOST_SHOWN).map((track) => {
          const name = nameOf(editor, track)
          return (
            <li key={track.id} class={`object candidate ${session.selection.value.has(track.id) ? 'selected' : ''}`}>
              <button
                type="button"
                class="object-name"
                aria-pressed={session.selection.value.has(track.id)}
                title={t('Select it and go to where it begins')}
                onClick={() => editor.visit(track.id)}
              >
                {name}
              </button>
              {editor.config.can_edit && (
                <span class="candidate-actions">
                  <IconButton
                    icon="check"
                    label={t('Take {name}', { name })}
                    onClick={() => take(editor, [track.id])}
                  />
                  <IconButton
                    icon="close"
                    label={t('Dismiss {name}', { name })}
                    onClick={() => dismiss(editor, [track.id])}
                  />
                </span>
              )}
            </li>
          )
        })}
      </ul>
      {all.length > MOST_SHOWN && (
        <p class="muted">{t('{count} more come as these are decided.', { count: all.length - MOST_SHOWN })}</p>
      )}
    </Section>
  )
}
