/** What lies under the pointer in the timeline. Pure: asks the view and the rows. */
import { edgeBefore, endsFrame, type Edge } from '@/editor/time/edges'
import { Flag } from '@/store/chunks'
import type { Issue } from '@/store/issues'
import type { TrackRows } from '@/store/track-rows'
import type { FrameNumber } from '@/store/types'
import { issueAt } from './issues'
import { GUTTER_PX, MINIMAP_PX, NAME_X, RULER_PX, xOf } from './layout'
import type { Line } from './lines'
import type { TimelineView } from './view'

export type Hit =
  | { readonly on: 'minimap' | 'ruler' }
  /** The mark of an issue, on the ruler. */
  | { readonly on: 'issue'; readonly issue: Issue }
  | { readonly on: 'range'; readonly end: 'first' | 'last' }
  | { readonly on: 'name' | 'triangle'; readonly line: Line | null }
  | { readonly on: 'edge'; readonly line: Line; readonly edge: Edge }
  /** Where an attribute changes. */
  | { readonly on: 'change'; readonly line: Line; readonly index: number }
  | { readonly on: 'row'; readonly line: Line | null }

/** CSS px beside a thing that still mean it. */
const REACH_PX = 5
/** CSS px per frame below which keyframes and edges are too close together to be told apart. */
export const DETAIL_PER_FRAME = 0.5

export interface Known {
  readonly rows: (track: string) => TrackRows
  /** Edges of tracks that aren't selected are not for dragging: who scrubs along a row must not change it by accident. */
  readonly selected: (track: string) => boolean
  readonly range: readonly [FrameNumber, FrameNumber] | null
  /** Open ones. */
  readonly issues: readonly Issue[]
  /** Whether every row on a frame is here. */
  readonly covers: (frame: FrameNumber) => boolean
}

export function hitAt(view: TimelineView, known: Known, x: number, y: number): Hit {
  if (y < view.top) return x < GUTTER_PX ? { on: 'name', line: null } : hitHead(view, known, x, y)
  const line = view.lineAt(y)
  if (x < GUTTER_PX) return { on: line && isTriangle(view, line, x) ? 'triangle' : 'name', line }
  if (!line || view.scale.perFrame < DETAIL_PER_FRAME) return { on: 'row', line }
  if (line.attribute) return hitChange(view, line, x) ?? { on: 'row', line }
  const { id } = line.track
  const edge = known.covers(view.frameAt(x))
    ? edgeNear(
        view,
        known.rows(id),
        x,
        view.tags.has(line.track.label) ? 'edges' : known.selected(id) ? 'all' : 'keyframes',
      )
    : null
  return edge ? { on: 'edge', line, edge } : { on: 'row', line }
}

function hitHead(view: TimelineView, { range, issues }: Known, x: number, y: number): Hit {
  // With the whole video in view there is nothing to move, and a press goes there as it does below.
  if (y < MINIMAP_PX && !view.isWhole) return { on: 'minimap' }
  if (range && y < MINIMAP_PX + RULER_PX) {
    const [left, right] = [Math.abs(x - xOf(view.scale, range[0])), Math.abs(x - xOf(view.scale, range[1] + 1))]
    if (Math.min(left, right) <= REACH_PX) return { on: 'range', end: left < right ? 'first' : 'last' }
  }
  const issue = issueAt(issues, view.scale, x, y)
  return issue ? { on: 'issue', issue } : { on: 'ruler' }
}

const isTriangle = (view: TimelineView, { track, attribute }: Line, x: number) =>
  attribute === null && x < NAME_X.picture && (view.attributes.get(track.label)?.length ?? 0) > 0

/** The nearest keyframe within reach, or else the nearest edge, of those that count. */
function edgeNear(view: TimelineView, rows: TrackRows, x: number, which: 'keyframes' | 'edges' | 'all'): Edge | null {
  const time = view.timeAt(x)
  const reach = REACH_PX / view.scale.perFrame
  const keyframe = which === 'edges' ? null : keyframeNear(rows, time - 0.5, reach)
  if (keyframe !== null) return asEdge(rows, keyframe)
  if (which === 'keyframes') return null
  let nearest: Edge | null = null
  let least = reach
  for (let frame = Math.max(Math.ceil(time - reach), 0); frame <= time + reach; frame++) {
    const edge = Math.abs(frame - time) <= least ? edgeBefore(rows, frame) : null
    if (!edge) continue
    nearest = edge
    least = Math.abs(frame - time)
  }
  return nearest
}

function keyframeNear(rows: TrackRows, time: number, reach: number): FrameNumber | null {
  const before = rows.before(Math.floor(time) + 1, Flag.keyframe)
  const after = rows.after(Math.floor(time), Flag.keyframe)
  const near = [before, after].filter(
    (frame): frame is FrameNumber => frame !== null && Math.abs(frame - time) <= reach,
  )
  return near.length ? near.reduce((a, b) => (Math.abs(a - time) <= Math.abs(b - time) ? a : b)) : null
}

/** A keyframe that begins a gap is that gap's start. */
function asEdge(rows: TrackRows, frame: FrameNumber): Edge {
  const begins = rows.flags(frame) & Flag.outside && edgeBefore(rows, frame)?.kind === 'gap-start'
  return { kind: begins ? 'gap-start' : 'keyframe', frame }
}

function hitChange(view: TimelineView, line: Line, x: number): Hit | null {
  const changes = line.track.frame_attributes[line.attribute!.id] ?? []
  const index = changes.findIndex(([frame]) => Math.abs(xOf(view.scale, frame) - x) <= REACH_PX)
  return index < 0 ? null : { on: 'change', line, index }
}

/** Time at which an edge is drawn and gripped. */
export const timeOf = (edge: Edge): number =>
  edge.kind === 'keyframe' ? edge.frame + 0.5 : endsFrame(edge) ? edge.frame + 1 : edge.frame

/** CSS cursor above it. */
export function cursorOf(hit: Hit): string {
  switch (hit.on) {
    case 'range':
    case 'change':
      return 'ew-resize'
    case 'edge':
      return hit.edge.kind === 'keyframe' ? 'grab' : 'ew-resize'
    case 'triangle':
    case 'issue':
      return 'pointer'
    case 'minimap':
      return 'pointer'
    case 'name':
    case 'row':
    case 'ruler':
      return 'default'
  }
}
