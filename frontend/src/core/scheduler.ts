/** One animation-frame loop for the whole page: work asked for several times before a frame is done once in it. */
export class Scheduler {
  private readonly wanted = new Set<() => void>()
  private readonly tickers = new Set<(now: number) => void>()
  private pending = 0

  /** Do `work` in the next frame. */
  request(work: () => void): void {
    this.wanted.add(work)
    this.arm()
  }

  /** Call `tick` in every frame until the returned function is called. */
  onFrame(tick: (now: number) => void): () => void {
    this.tickers.add(tick)
    this.arm()
    return () => this.tickers.delete(tick)
  }

  private arm(): void {
    if (!this.pending) this.pending = requestAnimationFrame((now) => this.run(now))
  }

  private run(now: number): void {
    this.pending = 0
    // Tickers first: they move the playhead, and what that dirties is drawn in the same frame.
    for (const tick of this.tickers) tick(now)
    const work = [...this.wanted]
    this.wanted.clear()
    for (const each of work) each()
    if (this.tickers.size || this.wanted.size) this.arm()
  }
}
