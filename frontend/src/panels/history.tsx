import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { grouped, type ChangeGroup } from '@/store/change-groups'
import type { ChangeKind } from '@/store/change-log'
import { CloseButton } from './buttons'
import { DeletedTracks } from './deleted-tracks'
import { RestoreDialog } from './restore-dialog'
import { ago, exactly } from '@/core/times'
import { framesInWords, namesOf, titleOf } from './change-words'
import { Icon } from './icons'

const TICK_MS = 20_000
const ICONS: Record<ChangeGroup['changes'][0]['kind'], string> = {
  edit: 'cursor',
  predictions: 'target',
  run: 'target',
  import: 'upload',
  restore: 'history',
}

/** Who changed what and when, beside the picture. It takes no focus by itself and moves nothing. */
export function HistoryDrawer({ editor }: { editor: Editor }) {
  const page = editor.historyOpen.value
  if (!page) return null
  const close = () => (editor.historyOpen.value = null)
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || (event.target as Element).closest('dialog')) return
    event.stopPropagation()
    close()
  }
  return (
    <aside class="history" aria-label={t('History')} onKeyDown={escape}>
      <header class="panel-head">
        <h2>{t('History')}</h2>
        <span class="spring" />
        <CloseButton label={t('Close the history')} onClick={close} />
      </header>
      <div class="tabs" role="tablist" aria-label={t('History')}>
        <Tab editor={editor} page="changes" label={t('Changes')} />
        <Tab editor={editor} page="deleted" label={t('Deleted objects')} />
      </div>
      {page === 'changes' ? <Changes editor={editor} /> : <DeletedTracks editor={editor} />}
    </aside>
  )
}

function Tab({ editor, page, label }: { editor: Editor; page: 'changes' | 'deleted'; label: string }) {
  return (
    <button
      type="button"
      role="tab"
      class="tab"
      aria-selected={editor.historyOpen.value === page}
      onClick={() => (editor.historyOpen.value = page)}
    >
      {label}
    </button>
  )
}

function Changes({ editor }: { editor: Editor }) {
  const log = editor.store.changes
  const now = useSignal(Date.now())
  const restoring = useSignal<ChangeGroup | null>(null)
  const groups = useComputed(() => grouped(log.changes.value))
  useEffect(() => {
    void log.open()
    const timer = setInterval(() => (now.value = Date.now()), TICK_MS)
    return () => {
      clearInterval(timer)
      log.close()
    }
  }, [])
  return (
    <>
      <Filters editor={editor} />
      <div class="change-list">
        <ol aria-label={t('Changes, newest first')}>
          {groups.value.map((group) => (
            <ChangeRow
              key={group.changes.at(-1)!.revision}
              editor={editor}
              group={group}
              now={now.value}
              onRestore={() => (restoring.value = group)}
            />
          ))}
        </ol>
        <End editor={editor} empty={!groups.value.length} />
      </div>
      {restoring.value && (
        <RestoreDialog editor={editor} group={restoring.value} onClose={() => (restoring.value = null)} />
      )}
    </>
  )
}

function Filters({ editor }: { editor: Editor }) {
  const log = editor.store.changes
  const { author, track, kind } = log.filter.value
  const [selected] = editor.session.selection.value
  return (
    <div class="history-filters">
      <select
        aria-label={t('By whom')}
        value={author ?? ''}
        onChange={(event) => void log.open({ author: Number(event.currentTarget.value) || null })}
      >
        <option value="">{t('Everybody')}</option>
        {log.authors.value.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <select
        aria-label={t('Kind of change')}
        value={kind ?? ''}
        onChange={(event) => void log.open({ kind: (event.currentTarget.value || null) as ChangeKind | null })}
      >
        <option value="">{t('Everything')}</option>
        <option value="edit">{t('Edits')}</option>
        <option value="tracking">{t('Tracking')}</option>
        <option value="import">{t('Imports')}</option>
        <option value="restore">{t('Restores')}</option>
      </select>
      <button
        type="button"
        class="button quiet"
        aria-pressed={track !== null}
        disabled={track === null && selected === undefined}
        title={
          track === null
            ? t('Only changes of the selected object')
            : t('Only changes of {names}. Click to show all.', { names: namesOf(editor, [track], 1) })
        }
        onClick={() => void log.open({ track: track === null ? (selected ?? null) : null })}
      >
        {t('Selected')}
      </button>
    </div>
  )
}

function ChangeRow({
  editor,
  group,
  now,
  onRestore,
}: {
  editor: Editor
  group: ChangeGroup
  now: number
  onRestore: () => void
}) {
  const [newest] = group.changes
  const at = Date.parse(newest.at)
  const where = [namesOf(editor, group.tracks, group.trackCount), framesInWords(group)].filter(Boolean).join(' · ')
  const show = () => {
    const there = group.tracks.filter((track) => editor.store.records.track(track)?.deleted === false)
    if (there.length) editor.session.select(...there)
    if (group.first !== null) editor.goTo(group.first)
  }
  return (
    <li class={`change ${group.undone ? 'undone' : ''}`}>
      <button type="button" class="change-body" title={t('Select it and go there')} onClick={show}>
        <Icon name={ICONS[newest.kind]} />
        <span class="change-what">
          <span class="change-title">
            {titleOf(group)}
            {group.undone && <span class="badge">{t('taken back')}</span>}
          </span>
          <span class="change-where">{where}</span>
          <span class="change-who">
            {newest.author_name || t('Somebody')} ·{' '}
            <time dateTime={newest.at} title={exactly(at)}>
              {ago(at, now)}
            </time>
          </span>
        </span>
      </button>
      {editor.config.can_edit && (
        <button
          type="button"
          class="icon-button change-restore"
          title={t('Bring back how it was then …')}
          aria-label={t('Bring back how it was at: {change}', { change: titleOf(group) })}
          onClick={onRestore}
        >
          <Icon name="undo" />
        </button>
      )}
    </li>
  )
}

/** What follows the list: more of it once it is scrolled to, or why there is nothing. */
function End({ editor, empty }: { editor: Editor; empty: boolean }) {
  const log = editor.store.changes
  const end = useRef<HTMLDivElement>(null)
  const state = log.state.value
  useEffect(() => {
    // Watched anew after every page: grouping may leave the end in view.
    if (state !== 'idle' || !end.current) return undefined
    const watcher = new IntersectionObserver(([entry]) => entry?.isIntersecting && void log.more())
    watcher.observe(end.current)
    return () => watcher.disconnect()
  }, [state])
  const filtered = Object.values(log.filter.value).some(Boolean)
  return (
    <div ref={end} class="change-rest">
      {state === 'loading' && <p class="empty">{t('Loading …')}</p>}
      {state === 'complete' && empty && (
        <p class="empty">
          {filtered
            ? t('No change like this.')
            : t('Nothing was changed yet. Everything that you and others do here is listed.')}
        </p>
      )}
      {state === 'failed' && (
        <p class="empty">
          {t('The history can’t be reached.')}{' '}
          <button type="button" class="button" onClick={() => void log.more()}>
            {t('Try again')}
          </button>
        </p>
      )}
    </div>
  )
}
