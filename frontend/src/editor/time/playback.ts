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

  /** Play forward, or pause, whichever way it plays. */
  toggle(): void {
    if (this.session.playing.value) this.pause()
    else this.play(1)
  }

  /** Play backward, or pause if it does; playing forward, it turns round. */
  toggleBackward(): void {
    if (this.session.playing.value && this.session.speed.value < 0) this.pause()
    else this.play(-1)
  }

  /** `way`: 1 forward, -1 backward; without it as the speed says. */
  play(way: 1 | -1 | 0 = 0): void {
    const { frame, speed } = this.session
    if (way) speed.value = way * Math.abs(speed.value)
    if (this.stop) return
    const [first, last] = this.stretch()
    if (speed.value > 0 && (frame.value >= last || frame.value < first)) frame.value = first
    if (speed.value < 0 && (frame.value <= first || frame.value > last)) frame.value = last
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
    const [first, last] = this.stretch()
    if (next >= last + 1 || next < first) {
      this.end(next < first ? [first, last] : [last, first])
      return
    }
    if (!this.isReady(Math.floor(next))) return
    this.position = next
    frame.value = Math.floor(next)
  }

  /** At one end: there it stops, or it goes on from the other, which is decoded once the playhead is there. */
  private end([here, other]: readonly [FrameNumber, FrameNumber]): void {
    const { frame, loop } = this.session
    frame.value = loop.value ? other : here
    this.position = frame.value
    if (!loop.value) this.pause()
  }

  /** First and last frame to play. */
  private stretch(): readonly [FrameNumber, FrameNumber] {
    return (this.session.loop.value ? this.session.range.value : null) ?? this.bounds()
  }
}
