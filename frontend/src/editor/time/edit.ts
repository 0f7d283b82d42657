/** Changing whole stretches of tracks: everything loaded before, checked against what this person may change, one step of undo. */
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { Range } from '@/store/operations'
import { rangesOf, type Transaction } from '@/store/transaction'
import type { FrameNumber, TrackId } from '@/store/types'
import { coalesced, differing, indexFrom, type Rows } from './rows'

/** A track's rows, and what becomes of them. */
export interface Change {
  readonly track: TrackId
  readonly former: Rows
  readonly rows: Rows
  /** Frames of which everything is replaced, also what this browser has not heard of yet. */
  readonly whole?: readonly Range[]
}

/** Loading that takes longer than this, in ms, is told. */
const PATIENCE_MS = 400

export const lastFrame = (editor: Editor): FrameNumber => Math.max(editor.config.video.frame_count - 1, 0)

/** All rows of a track that are known here, within a range. */
export const rowsOf = (editor: Editor, track: TrackId, first = 0, last = Number.MAX_SAFE_INTEGER): Rows => [
  ...editor.store.records.rows(track).within(first, last),
]

/** Do `work` with every row of `tracks` in `range` here: at once if they are, else when they have come. */
export function whenLoaded(
  editor: Editor,
  tracks: readonly TrackId[],
  work: () => void,
  range: Range = [0, lastFrame(editor)],
): void {
  const { store, session } = editor
  if (store.loader.holds(tracks, ...range)) {
    work()
    return
  }
  const timer = setTimeout(
    () => session.tell(counted(tracks.length, 'Loading the rest of the track…', 'Loading the rest of the tracks…')),
    PATIENCE_MS,
  )
  void store.ensure(tracks, ...range).then((loaded) => {
    clearTimeout(timer)
    if (loaded) work()
  })
}

/** The selected tracks if all of them may be changed; says why not. */
export function tracksToChange(
  editor: Editor,
  tracks: readonly TrackId[] = editor.selected(),
): readonly TrackId[] | null {
  const { config, session, store } = editor
  const locked = tracks.find((track) => store.records.track(track)?.locked)
  if (!config.can_edit)
    session.tell(t('You can look at this video; editing needs the role annotator or more.'), 'error')
  else if (!config.editable_ranges.length) session.tell(t('No job on this video is assigned to you.'), 'error')
  else if (locked !== undefined)
    session.tell(
      t('{name} is locked. Unlock it first ({key}).', {
        name: nameOf(editor, locked),
        key: editor.keymap.shown('track.lock'),
      }),
      'error',
    )
  else return tracks
  return null
}

/**
 * Do changes and whatever `more` adds, as one edit; runs that follow the tracks stop. Refuses, and says why, when a frame
 * lies outside of this person's jobs. Returns whether it was done.
 */
export function apply(
  editor: Editor,
  summary: string,
  changes: readonly Change[],
  more?: (tx: Transaction) => void,
): boolean {
  const { store, session } = editor
  const planned = changes.map((change) => ({ ...change, ranges: differing(change.former, change.rows) }))
  const mine = editor.config.editable_ranges
  const foreign = planned
    .flatMap(({ ranges }) => ranges)
    .filter(([first, last]) => !mine.some(([from, to]) => from <= first && last <= to))
  if (foreign.length) {
    session.tell(
      t('This would change frames {frames}, but your job covers frames {mine}.', {
        frames: spelt(foreign),
        mine: spelt(mine),
      }),
      'error',
    )
    return false
  }
  for (const { track } of planned) {
    store.runs.release(track)
  }
  store.transact(summary, (tx) => {
    more?.(tx)
    for (const { track, rows, ranges, whole = [] } of planned) {
      const all = [...ranges, ...whole].sort(([a], [b]) => a - b)
      const sent = coalesced(all).flatMap((range) => shared(range, mine))
      if (sent.length)
        tx.replace(
          track,
          sent,
          sent.flatMap((range) => within(rows, range)),
        )
    }
  })
  return true
}

/** The rows of a new track; all of them lie in this person's frames. */
export function putMine(editor: Editor, tx: Transaction, track: TrackId, rows: Rows): void {
  const ranges = coalesced(rangesOf(rows.map(({ frame }) => frame)))
  tx.replace(
    track,
    ranges.flatMap((range) => shared(range, editor.config.editable_ranges)),
    rows,
  )
}

/** Whether all shapes of a track lie in this person's frames, so that they may delete it. */
export const isWhollyMine = (editor: Editor, rows: Rows): boolean => {
  const { editable_ranges: editable } = editor.config
  return rows.every(({ frame }) => editable.some(([first, last]) => frame >= first && frame <= last))
}

/** The parts of a range that lie in others. */
export const shared = ([first, last]: Range, others: readonly Range[]): Range[] =>
  others.map(([from, to]) => [Math.max(first, from), Math.min(last, to)] as const).filter(([from, to]) => from <= to)

export const within = (rows: Rows, [first, last]: Range): Rows =>
  rows.slice(indexFrom(rows, first), indexFrom(rows, last + 1))

/** "0–299, 600–899" */
export const spelt = (ranges: readonly Range[]): string => {
  const shown = ranges.slice(0, 3).map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`))
  return [...shown, ...(ranges.length > 3 ? ['…'] : [])].join(', ')
}
