/** What a press on the timeline goes on as. A drag changes records through one gesture: one step of undo. */
import { endsFrame, limitsOf, moveEdge, type Edge } from '@/editor/edges'
import type { Editor } from '@/editor/editor'
import type { Gesture } from '@/store/store'
import { windowStart, WINDOW } from '@/store/chunks'
import type { FrameNumber } from '@/store/types'
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
const SLIP_PX = 3

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
    move: (x) => (range.value = end === 'first' ? [Math.min(view.frameAt(x), last), last] : [first, Math.max(view.frameAt(x), first)]),
    end: () => undefined,
    cancel: () => (range.value = before),
  }
}

/** A keyframe, or the edge of a gap, of predictions or of the track. The playhead goes along, so that one sees what it is about. */
export function dragEdge(editor: Editor, view: TimelineView, { track }: Line, edge: Edge, x: number): Drag | null {
  editor.playback?.pause()
  editor.session.select(track.id)
  editor.goTo(edge.frame)
  if (!editor.mayEdit(track.id)) return null
  const { queries, records } = editor.store
  const [least, most] = reachable(editor, edge.frame, limitsOf(records.rows(track.id), edge, view.frameCount - 1))
  const grip = timeOf(edge) - view.timeAt(x)
  let gesture: Gesture | null = null
  let to = edge.frame
  return {
    cursor: edge.kind === 'keyframe' ? 'grabbing' : 'ew-resize',
    move: (nowX) => {
      if (!gesture && Math.abs(nowX - x) <= SLIP_PX) return
      const time = view.timeAt(nowX) + grip
      const wanted = edge.kind === 'keyframe' ? Math.floor(time) : Math.round(time) - Number(endsFrame(edge))
      to = Math.min(Math.max(wanted, least), most)
      gesture ??= editor.store.beginGesture(SUMMARIES[edge.kind])
      gesture.update((tx) => moveEdge(tx, queries, track.id, edge, to))
      editor.goTo(to)
    },
    end: () => {
      gesture?.commit()
      if (!gesture || to === edge.frame) return
      if (edge.kind === 'keyframe') editor.edited([track.id], to)
      else stopFollowing(editor, track.id)
    },
    cancel: () => {
      gesture?.cancel()
      editor.goTo(edge.frame)
    },
  }
}

/** The frame from which an attribute has a value; never past the changes beside it. */
export function dragChange(editor: Editor, view: TimelineView, { track, attribute }: Line, index: number): Drag | null {
  const changes = track.frameAttributes[attribute!.id] ?? []
  const from = changes[index]![0]
  editor.playback?.pause()
  editor.session.select(track.id)
  editor.goTo(from)
  if (!editor.mayEdit(track.id)) return null
  const within: Range = [(changes[index - 1]?.[0] ?? -1) + 1, (changes[index + 1]?.[0] ?? view.frameCount) - 1]
  const [least, most] = editable(editor, from, within)
  let gesture: Gesture | null = null
  return {
    cursor: 'ew-resize',
    move: (x) => {
      const to = Math.min(Math.max(Math.round(view.timeAt(x)), least), most)
      gesture ??= editor.store.beginGesture(`Change ${attribute!.name} earlier or later`)
      gesture.update((tx) => {
        if (to !== from) tx.updateTrack(track.id, { frame_attributes: withChangeAt(track, attribute!, index, to) })
      })
      editor.goTo(to)
    },
    end: () => gesture?.commit(),
    cancel: () => {
      gesture?.cancel()
      editor.goTo(from)
    },
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
  const run = editor.store.runOf(track)
  if (run) editor.store.stopRun(run.id, [track])
}

/** Where this person may edit and every row is known: what isn't here could not be put back. */
function reachable(editor: Editor, from: FrameNumber, limits: Range): Range {
  const [least, most] = editable(editor, from, limits)
  const { loader } = editor.store
  let [first, last] = [windowStart(from), windowStart(from) + WINDOW - 1]
  while (first > least && loader.covers(first - 1)) first -= WINDOW
  while (last < most && loader.covers(last + 1)) last += WINDOW
  return [Math.max(least, first), Math.min(most, last)]
}

function editable(editor: Editor, from: FrameNumber, [least, most]: Range): Range {
  const [first, last] = editor.config.editableRanges.find(([start, end]) => from >= start && from <= end) ?? [from, from]
  return [Math.max(least, first), Math.min(most, last)]
}

const ordered = (a: FrameNumber, b: FrameNumber): Range => (a <= b ? [a, b] : [b, a])
