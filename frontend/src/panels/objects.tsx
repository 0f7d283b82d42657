import { useSignal } from '@preact/signals'
import { deleteTracks } from '@/editor/commands/tracks'
import type { Editor } from '@/editor/editor'
import { trackColour } from '@/store/colours'
import type { Track } from '@/store/types'
import { Icon } from './icons'

/** Rows drawn beyond the ones in view; the list itself may have thousands. */
const OVERSCAN = 6
const ROW_PX = 34

/** Every track of the layer: select, find, recolour, hide, lock, delete. */
export function Objects({ editor }: { editor: Editor }) {
  const query = useSignal('')
  const scroll = useSignal({ top: 0, height: 400 })
  const { records } = editor.store
  const all = [...records.tracks.value.values()].filter((track) => !track.deleted)
  const tracks = all.filter((track) => matches(editor, track, query.value)).sort((a, b) => order(a) - order(b))
  const first = Math.max(Math.floor(scroll.value.top / ROW_PX) - OVERSCAN, 0)
  const last = Math.min(first + Math.ceil(scroll.value.height / ROW_PX) + 2 * OVERSCAN, tracks.length)
  return (
    <section class="panel objects" aria-label="Objects">
      <header class="panel-head">
        <h2>Objects</h2>
        <span class="count">{all.length}</span>
        <input
          type="search"
          placeholder="Find"
          aria-label="Find objects by label or number"
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
        />
      </header>
      <div class="object-list" role="listbox" aria-multiselectable="true" aria-label="Objects" tabIndex={-1} onScroll={(event) => (scroll.value = { top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}>
        {!all.length && (
          <p class="empty">
            {editor.config.canEdit ? (
              <>
                No objects yet. Press <kbd>N</kbd> and drag a box around one.
              </>
            ) : (
              'No objects yet.'
            )}
          </p>
        )}
        {all.length > 0 && !tracks.length && <p class="empty">Nothing matches “{query.value}”.</p>}
        <div style={{ height: `${first * ROW_PX}px` }} />
        {tracks.slice(first, last).map((track) => (
          <ObjectRow key={track.id} editor={editor} track={track} />
        ))}
        <div style={{ height: `${Math.max(tracks.length - last, 0) * ROW_PX}px` }} />
      </div>
    </section>
  )
}

function ObjectRow({ editor, track }: { editor: Editor; track: Track }) {
  const { session, store } = editor
  const selected = session.selection.value.has(track.id)
  const hidden = session.hidden.value.has(track.id)
  const name = `${editor.label(track.label)?.name ?? 'object'} ${track.number > 0 ? track.number : ''}`.trim()
  const run = store.runOf(track.id)
  const choose = (event: MouseEvent | KeyboardEvent) => {
    if (event.shiftKey || event.ctrlKey || event.metaKey) session.toggleSelected(track.id)
    else session.select(track.id)
  }
  const visit = () => {
    const extent = store.queries.extent(track.id)
    if (extent && !store.queries.shapeAt(track.id, session.frame.value)) editor.goTo(extent[0])
  }
  return (
    <div
      class={`object ${selected ? 'selected' : ''} ${hidden ? 'is-hidden' : ''}`}
      role="option"
      aria-selected={selected}
      tabIndex={0}
      onClick={choose}
      onDblClick={visit}
      onKeyDown={(event) => event.key === 'Enter' && choose(event)}
      onPointerEnter={() => (session.hovered.value = track.id)}
      onPointerLeave={() => (session.hovered.value = null)}
    >
      <input
        type="color"
        value={trackColour(editor.config, track)}
        title="Colour"
        aria-label={`Colour of ${name}`}
        disabled={!editor.config.canEdit}
        onClick={(event) => event.stopPropagation()}
        onChange={(event) => {
          const colour = event.currentTarget.value
          store.transact('Recolour', (tx) => tx.updateTrack(track.id, { colour }))
        }}
      />
      <span class="object-name">{name}</span>
      {run && <span class="badge tracking">tracking</span>}
      {selected && editor.config.canEdit && (
        <select
          aria-label={`Label of ${name}`}
          value={track.label}
          onClick={(event) => event.stopPropagation()}
          onChange={(event) => {
            const label = Number(event.currentTarget.value)
            store.transact('Change label', (tx) => tx.updateTrack(track.id, { label }))
          }}
        >
          {editor.config.labels.map((label) => (
            <option key={label.id} value={label.id}>
              {label.name}
            </option>
          ))}
        </select>
      )}
      <span class="object-actions">
        <IconButton icon={hidden ? 'eyeOff' : 'eye'} label={`${hidden ? 'Show' : 'Hide'} ${name}`} pressed={hidden} onClick={() => session.toggleHidden(track.id)} />
        {editor.config.canEdit && (
          <>
            <IconButton
              icon={track.locked ? 'lock' : 'unlock'}
              label={`${track.locked ? 'Unlock' : 'Lock'} ${name}`}
              pressed={track.locked}
              onClick={() => store.transact(track.locked ? 'Unlock' : 'Lock', (tx) => tx.updateTrack(track.id, { locked: !track.locked }))}
            />
            <IconButton icon="trash" label={`Delete ${name}`} onClick={() => deleteTracks(editor, [track.id])} />
          </>
        )}
      </span>
    </div>
  )
}

function IconButton({ icon, label, pressed, onClick }: { icon: string; label: string; pressed?: boolean; onClick: () => void }) {
  return (
    <button
      type="button"
      class="icon-button"
      title={label}
      aria-label={label}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      onClick={(event) => {
        event.stopPropagation()
        onClick()
      }}
    >
      <Icon name={icon} />
    </button>
  )
}

function matches(editor: Editor, track: Track, query: string): boolean {
  const words = query.trim().toLowerCase()
  return !words || `${editor.label(track.label)?.name ?? ''} ${track.number}`.toLowerCase().includes(words)
}

const order = (track: Track) => (track.number < 0 ? 1e9 - track.number : track.number)
