import { describe, expect, it } from 'vitest'
import { fewest, type Curve } from './fewest'

/** Numbers that look random and are the same every time. */
function randoms(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31
}

/** A point in the plane that wanders; `straight`: with what is known of straight lines. */
function wander(count: number, seed: number, straight: boolean): Curve {
  const random = randoms(seed)
  const times: number[] = []
  const coordinates = new Float64Array(2 * count)
  for (let index = 0; index < count; index++) {
    times.push((times.at(-1) ?? 0) + 1 + Math.floor(random() * 3))
    for (const axis of [0, 1])
      coordinates[2 * index + axis] = (index ? coordinates[2 * index - 2 + axis]! : 0) + (random() - 0.5) * 4
  }
  const error = (from: number, to: number, at: number) => {
    const share = (times[at]! - times[from]!) / (times[to]! - times[from]!)
    const off = (axis: number) =>
      coordinates[2 * from + axis]! * (1 - share) + coordinates[2 * to + axis]! * share - coordinates[2 * at + axis]!
    return Math.hypot(off(0), off(1))
  }
  return { count, error, ...(straight ? { lines: { times, coordinates, width: 2, share: Math.SQRT1_2 } } : {}) }
}

const within = ({ error }: Curve, tolerance: number, kept: readonly number[]) =>
  kept.every(
    (to, index) =>
      index === 0 ||
      Array.from({ length: to - kept[index - 1]! }, (_, at) =>
        error(kept[index - 1]!, to, kept[index - 1]! + at),
      ).every((off) => off <= tolerance),
  )

/** Try every choice of samples between the first and the last. */
function bruteForce(curve: Curve, tolerance: number): number {
  let best = curve.count
  for (let mask = 0; mask < 1 << (curve.count - 2); mask++) {
    const kept = [
      0,
      ...Array.from({ length: curve.count - 2 }, (_, bit) => bit + 1).filter((at) => mask & (1 << (at - 1))),
      curve.count - 1,
    ]
    if (kept.length < best && within(curve, tolerance, kept)) best = kept.length
  }
  return best
}

describe('the fewest samples', () => {
  it.each([true, false])('are as few as any choice of them needs (straight lines known: %s)', (straight) => {
    for (let seed = 1; seed <= 40; seed++) {
      const curve = wander(11, seed, straight)
      for (const tolerance of [0.5, 1.5, 3]) expect(fewest(curve, tolerance)).toHaveLength(bruteForce(curve, tolerance))
    }
  })

  it('keep the error within the tolerance, everywhere', () => {
    const curve = wander(2000, 7, true)
    for (const tolerance of [0.1, 2, 20]) expect(within(curve, tolerance, fewest(curve, tolerance))).toBe(true)
  })

  it('need no more with a greater tolerance', () => {
    const counts = [0, 1, 2, 4, 8, 16].map((tolerance) => fewest(wander(500, 3, true), tolerance).length)
    expect(counts).toEqual([...counts].sort((a, b) => b - a))
  })

  it('of a line are its ends, and of nothing nothing', () => {
    const coordinates = Float64Array.from({ length: 100 }, (_, index) => index * 3)
    const times = Array.from({ length: 100 }, (_, index) => index)
    expect(fewest({ count: 100, error: () => 0, lines: { times, coordinates, width: 1, share: 1 } }, 0.01)).toEqual([
      0, 99,
    ])
    expect([fewest({ count: 1, error: () => 0 }, 1), fewest({ count: 0, error: () => 0 }, 1)]).toEqual([[0], []])
  })

  it('of ten thousand are found with fewer looks at the error than there are pairs of samples', () => {
    for (const tolerance of [0.5, 5, 50]) {
      const curve = wander(10_000, 5, true)
      let looks = 0
      fewest({ ...curve, error: (...at) => (looks++, curve.error(...at)) }, tolerance)
      expect(looks).toBeLessThan(curve.count ** 2 / 2)
    }
  })
})
