/** Playing what lies around a place, round and round. */
import type { Editor } from '@/editor/editor'
import type { FrameNumber } from '@/store/types'

/** Seconds before and behind a place that are played. */
const AROUND_S = 1

export class Around {
  /** What was played before a place was: given back afterwards. */
  private before: { range: readonly [FrameNumber, FrameNumber] | null; loop: boolean } | null = null

  constructor(private readonly editor: Editor) {}

  play(first: FrameNumber, last: FrameNumber): void {
    const { session, playback, config } = this.editor
    if (!playback) return
    const around = Math.max(Math.round(AROUND_S * config.video.fps), 1)
    const [from, to] = this.editor.bounds
    this.before ??= { range: session.range.value, loop: session.loop.value }
    session.range.value = [Math.max(first - around, from), Math.min(last + around, to)]
    session.loop.value = true
    playback.play(1)
  }

  stop(): void {
    const { session, playback } = this.editor
    playback?.pause()
    if (!this.before) return
    session.range.value = this.before.range
    session.loop.value = this.before.loop
    this.before = null
  }
}
