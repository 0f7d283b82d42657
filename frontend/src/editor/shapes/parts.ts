/** One shape that becomes several. */
import type { Geometry } from '@/geometry/kinds'
import { keyframe } from '@/store/chunks'
import type { Transaction } from '@/store/transaction'
import type { FrameNumber, ShownShape, TrackId } from '@/store/types'
import { fieldsOf } from '@/editor/time/identity'

/**
 * Put parts in a shape's place: the first stays with its track, each other one becomes an object with the same label and
 * attributes, on this frame alone. Returns the tracks, in the order of the parts.
 */
export function putParts(
  tx: Transaction,
  shape: ShownShape,
  frame: FrameNumber,
  parts: readonly Geometry[],
): TrackId[] {
  return parts.map((part, index) => {
    const track = index ? tx.createTrack(fieldsOf(shape.track, frame, frame + 1)) : shape.track.id
    tx.putRow(track, keyframe(frame, part, { occluded: shape.occluded }))
    return track
  })
}
