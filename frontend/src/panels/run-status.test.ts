import { expect, it } from 'vitest'
import type { Run } from '@/store/types'
import { statusOf } from './run-status'

const run: Run = {
  id: 'run', model: 'm', state: 'running', direction: 'forward', first: 0, last: 240, tracks: [], framesDone: 120, framesTotal: 240, redone: 0, stale: 0,
  fps: 40, heads: {}, agent: 'gpu-box', message: '', createdBy: '', mine: true,
}

it('a running run says how far it is, how fast, how long still and where', () => {
  expect(statusOf(run)).toBe('120 of 240 · 40/s · 3 s left · gpu-box')
})

it('a run that redid something says how much of it', () => {
  expect(statusOf({ ...run, state: 'done', redone: 31, stale: 289 })).toBe('Done: redone 31 of 289')
})
