/** What masks were clicked with, as long as they are what came of it: models that take clicks are told. */
import type { Clicked } from '@/store/runs'
import type { FrameNumber, ShownShape, TrackId } from '@/store/types'

/** Masks whose clicks are kept; of more the oldest go. */
const KEPT = 500
/** The server takes no more for one object. */
const MOST_CLICKS = 200

export class ClickedMasks {
  private readonly kept = new Map<string, Clicked & { readonly payload: Uint8Array }>()

  /** A mask of `track` on `frame` came of `clicked`; more than a model is told of aren't kept. */
  keep(track: TrackId, frame: FrameNumber, payload: Uint8Array, clicked: Clicked): void {
    const key = keyOf(track, frame)
    this.kept.delete(key)
    if (clicked.clicks.length > MOST_CLICKS) return
    this.kept.set(key, { ...clicked, payload: payload.slice() })
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value!)
  }

  /** What the mask that is shown came of; null: it isn't known, or was changed otherwise since. */
  of(shape: ShownShape | null, frame: FrameNumber): Clicked | null {
    if (shape?.kind !== 'mask') return null
    const known = this.kept.get(keyOf(shape.track.id, frame))
    if (!known || !isSame(known.payload, shape.payload)) return null
    return { clicks: known.clicks, box: known.box }
  }
}

const keyOf = (track: TrackId, frame: FrameNumber) => `${frame} ${track}`

const isSame = (one: Uint8Array, other: Uint8Array) =>
  one.length === other.length && one.every((byte, at) => byte === other[at])
