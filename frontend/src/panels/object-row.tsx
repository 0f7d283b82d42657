import { useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import { deleteTracks } from '@/editor/commands/tracks'
import { recolour, setLocked } from '@/editor/commands/objects'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import { trackColour } from '@/store/colours'
import type { Track, TrackId } from '@/store/types'
import { IconButton } from './buttons'
import { VerdictMark } from './verdict-mark'

/** What a click on a row means for the selection. */
export type Pick = 'alone' | 'toggle' | 'range'

interface RowProps {
  readonly editor: Editor
  readonly track: Track
  readonly onPick: (pick: Pick) => void
}

/** A row of the list. Where the list goes on, the same row is another object's: making rows anew costs far more. */
export function ObjectRow({ editor, track, onPick }: RowProps) {
  const { session, store } = editor
  const row = useRef<HTMLLIElement>(null)
  /** Whose colour is being chosen. */
  const coloured = useRef<TrackId | null>(null)
  // What has the focus is of the object that was here: a key must not reach another one.
  useLayoutEffect(() => {
    const here = row.current
    return () => {
      const { activeElement } = document
      if (activeElement instanceof HTMLElement && here?.contains(activeElement)) activeElement.blur()
    }
  }, [track.id])
  const selected = session.selection.value.has(track.id)
  const hidden = session.hidden.value.has(track.id)
  const name = nameOf(editor, track)
  const { can_edit: canEdit } = editor.config
  return (
    <li
      ref={row}
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
        onClick={() => (coloured.current = track.id)}
        onChange={(event) => {
          recolour(editor, [coloured.current ?? track.id], event.currentTarget.value)
          coloured.current = null
        }}
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
