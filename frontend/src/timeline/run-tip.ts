import { Flag } from '@/store/chunks'
import type { TrackRows } from '@/store/track-rows'
import type { FrameNumber, Run, TrackId } from '@/store/types'

/** Frames that rows may be ahead of what the run last said of itself. */
const AHEAD = 256

/** Frame of the newest row of a run: rows come with every frame, the run tells of itself less often. Null: none yet. */
export function runTip(rows: TrackRows, run: Run, track: TrackId): FrameNumber | null {
  const head = run.heads[track]
  if (head === undefined) return null
  if (run.direction === 'forward') return walked(rows, head, 1)
  if (run.direction === 'backward') return walked(rows, head, -1)
  // Both ways: behind the head all is predicted, so the way that ends sooner is the one it goes.
  const [on, back] = [walked(rows, head, 1), walked(rows, head, -1)]
  return on - head <= head - back ? on : back
}

function walked(rows: TrackRows, from: FrameNumber, by: 1 | -1): FrameNumber {
  let at = from
  while (Math.abs(at - from) < AHEAD && rows.flags(at + by) & Flag.predicted) at += by
  return at
}
