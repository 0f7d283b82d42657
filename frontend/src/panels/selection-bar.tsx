import { t } from '@/core/text'
import { deleteTracks } from '@/editor/commands/tracks'
import { labelsFor, recolour, relabel, renumber, setLocked } from '@/editor/commands/objects'
import { selectedTracks } from '@/editor/commands/attributes'
import type { Editor } from '@/editor/editor'
import { trackColour } from '@/store/colours'
import type { Track } from '@/store/types'
import { CommandButton, IconButton } from './buttons'
import { useTyped } from './typed'

/** What can be done with everything that is selected; always as high, so that the list above stays where it is. */
export function SelectionBar({ editor }: { editor: Editor }) {
  const tracks = selectedTracks(editor)
  const listed = editor.list.shown.value.length
  if (!tracks.length) {
    return (
      <div class="selection-bar">
        <button
          type="button"
          class="button quiet"
          disabled={!listed}
          onClick={() => editor.session.select(...editor.list.shown.value.map(({ id }) => id))}
        >
          {listed > 1 ? t('Select all {count}', { count: listed }) : t('Select all')}
        </button>
      </div>
    )
  }
  return (
    <div class="selection-bar" role="toolbar" aria-label={t('Selected objects')}>
      {editor.config.can_edit ? (
        <Changes editor={editor} tracks={tracks} />
      ) : (
        <span class="count">{t('{count} selected', { count: tracks.length })}</span>
      )}
      <span class="spring" />
      <CommandButton editor={editor} id="track.first-frame" icon="first" />
      <CommandButton editor={editor} id="track.last-frame" icon="last" />
      <Visibility editor={editor} tracks={tracks} />
    </div>
  )
}

function Changes({ editor, tracks }: { editor: Editor; tracks: readonly Track[] }) {
  const ids = tracks.map(({ id }) => id)
  const [first, ...others] = tracks
  const label = others.every((track) => track.label === first!.label) ? first!.label : ''
  return (
    <>
      {others.length ? (
        <span class="count">{tracks.length} ×</span>
      ) : (
        <NumberField key={first!.id} editor={editor} track={first!} />
      )}
      <select
        aria-label={t('Label of the selected objects')}
        value={label}
        onChange={(event) => {
          const chosen = editor.label(Number(event.currentTarget.value))
          if (chosen) relabel(editor, ids, chosen)
        }}
      >
        {label === '' && <option value="">{t('Mixed')}</option>}
        {labelsFor(editor, tracks).map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <input
        type="color"
        title={t('Colour of the selected objects')}
        aria-label={t('Colour of the selected objects')}
        value={trackColour(editor.config, first!, editor.display.colourBy.value)}
        onChange={(event) => recolour(editor, ids, event.currentTarget.value)}
      />
    </>
  )
}

function NumberField({ editor, track }: { editor: Editor; track: Track }) {
  const text = track.number > 0 ? String(track.number) : ''
  const typed = useTyped(text, (input) => {
    if (!renumber(editor, track.id, input.valueAsNumber)) input.value = text
  })
  return (
    <input
      {...typed}
      class="track-number"
      type="number"
      min={1}
      step={1}
      aria-label={t('Number of the selected track')}
      title={t('The track’s number, which no other has')}
      disabled={track.locked || track.number < 0}
    />
  )
}

function Visibility({ editor, tracks }: { editor: Editor; tracks: readonly Track[] }) {
  const ids = tracks.map(({ id }) => id)
  const hidden = ids.every((id) => editor.session.hidden.value.has(id))
  const locked = tracks.every((track) => track.locked)
  return (
    <span class="object-actions">
      <IconButton
        icon={hidden ? 'eyeOff' : 'eye'}
        label={hidden ? t('Show the selected objects') : t('Hide the selected objects')}
        pressed={hidden}
        onClick={() => editor.session.toggleHidden(...ids)}
      />
      {editor.config.can_edit && (
        <>
          <IconButton
            icon={locked ? 'lock' : 'unlock'}
            label={locked ? t('Unlock the selected objects') : t('Lock the selected objects')}
            pressed={locked}
            onClick={() => setLocked(editor, ids, !locked)}
          />
          <IconButton icon="trash" label={t('Delete the selected objects')} onClick={() => deleteTracks(editor, ids)} />
        </>
      )}
    </span>
  )
}
