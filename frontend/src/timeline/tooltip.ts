/** What lies under the pointer, in words. */
import { valueText } from '@/editor/objects/attributes'
import { clock } from '@/core/times'
import { t } from '@/core/text'
import { stateAt, type State } from '@/editor/time/edges'
import type { Editor } from '@/editor/editor'
import { placeInWords } from '@/editor/issues/words'
import { nameOf } from '@/editor/objects/name'
import { isLockedFor } from '@/editor/review/review'
import { judgementInWords, rangesInWords, spanInWords } from '@/editor/review/words'
import { Flag } from '@/store/chunks'
import type { FrameNumber, Track } from '@/store/types'
import { verdictAt } from '@/store/verdicts'
import type { Hit } from './hits'
import { valueRanges, type Line } from './lines'

const GAP_PX = 14

export class Tooltip {
  private readonly element = document.createElement('div')

  constructor(private readonly host: HTMLElement) {
    this.element.className = 'timeline-tip'
    this.element.hidden = true
    this.element.setAttribute('aria-hidden', 'true')
    host.append(this.element)
  }

  /** x, y: CSS px within the host. */
  show(lines: readonly string[], x: number, y: number): void {
    this.element.hidden = lines.length === 0
    if (!lines.length) return
    this.element.textContent = lines.join('\n')
    const { offsetWidth, offsetHeight } = this.element
    const above = y - offsetHeight - GAP_PX
    const left = Math.min(x + GAP_PX, this.host.clientWidth - offsetWidth - 4)
    const top = above >= 2 ? above : Math.min(y + GAP_PX, this.host.clientHeight - offsetHeight - 2)
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`
  }

  hide(): void {
    this.element.hidden = true
  }
}

/** Lines of text about a place; none: nothing worth saying. */
export function described(editor: Editor, hit: Hit, frame: FrameNumber): string[] {
  const where = placeOf(editor, frame)
  switch (hit.on) {
    case 'minimap':
      return [t('The whole video. Drag to move along it.')]
    case 'ruler':
      return [where]
    case 'issue':
      return [`${hit.issue.by_name}: ${hit.issue.excerpt}`, placeInWords(editor, hit.issue)]
    case 'range':
      return [chosen(editor), t('Drag to change it, Escape to drop it')]
    case 'triangle':
      return [t('Attributes that change over time')]
    case 'name':
      return hit.line ? aboutTrack(editor, hit.line.track) : []
    case 'edge':
      return [placeOf(editor, hit.edge.frame), t(EDGES[hit.edge.kind])]
    case 'change':
      return [aboutChange(hit.line, hit.index), t('Drag to change it earlier or later')]
    case 'row':
      if (!hit.line) return []
      return [
        where,
        hit.line.attribute
          ? aboutValue(editor, hit.line.track, hit.line.attribute.id, frame)
          : aboutFrame(editor, hit.line.track, frame),
        ...aboutVerdict(editor, hit.line.track, frame),
      ]
  }
}

const EDGES: Readonly<Record<Extract<Hit, { on: 'edge' }>['edge']['kind'], string>> = {
  keyframe: 'Keyframe · drag to move it in time',
  'gap-start': 'Goes out of the picture · drag',
  'gap-end': 'Comes back · drag',
  first: 'The track begins · drag',
  last: 'The track ends · drag',
  'predicted-first': 'Predictions begin · drag to drop some',
  'predicted-last': 'Predictions end · drag to drop some',
}

const STATES: Readonly<Record<State, string>> = {
  none: 'Not there',
  keyframe: 'Keyframe',
  predicted: 'Predicted',
  interpolated: 'Interpolated',
  outside: 'Outside the picture',
}

function aboutFrame(editor: Editor, track: Track, frame: FrameNumber): string {
  const rows = editor.store.records.rows(track.id)
  if (!editor.store.loader.covers(frame)) return aboutWindow(editor, track, frame)
  const state = stateAt(rows, frame)
  if (state !== 'predicted') return t(STATES[state])
  const percent = Math.round(100 * rows.confidence(frame))
  return rows.flags(frame) & Flag.doubtful
    ? t('Predicted · confidence {percent} % · doubtful', { percent })
    : t('Predicted · confidence {percent} %', { percent })
}

/** Who said what of it, and when. */
function aboutVerdict(editor: Editor, { verdicts }: Track, frame: FrameNumber): string[] {
  const span = verdictAt(verdicts, frame)
  if (!span) return []
  const lines = [`${judgementInWords(span)}, ${rangesInWords([[span.first, span.last]])}`, ...spanInWords(span)]
  return isLockedFor(editor, span) ? [...lines, t('Locked: ask a reviewer to reopen it.')] : lines
}

/** Of frames that aren't here: what the overview says of those around. */
function aboutWindow(editor: Editor, track: Track, frame: FrameNumber): string {
  const bins = editor.store.overview.bins(track.id, editor.store.records.rows(track.id))
  const bin = bins?.find(([first, last]) => frame >= first && frame <= last)
  if (!bin) return t('No keyframes or predictions here')
  const [first, last, , keyframes, predicted, , lowest] = bin
  const values = { first, last, keyframes, predicted, percent: Math.round(100 * lowest) }
  if (!predicted) return t('{keyframes} keyframes on frames {first}–{last}', values)
  return t('{keyframes} keyframes, {predicted} predictions from {percent} % on frames {first}–{last}', values)
}

function aboutChange({ track, attribute }: Line, index: number): string {
  return t('{name} from frame {frame}', {
    name: attribute!.name,
    frame: track.frame_attributes[attribute!.id]![index]![0],
  })
}

const placeOf = (editor: Editor, frame: FrameNumber) =>
  t('Frame {frame} · {time}', { frame, time: clock(frame / editor.config.video.fps) })

function aboutValue(editor: Editor, track: Track, attribute: number, frame: FrameNumber): string {
  const named = editor.label(track.label)?.attributes.find(({ id }) => id === attribute)
  const extent = editor.store.extentOf(track.id)
  const range =
    named && extent
      ? valueRanges(track, named, extent).find(({ first, last }) => frame >= first && frame <= last)
      : undefined
  return `${named?.name ?? ''}: ${range ? valueText(range.value) || t('no value') : t('not there')}`
}

function aboutTrack(editor: Editor, track: Track): string[] {
  const extent = editor.store.extentOf(track.id)
  const name = nameOf(editor, track)
  if (!extent) return [name, t('No shapes yet')]
  return [name, t('Frames {first}–{last} · double click to go to the first', { first: extent[0], last: extent[1] })]
}

function chosen(editor: Editor): string {
  const [first, last] = editor.session.range.value ?? [0, 0]
  return t('Frames {first}–{last} · {count} chosen', { first, last, count: last + 1 - first })
}
