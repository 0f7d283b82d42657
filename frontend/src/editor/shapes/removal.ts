/** Taking a shape out of one frame. */
import { keyframe } from '@/store/chunks'
import type { Transaction } from '@/store/transaction'
import type { FrameNumber, Row, ShownShape, TrackId } from '@/store/types'
import type { Editor } from '@/editor/editor'

/** A keyframe of what is shown, or of the track's ghost. */
export function keyframeOf(shape: ShownShape, frame: FrameNumber, more: Partial<Row> = {}): Row {
  return keyframe(frame, shape, { occluded: shape.occluded, ...more })
}

/** Between two rows a box moves, but up to an outside row it is held: a keyframe keeps what was shown until then. */
export function keepBefore(editor: Editor, tx: Transaction, track: TrackId, frame: FrameNumber): void {
  const before = editor.store.queries.shapeAt(track, frame - 1)
  if (before?.origin === 'interpolated') tx.putRow(track, keyframeOf(before, frame - 1))
}

/** A track's shape on one frame goes. Between two others it becomes a gap of one frame, or interpolation would bring it back. */
export function removeHere(editor: Editor, tx: Transaction, track: TrackId, frame: FrameNumber): void {
  const { queries } = editor.store
  const shape = queries.shapeAt(track, frame)
  if (!shape) return
  const { before, after } = queries.neighbours(track, frame)
  if (!before || !after || before.outside) {
    tx.removeRows(track, [[frame, frame]])
    return
  }
  const next = queries.shapeAt(track, frame + 1)
  keepBefore(editor, tx, track, frame)
  tx.putRow(track, keyframeOf(shape, frame, { outside: true }))
  if (next?.origin === 'interpolated') tx.putRow(track, keyframeOf(next, frame + 1))
}
