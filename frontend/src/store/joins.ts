/** Joins and swaps of tracks that are proposed for this layer: asked for, waited for, and which of them still hold. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import type { JoinsOut, ProposalOut } from '@/protocol/generated'
import type { Rest } from '@/protocol/rest'
import type { FrameNumber, TrackId } from './types'

const AGAIN_MS = 500

export type Proposal = ProposalOut

/** An edit since the proposals were made; `accepted`: the proposal that it carried out. */
interface Change {
  readonly edit: string
  readonly tracks: readonly TrackId[]
  readonly accepted: Proposal | null
}

export class Joins {
  /** The latest search; null: nobody asked on this page yet. */
  readonly latest: Signal<JoinsOut | null> = signal(null, { name: 'joins' })
  /** Why it can't be had; empty: nothing is wrong. */
  readonly problem: Signal<string> = signal('', { name: 'joinsProblem' })
  readonly asking: Signal<boolean> = signal(false, { name: 'askingForJoins' })
  private readonly changes: Signal<readonly Change[]> = signal([], { name: 'changesSinceJoins' })
  /** Those that still hold, the surest first; what was accepted before is taken into account. */
  readonly proposals: ReadonlySignal<readonly Proposal[]> = computed(() => this.holding())

  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
  ) {}

  /** Look for joins, and wait for what is found. Nothing is done where the layer's present state was looked at. */
  async propose(): Promise<void> {
    if (this.asking.value) return
    this.asking.value = true
    this.problem.value = ''
    try {
      const path = { layer_id: this.layer }
      this.take(await this.rest.post('/api/layers/{layer_id}/joins', { path }))
      while (isUnderWay(this.latest.value)) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
        this.take(await this.rest.get('/api/layers/{layer_id}/joins', { path }))
      }
      if (this.latest.value?.state === 'failed') this.problem.value = this.latest.value.message
    } catch (error) {
      this.problem.value = inWords(error)
    } finally {
      this.asking.value = false
    }
  }

  /** End the search; what was found before stays. */
  async cancel(): Promise<void> {
    try {
      this.take(await this.rest.delete('/api/layers/{layer_id}/joins', { path: { layer_id: this.layer } }))
    } catch (error) {
      this.problem.value = inWords(error)
    }
  }

  /** Propose it no more while its tracks stay as they are, or propose it again. */
  async dismiss(key: string, dismissed: boolean): Promise<void> {
    const before = this.latest.value
    if (before) this.latest.value = moved(before, key, dismissed)
    try {
      const path = { layer_id: this.layer }
      await this.rest.post('/api/layers/{layer_id}/joins/dismissed', { path, body: { key, dismissed } })
    } catch (error) {
      this.latest.value = before
      this.problem.value = inWords(error)
    }
  }

  /** Tracks changed by an edit: what was proposed of them goes. */
  changed(edit: string, tracks: readonly TrackId[]): void {
    if (tracks.length && this.latest.value)
      this.changes.value = [...this.changes.value, { edit, tracks, accepted: null }]
  }

  /** An edit was taken back: whatever it changed is as before. Returns whether it was made since the proposals were. */
  undone(edit: string): boolean {
    const left = this.changes.value.filter((change) => change.edit !== edit)
    if (left.length === this.changes.value.length) return false
    this.changes.value = left
    return true
  }

  /** The edit carried a proposal out: the others on its tracks still hold. */
  accepted(edit: string, proposal: Proposal): void {
    this.changes.value = this.changes.value.map((change) =>
      change.edit === edit ? { ...change, accepted: proposal } : change,
    )
  }

  /** How many proposals went because their tracks changed. */
  readonly outdated: ReadonlySignal<number> = computed(() => {
    const all = this.latest.value?.result?.proposals.length ?? 0
    const accepted = this.changes.value.filter((change) => change.accepted).length
    return (this.latest.value?.outdated ?? 0) + Math.max(all - this.proposals.value.length - accepted, 0)
  })

  private take(latest: JoinsOut): void {
    // The server leaves out what changed since it looked.
    if (latest.state === 'done' && latest.revision !== this.latest.value?.revision) this.changes.value = []
    this.latest.value = latest
  }

  private holding(): Proposal[] {
    const accepted = this.changes.value.flatMap((change) => change.accepted ?? [])
    const done = new Set(accepted.map(({ key }) => key))
    const touched = new Set(this.changes.value.flatMap((change) => (change.accepted ? [] : change.tracks)))
    return (this.latest.value?.result?.proposals ?? []).flatMap((proposal) => {
      const [one, other] = proposal.tracks
      if (done.has(proposal.key) || touched.has(one) || touched.has(other)) return []
      const now = current(proposal, accepted)
      return now.tracks[0] === now.tracks[1] || now.tracks.some((track) => touched.has(track)) ? [] : [now]
    })
  }
}

/** A proposal as it is once others were carried out: its ends belong to other tracks then. */
export function current(proposal: Proposal, accepted: readonly Proposal[]): Proposal {
  const [one, other] = proposal.tracks
  const { kind, frame, gap } = proposal
  const later = kind === 'join' ? frame + gap + 1 : frame
  return { ...proposal, tracks: [ownerOf(one, frame, accepted), ownerOf(other, later, accepted)] }
}

function ownerOf(track: TrackId, at: FrameNumber, accepted: readonly Proposal[]): TrackId {
  return accepted.reduce((owner, made) => {
    // What was accepted later speaks of tracks as they were when it was proposed.
    const [one, other] = made.tracks
    if (made.kind === 'join') return owner === other ? one : owner
    if (at < made.frame) return owner
    return owner === one ? other : owner === other ? one : owner
  }, track)
}

function moved(latest: JoinsOut, key: string, dismissed: boolean): JoinsOut {
  const { result } = latest
  if (!result) return latest
  const all = [...result.proposals, ...latest.dismissed].sort((a, b) => b.sure - a.sure)
  const gone = new Set(latest.dismissed.map((each) => each.key))
  if (dismissed) gone.add(key)
  else gone.delete(key)
  return {
    ...latest,
    dismissed: all.filter((each) => gone.has(each.key)),
    result: { ...result, proposals: all.filter((each) => !gone.has(each.key)) },
  }
}

const isUnderWay = (latest: JoinsOut | null) => latest?.state === 'queued' || latest?.state === 'running'

const inWords = (error: unknown) => (error instanceof Error ? error.message : String(error))
