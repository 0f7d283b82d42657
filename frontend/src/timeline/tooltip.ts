/** What lies under the pointer, in words. */
import { clock } from '@/core/clock'
import { stateAt, type State } from '@/editor/edges'
import type { Editor } from '@/editor/editor'
import { Flag } from '@/store/chunks'
import type { FrameNumber, Track } from '@/store/types'
import type { Hit } from './hits'
import { shownValue, valueRanges } from './lines'

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
  const where = `Frame ${frame} · ${clock(frame / editor.config.video.fps)}`
  switch (hit.on) {
    case 'minimap':
      return ['The whole video. Drag to move along it.']
    case 'ruler':
      return [where]
    case 'range':
      return [chosen(editor), 'Drag to change it, Escape to drop it']
    case 'triangle':
      return ['Attributes that change over time']
    case 'name':
      return hit.line ? aboutTrack(editor, hit.line.track) : []
    case 'edge':
      return [`Frame ${hit.edge.frame} · ${clock(hit.edge.frame / editor.config.video.fps)}`, EDGES[hit.edge.kind]]
    case 'change':
      return [`${hit.line.attribute!.name} from frame ${hit.line.track.frameAttributes[hit.line.attribute!.id]![hit.index]![0]}`, 'Drag to change it earlier or later']
    case 'row':
      if (!hit.line) return []
      return [where, hit.line.attribute ? aboutValue(editor, hit.line.track, hit.line.attribute.id, frame) : aboutFrame(editor, hit.line.track, frame)]
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
  if (!editor.store.loader.covers(frame)) return 'Go there to see its frames'
  const rows = editor.store.records.rows(track.id)
  const state = stateAt(rows, frame)
  if (state !== 'predicted') return STATES[state]
  const doubtful = rows.flags(frame) & Flag.doubtful ? ' · doubtful' : ''
  return `Predicted · confidence ${Math.round(100 * rows.confidence(frame))} %${doubtful}`
}

function aboutValue(editor: Editor, track: Track, attribute: number, frame: FrameNumber): string {
  const named = editor.label(track.label)?.attributes.find(({ id }) => id === attribute)
  const extent = editor.store.extentOf(track.id)
  const range = named && extent ? valueRanges(track, named, extent).find(({ first, last }) => frame >= first && frame <= last) : undefined
  return `${named?.name ?? ''}: ${range ? shownValue(range.value) || 'no value' : 'not there'}`
}

function aboutTrack(editor: Editor, track: Track): string[] {
  const extent = editor.store.extentOf(track.id)
  const name = `${editor.label(track.label)?.name ?? 'object'} ${track.number > 0 ? track.number : ''}`.trim()
  if (!extent) return [name, 'No shapes yet']
  return [name, `Frames ${extent[0]}–${extent[1]} · double click to go to the first`]
}

function chosen(editor: Editor): string {
  const [first, last] = editor.session.range.value ?? [0, 0]
  return `Frames ${first}–${last} · ${last + 1 - first} chosen`
}
