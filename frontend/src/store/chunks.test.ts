import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ChunkError, KINDS, flagsOf, pack, quantised, rowAt, unpack } from './chunks'

interface FixtureRow {
  frame: number
  kind: string
  flags: number
  confidence: number
  bounds: number[]
  payload: string
}
interface Fixture {
  name: string
  hex: string
  start: number
  rows: FixtureRow[]
}
interface Fixtures {
  tables: Fixture[]
  refused?: { name: string; hex: string }[]
}

const fixtures = JSON.parse(
  readFileSync(new URL('../../../tests/protocol/chunks.json', import.meta.url), 'utf8'),
) as Fixtures
const fromHex = (hex: string) => new Uint8Array(hex.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? [])
const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

describe.each(fixtures.tables)('the table "$name"', ({ hex, start, rows }) => {
  it('is read as Python reads it', () => {
    const table = unpack(fromHex(hex))
    const read = Array.from({ length: table.count }, (_, index) => rowAt(table, index))
    expect(table.start).toBe(start)
    expect(
      read.map((row) => ({
        frame: row.frame,
        kind: row.kind,
        flags: flagsOf(row),
        confidence: quantised(row.confidence),
        bounds: [...row.bounds],
        payload: toHex(row.payload),
      })),
    ).toEqual(rows)
  })

  it('is written to the same bytes', () => {
    const table = unpack(fromHex(hex))
    const read = Array.from({ length: table.count }, (_, index) => rowAt(table, index))
    expect(toHex(pack(start, read.reverse()))).toBe(hex)
  })

  it('is read from any place in a larger buffer', () => {
    const bytes = fromHex(hex)
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(unpack(shifted.subarray(3)).count).toBe(rows.length)
  })
})

describe('unpack', () => {
  it('refuses bytes that are no table', () => {
    expect(() => unpack(new Uint8Array(8))).toThrow(ChunkError)
    expect(() => unpack(new Uint8Array(64))).toThrow(ChunkError)
  })

  it('knows every kind', () => {
    expect(KINDS).toHaveLength(8)
  })
})
