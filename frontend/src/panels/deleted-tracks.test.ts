import { expect, it } from 'vitest'
import { cut } from './deleted-tracks'

it('shows a box in the middle of its picture, with what surrounds it', () => {
  const { left, top, scale } = cut([100, 100, 200, 140])
  expect([left + 32 / scale, top + 22 / scale]).toEqual([150, 120])
  expect(100 * scale).toBeLessThan(64)
})

it('does not blow up a tiny object beyond twice its size', () => {
  expect(cut([10, 10, 12, 12]).scale).toBe(2)
})
