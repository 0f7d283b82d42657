/** What masks were clicked with, as long as they are what came of it: the smart tool goes on from there, and models that
 * take clicks are told. The server keeps it beside the mask, for other people and for the next time. */
import { signal } from '@preact/signals-core'
import type { Clicked, StoredClicks } from '@/store/runs'
import type { FrameNumber, ShownShape, TrackId } from '@/store/types'

/** Masks whose clicks are kept; of more the oldest go. */
const KEPT = 500
/** The server takes no more for one object. */
export const MOST_CLICKS = 200

export class ClickedMasks {
  /** Grows when the server has told of more. */
  readonly version = signal(0, { name: 'clicked version' })
  private readonly kept = new Map<string, StoredClicks>()
  /** Masks that were asked for, as they were then. */
  private readonly asked = new Map<string, Uint8Array>()

  /** `fetch` asks the server what the mask that it has was clicked with; null: it doesn't know. */
  constructor(private readonly fetch: (track: TrackId, frame: FrameNumber) => Promise<StoredClicks | null>) {}

  /** A mask of `track` on `frame` came of `clicked`; more than a model is told of aren't kept. */
  keep(track: TrackId, frame: FrameNumber, payload: Uint8Array, clicked: Clicked): void {
    const key = keyOf(track, frame)
    this.kept.delete(key)
    if (clicked.clicks.length > MOST_CLICKS) return
    put(this.kept, key, { ...clicked, payload: payload.slice() })
  }

  /** What the mask that is shown came of; null: it isn't known, or was changed otherwise since. */
  of(shape: ShownShape | null, frame: FrameNumber): Clicked | null {
    if (shape?.kind !== 'mask') return null
    const known = this.kept.get(keyOf(shape.track.id, frame))
    if (!known || !isSame(known.payload, shape.payload)) return null
    return { clicks: known.clicks, box: known.box, alone: known.alone }
  }

  /** As `of`; what isn't known is asked for, and comes with `version`. */
  look(shape: ShownShape | null, frame: FrameNumber): Clicked | null {
    const known = this.of(shape, frame)
    if (!known && shape?.kind === 'mask' && shape.origin === 'keyframe') void this.ask(shape, frame)
    return known
  }

  private async ask({ track: { id }, payload }: ShownShape, frame: FrameNumber): Promise<void> {
    const key = keyOf(id, frame)
    const before = this.asked.get(key)
    if (before && isSame(before, payload)) return
    put(this.asked, key, payload.slice())
    try {
      const told = await this.fetch(id, frame)
      // What was clicked here meanwhile is newer.
      if (!told || !isSame(told.payload, payload)) return
      put(this.kept, key, told)
      this.version.value++
    } catch {
      // Asked again when it is wanted next; without it one only clicks afresh.
      this.asked.delete(key)
    }
  }
}

const keyOf = (track: TrackId, frame: FrameNumber) => `${frame} ${track}`

function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > KEPT) map.delete(map.keys().next().value!)
}

const isSame = (one: Uint8Array, other: Uint8Array) =>
  one.length === other.length && one.every((byte, at) => byte === other[at])
