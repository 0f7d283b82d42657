/**
 * Which frames were on screen: told to the server, so that the review queue knows what nobody has seen.
 *
 * What a tracker finds is shown before it is stored, and only then has a revision. So frames wait for a while before they
 * are told, with the revision that is known by then; what changes meanwhile, out of sight, isn't told.
 */
import { united, type Frames } from './stretches'
import type { FrameNumber } from './types'

/** Stretches in one message; what is more waits for the next. */
const MOST = 500

export class Watched {
  private fresh = new Set<FrameNumber>()
  private waited = new Set<FrameNumber>()
  /** The frame that is on screen now; null: none, or not all that is on it. */
  private current: FrameNumber | null = null

  /** A frame was drawn with all that is on it; null: nothing is on screen any more. */
  show(frame: FrameNumber | null): void {
    this.current = frame
    if (frame !== null) this.fresh.add(frame)
  }

  /** Something else is on these frames now. Who looks at one of them sees it. */
  changed(frames: Iterable<FrameNumber>): void {
    for (const frame of frames)
      if (frame !== this.current) {
        this.fresh.delete(frame)
        this.waited.delete(frame)
      }
  }

  /** Much is something else now; where isn't known. */
  forget(): void {
    this.fresh.clear()
    this.waited.clear()
    this.show(this.current)
  }

  /** What may be told by now: what was shown before the last time that this was asked; `all`: whatever was. */
  take(all = false): readonly Frames[] {
    const told = united(Array.from(all ? [...this.waited, ...this.fresh] : this.waited, (frame) => [frame, frame]))
    this.waited = all ? new Set() : this.fresh
    this.fresh = new Set(this.current === null || all ? [] : [this.current])
    for (const [first, last] of told.splice(MOST)) for (let at = first; at <= last; at++) this.waited.add(at)
    return told
  }

  /** They couldn't be told. */
  putBack(stretches: readonly Frames[]): void {
    for (const [first, last] of stretches) for (let at = first; at <= last; at++) this.waited.add(at)
  }
}
