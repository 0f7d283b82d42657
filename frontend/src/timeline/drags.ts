/** What a press on the timeline goes on as. A drag changes records through one gesture: one step of undo. */
import { endsFrame, limitsOf, moveEdge, type Edge } from '@/editor/time/edges'
import type { Editor } from '@/editor/editor'
import type { Gesture } from '@/store/store'
import type { Transaction } from '@/store/transaction'
import type { FrameNumber, TrackId } from '@/store/types'
import { withChangeAt, type Line } from './lines'
import { timeOf } from './hits'
import type { TimelineView } from './view'

export interface Drag {
  readonly cursor: string
  /** x, y: CSS px of the canvas. */
  move(x: number, y: number): void
  end(): void
  cancel(): void
}

type Range = readonly [FrameNumber, FrameNumber]
/** CSS px that the pointer must move before a press becomes a drag. */
export const SLIP_PX = 3

/** The playhead goes where the pointer is. */
export function scrub(editor: Editor, view: TimelineView): Drag {
  editor.playback?.pause()
  return { cursor: 'default', move: (x) => editor.goTo(view.frameAt(x)), end: () => undefined, cancel: () => undefined }
}

/** The view goes along with the pointer. */
export function pan(view: TimelineView, x: number, y: number): Drag {
  let from = { x, y }
  const move = (toX: number, toY: number) => {
    view.scrollTop += from.y - toY
    view.scrollBy(from.x - toX)
    view.onChange()
    from = { x: toX, y: toY }
  }
  return { cursor: 'grabbing', move, end: () => undefined, cancel: () => undefined }
}

/** Frames chosen from where the pointer was pressed; `tap`: it never moved. */
export function chooseRange(editor: Editor, view: TimelineView, x: number, tap: () => void): Drag {
  const { range } = editor.session
  const before = range.value
  const from = view.frameAt(x)
  let moved = false
  return {
    cursor: 'ew-resize',
    move: (to) => {
      moved ||= Math.abs(to - x) > SLIP_PX
      view.reachFor(to)
      if (moved) range.value = ordered(from, view.frameAt(to))
    },
    end: () => {
      if (!moved) tap()
    },
    cancel: () => (range.value = before),
  }
}

/** One end of the chosen range. */
export function adjustRange(editor: Editor, view: TimelineView, end: 'first' | 'last'): Drag {
  const { range } = editor.session
  const before = range.value
  const [first, last] = before ?? [0, 0]
  return {
    cursor: 'ew-resize',
    move: (x) => {
      view.reachFor(x)
      range.value =
        end === 'first' ? [Math.min(view.frameAt(x), last), last] : [first, Math.max(view.frameAt(x), first)]
    },
    end: () => undefined,
    cancel: () => (range.value = before),
  }
}

/** A keyframe, or the edge of a gap, of predictions or of the track. The playhead goes along, so that one sees what it is about. */
export function dragEdge(editor: Editor, view: TimelineView, { track }: Line, edge: Edge, x: number): Drag {
  visit(editor, track.id, edge.frame)
  const { queries, records } = editor.store
  const [least, most] = reachable(
    editor,
    track.id,
    edge.frame,
    limitsOf(records.rows(track.id), edge, view.frameCount - 1),
  )
  const grip = timeOf(edge) - view.timeAt(x)
  const change = new Change(editor, track.id, SUMMARIES[edge.kind])
  let to = edge.frame
  return {
    cursor: edge.kind === 'keyframe' ? 'grabbing' : 'ew-resize',
    move: (nowX) => {
      if (!change.begun && Math.abs(nowX - x) <= SLIP_PX) return
      const time = view.timeAt(nowX) + grip
      const wanted = edge.kind === 'keyframe' ? Math.floor(time) : Math.round(time) - Number(endsFrame(edge))
      to = Math.min(Math.max(wanted, least), most)
      if (change.update((tx) => moveEdge(tx, queries, track.id, edge, to))) editor.goTo(to)
    },
    end: () => {
      if (!change.commit() || to === edge.frame) return
      if (edge.kind === 'keyframe') editor.following.edited([track.id], to)
      else stopFollowing(editor, track.id)
    },
    cancel: () => {
      change.cancel()
      editor.goTo(edge.frame)
    },
  }
}

/** The frame from which an attribute has a value; never past the changes beside it. */
export function dragChange(editor: Editor, view: TimelineView, { track, attribute }: Line, index: number): Drag {
  const changes = track.frame_attributes[attribute!.id] ?? []
  const from = changes[index]![0]
  visit(editor, track.id, from)
  const within: Range = [(changes[index - 1]?.[0] ?? -1) + 1, (changes[index + 1]?.[0] ?? view.frameCount) - 1]
  const [least, most] = editable(editor, from, within)
  const change = new Change(editor, track.id, `Change ${attribute!.name} earlier or later`)
  return {
    cursor: 'ew-resize',
    move: (x) => {
      const to = Math.min(Math.max(Math.round(view.timeAt(x)), least), most)
      if (!change.begun && to === from) return
      const update = (tx: Transaction) =>
        tx.updateTrack(track.id, { frame_attributes: withChangeAt(track, attribute!, index, to) })
      if (change.update(update)) editor.goTo(to)
    },
    end: () => void change.commit(),
    cancel: () => {
      change.cancel()
      editor.goTo(from)
    },
  }
}

function visit(editor: Editor, track: TrackId, frame: FrameNumber): void {
  editor.playback?.pause()
  editor.session.select(track)
  editor.goTo(frame)
}

/** A gesture that begins with the first change, if this person may make it: a press alone asks for nothing. */
class Change {
  private gesture: Gesture | null = null
  private refused = false

  constructor(
    private readonly editor: Editor,
    private readonly track: TrackId,
    private readonly summary: string,
  ) {}

  get begun(): boolean {
    return this.gesture !== null
  }

  /** Returns whether it was done. */
  update(work: (tx: Transaction) => void): boolean {
    if (!this.gesture && !this.refused) {
      if (this.editor.mayEdit(this.track)) this.gesture = this.editor.store.beginGesture(this.summary)
      else this.refused = true
    }
    this.gesture?.update(work)
    return this.begun
  }

  /** Returns whether there was anything. */
  commit(): boolean {
    this.gesture?.commit()
    return this.begun
  }

  cancel(): void {
    this.gesture?.cancel()
  }
}

/** On the minimap: what is under the pointer comes into the middle. */
export function dragMinimap(view: TimelineView, frameAt: (x: number) => number): Drag {
  return { cursor: 'grabbing', move: (x) => view.centre(frameAt(x)), end: () => undefined, cancel: () => undefined }
}

const SUMMARIES: Readonly<Record<Edge['kind'], string>> = {
  keyframe: 'Move keyframe in time',
  'gap-start': 'Move start of gap',
  'gap-end': 'Move end of gap',
  first: 'Move start of track',
  last: 'Move end of track',
  'predicted-first': 'Shorten predictions',
  'predicted-last': 'Shorten predictions',
}

/** Predictions that are still to come would undo what was dragged. */
function stopFollowing(editor: Editor, track: string): void {
  editor.store.runs.release(track)
}

/** Where this person may edit and every row is known: what isn't here could not be put back. */
function reachable(editor: Editor, track: TrackId, from: FrameNumber, limits: Range): Range {
  const [least, most] = editable(editor, from, limits)
  const [first, last] = editor.store.loader.knownAround(track, from) ?? [from, from]
  return [Math.max(least, first), Math.min(most, last)]
}

function editable(editor: Editor, from: FrameNumber, [least, most]: Range): Range {
  const [first, last] = editor.config.editable_ranges.find(([start, end]) => from >= start && from <= end) ?? [
    from,
    from,
  ]
  return [Math.max(least, first), Math.min(most, last)]
}

const ordered = (a: FrameNumber, b: FrameNumber): Range => (a <= b ? [a, b] : [b, a])
