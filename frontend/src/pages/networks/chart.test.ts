import { expect, test } from 'vitest'
import { spansOf } from './chart'

test('a machine that was away leaves a gap in its chart', () => {
  const spans = spansOf([0.1, 0.2, 0.3, 0.4], [120, 115, 20, 15])
  expect(spans.map((span) => span.map(({ at }) => at))).toEqual([
    [120, 115],
    [20, 15],
  ])
})

test('what is not known leaves a gap too', () => {
  const spans = spansOf([0.1, null, 0.3], [15, 10, 5])
  expect(spans.map((span) => span.map(({ value }) => value))).toEqual([[0.1], [0.3]])
})

test('nothing is drawn before the first word', () => {
  expect(spansOf([], [])).toEqual([])
})
