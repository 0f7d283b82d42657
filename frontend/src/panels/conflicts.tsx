import { counted, t } from '@/core/text'
import { changeConflict, showConflict, wordsOf } from '@/editor/objects/conflicts'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { Met } from '@/store/conflicts'
import type { Refusal } from '@/store/refusals'
import { rangesInWords } from './change-words'

const SHOWN = 2

/** Where one's work and somebody else's met, and what could not be saved: it waits until it is answered. */
export function ConflictCards({ editor }: { editor: Editor }) {
  const open = editor.store.conflicts.open.value
  const refused = editor.store.refusals.kept.value
  if (editor.session.gone.value || (!open.length && !refused.length)) return null
  return (
    <section class="conflicts" aria-label={t('Changes that need an answer')} aria-live="polite">
      {refused.length > 0 && <RefusedCard editor={editor} refused={refused} />}
      {open.slice(0, SHOWN).map((met) => (
        <ConflictCard key={met.id} editor={editor} met={met} />
      ))}
      {open.length > SHOWN && <p class="muted">{t('and {count} more', { count: open.length - SHOWN })}</p>}
    </section>
  )
}

/** What could not be saved. It isn't on the server, and no longer on the picture. */
function RefusedCard({ editor, refused }: { editor: Editor; refused: readonly Refusal[] }) {
  const reason = refused.at(-1)!.message
  return (
    <article class="conflict refused">
      <h3>{counted(refused.length, '{count} change could not be saved', '{count} changes could not be saved')}</h3>
      <p>
        {reason && `${reason} `}
        {counted(
          refused.length,
          'Until you try again, it is kept in this browser.',
          'Until you try again, they are kept in this browser.',
        )}
      </p>
      <div class="row end">
        <button type="button" class="button" onClick={() => editor.store.refusals.take()}>
          {t('Discard')}
        </button>
        <button type="button" class="button primary" onClick={() => editor.store.retryRefused()}>
          {t('Try again')}
        </button>
      </div>
    </article>
  )
}

function ConflictCard({ editor, met }: { editor: Editor; met: Met }) {
  const { track, ranges } = met.conflict
  const words = wordsOf(met, nameOf(editor, track), rangesInWords(ranges))
  return (
    <article class="conflict">
      <h3>{words.title}</h3>
      <p>{words.text}</p>
      <div class="row">
        {ranges.length > 0 && (
          <button type="button" class="button quiet" onClick={() => showConflict(editor, met)}>
            {t('Show')}
          </button>
        )}
        <span class="spring" />
        {editor.config.can_edit && (
          <button type="button" class="button" onClick={() => void changeConflict(editor, met)}>
            {words.change}
          </button>
        )}
        <button type="button" class="button primary" onClick={() => editor.store.conflicts.dismiss(met.id)}>
          {words.leave}
        </button>
      </div>
    </article>
  )
}
