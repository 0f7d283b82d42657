/** Which tracks can show something near a frame, so that nobody walks thousands of tracks for each one. */
import { WINDOW, windowStart } from './chunks'
import type { Records } from './records'
import type { TrackRows } from './track-rows'
import type { FrameNumber, Track } from './types'

export interface Indexed {
  readonly track: Track
  readonly rows: TrackRows
}

export class FrameIndex {
  /** Tracks with rows that aren't deleted, in the order of their numbers: what is later lies on top. */
  private ordered: readonly Indexed[] = []
  private readonly near = new Map<number, readonly Indexed[]>()
  private tracks = -1
  private windows = -1

  constructor(private readonly records: Records) {}

  all(): readonly Indexed[] {
    this.refresh()
    return this.ordered
  }

  /**
   * Those whose known rows begin no later than the window of `frame` ends, and end no earlier than it begins. Nothing else
   * can show a shape in that window: interpolation needs a row on both sides.
   */
  tracksNear(frame: FrameNumber): readonly Indexed[] {
    this.refresh()
    const start = windowStart(frame)
    let found = this.near.get(start)
    if (!found) {
      found = this.ordered.filter(({ rows }) => rows.reaches(start, start + WINDOW - 1))
      this.near.set(start, found)
    }
    return found
  }

  /** Windows come and go seldom, compared with rows. */
  private refresh(): void {
    const known = this.records.known()
    const { tracks, windows } = this.records.changes
    if (tracks === this.tracks && windows === this.windows) return
    this.tracks = tracks
    this.windows = windows
    this.near.clear()
    const indexed: Indexed[] = []
    for (const [id, rows] of this.records.tracked()) {
      const track = known.get(id)
      if (track && !track.deleted && !rows.isEmpty) indexed.push({ track, rows })
    }
    this.ordered = indexed.sort((a, b) => order(a.track) - order(b.track))
  }
}

/** Provisional numbers are negative: the newest tracks, on top. */
const order = (track: Track) => (track.number < 0 ? 1e9 - track.number : track.number)
