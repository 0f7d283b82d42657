import type { Run } from './part-decoder'

/** What lies in a cache: it has a size in px, and holds memory until it is closed. */
interface Sized {
  readonly width: number
  readonly height: number
  close(): void
}

/** Of a decoded picture. */
const BYTES_PER_PX = 4

/** Of pictures that a page keeps: with what else it takes, 500 MB are never reached at 1280 × 720. */
const USUAL_BYTES = 90e6
/** Larger ones get more, for so many of them, but never more than this. */
const LEAST_PICTURES = 24
const MOST_BYTES = 300e6

/** Bytes that pictures of this size may take. */
export const roomFor = (width: number, height: number) =>
  Math.max(USUAL_BYTES, Math.min(LEAST_PICTURES * bytesOf({ width, height }), MOST_BYTES))

/** How many pictures of this size there is room for; one beside the one that is shown in any case. */
export const capacityFor = (width: number, height: number) =>
  Math.max(2, Math.min(480, Math.floor(roomFor(width, height) / bytesOf({ width, height }))))

/** Pictures by frame number, bounded by what they take. A picture is closed when it leaves. */
export class FrameCache<P extends Sized> {
  private readonly pictures = new Map<number, P>()
  private bytes = 0

  constructor(private readonly mostBytes: number) {}

  get(frame: number): P | null {
    return this.pictures.get(frame) ?? null
  }

  has(frame: number): boolean {
    return this.pictures.has(frame)
  }

  put(frame: number, picture: P): void {
    this.drop(frame)
    this.pictures.set(frame, picture)
    this.bytes += bytesOf(picture)
  }

  /**
   * Keep at most so many bytes. The pictures outside of `around` go first, and of those the farthest from `frame`; never
   * that of `frame` or one that `spared` names.
   */
  trim(frame: number, around: Run, spared: number | null): void {
    if (this.bytes <= this.mostBytes) return
    const outside = (other: number) => Number(other < around.first || other > around.last)
    const distance = (other: number) => Math.abs(other - frame)
    const leaving = [...this.pictures.keys()].sort((a, b) => outside(b) - outside(a) || distance(b) - distance(a))
    for (const gone of leaving) {
      if (this.bytes <= this.mostBytes) return
      if (gone !== spared && gone !== frame) this.drop(gone)
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
    for (const frame of [...this.pictures.keys()]) this.drop(frame)
  }

  private drop(frame: number): void {
    const picture = this.pictures.get(frame)
    if (!picture) return
    this.bytes -= bytesOf(picture)
    this.pictures.delete(frame)
    picture.close()
  }
}

function bytesOf({ width, height }: { readonly width: number; readonly height: number }): number {
  return width * height * BYTES_PER_PX
}
