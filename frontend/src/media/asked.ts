/** A person scrubs faster than pictures come; what was asked for longer ago than this many frames is forgotten. */
const MOST = 64

/** Frames that were asked for and not shown yet, in the order of asking. */
export class Asked {
  private frames: number[] = []

  add(frame: number): void {
    if (this.frames.at(-1) === frame) return
    this.frames.push(frame)
    if (this.frames.length > MOST) this.frames.shift()
  }

  has(frame: number): boolean {
    return this.frames.includes(frame)
  }

  /**
   * Whether a picture that came is to be shown: it was asked for, and nothing that was asked for after it has been shown.
   * While scrubbing, a picture of a moment ago still shows the way.
   */
  settle(frame: number): boolean {
    const index = this.frames.lastIndexOf(frame)
    this.frames.splice(0, index + 1)
    return index >= 0
  }

  clear(): void {
    this.frames = []
  }
}
