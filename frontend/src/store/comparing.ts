/** Another layer beside the one that is shown: its shapes, to be drawn over the picture, and where the two differ. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import type { ComparisonOut, DifferenceOut, LayerOut } from '@/protocol/generated'
import type { Rest } from '@/protocol/rest'
import { DIFFERENCE_KINDS, type DifferenceKind } from './difference-kinds'
import { Loader, type LoadedWindow } from './loader'
import { Queries } from './queries'
import { Records } from './records'
import type { FrameNumber, TrackId } from './types'

const POLL_MS = 500

/** What another layer shows; only looked at. */
export class OtherLayer {
  readonly records = new Records()
  readonly queries = new Queries(this.records)
  private readonly loader: Loader

  constructor(rest: Rest, layer: number, frameCount: number, onFailed: (error: Error) => void) {
    this.loader = new Loader(rest, layer, frameCount, (window) => this.take(window), onFailed)
  }

  open(frame: FrameNumber): Promise<void> {
    return this.loader.open(frame)
  }

  want(frame: FrameNumber, direction: number): void {
    this.loader.want(frame, direction)
  }

  dispose(): void {
    this.loader.dispose()
  }

  private take({ header, tables }: LoadedWindow): void {
    if (header.tracks) this.records.setTracks(header.tracks)
    for (const [id] of [...this.records.tracked()]) this.records.setStretch(id, header.first, header.last, null)
    for (const { track, first, last, table } of tables) this.records.setStretch(track, first, last, table)
    const surplus = this.loader.surplus()
    if (surplus.length) for (const [, rows] of this.records.tracked()) rows.forget(surplus, this.loader.covered)
    this.records.settle()
  }
}

export class Comparing {
  /** The other layer; null: nothing is compared. */
  readonly other: Signal<LayerOut | null> = signal(null, { name: 'compared with' })
  /** Whether the other one is taken as true, or the one that is shown. */
  readonly otherIsReference = signal(true)
  /** How the comparison stands; null: it is asked for. */
  readonly result: Signal<ComparisonOut | null> = signal(null, { name: 'comparison' })
  readonly problem = signal('')
  /** Whether the other layer is drawn. */
  readonly overlay = signal(true)
  /** Kinds of differences that are walked through. */
  readonly kinds: Signal<ReadonlySet<DifferenceKind>> = signal(new Set(DIFFERENCE_KINDS))
  /** The difference one looks at; null: none yet. */
  readonly current: Signal<DifferenceOut | null> = signal(null)
  readonly differences: ReadonlySignal<readonly DifferenceOut[]> = computed(
    () => this.result.value?.report.differences.filter(({ kind }) => this.kinds.value.has(kind)) ?? [],
  )
  /** Its shapes; null: nothing is compared. */
  readonly layer: Signal<OtherLayer | null> = signal(null)
  /** Changes when what is drawn of it does. */
  readonly version = computed(
    () => `${this.layer.value?.records.version.value} ${this.overlay.value} ${this.otherTrack.value}`,
  )
  /** Of the other layer, the track of the difference one looks at. */
  readonly otherTrack: ReadonlySignal<TrackId | null> = computed(
    () =>
      this.current.value && (this.otherIsReference.value ? this.current.value.reference : this.current.value.compared),
  )
  private asked = 0

  constructor(
    private readonly rest: Rest,
    private readonly shown: number,
    private readonly frameCount: number,
    private readonly tell: (message: string) => void,
  ) {}

  /**
   * Compare with another layer, and draw it.
   *
   * @param reference the id of the one that is taken as true; null: ground truth is, or the main layer, else the one
   * that is shown
   */
  start(other: LayerOut, frame: FrameNumber, reference: number | null = null): Promise<void> {
    this.stop()
    this.other.value = other
    this.otherIsReference.value =
      reference === null ? other.kind === 'ground_truth' || other.kind === 'main' : reference === other.id
    this.overlay.value = true
    return this.run(frame)
  }

  stop(): void {
    this.asked++
    this.layer.value?.dispose()
    this.layer.value = null
    this.other.value = null
    this.current.value = null
    this.result.value = null
    this.problem.value = ''
  }

  /** The other way round: what was extra is missed then. */
  swap(frame: FrameNumber): void {
    this.otherIsReference.value = !this.otherIsReference.value
    void this.run(frame)
  }

  /** Compare as both are now. What was compared before is shown until it is done. */
  async run(frame: FrameNumber): Promise<void> {
    const { other } = this
    if (!other.value) return
    const mine = ++this.asked
    this.current.value = null
    this.problem.value = ''
    this.load(other.value.id, frame)
    const path = this.path!
    try {
      let found = await this.rest.post('/api/layers/{layer_id}/comparisons/{reference_id}', { path })
      while (mine === this.asked) {
        this.result.value = found
        if (found.state !== 'queued' && found.state !== 'running') return
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
        found = await this.rest.get('/api/layers/{layer_id}/comparisons/{reference_id}', { path })
      }
    } catch (error) {
      if (mine === this.asked) this.problem.value = (error as Error).message
    }
  }

  /** End what is under way; what was found before stays. */
  async cancel(): Promise<void> {
    const { path } = this
    if (!path) return
    this.asked++
    try {
      this.result.value = await this.rest.delete('/api/layers/{layer_id}/comparisons/{reference_id}', { path })
    } catch (error) {
      this.problem.value = (error as Error).message
    }
  }

  /** Which two are compared, as the API names them; null: none are. */
  get path(): { layer_id: number; reference_id: number } | null {
    const { other } = this
    if (!other.value) return null
    const [layer_id, reference_id] = this.otherIsReference.value
      ? [this.shown, other.value.id]
      : [other.value.id, this.shown]
    return { layer_id, reference_id }
  }

  /** The revision of the shown layer that was compared; null: none yet. */
  get comparedRevision(): number | null {
    const { value } = this.result
    if (!value?.compared_at) return null
    return this.otherIsReference.value ? value.compared_revision : value.reference_revision
  }

  /** Of the shown layer, the track of a difference. */
  ownTrack({ reference, compared }: DifferenceOut): TrackId | null {
    return this.otherIsReference.value ? compared : reference
  }

  /** The difference before or behind the one that is looked at, or the frame; null: there is none any more. */
  beside(frame: FrameNumber, by: 1 | -1): DifferenceOut | null {
    const { value: all } = this.differences
    const at = this.current.value ? all.indexOf(this.current.value) : -1
    if (at >= 0) return all[at + by] ?? null
    return (by > 0 ? all.find(({ first }) => first >= frame) : all.findLast(({ first }) => first <= frame)) ?? null
  }

  private load(layer: number, frame: FrameNumber): void {
    this.layer.value?.dispose()
    const other = new OtherLayer(this.rest, layer, this.frameCount, (error) => this.tell(error.message))
    this.layer.value = other
    void other.open(frame).then(() => other.want(frame, 1))
  }
}
