import { expect, test } from 'vitest'
import { sizeOf } from './sizes'

test.each([
  [0, '0 kB'],
  [1_056_849, '1.06 MB'],
  [99_960_000, '100 MB'],
  [249_000_000, '249 MB'],
  [999_600_000, '1.00 GB'],
  [64_200_000_000, '64.2 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeOf(bytes)).toBe(text)
})
