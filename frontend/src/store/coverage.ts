/** On which frames everything is here, in parts as they came from the server. */
import { indexAt, united, without, type Frames } from './stretches'
import type { FrameNumber } from './types'

interface Part {
  readonly frames: Frames
  /** What its shapes take. */
  bytes: number
  /** A part that was wanted later has a higher one. */
  wantedAt: number
}

/** Stretches of frames with what they take, in bytes. */
export class Coverage {
  /** In rising order, none overlaps another. */
  private parts: Part[] = []
  private times = 0

  get isEmpty(): boolean {
    return !this.parts.length
  }

  /** What all of it takes. */
  get bytes(): number {
    return this.parts.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** What is covered, in rising order; what adjoins is one. */
  get stretches(): Frames[] {
    return united(this.frames)
  }

  /** Whether everything on a frame is here. */
  has(frame: FrameNumber): boolean {
    return this.partAt(frame) !== null
  }

  /** These are here now; `bytes`: what their shapes take. */
  add(frames: Frames, bytes: number): void {
    this.remove([frames])
    this.parts.splice(indexAt(this.frames, frames[0]), 0, { frames, bytes, wantedAt: this.times++ })
  }

  /** These are here no more; what is left of a part takes its share of the bytes. */
  remove(gone: readonly Frames[]): void {
    this.parts = this.parts.flatMap((part) => {
      const [first, last] = part.frames
      return without([part.frames], gone).map((frames) => ({
        ...part,
        frames,
        bytes: (part.bytes * (frames[1] - frames[0] + 1)) / (last - first + 1),
      }))
    })
  }

  clear(): void {
    this.parts = []
  }

  /** What of first..last isn't covered. */
  missing(first: FrameNumber, last: FrameNumber): [FrameNumber, FrameNumber][] {
    return without([[first, last]], this.frames)
  }

  /** Say that the parts within first..last are wanted now. */
  touch(first: FrameNumber, last: FrameNumber): void {
    for (const part of this.parts) if (part.frames[0] <= last && part.frames[1] >= first) part.wantedAt = this.times++
  }

  /**
   * The first frame from `frame` on that isn't covered, in a direction; null where `most` bytes come before it, or where it
   * lies beyond `end`.
   */
  firstMissing(frame: FrameNumber, step: 1 | -1, end: FrameNumber, most: number): FrameNumber | null {
    let bytes = 0
    for (let at = frame; (end - at) * step >= 0;) {
      const part = this.partAt(at)
      if (!part) return at
      const [first, last] = part.frames
      const frames = step > 0 ? last - at + 1 : at - first + 1
      bytes += (part.bytes * frames) / (last - first + 1)
      if (bytes >= most) return null
      at += step * frames
    }
    return null
  }

  /** The parts that were wanted longest ago, but for the newest `kept`, and those that reach into first..last. */
  oldest(kept: number, [first, last]: Frames): Frames[] {
    const rising = [...this.parts].sort((a, b) => a.wantedAt - b.wantedAt)
    return rising
      .slice(0, Math.max(rising.length - kept, 0))
      .map(({ frames }) => frames)
      .filter((frames) => frames[1] < first || frames[0] > last)
  }

  /** Say what the parts take, by frame. */
  weigh(bytes: ReadonlyMap<FrameNumber, number>): void {
    for (const part of this.parts) part.bytes = 0
    for (const [frame, size] of bytes) {
      const part = this.partAt(frame)
      if (part) part.bytes += size
    }
  }

  private get frames(): Frames[] {
    return this.parts.map(({ frames }) => frames)
  }

  private partAt(frame: FrameNumber): Part | null {
    let [low, high] = [0, this.parts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.parts[middle]!.frames[1] < frame) low = middle + 1
      else high = middle
    }
    const found = this.parts[low]
    return found && found.frames[0] <= frame ? found : null
  }
}
