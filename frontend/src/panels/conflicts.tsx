import { changeConflict, showConflict, wordsOf } from '@/editor/conflicts'
import type { Editor } from '@/editor/editor'
import type { Met } from '@/store/conflicts'
import { nameOf, rangesInWords } from './change-words'

const SHOWN = 3

/** Where one's work and somebody else's met: it waits until it is answered. */
export function ConflictCards({ editor }: { editor: Editor }) {
  const open = editor.store.conflicts.open.value
  if (!open.length) return null
  return (
    <section class="conflicts" aria-label="Changes that met" aria-live="polite">
      {open.slice(0, SHOWN).map((met) => (
        <ConflictCard key={met.id} editor={editor} met={met} />
      ))}
      {open.length > SHOWN && <p class="muted">and {open.length - SHOWN} more</p>}
    </section>
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
            Show
          </button>
        )}
        <span class="spring" />
        {editor.config.canEdit && (
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
