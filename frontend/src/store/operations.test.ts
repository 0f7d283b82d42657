import { describe, expect, it, vi } from 'vitest'
import { toBase64 } from '@/core/base64'
import type * as Wire from '@/protocol/generated'
import { StoreBench } from '@/testing/fakes'
import { keyframeBox, pack, rowAt } from './chunks'
import { editFromWire, editToWire, fromWire, tablesOf, toWire } from './operations'

const rows = [keyframeBox(300, [1, 2, 3, 4]), keyframeBox(5, [0, 0, 9, 9], { occluded: true })]

const REPLACE: Wire.ShapesReplace = {
  op: 'shapes.replace',
  track: 'a',
  ranges: [
    [5, 5],
    [300, 400],
  ],
  tables: [toBase64(pack(0, [rows[1]!])), toBase64(pack(256, [rows[0]!]))],
}

const WIRE: Wire.Edit = {
  type: 'edit',
  id: 'one',
  operations: [
    { op: 'track.create', track: 'a', fields: { label: 1 } },
    REPLACE,
    { ...REPLACE, keep_keyframes: true },
    { op: 'track.update', track: 'a', fields: { locked: true } },
  ],
  undoes: 'another',
  base: 7,
  summary: 'Draw',
}

describe('an edit', () => {
  it('is the same after it was taken off the wire and put on it', () => {
    expect(editToWire(editFromWire(WIRE))).toEqual(WIRE)
    expect(editFromWire({ type: 'edit', id: 'bare', operations: [] })).toMatchObject({ undoes: null, base: null })
  })

  it('holds tables in memory', () => {
    const replace = fromWire(REPLACE)
    if (replace.op !== 'shapes.replace') throw new Error('It replaces shapes.')
    expect(replace.tables.map((table) => [table.start, rowAt(table, 0)])).toEqual([
      [0, rows[1]],
      [256, rows[0]],
    ])
    expect(toWire({ op: 'shapes.replace', track: 'a', ranges: [], tables: tablesOf(rows) })).toMatchObject({
      tables: REPLACE.tables,
    })
  })
})

it('base64 is written once an edit goes out, and never while a gesture is under way', () => {
  const [write, read] = [vi.spyOn(globalThis, 'btoa'), vi.spyOn(globalThis, 'atob')]
  const { store } = new StoreBench()
  const track = store.transact('Draw', (tx) => tx.createTrack({ label: 1 }))
  const gesture = store.beginGesture('Move')
  for (let x = 0; x < 50; x++) gesture.update((tx) => tx.putRow(track, keyframeBox(0, [x, 0, x + 9, 9])))
  store.receivePredictions({
    header: { type: 'predictions', run: null, sequence: 1, tables: [], missed: [] },
    tables: [],
  })
  expect(write).not.toHaveBeenCalled()
  gesture.commit()
  store.undo()
  expect(write).toHaveBeenCalledTimes(1)
  store.redo()
  expect([write.mock.calls.length, read.mock.calls.length]).toEqual([2, 0])
  expect(store.queries.shapeAt(track, 0)?.bounds).toEqual([49, 0, 58, 9])
  vi.restoreAllMocks()
})
