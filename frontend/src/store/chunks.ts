/**
 * Packed shapes: the same bytes as tracking/shapes/chunks.py, which describes the layout. `tests/protocol/chunks.json` holds
 * both to them.
 */
import type { Geometry } from '@/geometry/kinds'
import { boxGeometry } from '@/geometry/kinds/box'
import { WINDOW } from '@/protocol/generated'
import type { BoxPx, GeometryKind, Row } from './types'

export { WINDOW }

const MAGIC = 0x31435746
const HEADER = 16

/** By the number that a table's `kinds` have. */
export const KINDS: readonly GeometryKind[] = [
  'box',
  'rotated_box',
  'polygon',
  'polyline',
  'points',
  'skeleton',
  'mask',
  'tag',
]

/** Bits of a table's `flags`; 0 means that there is no row. */
export const Flag = { keyframe: 1, predicted: 2, outside: 4, occluded: 8, doubtful: 16 } as const
/** Every stored row has one of these, and only one. */
export const STORED = Flag.keyframe | Flag.predicted

const EMPTY = new Uint8Array(0)

/**
 * The columns of one table: views on its bytes, no copies. Row i has frame `start + frames[i]`, `bounds[4 * i]` to
 * `[4 * i + 3]` (x1, y1, x2, y2 in px of the picture) and `confidence[i] / 65535`.
 */
export interface Table {
  /** All of it, as it is stored and sent. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly count: number
  readonly bounds: Float32Array
  readonly confidence: Uint16Array
  readonly frames: Uint8Array
  readonly kinds: Uint8Array
  readonly flags: Uint8Array
  /** Row i's payload is `payload.subarray(offsets[i], offsets[i + 1])`; no offsets: no row has one. */
  readonly offsets: Uint32Array | null
  readonly payload: Uint8Array
}

/** Bytes that are no table, or rows that no table holds; `message` says the rule and what came. */
export class ChunkError extends Error {}

/** First frame of the window of 256 frames that a frame lies in. */
export const windowStart = (frame: number) => frame - (frame % WINDOW)

/** Length in bytes of a packed table of `count` rows whose payloads take `payloadBytes`. */
export function tableBytes(count: number, payloadBytes: number): number {
  return HEADER + 16 * count + (payloadBytes ? 4 * (count + 1) : 0) + 5 * count + padding(5 * count) + payloadBytes
}

const padding = (bytes: number) => (4 - (bytes % 4)) % 4

/** View a table's bytes. Copies them only where they don't lie on a multiple of 4. */
export function unpack(bytes: Uint8Array): Table {
  if (bytes.byteLength < HEADER)
    throw new ChunkError(`A table has a header of ${HEADER} bytes; ${bytes.byteLength} came.`)
  const aligned = bytes.byteOffset % 4 ? bytes.slice() : bytes
  const buffer = aligned.buffer
  let at = aligned.byteOffset
  const header = new Uint32Array(buffer, at, 4)
  const [magic, start, count, payloadBytes] = [header[0]!, header[1]!, header[2]!, header[3]!]
  if (magic !== MAGIC || count > WINDOW || aligned.byteLength !== tableBytes(count, payloadBytes)) {
    throw new ChunkError(`These ${aligned.byteLength} bytes are no table of shapes.`)
  }
  at += HEADER
  const bounds = new Float32Array(buffer, at, 4 * count)
  at += 16 * count
  const offsets = payloadBytes ? new Uint32Array(buffer, at, count + 1) : null
  if (offsets) at += 4 * (count + 1)
  return {
    bytes: aligned,
    start,
    count,
    bounds,
    offsets,
    confidence: new Uint16Array(buffer, at, count),
    frames: new Uint8Array(buffer, at + 2 * count, count),
    kinds: new Uint8Array(buffer, at + 3 * count, count),
    flags: new Uint8Array(buffer, at + 4 * count, count),
    payload: new Uint8Array(buffer, aligned.byteOffset + aligned.byteLength - payloadBytes, payloadBytes),
  }
}

/** The packed geometry of row `index`, a view; empty for boxes and tags. */
export const payloadAt = (table: Table, index: number): Uint8Array =>
  table.offsets ? table.payload.subarray(table.offsets[index], table.offsets[index + 1]) : EMPTY

/** Pack rows of one window, in any order, each frame once. */
export function pack(start: number, rows: readonly Row[]): Uint8Array {
  const ordered = [...rows].sort((a, b) => a.frame - b.frame)
  const payloadBytes = ordered.reduce((sum, row) => sum + row.payload.byteLength, 0)
  const bytes = new Uint8Array(tableBytes(ordered.length, payloadBytes))
  new Uint32Array(bytes.buffer, 0, 4).set([MAGIC, start, ordered.length, payloadBytes])
  const count = ordered.length
  const bounds = new Float32Array(bytes.buffer, HEADER, 4 * count)
  let at = HEADER + 16 * count
  const offsets = payloadBytes ? new Uint32Array(bytes.buffer, at, count + 1) : null
  if (offsets) at += 4 * (count + 1)
  const confidence = new Uint16Array(bytes.buffer, at, count)
  let payloadEnd = 0
  ordered.forEach((row, index) => {
    if (windowStart(row.frame) !== start)
      throw new ChunkError(`Frame ${row.frame} lies outside of the window from ${start}.`)
    bounds.set(row.bounds, 4 * index)
    confidence[index] = quantised(row.confidence)
    bytes[at + 2 * count + index] = row.frame - start
    bytes[at + 3 * count + index] = KINDS.indexOf(row.kind)
    bytes[at + 4 * count + index] = flagsOf(row)
    bytes.set(row.payload, bytes.byteLength - payloadBytes + payloadEnd)
    payloadEnd += row.payload.byteLength
    if (offsets) offsets[index + 1] = payloadEnd
  })
  return bytes
}

/** A confidence 0..1 as the table's 16-bit number. */
export const quantised = (confidence: number) => Math.round(Math.min(Math.max(confidence, 0), 1) * 65535)

/** As a table keeps them. */
export function flagsOf(row: Pick<Row, 'keyframe' | 'predicted' | 'outside' | 'occluded' | 'doubtful'>): number {
  return (
    (row.keyframe ? Flag.keyframe : 0) |
    (row.predicted ? Flag.predicted : 0) |
    (row.outside ? Flag.outside : 0) |
    (row.occluded ? Flag.occluded : 0) |
    (row.doubtful ? Flag.doubtful : 0)
  )
}

/** A row from a table's numbers: `kind` as in `KINDS`, `confidence` in 65535ths, `bounds` in px. */
export function makeRow(
  frame: number,
  kind: number,
  flags: number,
  confidence: number,
  bounds: BoxPx,
  payload: Uint8Array = EMPTY,
): Row {
  return {
    frame,
    kind: KINDS[kind]!,
    keyframe: (flags & Flag.keyframe) !== 0,
    predicted: (flags & Flag.predicted) !== 0,
    outside: (flags & Flag.outside) !== 0,
    occluded: (flags & Flag.occluded) !== 0,
    doubtful: (flags & Flag.doubtful) !== 0,
    confidence: confidence / 65535,
    bounds,
    payload,
  }
}

/** Row `index` of a table (0 to `count` - 1), with its frame of the video; its payload is a view. */
export function rowAt(table: Table, index: number): Row {
  const at = 4 * index
  const { bounds } = table
  return makeRow(
    table.start + table.frames[index]!,
    table.kinds[index]!,
    table.flags[index]!,
    table.confidence[index]!,
    [bounds[at]!, bounds[at + 1]!, bounds[at + 2]!, bounds[at + 3]!],
    payloadAt(table, index),
  )
}

/** A keyframe as a person draws it. */
export function keyframe(frame: number, { kind, bounds, payload }: Geometry, more: Partial<Row> = {}): Row {
  return {
    frame,
    kind,
    keyframe: true,
    predicted: false,
    outside: false,
    occluded: false,
    doubtful: false,
    confidence: 1,
    bounds,
    payload,
    ...more,
  }
}

/** A box as a person draws it. */
export const keyframeBox = (frame: number, bounds: BoxPx, more: Partial<Row> = {}): Row =>
  keyframe(frame, boxGeometry(bounds), more)
