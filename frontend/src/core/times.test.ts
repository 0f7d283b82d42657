import { expect, it } from 'vitest'
import { ago, clock, lasting, lengthOf } from './times'

it('says how long ago something was, in the largest unit that fits', () => {
  const now = Date.parse('2026-11-23T12:00:00Z')
  const before = (seconds: number) => ago(now - seconds * 1000, now)
  expect([-5, 20, 61, 7300, 90_000, 3 * 86_400].map(before)).toEqual([
    'just now',
    'just now',
    '1 minute ago',
    '2 hours ago',
    'yesterday',
    '3 days ago',
  ])
})

it('a place in a video has no second sixty, whatever its rate makes of it', () => {
  expect(clock(7200 / 24.000000000000004)).toBe('5:00.00')
  expect([59.994, 59.995, 59.999, 3599.996, 3600, 86_399.999].map((seconds) => clock(seconds))).toEqual([
    '0:59.99',
    '1:00.00',
    '1:00.00',
    '1:00:00.00',
    '1:00:00.00',
    '24:00:00.00',
  ])
  expect([0, 9.5, 59.5, 61, 3725].map((seconds) => clock(seconds, 0))).toEqual([
    '0:00',
    '0:10',
    '1:00',
    '1:01',
    '1:02:05',
  ])
})

it('no frame at any rate has more than 59.99 seconds, and later ones come later', () => {
  for (const fps of [24.000000000000004, 24_000 / 1001, 25, 29.97, 30_000 / 1001, 59.94, 1000 / 3]) {
    let before = -1
    for (let frame = 0; frame < 30 * 3600; frame += 7) {
      const text = clock(frame / fps)
      const [seconds = 0, minutes = 0, hours = 0] = text.split(':').map(Number).reverse()
      const told = seconds + 60 * minutes + 3600 * hours
      if (seconds >= 60 || minutes >= 60 || told < before || Math.abs(told - frame / fps) > 0.006)
        throw new Error(`Frame ${frame} at ${fps}/s is told as ${text}.`)
      before = told
    }
  }
})

it('lengths are in the unit that they are rounded to', () => {
  expect([0.04, 24, 59.94, 59.96, 299.6, 3723].map(lengthOf)).toEqual([
    '0.0 s',
    '24.0 s',
    '59.9 s',
    '1:00',
    '5:00',
    '1:02:03',
  ])
  expect([0.2, 89, 89.2, 150, 5369, 5370, 10_800].map(lasting)).toEqual([
    '1 s',
    '89 s',
    '2 min',
    '3 min',
    '89 min',
    '2 h',
    '3 h',
  ])
})
