import { t } from '@/core/text'
import { deleteTracks } from '@/editor/commands/tracks'
import { recolour, setLocked } from '@/editor/commands/objects'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import { trackColour } from '@/store/colours'
import type { Track } from '@/store/types'
import { IconButton } from './buttons'
import { VerdictMark } from './verdict-mark'

/** What a click on a row means for the selection. */
export type Pick = 'alone' | 'toggle' | 'range'

interface RowProps {
  readonly editor: Editor
  readonly track: Track
  readonly onPick: (pick: Pick) => void
}

export function ObjectRow({ editor, track, onPick }: RowProps) {
  const { session, store } = editor
  const selected = session.selection.value.has(track.id)
  const hidden = session.hidden.value.has(track.id)
  const name = nameOf(editor, track)
  const { can_edit: canEdit } = editor.config
  return (
    <li
      class={`object ${selected ? 'selected' : ''} ${hidden ? 'is-hidden' : ''}`}
      onPointerEnter={() => (session.hovered.value = track.id)}
      onPointerLeave={() => (session.hovered.value = null)}
    >
      <input
        type="color"
        value={trackColour(editor.config, track, editor.display.colourBy.value)}
        title={t('Colour')}
        aria-label={t('Colour of {name}', { name })}
        disabled={!canEdit || track.locked}
        onChange={(event) => recolour(editor, [track.id], event.currentTarget.value)}
      />
      <button
        type="button"
        class="object-name"
        aria-pressed={selected}
        title={t('Click with Shift or Ctrl for several; double click goes to where it begins')}
        onClick={(event) => onPick(event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'toggle' : 'alone')}
        onDblClick={() => editor.visit(track.id)}
      >
        {name}
      </button>
      <VerdictMark editor={editor} track={track} />
      {store.runs.followed.value.includes(track.id) && (
        <span class="tracked" role="img" aria-label={t('Being tracked')} title={t('Being tracked')} />
      )}
      <span class="object-actions">
        <IconButton
          icon={hidden ? 'eyeOff' : 'eye'}
          label={t(hidden ? 'Show {name}' : 'Hide {name}', { name })}
          pressed={hidden}
          onClick={() => session.toggleHidden(track.id)}
        />
        {canEdit && (
          <>
            <IconButton
              icon={track.locked ? 'lock' : 'unlock'}
              label={t(track.locked ? 'Unlock {name}' : 'Lock {name}', { name })}
              pressed={track.locked}
              onClick={() => setLocked(editor, [track.id], !track.locked)}
            />
            <IconButton
              icon="trash"
              label={t('Delete {name}', { name })}
              onClick={() => deleteTracks(editor, [track.id])}
            />
          </>
        )}
      </span>
    </li>
  )
}
