/** All of the layer, coarsely: what the zoomed-out timeline draws, and what lists know of tracks that aren't here in full. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import type { OverviewOut } from '@/protocol/generated'
import type { Loader } from './loader'
import { WINDOW, windowStart } from './chunks'
import type { Bin, Summary, TrackRows } from './track-rows'
import type { FrameNumber, TrackId } from './types'

const BINS = 2000
/** After an answer that took t ms the next one is asked for t × this later at the earliest. */
const REST = 10

export class Overview {
  readonly value: Signal<OverviewOut | null> = signal(null, { name: 'overview' })
  /** Every track that has rows, in one line each. */
  readonly summaries: ReadonlySignal<ReadonlyMap<TrackId, Summary>> = computed(() => summariesOf(this.value.value))
  private notBefore = 0

  /** `revision`: the newest that the store knows of. */
  constructor(
    private readonly loader: Loader,
    private readonly revision: () => number,
  ) {}

  /**
   * A track's bins in order: of windows whose rows are all here what these say, which is newer, and of the others what
   * the server said last. Null before it said anything.
   */
  bins(track: TrackId, rows: TrackRows): readonly Bin[] | null {
    const overview = this.value.value
    if (!overview) return null
    const told = overview.tracks[track] ?? []
    // Of a video so long that a bin is several windows, the rows here may be but part of one.
    if (overview.frames_per_bin !== WINDOW) return told
    const here = rows.windowStarts.filter((start) => this.loader.coversWindow(start)).map((start) => rows.bin(start))
    const elsewhere = told.filter(([first]) => !this.loader.coversWindow(windowStart(first)))
    return [...elsewhere, ...here].sort(([a], [b]) => a - b)
  }

  /** First and last frame of a track: of its rows where they are here, else as the server said. Null: it has none. */
  extent(track: TrackId, rows: TrackRows): readonly [FrameNumber, FrameNumber] | null {
    const here = rows.extent()
    const told = this.summaries.value.get(track)
    if (!here || !told) return here ?? (told ? [told.first, told.last] : null)
    return [
      this.loader.covers(told.first) ? here[0] : Math.min(here[0], told.first),
      this.loader.covers(told.last) ? here[1] : Math.max(here[1], told.last),
    ]
  }

  /** Fetch it where it is older than the store, and where the last one wasn't dear a moment ago. */
  async refresh(now = performance.now()): Promise<void> {
    const fresh = this.value.value !== null && this.value.value.revision >= this.revision()
    if (fresh || now < this.notBefore || this.loader.isOver) return
    this.notBefore = Number.MAX_SAFE_INTEGER
    try {
      this.value.value = await this.loader.overview(BINS)
    } catch {
      // The next round asks again; until then the rows that are here are shown.
    }
    const after = performance.now()
    this.notBefore = after + REST * (after - now)
  }
}

function summariesOf(overview: OverviewOut | null): ReadonlyMap<TrackId, Summary> {
  return new Map(
    Object.entries(overview?.tracks ?? {}).flatMap(([track, bins]) =>
      bins.length ? [[track, summaryOf(bins)] as const] : [],
    ),
  )
}

function summaryOf(bins: readonly Bin[]): Summary {
  const sum = { first: bins[0]![0], last: bins.at(-1)![1], keyframes: 0, predicted: 0, lowest: 1, doubtful: 0 }
  for (const [, , , keyframes, predicted, , lowest, doubtful] of bins) {
    sum.keyframes += keyframes
    sum.predicted += predicted
    sum.lowest = Math.min(sum.lowest, lowest)
    sum.doubtful += doubtful
  }
  return sum
}
