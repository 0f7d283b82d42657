/** How far a run goes on. Pure. */
import type { FrameNumber, Run } from '@/store/types'

type Bounds = readonly [first: FrameNumber, last: FrameNumber]

/** So near to a run's end the playhead makes it go on by itself. */
const NEAR = 10
const DEFAULT_FRAMES = 100

/** A run's frames once it goes on by `frames` in its direction, within `bounds`; null when it is at the end already. */
export function planExtension(run: Run, bounds: Bounds, frames: number | null): Bounds | null {
  const more = frames ?? DEFAULT_FRAMES
  const first = run.direction === 'forward' ? run.first : Math.max(run.first - more, bounds[0])
  const last = run.direction === 'backward' ? run.last : Math.min(run.last + more, bounds[1])
  return first < run.first || last > run.last ? [Math.min(first, run.first), Math.max(last, run.last)] : null
}

/** The same for one of this person's runs whose end the playhead comes near to, at that end only. */
export function planAutoExtension(run: Run, frame: FrameNumber, bounds: Bounds, frames: number): Bounds | null {
  if (!run.mine || (run.state !== 'running' && run.state !== 'done')) return null
  if (frame < run.first || frame > run.last) return null
  if (run.state === 'done' && run.direction !== 'both' && run.tracks.every((track) => track in run.left)) return null
  const wanted = planExtension(run, bounds, frames)
  if (!wanted) return null
  const first = frame - run.first <= NEAR ? wanted[0] : run.first
  const last = run.last - frame <= NEAR ? wanted[1] : run.last
  return first < run.first || last > run.last ? [first, last] : null
}

/** The runs, oldest first, without those that are over and whose tracks newer ones have taken up. */
export function withoutReplaced(runs: readonly Run[]): Run[] {
  const isReplaced = (run: Run, newer: readonly Run[]) =>
    run.tracks.length > 0 && run.tracks.every((track) => newer.some(({ tracks }) => tracks.includes(track)))
  return runs.filter(
    (run, at) => run.state === 'queued' || run.state === 'running' || !isReplaced(run, runs.slice(at + 1)),
  )
}
