/** The check of this layer: asked for, waited for, and what it found. */
import { signal, type Signal } from '@preact/signals-core'
import type { InspectionOut } from '@/protocol/generated'
import type { Rest } from '@/protocol/rest'

const AGAIN_MS = 500

export type Result = NonNullable<InspectionOut['result']>
export type Finding = Result['findings'][number]
/** A span of the review queue. */
export type QueueItem = Result['queue'][number]

export type Looks = NonNullable<Result['looks']>

export type Judged = 'accepted' | 'rejected' | 'check' | ''

export class Inspections {
  /** The latest one; null: nobody asked yet. */
  readonly latest: Signal<InspectionOut | null> = signal(null, { name: 'inspection' })
  /** Why it can't be had; empty: nothing is wrong. */
  readonly problem: Signal<string> = signal('', { name: 'inspectionProblem' })
  readonly asking: Signal<boolean> = signal(false, { name: 'inspecting' })
  /** Up to this revision nothing but verdicts of this page came after the latest check. */
  readonly settled: Signal<number> = signal(0, { name: 'settled' })

  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
  ) {}

  /** Say of a span what a reviewer thinks; empty: nothing any more. Returns whether it was stored. */
  async judge(item: QueueItem, verdict: Judged, reason: string, latest: number): Promise<boolean> {
    this.problem.value = ''
    const tracks = [item.track, ...(item.other ? [item.other] : [])]
    const spans = tracks.map((track) => ({ track, ranges: [[item.first, item.last] as [number, number]] }))
    try {
      const path = { layer_id: this.layer }
      const given = await this.rest.put('/api/layers/{layer_id}/verdicts', { path, body: { spans, verdict, reason } })
      const known = Math.max(this.latest.value?.revision ?? 0, this.settled.value)
      if (known >= latest) this.settled.value = given.revision
      return true
    } catch (error) {
      this.problem.value = error instanceof Error ? error.message : String(error)
      return false
    }
  }

  /** Have the layer checked, and wait for what is found. Nothing is done where its present state was checked. */
  async check(): Promise<void> {
    if (this.asking.value) return
    this.asking.value = true
    this.problem.value = ''
    try {
      const path = { layer_id: this.layer }
      this.latest.value = await this.rest.post('/api/layers/{layer_id}/inspection', { path })
      while (isUnderWay(this.latest.value)) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
        this.latest.value = await this.rest.get('/api/layers/{layer_id}/inspection', { path })
      }
      const { state, message } = this.latest.value
      if (state === 'failed') this.problem.value = message
    } catch (error) {
      this.problem.value = error instanceof Error ? error.message : String(error)
    } finally {
      this.asking.value = false
    }
  }
}

const isUnderWay = (inspection: InspectionOut | null) =>
  inspection?.state === 'queued' || inspection?.state === 'running'
