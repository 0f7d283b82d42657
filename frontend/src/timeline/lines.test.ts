import { expect, it } from 'vitest'
import { CONFIG } from '@/testing/fakes'
import type { Attribute, Track } from '@/store/types'
import { changingAttributes, linesOf, valueRanges, withChangeAt } from './lines'

const POSE = CONFIG.labels[0]!.attributes[0]!
const track = (id: string, label: number, steps: Track['frame_attributes'][string] = []) =>
  ({ id, label, frame_attributes: { [POSE.id]: steps, other: [[7, 'x']] } }) as unknown as Track

it('an open track has a line for each attribute that changes along it', () => {
  const fixed: Attribute = { ...POSE, id: 9 }
  const config = {
    ...CONFIG,
    labels: [{ ...CONFIG.labels[0]!, attributes: [POSE, { ...fixed, per_frame: false }] }, ...CONFIG.labels.slice(1)],
  }
  const tracks = [track('a', 1), track('b', 1), track('c', 3)]
  const lines = linesOf(tracks, new Set(['a', 'c']), changingAttributes(config))
  expect(lines.map((line) => [line.track.id, line.attribute?.id ?? null])).toEqual([
    ['a', null],
    ['a', POSE.id],
    ['b', null],
    ['c', null],
  ])
})

it('values hold from their change to the next, within the track, the default before the first', () => {
  const changing = track('a', 1, [
    [5, 'sits'],
    [20, 'walks'],
    [90, 'lies'],
  ])
  const ranges = valueRanges(changing, { ...POSE, default: 'lies' }, [10, 50])
  expect(ranges).toEqual([
    { index: 0, first: 10, last: 19, value: 'sits' },
    { index: 1, first: 20, last: 50, value: 'walks' },
  ])
  expect(valueRanges(changing, { ...POSE, default: 'lies' }, [0, 7])[0]).toEqual({
    index: -1,
    first: 0,
    last: 4,
    value: 'lies',
  })
})

it('one change goes to another frame, and everything else stays', () => {
  const changing = track('a', 1, [
    [5, 'sits'],
    [20, 'walks'],
  ])
  expect(withChangeAt(changing, POSE, 1, 12)).toEqual({
    [POSE.id]: [
      [5, 'sits'],
      [12, 'walks'],
    ],
    other: [[7, 'x']],
  })
})
