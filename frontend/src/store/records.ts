import { batch, signal, type Signal } from '@preact/signals-core'
import type { TrackFields } from '@/protocol/generated'
import { STORED, Flag, type Table } from './chunks'
import { tablesOf, type Operation, type ShapesReplace } from './operations'
import { Changes, TrackRows } from './track-rows'
import type { FrameNumber, Row, Track, TrackId } from './types'
import { putIn, within, type SpanVerdict, type VerdictsReplace } from './verdicts'

/** Tracks and their rows, changed only through operations and tables. `version` grows once per batch of changes. */
export class Records {
  readonly tracks: Signal<ReadonlyMap<TrackId, Track>> = signal(new Map<TrackId, Track>(), { name: 'tracks' })
  readonly version = signal(0, { name: 'version' })
  private readonly byTrack = new Map<TrackId, TrackRows>()
  readonly changes = new Changes()
  private changed = false
  /** The tracks as they are while changes are made: a map for each of thousands would take seconds. Published by `settle`. */
  private draft: Map<TrackId, Track> | null = null
  /** The lowest number given so far. Until the server has given the real one it is negative, and of the newest the lowest. */
  private lowest = 0

  /** What is known of a track's rows; of an unknown one it is empty. */
  rows(track: TrackId): TrackRows {
    let rows = this.byTrack.get(track)
    if (!rows) {
      rows = new TrackRows(this.changes)
      this.byTrack.set(track, rows)
    }
    return rows
  }

  /** As it is now; null where the layer has none of that id. */
  track(id: TrackId): Track | null {
    return this.known().get(id) ?? null
  }

  /** Every track as it is now, which `tracks` tells of later. */
  known(): ReadonlyMap<TrackId, Track> {
    // Read in any case: whoever asks in an effect follows it.
    const published = this.tracks.value
    return this.draft ?? published
  }

  /** Tracks with rows known here. */
  *tracked(): Iterable<[TrackId, TrackRows]> {
    yield* this.byTrack
  }

  /** Tell everybody who looks, once, about the changes since the last time. */
  settle(): void {
    if (!this.changed) return
    this.changed = false
    batch(() => {
      if (this.draft) this.tracks.value = this.draft
      this.draft = null
      this.version.value++
    })
  }

  /** These are all tracks of the layer. */
  setTracks(listed: readonly Track[]): void {
    this.draft = null
    this.tracks.value = new Map(listed.map((track) => [track.id, track]))
    this.changes.tracks++
    this.changed = true
  }

  /** The server has numbered it. */
  setNumber(track: TrackId, number: number): void {
    const known = this.track(track)
    if (known && known.number !== number) this.setTrack({ ...known, number })
  }

  /** These are all verdicts on a track. */
  setVerdicts(track: TrackId, verdicts: readonly SpanVerdict[]): void {
    const known = this.track(track)
    if (known) this.setTrack({ ...known, verdicts })
  }

  /** As it is from now on; `settle` tells. */
  setTrack(track: Track): void {
    this.draft ??= new Map(this.tracks.peek())
    this.draft.set(track.id, track)
    this.changes.tracks++
    this.lowest = Math.min(this.lowest, track.number)
    this.changed = true
  }

  /** Do one operation. Returns the operation that takes it back. */
  apply(operation: Operation): Operation {
    this.changed = true
    switch (operation.op) {
      case 'track.create':
        return this.create(operation.track, operation.fields)
      case 'track.update':
        return this.update(operation.track, operation.fields)
      case 'shapes.replace':
        return this.replace(operation)
      case 'verdicts.replace':
        return this.judge(operation)
    }
  }

  /** Predictions, as they come: they never replace a keyframe. */
  putPredictions(track: TrackId, table: Table): void {
    this.rows(track).putTable(table, true)
    this.changed = true
  }

  /** Predicted rows in first..last go; keyframes stay. */
  clearPredictions(track: TrackId, first: FrameNumber, last: FrameNumber): void {
    this.rows(track).remove(first, last, Flag.predicted)
    this.changed = true
  }

  /** What the server holds of a track in first..last replaces what is known of it. */
  setStretch(track: TrackId, first: FrameNumber, last: FrameNumber, table: Table | null): void {
    const rows = this.rows(track)
    rows.remove(first, last)
    if (table) rows.putTable(table)
    this.changed = true
  }

  /** What the payloads of all rows take, by frame. */
  weights(): Map<FrameNumber, number> {
    const bytes = new Map<FrameNumber, number>()
    for (const rows of this.byTrack.values())
      for (const [frame, size] of rows.weights()) bytes.set(frame, (bytes.get(frame) ?? 0) + size)
    return bytes
  }

  private create(id: TrackId, fields: TrackFields): Operation {
    const known = this.track(id)
    // The same creation again (a resent edit, an echo) must not undo what happened since.
    this.setTrack(known ? { ...known, deleted: false } : { ...withFields(blank(id, this.lowest - 1), fields) })
    return { op: 'track.update', track: id, fields: { deleted: true } }
  }

  private update(id: TrackId, fields: TrackFields): Operation {
    const known = this.track(id)
    if (!known) return { op: 'track.update', track: id, fields: {} }
    this.setTrack(withFields(known, fields))
    return { op: 'track.update', track: id, fields: formerFields(known, fields) }
  }

  private judge({ op, track: id, ranges, spans }: VerdictsReplace): Operation {
    const track = this.track(id)
    if (track) this.setTrack({ ...track, verdicts: putIn(track.verdicts, ranges, spans) })
    return { op, track: id, ranges, spans: within(track?.verdicts ?? [], ranges) }
  }

  private replace({ op, track, ranges, tables, keepKeyframes = false }: ShapesReplace): Operation {
    const rows = this.rows(track)
    const mask = keepKeyframes ? Flag.predicted : STORED
    const comingFrames = new Set(tables.flatMap((table) => Array.from(table.frames, (frame) => table.start + frame)))
    const gone: Row[] = []
    for (const [first, last] of ranges) {
      for (const row of rows.within(first, last)) {
        if (flagged(row, mask) || comingFrames.has(row.frame)) gone.push(row)
      }
      rows.remove(first, last, mask)
    }
    for (const table of tables) rows.putTable(table)
    return { op, track, ranges, tables: tablesOf(gone), keepKeyframes }
  }
}

const flagged = (row: Row, mask: number) => (row.keyframe ? mask & Flag.keyframe : mask & Flag.predicted) !== 0

function blank(id: TrackId, number: number): Track {
  return {
    id,
    number,
    label: 0,
    colour: '',
    locked: false,
    attributes: {},
    frame_attributes: {},
    source: 'person',
    candidate: false,
    verdicts: [],
    deleted: false,
  }
}

/** A track with those fields of `fields` that are there. */
function withFields(track: Track, fields: TrackFields): Track {
  return {
    ...track,
    label: fields.label ?? track.label,
    number: fields.number ?? track.number,
    colour: fields.colour ?? track.colour,
    locked: fields.locked ?? track.locked,
    attributes: fields.attributes ?? track.attributes,
    frame_attributes: fields.frame_attributes ?? track.frame_attributes,
    candidate: fields.candidate ?? track.candidate,
    deleted: fields.deleted ?? track.deleted,
  }
}

/** What the fields named in `fields` are now. */
function formerFields(track: Track, fields: TrackFields): TrackFields {
  return {
    ...(fields.label != null && { label: track.label }),
    ...(fields.number != null && { number: track.number }),
    ...(fields.colour != null && { colour: track.colour }),
    ...(fields.locked != null && { locked: track.locked }),
    ...(fields.attributes != null && { attributes: track.attributes }),
    ...(fields.frame_attributes != null && { frame_attributes: track.frame_attributes }),
    ...(fields.candidate != null && { candidate: track.candidate }),
    ...(fields.deleted != null && { deleted: track.deleted }),
  }
}
