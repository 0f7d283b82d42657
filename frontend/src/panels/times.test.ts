import { expect, it } from 'vitest'
import { ago } from './times'

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
