/** Edits that are too large to be made at once become several that follow one another. */
import { EDIT_BYTES, WINDOW } from '@/protocol/generated'
import { pack, payloadAt, rowAt, unpack, type Table } from './chunks'
import type { Operation, Range, ShapesReplace } from './operations'

/** Of an edit and of what takes it back, which the server keeps beside it. */
export const PIECE_BYTES = EDIT_BYTES / 2
/** What a row takes beside its payload, and an operation beside its tables; about. */
const ROW_BYTES = 25
const OPERATION_BYTES = 250

/**
 * The operations of an edit as those of one or more edits; done one after the other they do the same.
 *
 * `inverse`: what takes them back, newest first, one for each.
 */
export function piecesOf(
  operations: readonly Operation[],
  inverse: readonly Operation[],
  most = PIECE_BYTES,
): (readonly Operation[])[] {
  const pairs = operations.map((operation, index) => [operation, inverse[operations.length - 1 - index]] as const)
  const weights = pairs.map(([operation, back]) => weightOf(operation) + (back ? weightOf(back) : 0))
  if (weights.reduce((sum, weight) => sum + weight, 0) <= most) return [operations]
  const pieces: Operation[][] = []
  let room = 0
  const put = (operation: Operation, weight: number) => {
    if (weight > room || !pieces.length) {
      pieces.push([])
      room = most
    }
    pieces.at(-1)!.push(operation)
    room -= weight
  }
  pairs.forEach(([operation, back], index) => {
    if (operation.op !== 'shapes.replace' || weights[index]! <= most) put(operation, weights[index]!)
    else for (const [part, weight] of cut(operation, back, most)) put(part, weight)
  })
  return pieces
}

/** About how many bytes an operation has as JSON. */
export function weightOf(operation: Operation): number {
  if (operation.op === 'verdicts.replace') return OPERATION_BYTES + JSON.stringify(operation.spans).length
  if (operation.op !== 'shapes.replace') return OPERATION_BYTES + JSON.stringify(operation.fields).length
  const tables = operation.tables.reduce((sum, { bytes }) => sum + base64Length(bytes.byteLength), 0)
  return OPERATION_BYTES + 24 * operation.ranges.length + tables
}

const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)

/** An operation on shapes as several on stretches of its frames, each with its weight. */
function* cut(operation: ShapesReplace, back: Operation | undefined, most: number): Generator<[ShapesReplace, number]> {
  const byFrame = new Map<number, number>()
  for (const { tables } of back?.op === 'shapes.replace' ? [operation, back] : [operation])
    for (const table of tables)
      for (let row = 0; row < table.count; row++) {
        const frame = table.start + table.frames[row]!
        const weight = base64Length(ROW_BYTES + payloadAt(table, row).byteLength)
        byFrame.set(frame, (byFrame.get(frame) ?? 0) + weight)
      }
  let first = -Infinity
  let weight = OPERATION_BYTES
  for (const [frame, more] of [...byFrame].sort(([a], [b]) => a - b)) {
    if (weight + more > most && weight > OPERATION_BYTES) {
      yield [within(operation, first, frame - 1), weight]
      first = frame
      weight = OPERATION_BYTES
    }
    weight += more
  }
  yield [within(operation, first, Infinity), weight]
}

function within(operation: ShapesReplace, first: number, last: number): ShapesReplace {
  const ranges = operation.ranges
    .map(([from, to]): Range => [Math.max(from, first), Math.min(to, last)])
    .filter(([from, to]) => from <= to)
  return { ...operation, ranges, tables: operation.tables.flatMap((table) => rowsWithin(table, first, last)) }
}

function rowsWithin(table: Table, first: number, last: number): Table[] {
  if (first <= table.start && table.start + WINDOW - 1 <= last) return [table]
  const rows = [...table.frames.keys()].map((index) => rowAt(table, index))
  const kept = rows.filter(({ frame }) => frame >= first && frame <= last)
  return kept.length ? [unpack(pack(table.start, kept))] : []
}
