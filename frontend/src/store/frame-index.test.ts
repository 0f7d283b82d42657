import { describe, expect, it } from 'vitest'
import { dice } from '@/testing/dice'
import { Flag, makeRow } from './chunks'
import { Queries } from './queries'
import { Records } from './records'
import { tablesOf } from './operations'
import type { Row, ShownShape } from './types'

const FRAMES = 2600

/** Every track asked one by one. */
function naive(records: Records, queries: Queries, frame: number): ShownShape[] {
  const order = ({ number }: { number: number }) => (number < 0 ? 1e9 - number : number)
  return [...records.known().keys()]
    .map((id) => queries.shapeAt(id, frame))
    .filter((shape) => shape !== null)
    .sort((a, b) => order(a.track) - order(b.track))
}

function anyRow(roll: (below: number) => number): Row {
  const flags = [Flag.keyframe, Flag.predicted, Flag.keyframe | Flag.outside][roll(3)]!
  const left = roll(500)
  return makeRow(roll(FRAMES), 0, flags, 65535, [left, 0, left + 20, 30])
}

/** One change of any sort: rows put, rows removed far and near, a track made, deleted, brought back, renumbered, told of. */
function change(records: Records, roll: (below: number) => number, ids: string[]): void {
  const id = ids[roll(ids.length)] ?? 'first'
  const first = roll(FRAMES)
  switch (roll(9)) {
    case 0:
      ids.push(`track-${ids.length}`)
      records.apply({ op: 'track.create', track: ids.at(-1)!, fields: { label: 1 } })
      break
    case 1:
      records.apply({ op: 'track.update', track: id, fields: { deleted: roll(2) === 0 } })
      break
    case 2:
      records.setNumber(id, 1 + roll(1000))
      break
    case 3:
      records.apply({ op: 'shapes.replace', track: id, ranges: [[first, first + roll(800)]], tables: [] })
      break
    case 4:
      records.rows(id).forget([[first, first + roll(800)]], [])
      break
    case 5:
      records.settle()
      break
    default: {
      const rows = Array.from({ length: 1 + roll(3) }, () => anyRow(roll))
      records.apply({
        op: 'shapes.replace',
        track: id,
        ranges: [],
        tables: tablesOf([...new Map(rows.map((row) => [row.frame, row])).values()]),
      })
    }
  }
}

describe('the shapes of a frame', () => {
  it.each([1, 2, 3, 4])('are those of every track asked by itself, whatever changed (seed %i)', (seed) => {
    const roll = dice(seed)
    const records = new Records()
    const queries = new Queries(records)
    const ids: string[] = []
    for (let step = 0; step < 400; step++) {
      change(records, roll, ids)
      const frame = roll(FRAMES)
      expect(queries.shapesAt(frame)).toEqual(naive(records, queries, frame))
    }
  })

  it('take no walk over the tracks that lie elsewhere', () => {
    const records = new Records()
    const queries = new Queries(records)
    for (let number = 0; number < 1000; number++) {
      const id = `track-${number}`
      records.apply({ op: 'track.create', track: id, fields: { label: 1 } })
      records.rows(id).put(makeRow(100 * number, 0, Flag.keyframe, 65535, [0, 0, 9, 9]))
    }
    let asked = 0
    for (const [, rows] of records.tracked()) {
      const flags = rows.flags.bind(rows)
      rows.flags = (frame) => (asked++, flags(frame))
    }
    expect(queries.shapesAt(50_000).map(({ track }) => track.id)).toEqual(['track-500'])
    expect(asked).toBeLessThan(20)
  })

  it('are worked out once for all who ask about the same frame', () => {
    const records = new Records()
    const queries = new Queries(records)
    records.apply({ op: 'track.create', track: 'one', fields: { label: 1 } })
    records.rows('one').put(makeRow(5, 0, Flag.keyframe, 65535, [0, 0, 9, 9]))
    const before = queries.shapesAt(5)
    expect(queries.shapesAt(5)).toBe(before)
    records.rows('one').put(makeRow(5, 0, Flag.keyframe, 65535, [1, 1, 9, 9]))
    expect(queries.shapesAt(5)[0]!.bounds).toEqual([1, 1, 9, 9])
  })
})
