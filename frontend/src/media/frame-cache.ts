/** Pictures by frame number, bounded. A picture is closed when it leaves. */
export class FrameCache<P extends { close(): void }> {
  private readonly pictures = new Map<number, P>()

  constructor(private readonly capacity: number) {}

  get(frame: number): P | null {
    return this.pictures.get(frame) ?? null
  }

  has(frame: number): boolean {
    return this.pictures.has(frame)
  }

  put(frame: number, picture: P): void {
    this.pictures.get(frame)?.close()
    this.pictures.set(frame, picture)
  }

  /** Keep at most the capacity: the pictures farthest from `frame` go, never one that `spared` names. */
  trim(frame: number, spared: number | null): void {
    const surplus = this.pictures.size - this.capacity
    if (surplus <= 0) return
    const farthest = [...this.pictures.keys()].sort((a, b) => Math.abs(b - frame) - Math.abs(a - frame))
    for (const gone of farthest.filter((candidate) => candidate !== spared).slice(0, surplus)) {
      this.pictures.get(gone)!.close()
      this.pictures.delete(gone)
    }
  }

  /** Runs of frames that are here, in order, both ends included. */
  ranges(): [number, number][] {
    const ranges: [number, number][] = []
    for (const frame of [...this.pictures.keys()].sort((a, b) => a - b)) {
      const last = ranges.at(-1)
      if (last?.[1] === frame - 1) last[1] = frame
      else ranges.push([frame, frame])
    }
    return ranges
  }

  clear(): void {
    for (const picture of this.pictures.values()) picture.close()
    this.pictures.clear()
  }
}

/** How many bitmaps of this size a cache may hold: about 350 MB, at least a few groups. */
export const capacityFor = (width: number, height: number) =>
  Math.max(48, Math.min(480, Math.floor(350e6 / (width * height * 4))))
