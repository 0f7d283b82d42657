import { expect, it } from 'vitest'
import { coarseness } from './mask'

const window = (width: number, height: number) => ({ left: 0, top: 0, width, height })

it('draws masks of ordinary size pixel by pixel, and larger ones more coarsely', () => {
  expect(coarseness(window(1920, 1080))).toBe(1)
  expect(coarseness(window(7680, 4320))).toBe(3)
  const step = coarseness(window(16_000, 16_000))
  expect((16_000 / step) ** 2).toBeLessThanOrEqual(4_000_000)
})
