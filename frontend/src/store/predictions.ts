/**
 * Predictions that came live and may not be in a window fetched meanwhile: they fan out before they are stored. Putting
 * them in again after such a window keeps them on the screen.
 */
import type { Table } from './chunks'
import type { FrameNumber, TrackId } from './types'

interface Live {
  readonly run: string
  readonly track: TrackId
  readonly table: Table
  /** The revision that stored it; null: not stored yet. */
  storedAt: number | null
}

const MOST = 4096
/** Masks are large: what is held beyond so much comes with the next window, once it is stored. */
const MOST_BYTES = 64 * 2 ** 20

export class LivePredictions {
  private held: Live[] = []
  private heldBytes = 0
  private readonly epochs = new Map<string, number>()

  /** Whether rows of this epoch still count; a higher epoch than known makes the lower ones stale. */
  accepts(run: string, track: TrackId, epoch: number): boolean {
    const known = this.epochs.get(`${run} ${track}`) ?? 0
    if (epoch < known) return false
    if (epoch > known) this.epochs.set(`${run} ${track}`, epoch)
    return true
  }

  /** Keep a table until the event that stores it; of very much the oldest goes. */
  hold(run: string, track: TrackId, table: Table): void {
    this.held.push({ run, track, table, storedAt: null })
    this.heldBytes += table.payload.byteLength
    if (this.held.length <= MOST && this.heldBytes <= MOST_BYTES) return
    // From here on the exact size, as rows that were stored or cleared went meanwhile.
    this.heldBytes = this.held.reduce((sum, live) => sum + live.table.payload.byteLength, 0)
    let first = Math.max(0, this.held.length - MOST)
    for (let at = 0; at < first; at++) this.heldBytes -= this.held[at]!.table.payload.byteLength
    while (this.heldBytes > MOST_BYTES) this.heldBytes -= this.held[first++]!.table.payload.byteLength
    this.held.splice(0, first)
  }

  /** An event says that first..last of a track is stored as of `revision`. */
  stored(track: TrackId, first: FrameNumber, last: FrameNumber, revision: number): void {
    for (const live of this.held) {
      if (
        live.track === track &&
        live.storedAt === null &&
        framesOf(live.table).every((frame) => frame >= first && frame <= last)
      ) {
        live.storedAt = revision
      }
    }
  }

  /** Rows of a track in a range are gone. */
  cleared(track: TrackId, first: FrameNumber, last: FrameNumber): void {
    this.held = this.held.filter(
      (live) => live.track !== track || !framesOf(live.table).some((frame) => frame >= first && frame <= last),
    )
  }

  /** What a window as of `revision` doesn't have yet. Older ones are forgotten. */
  missingFrom(revision: number): readonly { track: TrackId; table: Table }[] {
    this.held = this.held.filter(({ storedAt }) => storedAt === null || storedAt > revision)
    return this.held
  }

  /** A run that ended has everything stored. */
  runEnded(run: string, revision: number): void {
    for (const live of this.held) if (live.run === run) live.storedAt ??= revision
  }

  /** Forget what has been stored for long; called now and then. */
  trim(revision: number): void {
    this.held = this.held.filter(({ storedAt }) => storedAt === null || storedAt > revision - 50)
  }
}

const framesOf = (table: Table) => Array.from(table.frames, (frame) => table.start + frame)
