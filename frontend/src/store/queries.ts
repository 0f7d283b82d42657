/** What the records show. Canvas, timeline and panels ask here and never keep a copy. */
import { between } from '@/geometry/kinds'
import { Flag } from './chunks'
import { FrameIndex } from './frame-index'
import type { Records } from './records'
import type { TrackRows } from './track-rows'
import type { FrameNumber, Row, ShownShape, Span, Track, TrackId } from './types'

export class Queries {
  private readonly index: FrameIndex
  /** The answer to the last question: many ask about the same frame. */
  private latest: {
    readonly frame: FrameNumber
    readonly rows: number
    readonly tracks: number
    readonly shapes: readonly ShownShape[]
  } | null = null

  /** `isSound`: whether a row may be drawn; what can't be is shown nowhere. */
  constructor(
    private readonly records: Records,
    private readonly isSound: (track: Track, row: Row) => boolean = () => true,
  ) {
    this.index = new FrameIndex(records)
  }

  /** Every shape on a frame, in the order of track numbers: what is later lies on top. */
  shapesAt(frame: FrameNumber): readonly ShownShape[] {
    const { rows, tracks } = this.records.changes
    const candidates = this.index.tracksNear(frame)
    if (this.latest?.frame === frame && this.latest.rows === rows && this.latest.tracks === tracks)
      return this.latest.shapes
    const shapes = candidates
      .map(({ track, rows: of }) => this.shapeIn(track, of, frame))
      .filter((shape) => shape !== null)
    this.latest = { frame, rows, tracks, shapes }
    return shapes
  }

  /** Tracks that may show something in first..last, in the order of their numbers. */
  tracksWithin(first: FrameNumber, last: FrameNumber): Track[] {
    return this.index
      .all()
      .filter(({ rows }) => rows.reaches(first, last))
      .map(({ track }) => track)
  }

  /** A track's shape on a frame; null in a gap, beyond its extent, and for a deleted track. */
  shapeAt(id: TrackId, frame: FrameNumber): ShownShape | null {
    const track = this.records.track(id)
    return track && !track.deleted ? this.shapeOf(track, frame) : null
  }

  /** Whether a track shows a shape on a frame, without making one. */
  showsOn(id: TrackId, frame: FrameNumber): boolean {
    const rows = this.records.rows(id)
    const here = rows.flags(frame)
    if (here) return !(here & Flag.outside)
    const before = rows.before(frame)
    return before !== null && !(rows.flags(before) & Flag.outside) && rows.after(frame) !== null
  }

  /** The stored row on a frame, which may be outside or hidden; null: there is none. */
  rowAt(id: TrackId, frame: FrameNumber): Row | null {
    return this.records.rows(id).row(frame)
  }

  /** The rows on both sides of a frame that has none itself. */
  neighbours(id: TrackId, frame: FrameNumber): { before: Row | null; after: Row | null } {
    const rows = this.records.rows(id)
    const before = rows.before(frame)
    const after = rows.after(frame)
    return { before: before === null ? null : rows.row(before), after: after === null ? null : rows.row(after) }
  }

  /** First and last frame of a track that are known here; null without rows. */
  extent(id: TrackId): readonly [FrameNumber, FrameNumber] | null {
    return this.records.rows(id).extent()
  }

  /**
   * The nearest shape of a track that shows nothing on `frame`: drawn faintly, and a place to begin from. It has the
   * track's last known geometry before the frame, or its first after it.
   */
  ghostAt(id: TrackId, frame: FrameNumber): ShownShape | null {
    const track = this.records.track(id)
    if (!track || track.deleted || this.shapeOf(track, frame)) return null
    const { before, after } = this.neighbours(id, frame)
    const here = this.rowAt(id, frame)
    const nearest = here ?? before ?? after
    return nearest && this.isSound(track, nearest) ? shown(track, nearest, 'interpolated') : null
  }

  /** The nearest frame after `frame` on which one of them has a keyframe, as far as is known here; null: none. */
  nextKeyframe(ids: Iterable<TrackId>, frame: FrameNumber): FrameNumber | null {
    return least([...ids].map((id) => this.records.rows(id).after(frame, Flag.keyframe)))
  }

  /** The nearest one before `frame`; null: none. */
  previousKeyframe(ids: Iterable<TrackId>, frame: FrameNumber): FrameNumber | null {
    return greatest([...ids].map((id) => this.records.rows(id).before(frame, Flag.keyframe)))
  }

  /** Where the next stretch of doubtful frames begins. */
  nextDoubtful(ids: Iterable<TrackId>, frame: FrameNumber): FrameNumber | null {
    return least(
      [...ids].map((id) => doubtfulFrom(this.records.rows(id), (rows, from) => rows.after(from, Flag.doubtful), frame)),
    )
  }

  /** Where the doubtful stretch before `frame`, or the one it lies in, begins. */
  previousDoubtful(ids: Iterable<TrackId>, frame: FrameNumber): FrameNumber | null {
    return greatest(
      [...ids].map((id) =>
        doubtfulFrom(this.records.rows(id), (rows, from) => rows.before(from, Flag.doubtful), frame),
      ),
    )
  }

  /** A track's stretches within first..last, in order, keyframes by themselves. Work is bounded by the rows there. */
  spans(id: TrackId, first: FrameNumber, last: FrameNumber): Span[] {
    const rows = this.records.rows(id)
    const spans: Span[] = []
    let from = rows.flags(first) ? first : (rows.before(first) ?? rows.after(first))
    while (from !== null && from <= last) {
      const flags = rows.flags(from)
      const next = rows.after(from)
      add(spans, from, from, kindOf(flags))
      if (next !== null && next > from + 1)
        add(spans, from + 1, next - 1, flags & Flag.outside ? 'outside' : 'interpolated')
      from = next
    }
    return spans
      .filter((span) => span.last >= first && span.first <= last)
      .map((span) => ({ ...span, first: Math.max(span.first, first), last: Math.min(span.last, last) }))
  }

  private shapeOf(track: Track, frame: FrameNumber): ShownShape | null {
    return this.shapeIn(track, this.records.rows(track.id), frame)
  }

  private shapeIn(track: Track, rows: TrackRows, frame: FrameNumber): ShownShape | null {
    const flags = rows.flags(frame)
    if (flags & Flag.outside) return null
    if (flags) {
      const row = rows.row(frame)!
      return this.isSound(track, row) ? shown(track, row, flags & Flag.keyframe ? 'keyframe' : 'predicted') : null
    }
    const before = rows.before(frame)
    if (before === null || rows.flags(before) & Flag.outside) return null
    const after = rows.after(frame)
    if (after === null) return null
    const [from, to] = [rows.row(before)!, rows.row(after)!]
    return this.isSound(track, from) && this.isSound(track, to) ? interpolated(track, from, to, frame) : null
  }
}

/** The shape on a frame between two neighbouring rows, the first of which is not outside (tracking/shapes/interpolation.py). */
export function interpolated(track: Track, before: Row, after: Row, frame: FrameNumber): ShownShape {
  const held = shown(track, before, 'interpolated')
  if (after.outside || before.kind !== after.kind) return held
  const share = (frame - before.frame) / (after.frame - before.frame)
  const { bounds, payload } = between(before, after, share)
  return { ...held, bounds, payload, confidence: before.confidence + (after.confidence - before.confidence) * share }
}

/** A row as it is shown on its own frame. */
export function shown(track: Track, row: Row, origin: ShownShape['origin']): ShownShape {
  const { kind, occluded, doubtful, confidence, bounds, payload } = row
  return { track, kind, origin, occluded, doubtful, confidence, bounds, payload }
}

function kindOf(flags: number): Span['kind'] {
  if (flags & Flag.keyframe) return 'keyframe'
  return flags & Flag.outside ? 'outside' : 'predicted'
}

/** Add a stretch, joining it to the one before where that is of the same kind; keyframes stay apart. */
function add(spans: Span[], first: FrameNumber, last: FrameNumber, kind: Span['kind']): void {
  const previous = spans.at(-1)
  if (previous?.kind === kind && kind !== 'keyframe' && previous.last + 1 === first)
    spans[spans.length - 1] = { ...previous, last }
  else spans.push({ first, last, kind })
}

/** The first doubtful frame in a direction that follows one which isn't. */
function doubtfulFrom(
  rows: TrackRows,
  step: (rows: TrackRows, from: FrameNumber) => FrameNumber | null,
  frame: FrameNumber,
): FrameNumber | null {
  let found = step(rows, frame)
  while (found !== null && rows.flags(found - 1) & Flag.doubtful) found = step(rows, found)
  return found
}

const greatest = (frames: (FrameNumber | null)[]): FrameNumber | null => {
  const found = frames.filter((frame) => frame !== null)
  return found.length ? Math.max(...found) : null
}

const least = (frames: (FrameNumber | null)[]): FrameNumber | null => {
  const found = frames.filter((frame) => frame !== null)
  return found.length ? Math.min(...found) : null
}
