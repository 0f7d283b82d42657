import { expect, it } from 'vitest'
import { Flag, makeRow } from '@/store/chunks'
import { TrackRows } from '@/store/track-rows'
import type { Run } from '@/store/types'
import { runTip } from './run-tip'

const run = (direction: Run['direction'], head?: number) =>
  ({ direction, heads: head === undefined ? {} : { a: head } }) as unknown as Run

function predicted(first: number, last: number): TrackRows {
  const rows = new TrackRows()
  for (let frame = first; frame <= last; frame++) rows.put(makeRow(frame, 0, Flag.predicted, 65535, [0, 0, 1, 1]))
  return rows
}

it('a run’s tip is its newest row, which comes before the run tells of it', () => {
  expect(runTip(predicted(10, 40), run('forward', 35), 'a')).toBe(40)
  expect(runTip(predicted(10, 40), run('backward', 15), 'a')).toBe(10)
})

it('a run both ways has its tip where fewer rows lie beyond its head', () => {
  expect(runTip(predicted(10, 40), run('both', 37), 'a')).toBe(40)
  expect(runTip(predicted(10, 40), run('both', 12), 'a')).toBe(10)
})

it('a run that has not begun has no tip', () => {
  expect(runTip(predicted(10, 40), run('forward'), 'a')).toBeNull()
})
