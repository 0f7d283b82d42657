import { t } from '@/core/text'
import { keyOfLabel } from '@/editor/commands/tracks'
import type { Editor } from '@/editor/editor'
import { hasTag, isTagLabel, toggleTag } from '@/editor/time/frame-tags'
import type { Label } from '@/store/types'

const BEGINS = 'Begins on this frame. With Shift: up to this frame. With Alt: this frame alone'
const ENDS = 'Ends on this frame. With Shift: up to this frame. With Alt: this frame alone'

/** What holds of this frame as a whole; where the project has labels for that. */
export function FrameTags({ editor }: { editor: Editor }) {
  const labels = editor.config.labels.filter(isTagLabel)
  if (!labels.length) return null
  const frame = editor.session.frame.value
  return (
    <section id="frame-tags" class="panel frame-tags" aria-label={t('Tags of this frame')}>
      <h2>{t('Frame')}</h2>
      <div class="chips">
        {labels.map((label) => (
          <Chip key={label.id} editor={editor} label={label} on={hasTag(editor, label, frame)} />
        ))}
      </div>
    </section>
  )
}

function Chip({ editor, label, on }: { editor: Editor; label: Label; on: boolean }) {
  const key = keyOfLabel(editor, label, editor.config.labels.indexOf(label))
  const range = editor.session.range.value
  const how = range
    ? t('Changes frames {first}–{last} when one of them is shown', { first: range[0], last: range[1] })
    : t(on ? ENDS : BEGINS)
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={on}
      title={how}
      disabled={!editor.config.can_edit}
      onClick={(event) =>
        toggleTag(editor, label, event.altKey ? 'this frame' : event.shiftKey ? 'until here' : 'onward')
      }
    >
      <span class="swatch" style={{ background: label.colour }} />
      {label.name}
      {key && <kbd>{key}</kbd>}
    </button>
  )
}
