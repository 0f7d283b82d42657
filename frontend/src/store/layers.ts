/** The layers of the video: the page shows one of them, and may take tracks of others over into it. */
import { signal, type Signal } from '@preact/signals-core'
import type { LayerOut, LayersOut, TakeOverIn, TakenOverOut, TracksOut } from '@/protocol/generated'
import type { Rest } from '@/protocol/rest'
import type { History } from './history'
import { fromWire } from './operations'

export type MadeKind = LayersOut['may_make'][number]

export class Layers {
  /** The main one first; null: not asked for yet. */
  readonly all: Signal<readonly LayerOut[] | null> = signal(null, { name: 'layers' })
  /** Kinds that this person may make. */
  readonly mayMake: Signal<readonly MadeKind[]> = signal([], { name: 'mayMake' })

  constructor(
    private readonly rest: Rest,
    private readonly video: number,
    private readonly shown: number,
    private readonly history: History,
  ) {}

  /** Ask which there are now. */
  async load(): Promise<void> {
    const found = await this.rest.get('/api/videos/{video_id}/layers', { path: { video_id: this.video } })
    this.all.value = found.layers
    this.mayMake.value = found.may_make
  }

  named(id: number): string {
    return this.all.value?.find((layer) => layer.id === id)?.name ?? ''
  }

  async make(name: string, kind: MadeKind): Promise<LayerOut> {
    const body = { name, kind }
    const made = await this.rest.post('/api/videos/{video_id}/layers', { path: { video_id: this.video }, body })
    await this.load()
    return made
  }

  async rename(id: number, name: string): Promise<void> {
    await this.rest.patch('/api/layers/{layer_id}', { path: { layer_id: id }, body: { name } })
    await this.load()
  }

  /** Delete it as it was when it was listed; one that has changed since is kept. */
  async remove({ id, revision }: LayerOut): Promise<void> {
    await this.rest.delete('/api/layers/{layer_id}', { path: { layer_id: id }, query: { revision } })
    await this.load()
  }

  /** The tracks of any layer of the video. */
  tracks(id: number): Promise<TracksOut> {
    return this.rest.get('/api/layers/{layer_id}/tracks', { path: { layer_id: id } })
  }

  /** Copy tracks of another layer into the one that is shown; undo takes it back. */
  async takeOver(wanted: TakeOverIn): Promise<TakenOverOut> {
    const path = { layer_id: this.shown }
    const taken = await this.rest.post('/api/layers/{layer_id}/take-over', { path, body: wanted })
    this.history.push({ edit: taken.edit, summary: taken.summary, inverse: taken.inverse.map(fromWire) })
    return taken
  }
}
