import { describe, expect, it } from 'vitest'
import { Flag, makeRow } from '@/store/chunks'
import { TrackRows } from '@/store/track-rows'
import type { FrameNumber, Run } from '@/store/types'
import { awaitsCorrection, planRetrack } from './retrack'

function rows(keyframes: readonly FrameNumber[], predicted: readonly FrameNumber[]): TrackRows {
  const made = new TrackRows()
  for (const frame of keyframes) made.put(makeRow(frame, 0, Flag.keyframe, 65535, [0, 0, 9, 9]))
  for (const frame of predicted) made.put(makeRow(frame, 0, Flag.predicted, 65535, [0, 0, 9, 9]))
  return made
}

const span = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

describe('a keyframe in the midst of predictions', () => {
  it('has those after it tracked again, to the last one', () => {
    expect(planRetrack(rows([0, 10], [...span(1, 9), ...span(11, 600)]), 10)).toEqual({
      first: 10,
      last: 600,
      direction: 'forward',
    })
  })

  it('ends that before the next keyframe, across what was never predicted', () => {
    expect(planRetrack(rows([0, 10, 50], [...span(11, 20), ...span(40, 49), ...span(51, 90)]), 10)).toEqual({
      first: 10,
      last: 49,
      direction: 'forward',
    })
  })

  it('has those before it tracked again only where no keyframe leads to them', () => {
    expect(planRetrack(rows([40, 100], span(41, 99)), 40)).toBeNull()
    expect(planRetrack(rows([40, 100], [...span(10, 39), ...span(41, 99)]), 40)).toEqual({
      first: 10,
      last: 40,
      direction: 'backward',
    })
    expect(planRetrack(rows([10, 40], span(11, 39)), 40)).toBeNull()
  })

  it('has both sides tracked again where it is the only one', () => {
    expect(planRetrack(rows([40], [...span(10, 39), ...span(41, 99)]), 40)).toEqual({
      first: 10,
      last: 99,
      direction: 'both',
    })
  })

  it('changes nothing where nothing is predicted', () => {
    expect([planRetrack(rows([0, 10, 20], []), 10), planRetrack(rows([10], []), 10)]).toEqual([null, null])
  })
})

describe('a run learns of a correction', () => {
  const run = (more: Partial<Run>) =>
    ({ first: 10, last: 90, direction: 'forward', heads: { a: 50 }, ...more }) as unknown as Run

  it('where it has been with that track', () => {
    expect([9, 10, 50, 51, 91].map((frame) => awaitsCorrection(run({}), 'a', frame))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ])
    const backward = run({ direction: 'backward' })
    expect([49, 50, 90].map((frame) => awaitsCorrection(backward, 'a', frame))).toEqual([false, true, true])
  })

  it('everywhere in its range while it goes both ways, or has not begun with the track', () => {
    expect(awaitsCorrection(run({ direction: 'both' }), 'a', 80)).toBe(true)
    expect([awaitsCorrection(run({ heads: {} }), 'a', 80), awaitsCorrection(run({ heads: {} }), 'a', 5)]).toEqual([
      true,
      false,
    ])
  })
})
