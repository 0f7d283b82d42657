/** Who changed what on this layer, newest first: pages of it as they are asked for, and what happens meanwhile. */
import { signal, type Signal } from '@preact/signals-core'
import type { AuthorOut, ChangeOut, EventOut } from '@/protocol/generated'
import type { Query, Rest } from '@/protocol/rest'
import type { LayerEvent, Operation } from './operations'
import type { Run, TrackId } from './types'

export type ChangeKind = NonNullable<Query<'/api/layers/{layer_id}/changes'>['kind']>

/** Which changes are listed; null: all. */
export interface ChangeFilter {
  readonly author: number | null
  readonly track: TrackId | null
  readonly kind: ChangeKind | null
}

const KINDS: Record<EventOut['kind'], ChangeKind> = {
  edit: 'edit',
  predictions: 'tracking',
  run: 'tracking',
  import: 'import',
  restore: 'restore',
}

export class ChangeLog {
  readonly changes: Signal<readonly ChangeOut[]> = signal([], { name: 'changes' })
  readonly authors: Signal<readonly AuthorOut[]> = signal([], { name: 'authors' })
  readonly filter: Signal<ChangeFilter> = signal({ author: null, track: null, kind: null }, { name: 'changeFilter' })
  readonly state: Signal<'idle' | 'loading' | 'failed' | 'complete'> = signal('idle', { name: 'changeState' })
  private before: number | null = null
  private opened = false
  /** Grows when the list begins anew, so that an answer that is late finds out. */
  private round = 0
  /** What happened since the list began anew. */
  private fresh: readonly ChangeOut[] = []

  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
    private readonly runOf: (id: string) => Run | null,
  ) {}

  /** Begin anew with the newest changes that the filter lets through. */
  async open(filter: Partial<ChangeFilter> = {}): Promise<void> {
    this.filter.value = { ...this.filter.value, ...filter }
    this.opened = true
    this.round++
    this.before = null
    this.fresh = []
    this.state.value = 'idle'
    await Promise.all([this.more(), this.loadAuthors()])
  }

  close(): void {
    this.opened = false
  }

  /** Something may have been missed: begin anew where somebody looks. */
  refresh(): void {
    if (this.opened) void this.open()
  }

  /** Fetch the next page. */
  async more(): Promise<void> {
    if (this.state.value === 'loading' || this.state.value === 'complete') return
    const { round } = this
    this.state.value = 'loading'
    try {
      const page = await this.rest.get('/api/layers/{layer_id}/changes', {
        path: { layer_id: this.layer },
        query: { ...this.filter.value, before: this.before },
      })
      if (round !== this.round) return
      const known = this.before === null ? this.fresh : this.changes.value
      this.changes.value = joined(known, page.changes)
      this.before = page.before
      this.state.value = page.before === null ? 'complete' : 'idle'
    } catch {
      if (round === this.round) this.state.value = 'failed'
    }
  }

  /** Something was changed just now. */
  note(event: LayerEvent): void {
    if (!this.opened) return
    const change = this.changeOf(event)
    if (!this.lets(change, event)) return
    this.fresh = withNewest(this.fresh, change)
    this.changes.value = withNewest(this.changes.value, change)
  }

  private async loadAuthors(): Promise<void> {
    try {
      const { authors } = await this.rest.get('/api/layers/{layer_id}/authors', { path: { layer_id: this.layer } })
      this.authors.value = authors
    } catch {
      // Without it the changes can't be filtered by person; that they can't be read is told by the list.
    }
  }

  private changeOf(event: LayerEvent): ChangeOut {
    const run = event.run === null ? null : this.runOf(event.run)
    const starter = this.authors.value.find(({ name }) => name === run?.created_by)
    const extent = extentOf(event)
    return {
      revision: event.revision,
      since: event.revision,
      kind: event.kind,
      edit: event.edit,
      undoes: event.undoes,
      author: event.author ?? starter?.id ?? null,
      author_name: event.author_name || (run?.created_by ?? ''),
      summary: event.summary,
      at: event.at,
      run: event.run,
      model: run?.model ?? '',
      tracks: [...extent.tracks].slice(0, TRACKS_NAMED),
      track_count: extent.tracks.size,
      first: extent.first,
      last: extent.last,
    }
  }

  private lets(change: ChangeOut, event: LayerEvent): boolean {
    const { author, track, kind } = this.filter.value
    return (
      (author === null || change.author === author) &&
      (!kind || KINDS[change.kind] === kind) &&
      (track === null || extentOf(event).tracks.has(track))
    )
  }
}

const TRACKS_NAMED = 50

/** What a run stores goes on with what it stored right before: a long run doesn't make a long list. */
function withNewest(changes: readonly ChangeOut[], change: ChangeOut): readonly ChangeOut[] {
  const [newest, ...older] = changes
  if (newest?.kind !== 'predictions' || change.kind !== 'predictions' || newest.run !== change.run)
    return [change, ...changes]
  const tracks = [...new Set([...change.tracks, ...newest.tracks])].slice(0, TRACKS_NAMED)
  const trackCount = Math.max(change.track_count, newest.track_count, tracks.length)
  const first = Math.min(change.first ?? Infinity, newest.first ?? Infinity)
  const last = Math.max(change.last ?? 0, newest.last ?? 0)
  return [{ ...change, since: newest.since, tracks, track_count: trackCount, first, last }, ...older]
}

/** Both lists, each change once, newest first. */
function joined(newer: readonly ChangeOut[], older: readonly ChangeOut[]): ChangeOut[] {
  const byRevision = new Map([...older, ...newer].map((change) => [change.revision, change]))
  return [...byRevision.values()].sort((a, b) => b.revision - a.revision)
}

function extentOf(event: LayerEvent): { tracks: Set<TrackId>; first: number | null; last: number | null } {
  const frames = [...event.operations.flatMap(framesOf), ...event.touched.flatMap(([, first, last]) => [first, last])]
  const tracks = new Set([...event.operations.map(({ track }) => track), ...event.touched.map(([track]) => track)])
  let [first, last]: [number | null, number | null] = [null, null]
  for (const frame of frames) {
    first = first === null ? frame : Math.min(first, frame)
    last = last === null ? frame : Math.max(last, frame)
  }
  return { tracks, first, last }
}

const framesOf = (operation: Operation): number[] => ('ranges' in operation ? operation.ranges.flat() : [])
