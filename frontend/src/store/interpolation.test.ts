import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Flag, makeRow, KINDS } from './chunks'
import { Queries } from './queries'
import { Records } from './records'
import { tablesOf } from './operations'
import type { BoxPx, GeometryKind } from './types'

interface FixtureRow {
  frame: number
  kind: GeometryKind
  flags: number
  confidence: number
  bounds: number[]
  payload: string
}
interface Fixture {
  name: string
  rows: FixtureRow[]
  shown: Omit<FixtureRow, 'confidence'>[]
}

const fixtures = JSON.parse(
  readFileSync(new URL('../../../tests/protocol/interpolation.json', import.meta.url), 'utf8'),
) as Fixture[]
const fromHex = (hex: string) => new Uint8Array(hex.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? [])
const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Frames 0..9 of a track with these rows, as the browser shows them. */
function shownOf(rows: readonly FixtureRow[]) {
  const records = new Records()
  const made = rows.map(({ frame, kind, flags, confidence, bounds, payload }) =>
    makeRow(frame, KINDS.indexOf(kind), flags, confidence, bounds as unknown as BoxPx, fromHex(payload)),
  )
  records.apply({ op: 'track.create', track: 't', fields: { label: 1 } })
  records.apply({ op: 'shapes.replace', track: 't', ranges: [[0, 255]], tables: tablesOf(made) })
  const queries = new Queries(records)
  return Array.from({ length: 10 }, (_, frame) => ({ frame, shape: queries.shapeAt('t', frame) })).filter(
    ({ shape }) => shape !== null,
  )
}

describe.each(fixtures)('$name', ({ rows, shown }) => {
  it('is shown as the server expands it', () => {
    const seen = shownOf(rows).map(({ frame, shape }) => ({
      frame,
      kind: shape!.kind,
      occluded: shape!.occluded,
      payload: toHex(shape!.payload),
    }))
    expect(seen).toEqual(
      shown.map(({ frame, kind, flags, payload }) => ({
        frame,
        kind,
        occluded: (flags & Flag.occluded) !== 0,
        payload,
      })),
    )
  })

  it('lies where the server has it', () => {
    const places = shownOf(rows).flatMap(({ shape }) => [...shape!.bounds])
    const wanted = shown.flatMap(({ bounds }) => bounds)
    expect(places).toHaveLength(wanted.length)
    wanted.forEach((value, index) => expect(places[index]).toBeCloseTo(value, 3))
  })
})
