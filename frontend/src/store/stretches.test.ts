import { describe, expect, it } from 'vitest'
import { dice } from '@/testing/dice'
import { meets, stretchOf, united, without, type Frames } from './stretches'

const LAST = 40

function anyStretches(roll: (n: number) => number): Frames[] {
  return Array.from({ length: roll(6) }, () => {
    const first = roll(LAST)
    return [first, Math.min(first + roll(8), LAST)]
  })
}

const framesOf = (stretches: readonly Frames[]) =>
  Array.from({ length: LAST + 1 }, (_, frame) => frame).filter((frame) =>
    stretches.some(([first, last]) => frame >= first && frame <= last),
  )

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('stretches of frames (seed %i)', (seed) => {
  const roll = dice(seed)
  const [some, others] = [anyStretches(roll), anyStretches(roll)]
  const [ours, theirs] = [united(some), united(others)]

  it('hold the same frames once they are joined', () => {
    expect(framesOf(ours)).toEqual(framesOf(some))
    for (const [index, [first]] of ours.entries()) if (index) expect(first).toBeGreaterThan(ours[index - 1]![1] + 1)
  })

  it('without others hold the frames that those don’t', () => {
    const taken = new Set(framesOf(theirs))
    expect(framesOf(without(ours, theirs))).toEqual(framesOf(ours).filter((frame) => !taken.has(frame)))
  })

  it('are found by a frame, and meet what has one of theirs', () => {
    const frames = new Set(framesOf(ours))
    for (let frame = 0; frame <= LAST; frame++) {
      expect(stretchOf(ours, frame) !== null).toBe(frames.has(frame))
      for (let last = frame - 1; last <= LAST; last++)
        expect(meets(ours, frame, last)).toBe([...frames].some((held) => held >= frame && held <= last))
    }
  })
})
