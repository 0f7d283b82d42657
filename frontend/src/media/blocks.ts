/** Which frames a player has decoded around the playhead: by blocks, so that each is decoded at one go. */
import type { Run } from './part-decoder'

/** Frames per block where pictures are small; it divides a proxy's groups, as all lower ones do. */
const SIZES = [12, 6, 4, 3, 2, 1]
/** Blocks that playing decodes ahead, at the most. */
const MOST_AHEAD = 4
/** The block that is shown, the one behind it and one ahead. */
const AROUND = 3

export class Blocks {
  private readonly size: number
  private readonly ahead: number
  private readonly count: number

  /** `capacity`: how many pictures there is room for. */
  constructor(
    private readonly frameCount: number,
    capacity: number,
  ) {
    this.size = SIZES.find((size) => AROUND * size <= capacity) ?? 1
    // Beside the block that is shown and the one behind it; more would push each other out and be decoded for ever.
    this.ahead = Math.max(Math.min(MOST_AHEAD, Math.floor(capacity / this.size) - 2), 0)
    this.count = Math.ceil(frameCount / this.size)
  }

  /** The frames to have around one. `speed`: of playing, negative backward, 0 when it stands. */
  around(frame: number, speed: number): Run {
    const blocks = this.wanted(frame, speed)
    return { first: this.run(Math.min(...blocks)).first, last: this.run(Math.max(...blocks)).last }
  }

  /** What is missing of them, block by block, the most wanted first. */
  missing(frame: number, speed: number, has: (frame: number) => boolean): Run[] {
    return this.wanted(frame, speed).flatMap((block) => {
      let { first, last } = this.run(block)
      while (first <= last && has(first)) first++
      while (last >= first && has(last)) last--
      return first <= last ? [{ first, last }] : []
    })
  }

  private wanted(frame: number, speed: number): number[] {
    const here = Math.floor(frame / this.size)
    const step = speed < 0 ? -1 : 1
    const ahead = speed === 0 ? Math.min(this.ahead, 1) : this.ahead
    const blocks = [here, ...Array.from({ length: ahead }, (_, index) => here + step * (index + 1))]
    if (this.ahead > 0) blocks.push(here - step)
    return blocks.filter((block) => block >= 0 && block < this.count)
  }

  private run(block: number): Run {
    const first = block * this.size
    return { first, last: Math.min(first + this.size, this.frameCount) - 1 }
  }
}
