/** What the page that compares two layers knows and does. */
import { computed, signal } from '@preact/signals'
import { t } from '@/core/text'
import type { ComparedOut, CompareLayer, ComparePage, ComparisonOut, DifferenceOut } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { DIFFERENCE_KINDS, type DifferenceKind } from '@/store/difference-kinds'
import { lookAgain } from '../fresh'

const POLL_MS = 500

/** Two layers of the video, by their ids; null: not chosen. */
export interface Pair {
  readonly compared: number | null
  readonly reference: number | null
}

/** A difference, and its place in the report, by which the editor finds it. */
export interface Listed {
  readonly at: number
  readonly difference: DifferenceOut
}

type Asking = Pick<Rest, 'get' | 'post' | 'delete'>

export class Compared {
  readonly pair = signal<Pair>({ compared: null, reference: null })
  /** How the chosen two compare; null: that was never looked at, or isn't known yet. */
  readonly result = signal<ComparisonOut | null>(null)
  /** Whether `result` says what is known of the pair. */
  readonly looked = signal(false)
  /** All comparisons that were made of the video's layers; null: they are asked for. */
  readonly made = signal<readonly ComparedOut[] | null>(null)
  readonly problem = signal('')
  /** Kinds of differences that are listed. */
  readonly kinds = signal<ReadonlySet<DifferenceKind>>(new Set(DIFFERENCE_KINDS))
  /** The label whose differences are listed; null: all. */
  readonly label = signal<number | null>(null)
  readonly listed = computed<readonly Listed[]>(() => {
    const report = this.result.value?.report
    if (!report) return []
    return report.differences
      .map((difference, at) => ({ at, difference }))
      .filter(({ difference }) => this.kinds.value.has(difference.kind) && this.isOfLabel(difference))
  })
  readonly isUnderWay = computed(() => isOpen(this.result.value))
  private asked = 0

  constructor(
    readonly page: ComparePage,
    private readonly rest: Asking,
    /** Puts the pair into the page's address. */
    private readonly keep: (pair: Pair) => void = () => undefined,
  ) {}

  /** Show a pair: how it was compared, as it is kept. */
  async choose(pair: Pair): Promise<void> {
    const mine = ++this.asked
    this.pair.value = pair
    this.keep(pair)
    this.result.value = null
    this.looked.value = false
    this.problem.value = ''
    this.label.value = null
    const path = this.path
    if (!path) return
    await this.trying(mine, async () => {
      const found = await this.rest
        .get('/api/layers/{layer_id}/comparisons/{reference_id}', { path })
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 404) return null
          throw error
        })
      if (mine !== this.asked) return
      this.result.value = found
      this.looked.value = true
      if (isOpen(found)) await this.follow(mine)
    })
  }

  swap(): Promise<void> {
    const { compared, reference } = this.pair.value
    return this.choose({ compared: reference, reference: compared })
  }

  /** Compare both as they are now. What was found before is shown meanwhile. */
  async compare(): Promise<void> {
    const { path } = this
    if (!path) return
    const mine = ++this.asked
    this.problem.value = ''
    await this.trying(mine, async () => {
      this.result.value = await this.rest.post('/api/layers/{layer_id}/comparisons/{reference_id}', { path })
      await this.follow(mine)
    })
  }

  async cancel(): Promise<void> {
    const { path } = this
    if (!path) return
    const mine = ++this.asked
    await this.trying(mine, async () => {
      this.result.value = await this.rest.delete('/api/layers/{layer_id}/comparisons/{reference_id}', { path })
    })
  }

  /** Which comparisons there are, and whether the one that is shown still is of its layers as they are. */
  async refresh(): Promise<void> {
    const mine = this.asked
    await this.trying(mine, async () => {
      this.made.value = await this.rest.get('/api/videos/{video_id}/comparisons', {
        path: { video_id: this.page.video },
      })
      const { path } = this
      if (!path || !this.result.value || this.isUnderWay.value) return
      const found = await this.rest.get('/api/layers/{layer_id}/comparisons/{reference_id}', { path })
      if (mine === this.asked) this.result.value = found
    })
  }

  layer(id: number | null): CompareLayer | undefined {
    return this.page.layers.find((each) => each.id === id)
  }

  /** Null: all labels together. */
  nameOfLabel(id: number | null): string {
    return id === null
      ? t('All labels')
      : (this.page.labels.find((label) => label.id === id)?.name ?? t('A deleted label'))
  }

  /** What a track was called when it was compared; null: there is none. */
  nameOfTrack(id: string | null): string | null {
    if (id === null) return null
    const track = this.result.value?.report.tracks[id]
    return track ? `${this.nameOfLabel(track.label)} ${track.number}` : t('an object')
  }

  /** Where the editor shows a difference, both layers drawn over each other. */
  addressOf({ at, difference }: Listed): string {
    const { compared, reference } = this.pair.value
    const asked = { layer: compared, beside: reference, reference, frame: difference.first, difference: at }
    const written = Object.entries(asked).map(([name, value]): [string, string] => [name, String(value)])
    return `/videos/${this.page.video}/edit/?${new URLSearchParams(written)}`
  }

  /** The address of a frame. */
  addressAt(frame: number): string {
    const { compared, reference } = this.pair.value
    return `/videos/${this.page.video}/edit/?layer=${compared}&beside=${reference}&reference=${reference}&frame=${frame}`
  }

  private isOfLabel({ reference, compared }: DifferenceOut): boolean {
    const { value: wanted } = this.label
    if (wanted === null) return true
    const tracks = this.result.value?.report.tracks
    return [reference, compared].some((id) => id !== null && tracks?.[id]?.label === wanted)
  }

  private get path(): { layer_id: number; reference_id: number } | null {
    const { compared, reference } = this.pair.value
    if (compared === null || reference === null || compared === reference) return null
    return { layer_id: compared, reference_id: reference }
  }

  /** Until it is there. */
  private async follow(mine: number): Promise<void> {
    const path = this.path!
    while (mine === this.asked && this.isUnderWay.value) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      const found = await this.rest.get('/api/layers/{layer_id}/comparisons/{reference_id}', { path })
      if (mine === this.asked) this.result.value = found
    }
    if (mine === this.asked) await this.refresh()
  }

  private async trying(mine: number, what: () => Promise<void>): Promise<void> {
    try {
      await what()
    } catch (error) {
      if (mine === this.asked) this.problem.value = error instanceof Error ? error.message : String(error)
      if (error instanceof ApiError && error.isOut) lookAgain()
    }
  }
}

const isOpen = (found: ComparisonOut | null): boolean => found?.state === 'queued' || found?.state === 'running'

/** The pair that an address names, as far as its layers are there; what it leaves open is chosen: ground truth, or the
 * main layer, is taken as true. */
export function pairOf(search: string, layers: readonly CompareLayer[]): Pair {
  const asked = new URLSearchParams(search)
  const named = (name: string): number | null => {
    const id = Number(asked.get(name))
    return layers.some((layer) => layer.id === id) ? id : null
  }
  const known = { compared: named('compared'), reference: named('reference') }
  const truths = [...layers].sort((one, other) => Number(isTruth(other)) - Number(isTruth(one)))
  const reference = known.reference ?? truths.find(({ id }) => id !== known.compared)?.id ?? null
  const compared = known.compared ?? layers.find(({ id }) => id !== reference)?.id ?? null
  return { compared, reference }
}

const isTruth = ({ kind }: CompareLayer): boolean => kind === 'ground_truth'

/** Layers that an address names and that aren't there, or aren't this reader's to see. */
export function notThere(search: string, layers: readonly CompareLayer[]): number {
  const asked = new URLSearchParams(search)
  const named = ['compared', 'reference'].filter((name) => asked.has(name))
  return named.filter((name) => !layers.some(({ id }) => id === Number(asked.get(name)))).length
}
