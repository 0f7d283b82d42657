/**
 * What of a track can be dragged along time: keyframes, and the edges of gaps, of predictions and of the track itself.
 * Nothing is dragged past a neighbouring keyframe of the same track. Frames keep what they showed, but for those between
 * where an edge was and where it goes.
 */
import { Flag, keyframe } from '@/store/chunks'
import type { Queries } from '@/store/queries'
import type { TrackRows } from '@/store/track-rows'
import type { Transaction } from '@/store/transaction'
import type { FrameNumber, TrackId } from '@/store/types'

/**
 * `frame` is, of a keyframe, its own; of `gap-start` the first without the object and of `gap-end` the first with it
 * again; of the others the first or last that is part of the track or of the predicted range.
 */
export interface Edge {
  readonly kind: 'keyframe' | 'gap-start' | 'gap-end' | 'first' | 'last' | 'predicted-first' | 'predicted-last'
  readonly frame: FrameNumber
}

export type State = 'none' | 'keyframe' | 'predicted' | 'interpolated' | 'outside'

export function stateAt(rows: TrackRows, frame: FrameNumber): State {
  const flags = rows.flags(frame)
  if (flags & Flag.outside) return 'outside'
  if (flags) return flags & Flag.keyframe ? 'keyframe' : 'predicted'
  const before = rows.before(frame)
  if (before === null || rows.after(frame) === null) return 'none'
  return rows.flags(before) & Flag.outside ? 'outside' : 'interpolated'
}

/** The edge between `frame` and the one before it; null: nothing ends or begins there. */
export function edgeBefore(rows: TrackRows, frame: FrameNumber): Edge | null {
  const [left, right] = [stateAt(rows, frame - 1), stateAt(rows, frame)]
  if (left === right) return null
  if (left === 'none') return { kind: 'first', frame }
  if (right === 'none') return left === 'outside' ? null : { kind: 'last', frame: frame - 1 }
  if (right === 'outside') return { kind: 'gap-start', frame }
  if (left === 'outside') return { kind: 'gap-end', frame }
  if (left === 'predicted') return { kind: 'predicted-last', frame: frame - 1 }
  return right === 'predicted' ? { kind: 'predicted-first', frame } : null
}

/** Whether the edge lies at the end of its frame, not at its start. */
export const endsFrame = ({ kind }: Edge) => kind === 'last' || kind === 'predicted-last'

/** First and last frame that an edge can be dragged to. */
export function limitsOf(
  rows: TrackRows,
  { kind, frame }: Edge,
  lastFrame: FrameNumber,
): readonly [FrameNumber, FrameNumber] {
  const keyBefore = rows.before(frame, Flag.keyframe)
  const keyAfter = rows.after(frame, Flag.keyframe)
  const [first, last] = rows.extent() ?? [frame, frame]
  switch (kind) {
    case 'keyframe':
      return [keyBefore === null ? 0 : keyBefore + 1, keyAfter === null ? lastFrame : keyAfter - 1]
    case 'gap-start': {
      // The keyframe right before a gap only holds the shape up to it, and goes along.
      const stop = keyBefore === frame - 1 ? rows.before(keyBefore, Flag.keyframe) : keyBefore
      return [Math.max(stop ?? first, first) + 1, (keyAfter ?? gapEnd(rows, frame) ?? lastFrame + 1) - 1]
    }
    case 'gap-end': {
      const gone = rows.before(frame)!
      return [
        Math.max(gapStart(rows, gone), keyBefore ?? 0) + 1,
        Math.min(keyAfter ?? last, (nextGap(rows, frame) ?? lastFrame + 1) - 1),
      ]
    }
    case 'first':
      return [0, Math.min(keyAfter ?? last, (nextGap(rows, frame) ?? lastFrame + 1) - 1)]
    case 'last':
      return [Math.max(keyBefore ?? first, afterGap(rows, frame)), lastFrame]
    case 'predicted-first':
      return [frame, predictedEnd(rows, frame, 1) + 1]
    case 'predicted-last':
      return [predictedEnd(rows, frame, -1) - 1, frame]
  }
}

/** Move an edge, within its limits. */
export function moveEdge(tx: Transaction, queries: Queries, id: TrackId, edge: Edge, to: FrameNumber): void {
  if (to === edge.frame) return
  const { frame } = edge
  switch (edge.kind) {
    case 'keyframe':
      moveKeyframe(tx, queries, id, frame, to)
      return
    case 'gap-start':
      moveGapStart(tx, queries, id, frame, to)
      return
    case 'gap-end':
    case 'first':
      moveStart(tx, queries, id, frame, to)
      return
    case 'last':
      moveEnd(tx, queries, id, frame, to)
      return
    case 'predicted-first':
      tx.removeRows(id, [[frame, to - 1]], true)
      return
    case 'predicted-last':
      tx.removeRows(id, [[to + 1, frame]], true)
      return
  }
}

function moveKeyframe(tx: Transaction, queries: Queries, id: TrackId, from: FrameNumber, to: FrameNumber): void {
  const row = queries.rowAt(id, from)
  if (!row) return
  const { before } = queries.neighbours(id, from)
  // A keyframe that ends a gap takes the gap's end with it.
  if (before?.outside) tx.removeRows(id, [[Math.min(from, to), Math.max(from, to)]])
  else tx.removeRows(id, [[from, from]])
  tx.putRow(id, { ...row, frame: to, keyframe: true, predicted: false })
}

function moveGapStart(tx: Transaction, queries: Queries, id: TrackId, from: FrameNumber, to: FrameNumber): void {
  const row = queries.rowAt(id, from)
  if (!row) return
  const held = queries.shapeAt(id, to - 1)
  tx.removeRows(id, [[Math.min(from, to), Math.max(from, to - 1)]])
  if (to < from && held?.origin === 'interpolated') tx.putRow(id, keyframe(to - 1, held, { occluded: held.occluded }))
  tx.putRow(id, { ...row, frame: to, keyframe: true, predicted: false })
}

/** Where a stretch of shapes begins: of the track, or after a gap. */
function moveStart(tx: Transaction, queries: Queries, id: TrackId, from: FrameNumber, to: FrameNumber): void {
  const shape = queries.shapeAt(id, Math.max(from, to))
  if (!shape) return
  tx.removeRows(id, [to > from ? [from, to - 1] : [to, from - 1]])
  if (to < from || shape.origin === 'interpolated') tx.putRow(id, keyframe(to, shape, { occluded: shape.occluded }))
}

function moveEnd(tx: Transaction, queries: Queries, id: TrackId, from: FrameNumber, to: FrameNumber): void {
  const shape = queries.shapeAt(id, Math.min(from, to))
  if (!shape) return
  if (to < from) tx.removeRows(id, [[to + 1, from]])
  if (to > from || shape.origin === 'interpolated') tx.putRow(id, keyframe(to, shape, { occluded: shape.occluded }))
}

/** First frame of the gap that the outside row on `frame` is part of. */
function gapStart(rows: TrackRows, frame: FrameNumber): FrameNumber {
  let start = frame
  for (let at: number | null = frame; at !== null && rows.flags(at) & Flag.outside; at = rows.before(at)) start = at
  return start
}

/** First row after the gap that begins on `frame`; null: it lasts. */
function gapEnd(rows: TrackRows, frame: FrameNumber): FrameNumber | null {
  let at = rows.after(frame)
  while (at !== null && rows.flags(at) & Flag.outside) at = rows.after(at)
  return at
}

/** First outside row after `frame`. */
function nextGap(rows: TrackRows, frame: FrameNumber): FrameNumber | null {
  let at = rows.after(frame)
  while (at !== null && !(rows.flags(at) & Flag.outside)) at = rows.after(at)
  return at
}

/** First row of the stretch of shapes that `frame` is part of. */
function afterGap(rows: TrackRows, frame: FrameNumber): FrameNumber {
  let start = frame
  for (let at: number | null = frame; at !== null && !(rows.flags(at) & Flag.outside); at = rows.before(at)) start = at
  return start
}

/** The last of the predictions side by side, in a direction. */
function predictedEnd(rows: TrackRows, frame: FrameNumber, by: 1 | -1): FrameNumber {
  let at = frame
  while (stateAt(rows, at + by) === 'predicted') at += by
  return at
}
