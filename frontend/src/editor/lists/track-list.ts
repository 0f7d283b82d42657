import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import type { EditorStore } from '@/store/store'
import type { Track, TrackId } from '@/store/types'
import { EVERYTHING, listed, type TrackFilter, type TrackKnowledge, type TrackOrder } from './track-filter'

/** The list of tracks that timeline and objects panel share: filtered, in order, worked out once. */
export class TrackList {
  readonly filter: Signal<TrackFilter> = signal(EVERYTHING, { name: 'filter' })
  /** All tracks that aren't deleted. */
  readonly count: ReadonlySignal<number>
  readonly shown: ReadonlySignal<readonly Track[]>
  /** Found and not followed for long, by number. */
  readonly candidates: ReadonlySignal<readonly Track[]>

  constructor(
    private readonly store: EditorStore,
    /** Kept per person. */
    readonly order: Signal<TrackOrder>,
  ) {
    const { tracks } = store.records
    this.count = computed(() => [...tracks.value.values()].reduce((count, track) => count + Number(!track.deleted), 0))
    this.candidates = computed(() =>
      [...tracks.value.values()]
        .filter(({ candidate, deleted }) => candidate && !deleted)
        .sort((one, other) => one.number - other.number),
    )
    this.shown = computed(() => listed(tracks.value.values(), this.filter.value, this.order.value, this.knowledge()))
  }

  /** Change part of the filter. */
  narrow(part: Partial<TrackFilter>): void {
    this.filter.value = { ...this.filter.value, ...part }
  }

  clear(): void {
    this.filter.value = EVERYTHING
  }

  /** Signals are read, and so followed, only where the filter or the order asks. */
  private knowledge(): TrackKnowledge {
    const { records, overview, session, queries, config } = this.store
    const labels = new Map(config.labels.map(({ id, name }) => [id, name]))
    let running: ReadonlySet<TrackId> | null = null
    return {
      labelName: (track) => labels.get(track.label) ?? '',
      isHere: (track) => {
        records.version.value
        return queries.showsOn(track.id, session.frame.value)
      },
      isHidden: (track) => session.hidden.value.has(track.id),
      isRunning: (track) => (running ??= new Set(this.store.runs.active().flatMap((run) => run.tracks))).has(track.id),
      summary: (track) => overview.summaries.value.get(track.id) ?? records.rows(track.id).summary(),
    }
  }
}
