import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { between } from '@/editor/lists/between'
import { conditionsOf } from '@/editor/lists/track-filter'
import type { Track, TrackId } from '@/store/types'
import { ObjectFilter } from './object-filter'
import { ObjectRow, type Pick } from './object-row'
import { Section } from './section'
import { SelectionBar } from './selection-bar'

/** Rows come and go so many at once, and as many are drawn beyond the ones in view; the list itself may have thousands. */
const STEP = 4
const ROW_PX = 30
/** As high as a list is taken to be until it was laid out. */
const UNKNOWN_PX = 300

/** Every track of the layer: find, select and change one or many. */
export function Objects({ editor }: { editor: Editor }) {
  return (
    <Section editor={editor} id="objects" title={t('Objects')} aside={<Finding editor={editor} />}>
      <List editor={editor} />
      <SelectionBar editor={editor} />
    </Section>
  )
}

function Finding({ editor }: { editor: Editor }) {
  const { list } = editor
  const { query, here } = list.filter.value
  const [shown, all] = [list.shown.value.length, list.count.value]
  return (
    <>
      <span class="count">{shown < all ? t('{shown} of {all}', { shown, all }) : all}</span>
      <input
        type="search"
        placeholder={t('Find')}
        aria-label={t('Find objects by label or number')}
        value={query}
        onInput={(event) => list.narrow({ query: event.currentTarget.value })}
      />
      <ObjectFilter editor={editor} />
      <button
        type="button"
        class="button quiet"
        aria-pressed={here}
        title={t('Only objects on this frame')}
        onClick={() => list.narrow({ here: !here })}
      >
        {t('Here')}
      </button>
    </>
  )
}

function List({ editor }: { editor: Editor }) {
  const part = useSignal(partOf(0, UNKNOWN_PX))
  const root = useRef<HTMLDivElement>(null)
  /** Rows are drawn anew only where others come into view, not with every step of scrolling. */
  const look = ({ scrollTop, clientHeight }: HTMLElement) => {
    const next = partOf(scrollTop, clientHeight)
    if (!isAlike(next, part.peek())) part.value = next
  }
  useEffect(() => {
    if (!root.current) return
    const resized = new ResizeObserver(([entry]) => entry && look(entry.target as HTMLElement))
    resized.observe(root.current)
    return () => resized.disconnect()
  }, [])
  /** Where a range of rows begins: the last one picked without Shift. */
  const anchor = useRef<TrackId | null>(null)
  const tracks = editor.list.shown.value
  const { first, end, slots } = part.value
  const last = Math.min(end, tracks.length)
  const { session } = editor
  const pick = (track: Track, how: Pick) => {
    if (how === 'range') session.select(...between(tracks, anchor.current, track.id))
    else {
      anchor.current = track.id
      if (how === 'toggle') session.toggleSelected(track.id)
      else session.select(track.id)
    }
  }
  const [chosen, ...others] = session.selection.value
  useEffect(() => {
    if (root.current && chosen && !others.length)
      reveal(
        root.current,
        tracks.findIndex(({ id }) => id === chosen),
      )
  }, [chosen, others.length])
  return (
    <div ref={root} class="object-list" onScroll={(event) => look(event.currentTarget)}>
      {!tracks.length && <Empty editor={editor} />}
      <ul
        aria-label={t('Objects')}
        onKeyDown={walk}
        style={{ paddingTop: `${first * ROW_PX}px`, paddingBottom: `${Math.max(tracks.length - last, 0) * ROW_PX}px` }}
      >
        {tracks.slice(first, last).map((track, index) => (
          // A row that leaves at one end comes back at the other: hardly any is made while one scrolls or filters.
          <ObjectRow key={(first + index) % slots} editor={editor} track={track} onPick={(how) => pick(track, how)} />
        ))}
      </ul>
    </div>
  )
}

interface Part {
  readonly first: number
  /** Behind the last one. */
  readonly end: number
  /** How many there are at most. */
  readonly slots: number
}

/** The rows that are drawn of a list that is scrolled by `top` px. */
function partOf(top: number, height: number): Part {
  const first = Math.max(Math.floor(top / ROW_PX / STEP) - 1, 0) * STEP
  const end = (Math.ceil((top + height) / ROW_PX / STEP) + 1) * STEP
  return { first, end, slots: (Math.ceil(height / ROW_PX / STEP) + 3) * STEP }
}

const isAlike = (one: Part, other: Part): boolean =>
  one.first === other.first && one.end === other.end && one.slots === other.slots

/** Scroll no farther than it takes to see a row; a row in view stays where it is. */
function reveal(list: HTMLElement, index: number): void {
  if (index < 0) return
  const top = index * ROW_PX
  if (top < list.scrollTop) list.scrollTop = top
  else if (top + ROW_PX > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_PX - list.clientHeight
}

function Empty({ editor }: { editor: Editor }) {
  const { filter, count } = editor.list
  if (count.value) {
    return (
      <p class="empty">
        {filter.value.query
          ? t('Nothing matches “{query}”.', { query: filter.value.query })
          : t('No object is like that.')}{' '}
        {conditionsOf(filter.value) + Number(filter.value.query !== '') > 0 && (
          <button type="button" class="link" onClick={() => editor.list.clear()}>
            {t('Show everything')}
          </button>
        )}
      </p>
    )
  }
  if (!editor.config.can_edit) return <p class="empty">{t('No objects yet.')}</p>
  return (
    <p class="empty">
      {t('No objects yet. Press')} <kbd>{editor.keymap.shown('tool.draw')}</kbd> {t('and draw one.')}
      {editor.finding.finder && (
        <>
          {' '}
          <kbd>{editor.keymap.shown('run.detect')}</kbd> {t('finds them and follows them.')}
        </>
      )}
    </p>
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
