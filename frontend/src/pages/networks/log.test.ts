import { expect, it } from 'vitest'
import type { LogLineOut } from '@/protocol/generated'
import { joined, matching, written } from './log'

const line = (number: number, level: LogLineOut['level'] = 'info', text = `line ${number}`): LogLineOut => ({
  number,
  at: 0,
  level,
  text,
})

it('new lines come behind those of before, and replace them when the machine was started again', () => {
  const before = [line(4), line(5)]
  expect(joined(before, [line(6)]).map(({ number }) => number)).toEqual([4, 5, 6])
  expect(joined(before, [])).toBe(before)
  expect(joined(before, [line(1)]).map(({ number }) => number)).toEqual([1])
})

it('lines are found by level and by words', () => {
  const lines = [line(1), line(2, 'warning', 'Run A: no progress'), line(3, 'error', 'run B failed')]
  expect(matching(lines, 'warning', '').map(({ number }) => number)).toEqual([2, 3])
  expect(matching(lines, 'info', ' RUN ').map(({ number }) => number)).toEqual([2, 3])
  expect(matching(lines, 'error', 'progress')).toEqual([])
})

it('a line is written with its time in UTC, its level and its words', () => {
  expect(written(line(1, 'warning', 'framewise.agent: late'))).toBe('1970-01-01 00:00:00 WARNING framewise.agent: late')
})
