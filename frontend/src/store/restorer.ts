/** Bringing back what was. The server does it; the event comes by the live channel like everybody else's. */
import { uuid } from '@/core/ids'
import { SUMMARY_CHARACTERS, type DeletedTracksOut, type RestoreIn, type RestorePreview } from '@/protocol/generated'
import type { Rest } from '@/protocol/rest'
import type { History } from './history'
import { fromWire } from './operations'
import type { FrameNumber, TrackId } from './types'

/** The state after `revision`; `tracks` null: of the whole layer; `ranges`: only shapes there. */
export interface RestoreScope {
  readonly revision: number
  readonly tracks: readonly TrackId[] | null
  readonly ranges?: readonly (readonly [FrameNumber, FrameNumber])[]
  /** Whether what is said of the tracks comes back too; it does unless told otherwise. */
  readonly fields?: boolean
}

export class Restorer {
  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
    private readonly history: History,
  ) {}

  /** What bringing it back would do. */
  preview({ revision, tracks }: RestoreScope): Promise<RestorePreview> {
    return this.rest.get('/api/layers/{layer_id}/restore', {
      path: { layer_id: this.layer },
      query: { revision, ...(tracks && { tracks: tracks.join() }) },
    })
  }

  /** Bring it back; undo takes it back again. `seen`: the revision of the preview. */
  async restore(scope: RestoreScope, summary: string, seen: number | null = null): Promise<void> {
    const body: RestoreIn = {
      edit: uuid(),
      revision: scope.revision,
      tracks: scope.tracks,
      ranges: scope.ranges ?? null,
      fields: scope.fields ?? true,
      seen,
      summary: summary.slice(0, SUMMARY_CHARACTERS),
    }
    const done = await this.rest.post('/api/layers/{layer_id}/restore', { path: { layer_id: this.layer }, body })
    this.history.push({ edit: done.edit, summary: done.summary, inverse: done.inverse.map(fromWire) })
  }

  /** Deleted tracks with who deleted them and what they looked like, the latest first. */
  deleted(): Promise<DeletedTracksOut> {
    return this.rest.get('/api/layers/{layer_id}/deleted', { path: { layer_id: this.layer } })
  }
}
