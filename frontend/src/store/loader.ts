/** Which frames of the layer this browser holds, and fetching those it should. */
import { t } from '@/core/text'
import type { OverviewOut, WindowOut } from '@/protocol/generated'
import type { Query, Rest } from '@/protocol/rest'
import { unpack, windowStart, WINDOW, type Table } from './chunks'
import { Coverage } from './coverage'
import { meets, stretchOf, united, without, type Frames } from './stretches'
import type { FrameNumber, TrackId } from './types'

/** An answer of the server, its tables read. */
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

/** Parts kept besides those around the playhead, the ones used last. */
const KEPT_PARTS = 24
/** Most frames that the server answers at once. */
const LONGEST = 32 * WINDOW
/** Of more tracks than this everything is fetched: an address has only so much room for names. */
const MOST_NAMED = 50
const MIB = 2 ** 20
/** With so much before the playhead, and behind it, no more is fetched ahead of time. */
const AHEAD_BYTES = 32 * MIB
const BEHIND_BYTES = 16 * MIB
/** So much is kept on either side of the playhead when there is too much: more than is fetched there, or it would come back. */
const KEPT_BYTES = 64 * MIB
/** With so much here nothing is fetched that only the timeline shows. */
const FILLED_BYTES = 48 * MIB

interface Request {
  readonly frames: Frames
  readonly controller: AbortController
}

type Which = Pick<Query<'/api/layers/{layer_id}/window'>, 'only' | 'tracks'>

/** Fetches around the playhead and for changes, and forgets what is far from both. */
export class Loader {
  /** Frames whose every row is here. */
  private readonly coverage = new Coverage()
  private readonly underway = new Set<Request>()
  /** Frames elsewhere on which the rows of a track are here. */
  private readonly held = new Map<TrackId, Frames[]>()
  /** What was fetched last for a change that needs all of it: it stays until the next one. */
  private needed: { readonly tracks: readonly TrackId[]; readonly frames: Frames } | null = null
  /** Windows of which the server can't answer all at once. */
  private readonly heavy = new Set<number>()
  private readonly ended = new AbortController()
  private frame: FrameNumber = 0
  private direction: 1 | -1 = 1

  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
    private readonly frameCount: number,
    private readonly onLoaded: (window: LoadedWindow) => void,
    private readonly onFailed: (error: Error) => void,
  ) {}

  /** Whether everything on `frame` is known. */
  covers(frame: FrameNumber): boolean {
    return this.coverage.has(frame)
  }

  /** Whether everything on first..last, or as much of it as the video has, is known. */
  coversAll(first: FrameNumber, last: FrameNumber): boolean {
    return !this.coverage.missing(first, Math.min(last, this.frameCount - 1)).length
  }

  /** Whether everything in the window that begins on `start` is known. */
  coversWindow(start: FrameNumber): boolean {
    return this.coversAll(start, start + WINDOW - 1)
  }

  /** The last frame, up to `last`, until which all is covered or nothing is, as on `frame`. */
  alikeUntil(frame: FrameNumber, last: FrameNumber): FrameNumber {
    const [gap] = this.coverage.missing(frame, last)
    if (!gap) return last
    return gap[0] === frame ? gap[1] : gap[0] - 1
  }

  /** The frames on which everything is known, in rising order. */
  get covered(): readonly Frames[] {
    return this.coverage.stretches
  }

  /** The longest stretch around `frame` on which every row of a track is known; null: the frame itself isn't. */
  knownAround(track: TrackId, frame: FrameNumber): Frames | null {
    return stretchOf(united([...this.coverage.stretches, ...this.heldOf(track)]), frame)
  }

  /**
   * Have what is on `frame` here, and what surrounds it soon: first what lies in the direction of travel. Of heavy shapes
   * that is less than a window.
   */
  want(frame: FrameNumber, direction = 1): void {
    this.frame = frame
    this.direction = direction >= 0 ? 1 : -1
    const [first, last] = this.around
    for (const { frames, controller } of this.underway) {
      // Scrubbing far leaves requests behind that nobody waits for any more.
      if (frames[1] < first || frames[0] > last) controller.abort()
    }
    this.coverage.touch(first, last)
    this.fetchAround()
  }

  /** What is shown first, what surrounds it once it is here: that would keep the server from sending the picture. */
  private fetchAround(): void {
    if (this.isOver) return
    for (const [gap, at] of this.wanted()) {
      if ([...this.underway].some(({ frames }) => meets([frames], ...gap))) continue
      void this.fetch(gap, at).then((arrived) => {
        if (arrived) this.fetchAround()
      })
    }
  }

  /** What to fetch next, and the frame in it that is looked at first. */
  private wanted(): [gap: Frames, at: FrameNumber][] {
    if (!this.covers(this.frame)) return [[this.gapAround(this.frame), this.frame]]
    const [first, last] = this.around
    const ways = [
      { step: this.direction, most: AHEAD_BYTES },
      { step: this.direction > 0 ? -1 : 1, most: BEHIND_BYTES },
    ] as const
    return ways.flatMap(({ step, most }): [Frames, FrameNumber][] => {
      const at = this.coverage.firstMissing(this.frame, step, step > 0 ? last : first, most)
      return at === null ? [] : [[this.gapAround(at), at]]
    })
  }

  /** The frames around `frame`, which isn't covered, that aren't either, within its window. */
  private gapAround(frame: FrameNumber): Frames {
    const start = windowStart(frame)
    return stretchOf(this.coverage.missing(start, this.lastOf(start)), frame) ?? [frame, frame]
  }

  /** The window of the playhead and its neighbours. */
  private get around(): Frames {
    const here = windowStart(this.frame)
    return [Math.max(here - WINDOW, 0), this.lastOf(here + WINDOW)]
  }

  private lastOf(start: FrameNumber): FrameNumber {
    return Math.min(start + WINDOW, this.frameCount) - 1
  }

  /** Whether every row of `tracks` in first..last is here. */
  holds(tracks: readonly TrackId[], first: FrameNumber, last: FrameNumber): boolean {
    return this.missing(tracks, first, last).length === 0
  }

  /** Fetch the rows of `tracks` in first..last that aren't here, and keep them. */
  async hold(tracks: readonly TrackId[], first: FrameNumber, last: FrameNumber): Promise<void> {
    const whole: Frames = [
      windowStart(Math.max(first, 0)),
      this.lastOf(windowStart(Math.min(last, this.frameCount - 1))),
    ]
    this.needed = { tracks, frames: whole }
    const only = tracks.length > MOST_NAMED ? null : tracks
    for (const [from, to] of this.missing(tracks, ...whole).flatMap(inPieces)) {
      await this.ask(from, to, only ? { only } : {}, (frames) => {
        for (const track of tracks) this.held.set(track, united([...this.heldOf(track), frames]))
      })
    }
  }

  /** Have one window more, when nothing else is under way and there is room. Returns whether it was asked for. */
  fill(start: number): boolean {
    if (this.underway.size || this.isOver || this.heavy.has(start) || this.coversWindow(start)) return false
    if (this.coverage.bytes > FILLED_BYTES) return false
    const [gap] = this.coverage.missing(start, this.lastOf(start))
    void this.fetch(gap!, gap![0])
    return true
  }

  /** The layer with its tracks, and what surrounds `frame`: what an editor opens with. */
  async open(frame: FrameNumber): Promise<void> {
    this.frame = frame
    await this.fetch(this.gapAround(frame), frame, { tracks: true })
  }

  /** Fetch everything again that is here and near: the one way to mend whatever was missed. */
  async refetch(tracksToo: boolean): Promise<void> {
    if (this.isOver || this.coverage.isEmpty) return
    this.coverage.clear()
    this.held.clear()
    if (!(await this.fetch(this.gapAround(this.frame), this.frame, tracksToo ? { tracks: true } : {}))) return
    await Promise.all(this.wanted().map(([gap, at]) => this.fetch(gap, at)))
  }

  /** Whether nothing is to be had any more. */
  get isOver(): boolean {
    return this.ended.signal.aborted
  }

  /** All of the layer in at most about `bins` bins. Rejects as `Rest` does. */
  async overview(bins: number): Promise<OverviewOut> {
    return this.rest.get('/api/layers/{layer_id}/overview', { path: { layer_id: this.layer }, query: { bins } })
  }

  /** Frames on which a track's rows are kept even where not everything is covered. */
  heldOf(track: TrackId): readonly Frames[] {
    return this.held.get(track) ?? []
  }

  /** Frames to forget so that a long session doesn't fill the memory; they are fetched again when wanted. */
  surplus(): readonly Frames[] {
    const surplus = this.coverage.oldest(KEPT_PARTS, this.around)
    this.coverage.remove(surplus)
    return surplus
  }

  /**
   * Cover no more than what is near the playhead, `KEPT_BYTES` on either side: there is too much. What is held for the latest
   * change stays.
   *
   * @param bytes of what is here, by frame
   */
  shrink(bytes: ReadonlyMap<FrameNumber, number>): void {
    const heavy = [...bytes.keys()].sort((a, b) => a - b)
    const ahead = heavy.filter((frame) => frame >= this.frame)
    const behind = heavy.filter((frame) => frame < this.frame).reverse()
    const [last, first] = [ahead, behind].map((frames) => {
      let sum = 0
      return frames.find((frame) => (sum += bytes.get(frame)!) >= KEPT_BYTES)
    })
    const gone = this.coverage.stretches.flatMap((frames) => without([frames], [[first ?? 0, last ?? this.frameCount]]))
    this.coverage.remove(without(gone, weightless(gone, heavy)))
    this.coverage.weigh(bytes)
    const { tracks, frames } = this.needed ?? { tracks: [], frames: [0, 0] }
    const elsewhere = without([[0, this.frameCount]], [frames])
    const kept = tracks.map((track): [TrackId, Frames[]] => [track, without(this.heldOf(track), elsewhere)])
    this.held.clear()
    for (const [track, held] of kept) this.held.set(track, held)
  }

  /** Abort what is under way; nothing is fetched any more. */
  dispose(): void {
    for (const { controller } of this.underway) controller.abort()
    this.ended.abort()
  }

  /** What of the windows in first..last isn't here for all of `tracks`. */
  private missing(tracks: readonly TrackId[], first: FrameNumber, last: FrameNumber): Frames[] {
    const to = this.lastOf(windowStart(Math.min(last, this.frameCount - 1)))
    const uncovered = this.coverage.missing(windowStart(Math.max(first, 0)), to)
    return uncovered.length ? united(tracks.flatMap((track) => without(uncovered, this.heldOf(track)))) : []
  }

  /** All of first..last: of heavy shapes the server answers a part of what is asked for, then the rest is asked for, too. */
  private async ask(
    first: FrameNumber,
    last: FrameNumber,
    which: Which,
    arrived: (frames: Frames) => void,
  ): Promise<void> {
    for (let from = first; from <= last;) {
      const window = await this.answer([from, last], from, which, this.ended.signal)
      arrived([from, window.header.last])
      this.onLoaded(window)
      from = window.header.last + 1
    }
  }

  /** What the server says of `frames`, or of as many of them around `at` as it answers at once. */
  private async answer(frames: Frames, at: FrameNumber, which: Which, signal: AbortSignal): Promise<LoadedWindow> {
    const [first, last] = frames
    const query = { first, last, ...(at !== first && { at }), ...which }
    const asked = { path: { layer_id: this.layer }, query }
    const window = decodeWindow(
      await this.rest.bytes('/api/layers/{layer_id}/window', asked, signal),
      which.only ?? null,
    )
    // Asked again, it would answer the same for ever.
    if (window.header.first > at || window.header.last < at)
      throw new Error(t('The server answered with other frames than were asked for. Reload the page.'))
    return window
  }

  /** Returns whether something came; it covers `at` then. */
  private async fetch(frames: Frames, at: FrameNumber, which: Which = {}): Promise<boolean> {
    const request = { frames, controller: new AbortController() }
    this.underway.add(request)
    try {
      const window = await this.answer(frames, at, which, request.controller.signal)
      const { first, last } = window.header
      if (first > frames[0] || last < frames[1]) this.heavy.add(windowStart(at))
      this.coverage.add([first, last], bytesOf(window))
      this.underway.delete(request)
      this.onLoaded(window)
      return true
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.onFailed(error as Error)
      return false
    } finally {
      this.underway.delete(request)
    }
  }
}

const bytesOf = ({ tables }: LoadedWindow) => tables.reduce((sum, { table }) => sum + table.payload.byteLength, 0)

/** Frames in pieces that the server takes at once. */
function inPieces([first, last]: Frames): Frames[] {
  const count = Math.ceil((last - first + 1) / LONGEST)
  return Array.from({ length: count }, (_, index) => {
    const from = first + index * LONGEST
    return [from, Math.min(from + LONGEST - 1, last)]
  })
}

/** Those of `stretches` without a frame of `heavy`, which are in rising order. */
function weightless(stretches: readonly Frames[], heavy: readonly FrameNumber[]): Frames[] {
  const frames = united(heavy.map((frame): Frames => [frame, frame]))
  return stretches.filter(([first, last]) => !meets(frames, first, last))
}
