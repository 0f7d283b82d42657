/** Edits as they are in memory. Shapes are tables here; base64 they become in the outbox and on the wire, and nowhere else. */
import { fromBase64, toBase64 } from '@/core/base64'
import type * as Wire from '@/protocol/generated'
import { pack, unpack, windowStart, type Table } from './chunks'
import type { Clicked } from './runs'
import type { FrameNumber, Row, TrackId } from './types'

/** Both ends are part of it. */
export type Range = readonly [first: FrameNumber, last: FrameNumber]

/** Rows of `track` in `ranges` go, those of `tables` come; every frame in them lies in `ranges`. */
export interface ShapesReplace {
  readonly op: 'shapes.replace'
  readonly track: TrackId
  readonly ranges: readonly Range[]
  readonly tables: readonly Table[]
  /** Only predictions go. */
  readonly keepKeyframes?: boolean
}

/** One step of an edit; every step has an inverse (`Records.apply`). */
export type Operation = Wire.TrackCreate | Wire.TrackUpdate | Wire.VerdictsReplace | ShapesReplace

/** What a person did at once: done whole or not at all, and once, whoever sends it again. */
export interface Edit {
  readonly id: string
  readonly operations: readonly Operation[]
  /** The edit that this one takes back; null: none. */
  readonly undoes: string | null
  /** The layer's revision that was seen here; null: not known. */
  readonly base: number | null
  readonly summary: string
  /** What masks that it puts were clicked with. */
  readonly clicked?: readonly ClickedShape[]
}

/** Clicks that a mask of an edit came of. */
export interface ClickedShape extends Clicked {
  readonly track: TrackId
  readonly frame: FrameNumber
}

/** A change that the server told of. */
export type LayerEvent = Omit<Wire.EventOut, 'operations'> & { readonly operations: readonly Operation[] }

/** From JSON, where tables are base64. Throws ChunkError for what is no table. */
export function fromWire(operation: Wire.Operation): Operation {
  if (operation.op !== 'shapes.replace') return operation
  const { op, track, ranges, tables, keep_keyframes: keepKeyframes = false } = operation
  return { op, track, ranges, tables: tables.map((table) => unpack(fromBase64(table))), keepKeyframes }
}

/** To JSON, as the server and the outbox take it. */
export function toWire(operation: Operation): Wire.Operation {
  if (operation.op !== 'shapes.replace') return operation
  const { op, track, ranges, tables, keepKeyframes } = operation
  return {
    op,
    track,
    ranges: ranges.map(([first, last]) => [first, last]),
    tables: tables.map(({ bytes }) => toBase64(bytes)),
    ...(keepKeyframes ? { keep_keyframes: true } : {}),
  }
}

/** As `fromWire`, of a whole edit. */
export function editFromWire({ id, operations, undoes = null, base = null, summary = '', clicked }: Wire.Edit): Edit {
  const known = (clicked ?? []).map(({ track, frame, clicks = [], box = null, alone = false }): ClickedShape => ({
    track,
    frame,
    clicks,
    box,
    alone,
  }))
  const edit = { id, operations: operations.map(fromWire), undoes, base, summary }
  return known.length ? { ...edit, clicked: known } : edit
}

/** As `toWire`, of a whole edit. */
export function editToWire({ operations, clicked = [], ...edit }: Edit): Wire.Edit {
  const told: Wire.Edit = { type: 'edit', ...edit, operations: operations.map(toWire) }
  return clicked.length ? { ...told, clicked: clicked.map(clickedToWire) } : told
}

const clickedToWire = ({ clicks, ...shape }: ClickedShape) => ({
  ...shape,
  clicks: clicks.map(({ x, y, positive }) => ({ x, y, positive })),
})

/** Rows of one track as tables, one per window, in the order of time. */
export function tablesOf(rows: readonly Row[]): Table[] {
  const byStart = new Map<number, Row[]>()
  for (const row of rows) {
    const start = windowStart(row.frame)
    const list = byStart.get(start)
    if (list) list.push(row)
    else byStart.set(start, [row])
  }
  return [...byStart].sort(([a], [b]) => a - b).map(([start, list]) => unpack(pack(start, list)))
}
