/** Which windows of the layer this browser holds, and fetching those it should. */
import { t } from '@/core/text'
import type { OverviewOut, WindowOut } from '@/protocol/generated'
import type { Query, Rest } from '@/protocol/rest'
import { unpack, windowStart, WINDOW, type Table } from './chunks'
import type { FrameNumber, TrackId } from './types'

export interface LoadedWindow {
  readonly header: WindowOut
  /** Each has every row of its track in first..last. */
  readonly tables: readonly {
    readonly track: TrackId
    readonly first: FrameNumber
    readonly last: FrameNumber
    readonly table: Table
  }[]
  /** Tracks that it tells of; null: all of them. */
  readonly only: readonly TrackId[] | null
}

/** Take a window's body apart: u32 length, header, tables. */
export function decodeWindow(data: ArrayBuffer, only: readonly TrackId[] | null = null): LoadedWindow {
  const length = new DataView(data).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as WindowOut
  let at = 4 + length
  const tables = header.chunks.map(({ track, first, last, bytes }) => {
    // A copy: a view would keep all that came with it for as long as one of its shapes is kept.
    const table = unpack(new Uint8Array(data.slice(at, at + bytes)))
    at += bytes
    return { track, first, last, table }
  })
  return { header, tables, only }
}

/** Windows kept besides those around the playhead, the ones used last. */
const KEPT_WINDOWS = 24
/** Most frames that the server answers at once. */
const LONGEST = 32 * WINDOW
/** Of more tracks than this everything is fetched: an address has only so much room for names. */
const MOST_NAMED = 50

export class Loader {
  /** Windows whose every row is here, by the time they were wanted last. */
  private readonly loaded = new Map<number, number>()
  private readonly underway = new Map<number, AbortController>()
  /** Windows elsewhere whose rows of a track are here. */
  private readonly held = new Map<TrackId, Set<number>>()
  private readonly ended = new AbortController()
  private wantedAt = 0
  /** Windows around the playhead: these are never surplus. */
  private around: readonly number[] = []

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
    this.around = wanted
    for (const [start, controller] of this.underway) {
      // Scrubbing far leaves requests behind that nobody waits for any more.
      if (!wanted.includes(start)) controller.abort()
    }
    for (const start of wanted) if (this.loaded.has(start)) this.loaded.set(start, this.wantedAt++)
    this.fetchAround()
  }

  /** The window that is shown first, its neighbours once it is here: they would keep the server from sending the picture. */
  private fetchAround(): void {
    if (this.isOver) return
    const [here, ...neighbours] = this.around
    if (here === undefined) return
    for (const start of this.loaded.has(here) ? neighbours : [here]) {
      if (this.loaded.has(start) || this.underway.has(start)) continue
      void this.fetch(start, start, false).then(() => {
        if (this.loaded.has(start)) this.fetchAround()
      })
    }
  }

  /** Whether every row of `tracks` in first..last is here. */
  holds(tracks: readonly TrackId[], first: FrameNumber, last: FrameNumber): boolean {
    return this.missing(tracks, first, last).length === 0
  }

  /** Fetch the rows of `tracks` in first..last that aren't here, and keep them. */
  async hold(tracks: readonly TrackId[], first: FrameNumber, last: FrameNumber): Promise<void> {
    const only = tracks.length > MOST_NAMED ? null : tracks
    for (const [from, to] of stretches(this.missing(tracks, first, last))) {
      await this.ask(from, Math.min(to + WINDOW, this.frameCount) - 1, only ? { only } : {}, this.ended.signal)
      for (const track of tracks) {
        const held = this.held.get(track) ?? new Set()
        for (let start = from; start <= to; start += WINDOW) held.add(start)
        this.held.set(track, held)
      }
    }
  }

  /** Have one window more, when nothing else is under way. Returns whether it was asked for. */
  fill(start: number): boolean {
    if (this.loaded.has(start) || this.underway.size || this.isOver) return false
    void this.fetch(start, start, false)
    return true
  }

  /** The layer with its tracks, and what surrounds `frame`: what an editor opens with. */
  async open(frame: FrameNumber): Promise<void> {
    await this.fetch(windowStart(frame), windowStart(frame), true)
  }

  /** Fetch everything again that is here: the one way to mend whatever was missed. */
  async refetch(tracksToo: boolean): Promise<void> {
    if (this.isOver) return
    const starts = [...this.loaded].sort(([, a], [, b]) => b - a).map(([start]) => start)
    this.loaded.clear()
    this.held.clear()
    const [first, ...others] = starts
    if (first !== undefined) await this.fetch(first, first, tracksToo)
    await Promise.all(others.slice(0, 2).map((start) => this.fetch(start, start, false)))
  }

  /** Whether nothing is to be had any more. */
  get isOver(): boolean {
    return this.ended.signal.aborted
  }

  async overview(bins: number): Promise<OverviewOut> {
    return this.rest.get('/api/layers/{layer_id}/overview', { path: { layer_id: this.layer }, query: { bins } })
  }

  /** Whether a track's window is kept even if it is among the surplus. */
  keeps(track: TrackId, start: number): boolean {
    return this.held.get(track)?.has(start) ?? false
  }

  /** Windows to forget so that a long session doesn't fill the memory; they are fetched again when wanted. */
  surplus(): number[] {
    const oldest = [...this.loaded].sort(([, a], [, b]) => a - b).map(([start]) => start)
    const surplus = oldest
      .slice(0, Math.max(oldest.length - KEPT_WINDOWS, 0))
      .filter((start) => !this.around.includes(start))
    for (const start of surplus) this.loaded.delete(start)
    return surplus
  }

  dispose(): void {
    for (const controller of this.underway.values()) controller.abort()
    this.ended.abort()
  }

  /** Starts of the windows in first..last that aren't here for all of `tracks`. */
  private missing(tracks: readonly TrackId[], first: FrameNumber, last: FrameNumber): number[] {
    const missing: number[] = []
    const to = Math.min(last, this.frameCount - 1)
    for (let start = windowStart(Math.max(first, 0)); start <= to; start += WINDOW) {
      if (!this.loaded.has(start) && !tracks.every((track) => this.keeps(track, start))) missing.push(start)
    }
    return missing
  }

  /** Of heavy shapes the server answers a part of what is asked for: then the rest is asked for, too. */
  private async ask(
    first: FrameNumber,
    last: FrameNumber,
    which: Pick<Query<'/api/layers/{layer_id}/window'>, 'only' | 'tracks'>,
    signal: AbortSignal,
    arrived: () => void = () => undefined,
  ): Promise<void> {
    for (let from = first; from <= last;) {
      const query = { first: from, last, ...which }
      const asked = { path: { layer_id: this.layer }, query }
      const answer = await this.rest.bytes('/api/layers/{layer_id}/window', asked, signal)
      const window = decodeWindow(answer, which.only ?? null)
      // Asked again, it would answer the same for ever.
      if (window.header.last < from)
        throw new Error(t('The server answered with other frames than were asked for. Reload the page.'))
      if (window.header.last >= last) arrived()
      this.onLoaded(window)
      from = window.header.last + 1
    }
  }

  private async fetch(first: number, last: number, tracks: boolean): Promise<void> {
    const controller = new AbortController()
    this.underway.set(first, controller)
    const to = Math.min(last + WINDOW - 1, this.frameCount - 1)
    try {
      await this.ask(first, to, tracks ? { tracks } : {}, controller.signal, () => {
        for (let start = first; start <= last; start += WINDOW) this.loaded.set(start, this.wantedAt++)
      })
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.onFailed(error as Error)
    } finally {
      if (this.underway.get(first) === controller) this.underway.delete(first)
    }
  }
}

/** Windows in a row, as first and last start, each no longer than the server answers at once. */
function stretches(starts: readonly number[]): [first: number, last: number][] {
  const found: [number, number][] = []
  for (const start of starts) {
    const latest = found.at(-1)
    if (latest && latest[1] + WINDOW === start && start - latest[0] < LONGEST) latest[1] = start
    else found.push([start, start])
  }
  return found
}
