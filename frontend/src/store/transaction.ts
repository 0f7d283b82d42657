/** Collects one edit's operations while doing them. */
import { uuid } from '@/core/ids'
import type { TrackFields } from '@/protocol/generated'
import { tablesOf, type ClickedShape, type Operation, type Range } from './operations'
import type { Records } from './records'
import type { FrameNumber, Row, TrackId } from './types'
import type { SpanVerdict } from './verdicts'

/** Every call is done to the records at once; whoever began it sends `operations`, or takes them back by `inverse`. */
export class Transaction {
  readonly operations: Operation[] = []
  /** Newest first: applied in this order they take the edit back. */
  readonly inverse: Operation[] = []
  /** What masks that it puts were clicked with. */
  readonly clicked: ClickedShape[] = []

  constructor(private readonly records: Records) {}

  /** A new track; its id is known at once, its number comes from the server. A gesture gives the same id at every step. */
  createTrack(fields: TrackFields & { label: number }, id: TrackId = uuid()): TrackId {
    this.do({ op: 'track.create', track: id, fields })
    return id
  }

  /** Set what `fields` name; null and what is absent stay. */
  updateTrack(id: TrackId, fields: TrackFields): void {
    this.do({ op: 'track.update', track: id, fields })
  }

  /** A person's row; what the frame held before is replaced. */
  putRow(id: TrackId, row: Row): void {
    this.putRows(id, [row])
  }

  /** A person's rows of any frames; what those held before is replaced. */
  putRows(id: TrackId, rows: readonly Row[]): void {
    if (rows.length) this.replace(id, rangesOf(rows.map((row) => row.frame)), rows)
  }

  /** Rows in `ranges` go; with `keepKeyframes` the predicted ones alone. */
  removeRows(id: TrackId, ranges: readonly Range[], keepKeyframes = false): void {
    this.replace(id, ranges, [], keepKeyframes)
  }

  /** Rows in `ranges` go, `rows` come; every frame of them lies in `ranges`. */
  replace(id: TrackId, ranges: readonly Range[], rows: readonly Row[], keepKeyframes = false): void {
    this.do({ op: 'shapes.replace', track: id, ranges, tables: tablesOf(rows), keepKeyframes })
  }

  /** Spans of a track get a verdict instead of what was said of their frames. */
  judge(id: TrackId, ranges: readonly Range[], spans: readonly SpanVerdict[]): void {
    this.do({ op: 'verdicts.replace', track: id, ranges, spans })
  }

  /** One more operation, whose inverse is noted. */
  do(operation: Operation): void {
    this.operations.push(operation)
    this.inverse.unshift(this.records.apply(operation))
  }
}

/** The fewest ranges that hold exactly these frames. */
export function rangesOf(frames: readonly FrameNumber[]): [FrameNumber, FrameNumber][] {
  const ranges: [FrameNumber, FrameNumber][] = []
  for (const frame of [...frames].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && frame <= last[1] + 1) last[1] = frame
    else ranges.push([frame, frame])
  }
  return ranges
}

/** The first frame that an edit speaks of, and its tracks: where to look for what it did. */
export function placeOf(operations: readonly Operation[]): { frame: FrameNumber | null; tracks: TrackId[] } {
  const tracks = [...new Set(operations.map((operation) => operation.track))]
  const frames = operations.flatMap((operation) =>
    'ranges' in operation ? operation.ranges.map(([first]) => first) : [],
  )
  return { frame: frames.length ? Math.min(...frames) : null, tracks }
}
