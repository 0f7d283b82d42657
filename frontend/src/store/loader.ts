/** Which windows of the layer this browser holds, and fetching those it should. */
import type { OverviewOut, WindowOut } from '@/protocol/generated'
import type { Rest } from '@/protocol/rest'
import { unpack, windowStart, WINDOW, type Table } from './chunks'
import type { FrameNumber, TrackId } from './types'

export interface LoadedWindow {
  readonly header: WindowOut
  readonly tables: readonly { readonly track: TrackId; readonly table: Table }[]
}

/** Take a window's body apart: u32 length, header, tables. */
export function decodeWindow(data: ArrayBuffer): LoadedWindow {
  const length = new DataView(data).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as WindowOut
  let at = 4 + length
  const tables = header.chunks.map(({ track, bytes }) => {
    const table = unpack(new Uint8Array(data, at, bytes))
    at += bytes
    return { track, table }
  })
  return { header, tables }
}

/** Windows kept besides those around the playhead, the ones used last. */
const KEPT_WINDOWS = 24

export class Loader {
  /** Windows whose every row is here, by the time they were wanted last. */
  private readonly loaded = new Map<number, number>()
  private readonly underway = new Map<number, AbortController>()
  private wantedAt = 0

  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
    private readonly frameCount: number,
    private readonly onLoaded: (window: LoadedWindow) => void,
    private readonly onFailed: (error: Error) => void,
  ) {}

  /** Whether everything on `frame` is known. */
  covers(frame: FrameNumber): boolean {
    return this.loaded.has(windowStart(frame))
  }

  get coveredStarts(): ReadonlySet<number> {
    return new Set(this.loaded.keys())
  }

  /** Have the window of `frame` here, and its neighbours soon: the one in the direction of travel first. */
  want(frame: FrameNumber, direction = 1): void {
    const here = windowStart(frame)
    const ahead = here + (direction >= 0 ? WINDOW : -WINDOW)
    const behind = here - (direction >= 0 ? WINDOW : -WINDOW)
    const wanted = [here, ahead, behind].filter((start) => start >= 0 && start < this.frameCount)
    for (const [start, controller] of this.underway) {
      // Scrubbing far leaves requests behind that nobody waits for any more.
      if (!wanted.includes(start)) controller.abort()
    }
    for (const start of wanted) {
      if (this.loaded.has(start)) this.loaded.set(start, this.wantedAt++)
      else if (!this.underway.has(start)) void this.fetch(start, start, false)
    }
  }

  /** The layer with its tracks, and what surrounds `frame`: what an editor opens with. */
  async open(frame: FrameNumber): Promise<void> {
    await this.fetch(windowStart(frame), windowStart(frame), true)
  }

  /** Fetch everything again that is here: the one way to mend whatever was missed. */
  async refetch(tracksToo: boolean): Promise<void> {
    const starts = [...this.loaded].sort(([, a], [, b]) => b - a).map(([start]) => start)
    this.loaded.clear()
    const [first, ...others] = starts
    if (first !== undefined) await this.fetch(first, first, tracksToo)
    await Promise.all(others.slice(0, 2).map((start) => this.fetch(start, start, false)))
  }

  async overview(bins: number): Promise<OverviewOut> {
    return this.rest.get<OverviewOut>(`/layers/${this.layer}/overview?bins=${bins}`)
  }

  /** Windows to forget so that a long session doesn't fill the memory; they are fetched again when wanted. */
  surplus(): number[] {
    const oldest = [...this.loaded].sort(([, a], [, b]) => a - b).map(([start]) => start)
    const surplus = oldest.slice(0, Math.max(oldest.length - KEPT_WINDOWS, 0))
    for (const start of surplus) this.loaded.delete(start)
    return surplus
  }

  dispose(): void {
    for (const controller of this.underway.values()) controller.abort()
  }

  private async fetch(first: number, last: number, tracks: boolean): Promise<void> {
    const controller = new AbortController()
    this.underway.set(first, controller)
    const to = Math.min(last + WINDOW - 1, this.frameCount - 1)
    const path = `/layers/${this.layer}/window?first=${first}&last=${to}${tracks ? '&tracks=1' : ''}`
    try {
      const window = decodeWindow(await this.rest.getBytes(path, controller.signal))
      for (let start = first; start <= last; start += WINDOW) this.loaded.set(start, this.wantedAt++)
      this.onLoaded(window)
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.onFailed(error as Error)
    } finally {
      if (this.underway.get(first) === controller) this.underway.delete(first)
    }
  }
}
