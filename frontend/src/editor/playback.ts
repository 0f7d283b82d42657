import type { Session } from '@/store/session'
import type { FrameNumber } from '@/store/types'

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4] as const

/** Moves the playhead with the clock. A frame whose picture isn't here yet holds the clock: nothing is skipped over. */
export class Playback {
  private stop: (() => void) | null = null
  private position = 0
  private before = 0

  constructor(
    private readonly session: Session,
    private readonly fps: number,
    private readonly bounds: () => readonly [FrameNumber, FrameNumber],
    private readonly isReady: (frame: FrameNumber) => boolean,
    private readonly everyFrame: (tick: (now: number) => void) => () => void,
  ) {}

  toggle(): void {
    if (this.session.playing.value) this.pause()
    else this.play()
  }

  play(): void {
    if (this.stop) return
    const [first, last] = this.bounds()
    const { frame, speed } = this.session
    if (speed.value > 0 && frame.value >= last) frame.value = first
    if (speed.value < 0 && frame.value <= first) frame.value = last
    this.position = frame.value
    this.before = 0
    this.session.playing.value = true
    this.stop = this.everyFrame((now) => this.tick(now))
  }

  pause(): void {
    this.stop?.()
    this.stop = null
    this.session.playing.value = false
  }

  private tick(now: number): void {
    const { frame, speed } = this.session
    // Somebody else moved the playhead: go on from there.
    if (Math.floor(this.position) !== frame.value) this.position = frame.value
    const elapsed = this.before ? Math.min(now - this.before, 250) / 1000 : 0
    this.before = now
    const next = this.position + elapsed * this.fps * speed.value
    const [first, last] = this.bounds()
    if (next >= last + 1 || next < first) {
      frame.value = next < first ? first : last
      this.pause()
      return
    }
    if (!this.isReady(Math.floor(next))) return
    this.position = next
    frame.value = Math.floor(next)
  }
}
