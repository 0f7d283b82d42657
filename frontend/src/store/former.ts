/** What tracks showed at an earlier revision: a span that was accepted and changed since, as it was accepted. */
import { signal } from '@preact/signals-core'
import { fromBase64 } from '@/core/base64'
import type { Rest } from '@/protocol/rest'
import { rowAt, unpack, WINDOW, windowStart } from './chunks'
import { interpolated, shown } from './queries'
import type { FrameNumber, Row, ShownShape, Track } from './types'

/** Windows of single tracks that are kept; what was doesn't change. */
const MOST_KEPT = 64

export class Former {
  /** Grows when more is known. */
  readonly version = signal(0, { name: 'former version' })
  /** By track, revision and window; null: it was asked for. */
  private readonly kept = new Map<string, readonly Row[] | null>()

  constructor(
    private readonly rest: Rest,
    private readonly layer: number,
    private readonly frameCount: number,
  ) {}

  /** The shape on a frame at a revision; null: none, or it isn't here yet and comes (`version`). */
  shapeAt(track: Track, revision: number, frame: FrameNumber): ShownShape | null {
    const key = `${track.id} ${revision} ${windowStart(frame)}`
    const rows = this.kept.get(key)
    if (rows === undefined) void this.fetch(key, track, revision, windowStart(frame))
    return rows ? among(track, rows, frame) : null
  }

  private async fetch(key: string, track: Track, revision: number, first: FrameNumber): Promise<void> {
    if (this.kept.size >= MOST_KEPT) this.kept.delete(this.kept.keys().next().value!)
    this.kept.set(key, null)
    try {
      const last = Math.min(first + WINDOW, this.frameCount) - 1
      const { tables } = await this.rest.get('/api/layers/{layer_id}/former', {
        path: { layer_id: this.layer },
        query: { track: track.id, revision, first, last },
      })
      const rows = tables.flatMap((packed) => {
        const table = unpack(fromBase64(packed))
        return Array.from({ length: table.count }, (_, index) => rowAt(table, index))
      })
      this.kept.set(key, rows)
      this.version.value++
    } catch {
      // Asked again when it is wanted next; without it only the comparison is missing.
      this.kept.delete(key)
    }
  }
}

/** What rows in rising order show on a frame. */
function among(track: Track, rows: readonly Row[], frame: FrameNumber): ShownShape | null {
  const before = rows.findLast((row) => row.frame <= frame)
  if (!before || before.outside) return null
  if (before.frame === frame) return shown(track, before, before.keyframe ? 'keyframe' : 'predicted')
  const after = rows.find((row) => row.frame > frame)
  return after ? interpolated(track, before, after, frame) : null
}
