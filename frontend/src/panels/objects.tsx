import { useSignal } from '@preact/signals'
import { deleteTracks } from '@/editor/commands/tracks'
import type { Editor } from '@/editor/editor'
import { trackColour } from '@/store/colours'
import type { Track } from '@/store/types'
import { Icon } from './icons'
import { Section } from './section'

/** Rows drawn beyond the ones in view; the list itself may have thousands. */
const OVERSCAN = 6
const ROW_PX = 34
/** As high as a list can be before its first scroll says how high it is. */
const TALLEST_PX = 1200

/** Every track of the layer: select, find, recolour, hide, lock, delete. */
export function Objects({ editor }: { editor: Editor }) {
  const query = useSignal('')
  const here = useSignal(false)
  const scroll = useSignal({ top: 0, height: TALLEST_PX })
  const { records } = editor.store
  const all = [...records.tracks.value.values()].filter((track) => !track.deleted)
  const found = all.filter((track) => matches(editor, track, query.value))
  const tracks = (here.value ? found.filter((track) => isHere(editor, track)) : found).sort((a, b) => order(a) - order(b))
  const first = Math.max(Math.floor(scroll.value.top / ROW_PX) - OVERSCAN, 0)
  const last = Math.min(first + Math.ceil(scroll.value.height / ROW_PX) + 2 * OVERSCAN, tracks.length)
  return (
    <Section editor={editor} id="objects" title="Objects" aside={<>
        <span class="count">{tracks.length < all.length ? `${tracks.length} of ${all.length}` : all.length}</span>
        <input
          type="search"
          placeholder="Find"
          aria-label="Find objects by label or number"
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
        />
        <button type="button" class="button quiet" aria-pressed={here.value} title="Only objects on this frame" onClick={() => (here.value = !here.value)}>
          Here
        </button>
      </>}>
      <div class="object-list" onScroll={(event) => (scroll.value = { top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}>
        {!tracks.length && <Empty editor={editor} none={!all.length} query={query.value} />}
        <ul aria-label="Objects" onKeyDown={walk} style={{ paddingTop: `${first * ROW_PX}px`, paddingBottom: `${Math.max(tracks.length - last, 0) * ROW_PX}px` }}>
          {tracks.slice(first, last).map((track) => (
            <ObjectRow key={track.id} editor={editor} track={track} />
          ))}
        </ul>
      </div>
    </Section>
  )
}

function Empty({ editor, none, query }: { editor: Editor; none: boolean; query: string }) {
  if (!none) return <p class="empty">{query ? `Nothing matches “${query}”.` : 'No object on this frame.'}</p>
  if (!editor.config.canEdit) return <p class="empty">No objects yet.</p>
  return (
    <p class="empty">
      No objects yet. Press <kbd>{editor.keymap.shown('tool.box')}</kbd> and drag a box around one.
    </p>
  )
}

function ObjectRow({ editor, track }: { editor: Editor; track: Track }) {
  const { session, store } = editor
  const selected = session.selection.value.has(track.id)
  const hidden = session.hidden.value.has(track.id)
  const name = `${editor.label(track.label)?.name ?? 'object'} ${track.number > 0 ? track.number : ''}`.trim()
  const choose = (event: MouseEvent) => {
    if (event.shiftKey || event.ctrlKey || event.metaKey) session.toggleSelected(track.id)
    else session.select(track.id)
  }
  return (
    <li
      class={`object ${selected ? 'selected' : ''} ${hidden ? 'is-hidden' : ''}`}
      onPointerEnter={() => (session.hovered.value = track.id)}
      onPointerLeave={() => (session.hovered.value = null)}
    >
      <input
        type="color"
        value={trackColour(editor.config, track)}
        title="Colour"
        aria-label={`Colour of ${name}`}
        disabled={!editor.config.canEdit}
        onChange={(event) => {
          const colour = event.currentTarget.value
          store.transact('Recolour', (tx) => tx.updateTrack(track.id, { colour }))
        }}
      />
      <button type="button" class="object-name" aria-pressed={selected} title="Double click: go to where it begins" onClick={choose} onDblClick={() => editor.visit(track.id)}>
        {name}
      </button>
      {store.runOf(track.id) && <span class="tracked" role="img" aria-label="Being tracked" title="Being tracked" />}
      {selected && editor.config.canEdit && <LabelOf editor={editor} track={track} name={name} />}
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
    </li>
  )
}

function LabelOf({ editor, track, name }: { editor: Editor; track: Track; name: string }) {
  return (
    <select
      aria-label={`Label of ${name}`}
      value={track.label}
      onChange={(event) => {
        const label = Number(event.currentTarget.value)
        editor.store.transact('Change label', (tx) => tx.updateTrack(track.id, { label }))
      }}
    >
      {editor.config.labels.map((label) => (
        <option key={label.id} value={label.id}>
          {label.name}
        </option>
      ))}
    </select>
  )
}

interface IconButtonProps {
  readonly icon: string
  readonly label: string
  readonly pressed?: boolean
  readonly onClick: () => void
}

function IconButton({ icon, label, pressed, onClick }: IconButtonProps) {
  return (
    <button type="button" class="icon-button" title={label} aria-label={label} {...(pressed === undefined ? {} : { 'aria-pressed': pressed })} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}

/** Arrow keys walk through the list. */
function walk(event: KeyboardEvent): void {
  const down = event.key === 'ArrowDown'
  if ((!down && event.key !== 'ArrowUp') || !(event.target instanceof HTMLButtonElement)) return
  const row = event.target.closest('li')
  const next = down ? row?.nextElementSibling : row?.previousElementSibling
  next?.querySelector<HTMLElement>('.object-name')?.focus()
  event.preventDefault()
  event.stopPropagation()
}

/** Whether a track shows something on the frame; whoever asks follows the playhead and the records. */
function isHere(editor: Editor, track: Track): boolean {
  editor.store.records.version.value
  return editor.store.queries.shapeAt(track.id, editor.session.frame.value) !== null
}

function matches(editor: Editor, track: Track, query: string): boolean {
  const words = query.trim().toLowerCase()
  return !words || `${editor.label(track.label)?.name ?? ''} ${track.number}`.toLowerCase().includes(words)
}

const order = (track: Track) => (track.number < 0 ? 1e9 - track.number : track.number)
