/** Giving verdicts: on what, and what comes next. */
import { signal, type Signal } from '@preact/signals-core'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import { rangesInWords } from '@/editor/review/words'
import type { Range } from '@/store/operations'
import type { FrameNumber, Track, TrackId } from '@/store/types'
import { unreviewed, type SpanVerdict, type Verdict } from '@/store/verdicts'

/** Which frames of the selected objects a verdict is on. */
export type Reach = 'all' | 'range' | 'view'

export class ReviewState {
  readonly reach: Signal<Reach> = signal('all', { name: 'reach of verdicts' })
  /** What is to be rejected once it was said why; null: nothing. */
  readonly rejecting: Signal<Rejecting | null> = signal(null, { name: 'rejecting' })
  /** Whether what was accepted is drawn beside what it was changed to. */
  readonly showsFormer = signal(true, { name: 'shows former' })
}

/** Frames of a track that get a verdict. */
export interface Judged {
  readonly track: TrackId
  readonly ranges: readonly Range[]
}

/** What is about to be rejected. */
export interface Rejecting {
  readonly spans: readonly Judged[]
  /** The reason where the person gives none; empty: there has to be one. */
  readonly otherwise: string
  readonly reject: (reason: string) => void
}

/** Ask what is wrong with some spans, and reject them for that. */
export function askToReject(
  editor: Editor,
  spans: readonly Judged[],
  otherwise = '',
  reject: Rejecting['reject'] = (reason) => void giveVerdict(editor, spans, 'rejected', reason),
): void {
  editor.review.rejecting.value = { spans, otherwise, reject }
}

/** A chosen range counts first; else what was set. */
export const reachOf = (editor: Editor): Reach => {
  const { reach } = editor.review
  if (editor.session.range.value) return reach.value === 'view' ? 'view' : 'range'
  return reach.value === 'range' ? 'all' : reach.value
}

/** The frames of the selected objects that a verdict would be on now; objects without shapes there are left out. */
export function selectedSpans(editor: Editor): Judged[] {
  return editor.selected().flatMap((track): Judged[] => {
    const extent = editor.store.extentOf(track)
    const range = extent && meeting(extent, framesMeant(editor))
    return range ? [{ track, ranges: [range] }] : []
  })
}

function framesMeant(editor: Editor): Range {
  switch (reachOf(editor)) {
    case 'all':
      return [0, Infinity]
    case 'range':
      return editor.session.range.value!
    case 'view':
      return editor.timeline?.inView() ?? [0, Infinity]
  }
}

function meeting([first, last]: Range, [from, to]: Range): Range | null {
  const both: Range = [Math.max(first, from), Math.min(last, to)]
  return both[0] <= both[1] ? both : null
}

const DONE: Record<Verdict, string> = { accepted: 'Accepted', rejected: 'Rejected', check: 'To be checked' }

/** Give a verdict, or take it away (null), as one step of undo. Returns whether it could be given. */
export function giveVerdict(editor: Editor, spans: readonly Judged[], verdict: Verdict | null, reason = ''): boolean {
  if (!editor.config.can_review || editor.session.gone.value) {
    editor.session.tell(t('Verdicts are a reviewer’s to give.'), 'error')
    return false
  }
  if (!spans.length) {
    editor.session.tell(t('Nothing of the selected objects lies on these frames.'))
    return false
  }
  const word = verdict ? DONE[verdict] : 'Took the verdict away'
  const what = counted(spans.length, '{name}', '{count} objects', { name: nameOf(editor, spans[0]!.track) })
  editor.store.transact(`${word}: ${what}`.slice(0, 200), (tx) => {
    for (const { track, ranges } of spans)
      tx.judge(track, ranges, verdict ? ranges.map((range) => said(editor, range, verdict, reason)) : [])
  })
  const frames = spans.length === 1 ? `, ${rangesInWords(spans[0]!.ranges)}` : ''
  editor.session.tell(`${t(word)}: ${what}${frames}`)
  return true
}

/** As it will be once the server has signed it. */
function said(editor: Editor, [first, last]: Range, verdict: Verdict, reason: string): SpanVerdict {
  const { id, name } = editor.config.user
  return {
    first,
    last,
    verdict,
    reason,
    by: id,
    by_name: name,
    at: new Date().toISOString(),
    revision: 0,
    reopened: null,
  }
}

/** Go to the next frames that nobody has judged, or that were changed since: of this object, then of the next in the list. */
export function nextUnreviewed(editor: Editor): void {
  const listed = editor.list.shown.value
  const [selected] = editor.selected()
  const at = Math.max(
    listed.findIndex(({ id }) => id === selected),
    0,
  )
  const frame = selected === undefined ? -1 : editor.session.frame.value
  const found =
    firstOpen(editor, listed.slice(at, at + 1), frame) ??
    firstOpen(editor, [...listed.slice(at + 1), ...listed.slice(0, at + 1)], -1)
  if (!found) {
    editor.session.tell(t('Everything in the list is reviewed.'))
    return
  }
  editor.session.select(found.track.id)
  editor.goTo(found.range[0])
  editor.session.tell(
    t('Not reviewed: {name}, {frames}', { name: nameOf(editor, found.track), frames: rangesInWords([found.range]) }),
  )
}

function firstOpen(
  editor: Editor,
  tracks: readonly Track[],
  behind: FrameNumber,
): { track: Track; range: Range } | null {
  for (const track of tracks) {
    const extent = editor.store.extentOf(track.id)
    const open = extent ? unreviewed(track.verdicts, extent[0], extent[1]) : []
    const range = open.find(([first]) => first > behind)
    if (range) return { track, range }
  }
  return null
}

/** Whether this person may not change a track on a frame because it is accepted there, and the project locks that. */
export function isLockedFor(editor: Editor, verdict: SpanVerdict | null): boolean {
  const { locks_accepted: locks, can_review: reviews } = editor.config
  return locks && !reviews && verdict?.verdict === 'accepted'
}
