import { expect, test } from 'vitest'
import { everyDay, lastDays } from './analytics'
import { elapsed, inWords, worked } from './words'

test('the last days end today, by the clock on the wall', () => {
  expect(lastDays(7, new Date(2026, 2, 3, 23, 59))).toEqual({ first: '2026-02-25', last: '' })
})

test('a chart of days has those without work too, also where clocks change', () => {
  expect(everyDay(['2026-03-30', '2026-03-28'])).toEqual(['2026-03-28', '2026-03-29', '2026-03-30'])
  expect(everyDay([])).toEqual([])
})

test('a chart of very many days shows the latest', () => {
  expect(everyDay(['2020-01-01', '2026-01-03'], 3)).toEqual(['2026-01-01', '2026-01-02', '2026-01-03'])
})

test('time is said in units that fit, rounded before it is split', () => {
  expect([0, 59.4, 59.6, 3599, 11_100].map(worked)).toEqual(['0 s', '59 s', '1 min', '1 h 00 min', '3 h 05 min'])
})

test('what is not known is a dash, and nothing is a zero', () => {
  expect(inWords(null, 'rate')).toBe('–')
  expect(inWords(0, 'count')).toBe('0')
  expect(inWords(0.256, 'share')).toBe('25.6 %')
  expect(inWords(0.125, 'rate')).toBe('0.13')
})

test('time by the clock is said in days where it is long', () => {
  expect([3600, 47 * 3600, 76 * 3600].map(elapsed)).toEqual(['1 h 00 min', '47 h 00 min', '3 d 4 h'])
})
