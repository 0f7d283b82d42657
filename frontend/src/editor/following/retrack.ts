/** What is tracked again after a person corrected an object. Pure. */
import { Flag } from '@/store/chunks'
import type { TrackRows } from '@/store/track-rows'
import type { FrameNumber, Run, TrackId } from '@/store/types'

export interface Retrack {
  readonly first: FrameNumber
  readonly last: FrameNumber
  readonly direction: Run['direction']
}

/**
 * The predictions that a keyframe on `frame` makes doubtful: those after it up to the next keyframe; those before it only
 * where no earlier keyframe leads to them, as after tracking backward. Null when there are none.
 */
export function planRetrack(rows: TrackRows, frame: FrameNumber): Retrack | null {
  const previous = rows.before(frame, Flag.keyframe)
  const next = rows.after(frame, Flag.keyframe)
  const trackedBackward = previous === null && next !== null
  const last = trackedBackward ? null : farthest(rows.before(next ?? Number.MAX_SAFE_INTEGER, Flag.predicted), frame, 1)
  const first = previous === null ? farthest(rows.after(-1, Flag.predicted), frame, -1) : null
  if (first !== null && last !== null) return { first, last, direction: 'both' }
  if (last !== null) return { first: frame, last, direction: 'forward' }
  if (first !== null) return { first, last: frame, direction: 'backward' }
  return null
}

/** `found` if it lies beyond `frame` in that direction. */
const farthest = (found: FrameNumber | null, frame: FrameNumber, direction: 1 | -1) =>
  found !== null && (found - frame) * direction > 0 ? found : null

/** Whether a run has come to `frame` with this track, or begins there, so that a correction sends it back. */
export function awaitsCorrection(run: Run, track: TrackId, frame: FrameNumber): boolean {
  if (frame < run.first || frame > run.last) return false
  const head = run.heads[track]
  if (head === undefined || run.direction === 'both') return true
  return run.direction === 'forward' ? frame <= head : frame >= head
}
