import { expect, it } from 'vitest'
import { distanceToSegment } from './kinds/vertex-list'
import { simplified } from './simplify'

const point = (x: number, y: number) => ({ x, y })

it('a straight line keeps its ends, and two points or fewer are what they are', () => {
  const line = Array.from({ length: 50 }, (_, x) => point(x, 2 * x))
  expect(simplified(line, 0.01)).toEqual([line[0], line[49]])
  expect([simplified([], 1), simplified([point(1, 1)], 1)]).toEqual([[], [point(1, 1)]])
})

it('a corner stays where it is farther off than the tolerance', () => {
  const bent = [point(0, 0), point(5, 1), point(10, 0)]
  expect([simplified(bent, 0.9).length, simplified(bent, 1).length]).toEqual([3, 2])
})

it('every point left out lies within the tolerance of what is left', () => {
  const wave = Array.from({ length: 400 }, (_, x) => point(x, 30 * Math.sin(x / 20) + 3 * Math.sin(x)))
  for (const tolerance of [0.5, 2, 10]) {
    const kept = simplified(wave, tolerance)
    const off = wave.map((each) =>
      Math.min(...kept.slice(1).map((end, index) => distanceToSegment(each, kept[index]!, end))),
    )
    expect(Math.max(...off)).toBeLessThanOrEqual(tolerance)
    expect(kept.length).toBeLessThan(wave.length)
  }
})

it('a closed line, whose ends are one place, is no point', () => {
  const round = [point(0, 0), point(10, 0), point(10, 10), point(0, 10), point(0, 0)]
  expect(simplified(round, 1)).toHaveLength(5)
})
